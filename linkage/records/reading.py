"""Raw person files to `records`: typed, standardised, numbered; what cannot be read
goes to quarantine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.catalogue import CODE_FORMS, KEYLESS, PROBLEMS, Catalogue
from linkage.config import Source
from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, Table, columns, one, quote
from linkage.errors import InputError
from linkage.records.csv_files import LINE
from linkage.records.ids import numbered
from linkage.records.layout import Layout, source_layout
from linkage.records.quarantine import (
    Quarantine,
    ReadingSummary,
    faults_of,
    first_fault,
    quarantine_rows,
)
from linkage.records.raw_rows import RawRows, numbered_lines, opened
from linkage.records.source_files import GivenFiles, sha256_of
from linkage.records.standardise import (
    DATES,
    FORMER,
    OTHER,
    PersonColumns,
    sex_codes,
    standard_view,
)
from linkage.records.values import entity_key, joined_key, row_key

_SOURCE_KEY, _ENTITY_KEY = (
    "source key",
    "entity key",
)  # with a space, so that no column of a file has the name


@dataclass(frozen=True)
class Reading:
    """A source as later modules read it."""

    records: Table
    quarantine: Table
    summary: ReadingSummary


def read_source(
    engine: Engine,
    catalogue: Catalogue,
    name: str,
    source: Source,
    data: Path,
    *,
    first_record_id: int = 1,
    split_forename: bool | None = None,
    digest: Callable[[Path], str] = sha256_of,
    progress: Callable[[str], None] | None = None,
) -> Reading:
    """Read a source's person files.

    Args:
        name: the source's name in the run: it stands in every row.
        source: dataset, table, files, format, columns and what to keep.
        data: folder below which the files lie.
        first_record_id: the lowest record_id; they are dense from it, in the order of
            source_key.
        split_forename: words after the first forename go to middle_names; when None, if
            the files have no middle names.
        digest: SHA-256 of a file, for whoever has it already.
        progress: given what is being done, without a personal value.

    Returns:
        records (docs/reference/tables.md; source_key is the file's record key, or
        FILE:LINE in CSV, or a hash of the row), quarantine and counts; records +
        quarantine = rows read.

    Raises:
        InputError: a file is missing, unreadable, empty or broken, lacks a column that
            it must have, holds a record key twice, gives no readable row, or no name at
            all.
    """
    say = progress or (lambda _: None)
    place, table = f"source.{name}", catalogue.table(source.dataset, source.table)

    def layout_of(header: Sequence[str], file: str) -> Layout:
        return source_layout(place, table, source, header, file)

    say(f"{name}: opening the files")
    with opened(
        engine, GivenFiles(place, source.files, source.format, data, digest), layout_of
    ) as raw:
        layout = layout_of(raw.header, raw.files[0].path)
        dates = [column for role, column in layout.roles.items() if role in DATES]
        faults = faults_of(
            layout.required,
            dates,
            _numbers(layout),
            raw.types,
            (source.format.date_format,),
        )
        say(f"{name}: checking {raw.rows_read:,} rows")
        rejects = quarantine_rows(engine, name, raw, faults, layout.columns)
        keyed_rows = _keyed(
            engine, raw, layout, first_fault(faults) if rejects.has_faults else None
        )
        ids = _record_ids(engine, keyed_rows, raw, layout, first_record_id, place)
        say(f"{name}: standardising {raw.rows_read - rejects.count:,} rows")
        standard, value_tables = standard_view(
            engine, keyed_rows, _persons(catalogue, source, layout, split_forename)
        )
        records = _records(engine, name, standard, ids, layout)
        engine.drop(standard, *value_tables, keyed_rows, ids)
        summary = _summary(engine, name, records, raw, layout, rejects)
    _must_have_names(place, summary, layout)
    return Reading(records, rejects.table, summary)


def _persons(
    catalogue: Catalogue, source: Source, layout: Layout, split_forename: bool | None
) -> PersonColumns:
    """What the files' columns are, for the standardiser."""
    sex = layout.variables.get(layout.roles.get("sex", ""))
    return PersonColumns(
        layout.roles,
        carry=(_SOURCE_KEY, _ENTITY_KEY),
        texts=layout.keep,
        date_formats=(source.format.date_format,),
        sexes=sex_codes(catalogue.frame(sex)) if sex and sex.frame else None,
        split_forename=split_forename,
        forms=_forms(layout),
    )


def _forms(layout: Layout) -> dict[str, str]:
    """Columns of postcodes and of what is kept whose form is not the one of their role:
    postcodes of any country where the catalogue does not say that they are British.
    """
    postcodes = {
        column
        for role, column in layout.roles.items()
        if role in ("postcode", "former_postcode")
    }
    forms = {}
    for column in [*postcodes, *layout.keep]:
        variable = layout.variables.get(column)
        form = variable.format if variable else None
        if form in CODE_FORMS:
            forms[column] = form
        elif column in postcodes and variable and form is None:
            forms[column] = "code"
    return forms


def _numbers(layout: Layout) -> list[str]:
    """Key columns that the catalogue says are whole numbers."""
    key_columns = [
        *layout.record_key,
        *(column for alternative in layout.entity_key for column in alternative),
    ]
    integers = [
        c
        for c in key_columns
        if c in layout.variables and layout.variables[c].type == "integer"
    ]
    return list(dict.fromkeys(integers))


def _keyed(engine: Engine, raw: RawRows, layout: Layout, fault: str | None) -> Table:
    """Rows without fault, with their keys as text."""
    source_key = (
        joined_key(layout.record_key, raw.types)
        if layout.record_key
        else row_key(layout.columns, raw.types, raw.is_csv)
    )
    key_of_entity = entity_key(layout.entity_key, raw.types, layout.variables)
    return engine.sql(
        f"""
        select {source_key} as {quote(_SOURCE_KEY)},
            {key_of_entity} as {quote(_ENTITY_KEY)}, {columns(layout.columns)}
        from {{raw}}
        {f"where {fault} is null" if fault else ""}
        """,
        raw=raw.table,
    )


def _record_ids(
    engine: Engine,
    keyed_rows: Table,
    raw: RawRows,
    layout: Layout,
    first: int,
    place: str,
) -> Table:
    """Record keys with their record_id.

    Raises:
        InputError: a record key stands twice.
    """
    narrow = engine.sql(f"select {quote(_SOURCE_KEY)} from {{keyed}}", keyed=keyed_rows)
    ids = numbered(engine, narrow, _SOURCE_KEY, "record_id", first=first)
    engine.drop(narrow)
    repeats = engine.sql(
        f"select distinct {quote(_SOURCE_KEY)} from {{ids}} where repeated",
        ids=ids,
        store=True,
    )
    if count := engine.count(repeats):
        file, line = _first_repeat(engine, repeats, raw, layout)
        raise InputError(
            f"{place}: {count:,} record keys ({', '.join(layout.record_key)}) stand on "
            "more than one row\n"
            f"  {'first' if count <= _MOST_SOUGHT else 'one is'} repeated in {file} at "
            f"line {line:,}\n"
            "  remove the repeated rows or files; a file given twice, in two folders, "
            "has this effect"
        )
    engine.drop(repeats)
    return ids


_MOST_SOUGHT = 10_000
"""Repeated record keys whose lines are looked for: of a file that is given twice all
are, as many as its rows.
"""


def _first_repeat(
    engine: Engine, repeats: Table, raw: RawRows, layout: Layout
) -> tuple[str, int]:
    """Where a record key stands for the second time, first of all such places; of many,
    of as many as are sought.
    """
    keys: set[str] = set()
    sample = engine.sql(
        f"select {quote(_SOURCE_KEY)} from {{repeats}} order by {quote(_SOURCE_KEY)} "
        f"limit {_MOST_SOUGHT}",
        repeats=repeats,
        store=True,
    )
    key = joined_key(layout.record_key, raw.types)
    for number, piece in numbered_lines(engine, raw, layout.record_key):
        matches = engine.sql(
            f"""
            with lines as (select {key} as record_key, {quote(LINE)} as line
                from {{piece}})
            select record_key, line from lines
            where record_key in (select {quote(_SOURCE_KEY)} from {{sought}})
            order by line
            """,
            piece=piece,
            sought=sample,
        )
        for row in engine.arrow(matches).to_pylist():
            if row["record_key"] in keys:
                return raw.files[number].path, row["line"]
            keys.add(row["record_key"])
        engine.drop(matches)
    return raw.files[0].path, 0


def _records(
    engine: Engine, name: str, standard: Table, ids: Table, layout: Layout
) -> Table:
    """The standardised rows with their ids, as docs/reference/tables.md has them."""
    further_columns = [column for column in (*FORMER, *OTHER) if column in layout.roles]
    values = [
        "valid_from",
        "valid_to",
        *IDENTIFIERS,
        *further_columns,
        *layout.keep.values(),
        "problems",
    ]
    return engine.sql(
        f"""
        select ids.record_id, $source as source,
            standard.{quote(_SOURCE_KEY)} as source_key,
               coalesce(standard.{quote(_ENTITY_KEY)},
                   $keyless || cast(ids.record_id as varchar)) as entity_key,
               {columns(values, of="standard")}
        from {{standard}} as standard
        join {{ids}} as ids on standard.{quote(_SOURCE_KEY)} = ids.{quote(_SOURCE_KEY)}
        """,
        standard=standard,
        ids=ids,
        params={"source": name, "keyless": KEYLESS},
        store=True,
    )


def _summary(
    engine: Engine,
    name: str,
    records: Table,
    raw: RawRows,
    layout: Layout,
    rejects: Quarantine,
) -> ReadingSummary:
    fields = [
        column
        for column in records.columns
        if column not in ("record_id", "source", "problems")
    ]
    counts = one(
        engine,
        engine.sql(
            "select count(*) as records, "
            + ", ".join(
                f"count({quote(column)}) as {quote(column)}" for column in fields
            )
            + "".join(
                f", count(*) filter (where (problems & {flag}) <> 0) as "
                f"{quote(f'p {field}')}"
                for field, flag in PROBLEMS.items()
            )
            + ", count(*) filter (where starts_with(entity_key, $keyless)"
            " and entity_key <> $keyless || cast(record_id as varchar)) as "
            "like_keyless from {records}",
            params={"keyless": KEYLESS},
            records=records,
        ),
    )
    if count := counts["like_keyless"]:
        keys = ", else ".join(" and ".join(names) for names in layout.entity_key)
        raise InputError(
            f"source.{name}: {count:,} rows have a key ({keys}) that begins with "
            f"{KEYLESS}\n  rows "
            "without a key are called so, and no later release knows them again: write "
            "these keys otherwise in the "
            "files, and leave them empty where they are none, as #N/A and #REF! of a "
            "spreadsheet"
        )
    return ReadingSummary(
        source=name,
        rows_read=raw.rows_read,
        records=counts["records"],
        quarantined=rejects.count,
        rejections=rejects.rejections,
        files=raw.files,
        problems={field: counts[f"p {field}"] for field in PROBLEMS},
        filled={column: counts[column] for column in fields},
        absent=layout.absent,
    )


def _must_have_names(place: str, summary: ReadingSummary, layout: Layout) -> None:
    if summary.filled["forename"] or summary.filled["surname"]:
        return
    read = [
        f"{role} from {layout.roles[role]}"
        for role in ("forename", "surname")
        if role in layout.roles
    ]
    column_names = ", ".join(read) or "no column holds them"
    raise InputError(
        f"{place}: every forename and surname is empty in {summary.records:,} rows "
        f"({column_names})\n"
        f'  name the columns that hold them: {place}.columns = {{ forename = "...", '
        f'surname = "..." }}'
    )
