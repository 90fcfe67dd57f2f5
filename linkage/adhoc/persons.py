"""A person file of any shape as the units of a step: ids, recognised fields in one form, and how each is compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.adhoc.recognise import ROLES, date_forms
from linkage.config import FileFormat
from linkage.engine import Engine, Table, literal, one, quote
from linkage.errors import InputError
from linkage.model.comparisons import kind_of_values
from linkage.records import standardise_person_table
from linkage.records.raw_rows import RawRows, read_raw

_KINDS = {
    "forename": "name",
    "middle_names": "name",
    "surname": "name",
    "dob": "date",
    "sex": "category",
    "nino": "number",
    "uln": "number",
    "upn": "number",
    "email": "text",
    "phone": "code",
}
_BRITISH = "^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$"
_PLACE, _ROW = "row in file", "row of the file"  # columns of our own; with spaces, so that no field has their names
_ISO_DATE = quote("iso birth date")


_SAMPLE_ROWS = 20_000  # enough to tell what a column holds


@dataclass
class PersonFile:
    """A file as it was read."""

    path: Path
    table: Table
    header: tuple[str, ...]
    types: Mapping[str, pa.DataType]
    rows: int
    sha256: str
    quarantined: list[tuple[int, str]] = field(default_factory=list)  # line, reason


def read(engine: Engine, path: Path, scratch: Path, *, delimiter: str | None, encoding: str) -> PersonFile:
    """Read Parquet or delimited text (.csv, .tsv, .txt, each also .gz).

    Raises:
        InputError: the file is missing, empty, cut short, or of another encoding.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    scratch.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in (".parquet", ".pq"):
        fmt = FileFormat(type="parquet")
    else:
        fmt = FileFormat(type="csv", delimiter=delimiter or _delimiter(path, encoding), encoding=encoding)
    raw = read_raw(engine, path.name, [escape(path.name)], fmt, path.parent, scratch)
    return PersonFile(
        path=path,
        table=_with_place(engine, raw, path),
        header=raw.header,
        types=raw.types,
        rows=raw.rows_read,
        sha256=raw.files[0].sha256,
        quarantined=[(line, reason) for _, line, reason in raw.rejected],
    )


def british(engine: Engine, file: PersonFile, column: str) -> bool:
    """Whether most values of a column have the form of a British postcode."""
    found = one(
        engine,
        engine.sql(
            f"""
            select avg(case when regexp_matches(upper(trim(cast({quote(column)} as varchar))), $form)
                            then cast(1 as double) else cast(0 as double) end) as share
            from {{t}}
            where {quote(column)} is not null
            """,
            params={"form": _BRITISH},
            t=_sample(engine, file.table, file.rows),
        ),
    )
    return float(found["share"] or 0) > 0.6


def date_form(engine: Engine, file: PersonFile, column: str) -> str:
    """The form that most of a column's birth dates have: day before month where both fit as many.

    Raises:
        InputError: no form fits half of them.
    """
    value = f"trim(cast({quote(column)} as varchar))"
    counted = one(
        engine,
        engine.sql(
            "select "
            + ", ".join(
                f"count(*) filter (where {_plausible(form, value)}) as f{n}" for n, form in enumerate(date_forms())
            )
            + f", count(*) as known from {{t}} where {quote(column)} is not null",
            t=_sample(engine, file.table, file.rows),
        ),
    )
    best = max(range(len(date_forms())), key=lambda n: (counted[f"f{n}"], -n))
    if counted["known"] and counted[f"f{best}"] < counted["known"] / 2:
        raise InputError(
            f"{file.path}: column '{column}' was taken for a birth date, but most of its values are no date\n"
            f"  known forms: {', '.join(form['name'] for form in date_forms())}\n"
            "  map another column: --map left.dob=COLUMN"
        )
    return str(date_forms()[best]["name"])


def dates_in_no_form(engine: Engine, file: PersonFile, column: str) -> int:
    """Rows whose birth date has not the column's form, and so counts as unknown."""
    form = _form(date_form(engine, file, column))
    value = f"trim(cast({quote(column)} as varchar))"
    lost = f"select count(*) as n from {{t}} where {value} <> '' and {_iso(form, value)} is null"
    return int(one(engine, engine.sql(lost, t=file.table))["n"])


def units(
    engine: Engine,
    file: PersonFile,
    fields: Mapping[str, str],
    id_column: str | None,
    *,
    postcodes: bool,
    kept: str | None = None,
) -> tuple[Table, Table]:
    """A file's persons.

    Args:
        fields: field -> column.
        postcodes: postcodes are British; otherwise they are compared as codes.
        kept: a further column, which stays as it is beside the ids.

    Returns:
        Units (unit_id and the fields, text) and ids (unit_id, source_id as it stands in the file, and `kept`).

    Raises:
        InputError: an id that stands twice or is missing, or a file in which no name is known.
    """
    identified = _identified(engine, file, {**fields, "kept": kept} if kept else fields, id_column)
    roles = {f: _held(f) for f in fields if f in ROLES and f != "dob" and (f != "postcode" or postcodes)}
    prepared = identified
    if "dob" in fields:
        form = _form(date_form(engine, file, fields["dob"]))
        value = f"trim(cast({quote(_held('dob'))} as varchar))"
        prepared = engine.sql(f"select *, {_iso(form, value)} as {_ISO_DATE} from {{t}}", t=identified, store=True)
        roles["dob"] = "iso birth date"
    texts = {_held(f): _text(f) for f in fields if f not in roles}
    carry = ["unit_id", "iso birth date"] if "dob" in fields else ["unit_id"]
    standard = standardise_person_table(engine, prepared, roles, carry=carry, texts=texts)
    selected = ", ".join(f"{quote(_text(f)) if _held(f) in texts else _value(f)} as {quote(f)}" for f in fields)
    table = engine.sql(f"select unit_id, {selected} from {{t}}", t=standard, store=True)
    _refuse_nameless(engine, file, table)
    beside = f", {quote(_held('kept'))} as kept" if kept else ""
    ids = engine.sql(f"select unit_id, source_id{beside} from {{t}}", t=identified, store=True)
    return table, ids


def kinds(engine: Engine, left: Table, right: Table, *, postcodes: bool) -> dict[str, str]:
    """How each field is compared; a field that says nothing (one value, or unknown on a side) is left out."""
    chosen = {}
    samples = [_sample(engine, table, engine.count(table)) for table in (left, right)]
    for name in left.columns:
        if name == "unit_id":
            continue
        described = [_described(engine, table, name) for table in samples]
        if any(d["known"] == 0 for d in described) or all(d["distinct_values"] < 2 for d in described):
            continue
        chosen[name] = _KINDS.get(name) or ("postcode" if name == "postcode" and postcodes else _kind(described))
    return chosen


def _kind(described: list[dict[str, float]]) -> str:
    fullest = max(described, key=lambda d: d["known"])
    return kind_of_values(
        int(fullest["distinct_values"]), int(fullest["known"]), fullest["mean_length"], fullest["digits"]
    )


def _sample(engine: Engine, table: Table, rows: int) -> Table:
    """Every so many-th row."""
    place = quote(_PLACE) if _PLACE in table.columns else "unit_id"
    return engine.sql(f"select * from {{t}} where {place} % {max(1, rows // _SAMPLE_ROWS)} = 0", t=table)


def _described(engine: Engine, table: Table, name: str) -> dict[str, float]:
    value = quote(name)
    found = one(
        engine,
        engine.sql(
            f"""
            select count({value}) as known, count(distinct {value}) as distinct_values,
                   coalesce(avg(cast(length({value}) as double)), 0) as mean_length,
                   coalesce(avg(cast(length(regexp_replace({value}, '[^0-9]', '', 'g')) as double)
                                / length({value})), 0) as digits
            from {{t}}
            """,
            t=table,
        ),
    )
    return {key: float(number) for key, number in found.items()}


def _with_place(engine: Engine, raw: RawRows, path: Path) -> Table:
    """Rows with their place in the file: the line of a CSV file, the row of a Parquet one."""
    if raw.is_csv:
        line = next(c for c in raw.table.columns if c == "file line")
        return engine.sql(f"select *, {quote(line)} as {quote(_PLACE)} from {{t}}", t=raw.table)
    table = pq.read_table(path)
    return engine.from_arrow(table.append_column(_PLACE, pa.array(range(1, table.num_rows + 1), pa.int64())))


def _with_row_numbers(engine: Engine, file: PersonFile) -> Table:
    """Rows numbered from 1, as they stand in the file whatever its format, those that were set aside counted too."""
    aside = pa.table({"place": pa.array([line for line, _ in file.quarantined], pa.int64())})
    return engine.sql(
        f"""
        with places as (
            select {quote(_PLACE)} as place from {{t}} union all select place from {{aside}}
        ),
        numbered as (
            select place, row_number() over (order by place) as number from places
        )
        select t.*, n.number as {quote(_ROW)}
        from {{t}} as t
        join numbered as n on n.place = t.{quote(_PLACE)}
        """,
        t=file.table,
        aside=engine.from_arrow(aside),
    )


def _held(field: str) -> str:
    """The name of a field's raw values while they are put into form: one that no column of a file has."""
    return f"raw {field}"


def _text(field: str) -> str:
    """The name of a field's values as plain text; with a space, since an identifier may have the field's name."""
    return f"text {field}"


def _identified(engine: Engine, file: PersonFile, fields: Mapping[str, str], id_column: str | None) -> Table:
    """Rows with source_id, a dense unit_id and the fields' raw values.

    Units are numbered in the order of their ids, so that samples and ties do not depend on the order of rows.
    """
    source_id = quote(id_column or _ROW)
    order = f"cast({source_id} as varchar), {quote(_PLACE)}" if id_column else quote(_PLACE)
    held = "".join(f", {quote(column)} as {quote(_held(field))}" for field, column in fields.items())
    numbered = engine.sql(
        f"""
        select {source_id} as source_id, row_number() over (order by {order}) as unit_id{held}
        from {{t}}
        """,
        t=file.table if id_column else _with_row_numbers(engine, file),
        store=True,
    )
    counted = one(
        engine,
        engine.sql(
            "select count(*) as n, count(source_id) as known, count(distinct source_id) as ids from {t}", t=numbered
        ),
    )
    if counted["known"] < counted["n"] or counted["ids"] < counted["n"]:
        twice = counted["known"] - counted["ids"]
        missing = counted["n"] - counted["known"]
        raise InputError(
            f"{file.path}: column '{id_column}' is no key: {twice:,} rows repeat an id, {missing:,} have none\n"
            "  name another column with --id, or remove the repeats; --id none numbers the rows instead"
        )
    return numbered


def _refuse_nameless(engine: Engine, file: PersonFile, table: Table) -> None:
    names = [c for c in ("forename", "surname") if c in table.columns]
    if not names:
        return
    known = one(engine, engine.sql(f"select {' + '.join(f'count({c})' for c in names)} as n from {{t}}", t=table))
    if not known["n"]:
        raise InputError(
            f"{file.path}: not one of {' and '.join(names)} is known in any row\n"
            "  check which columns hold the names: --map left.surname=COLUMN"
        )


def _value(name: str) -> str:
    if name == "dob":
        # An impossible date stays as text, since most of it is right; one that stands for "not known" does not.
        return f"coalesce(cast(dob as varchar), case when try_cast({_ISO_DATE} as date) is null then {_ISO_DATE} end)"
    return quote(name)


def _form(name: str) -> dict[str, object]:
    return next(form for form in date_forms() if form["name"] == name)


def _group(form: dict[str, object], value: str, part: int) -> str:
    place = form["parts"][part]  # type: ignore[index]
    return f"regexp_extract({value}, {literal(str(form['pattern']))}, {place})" if place else "''"


def _iso(form: dict[str, object], value: str) -> str:
    """SQL of a birth date's text as year-month-day; parts that the form lacks are 00."""
    year, month, day = (_group(form, value, part) for part in range(3))
    return (
        f"case when regexp_matches({value}, {literal(str(form['pattern']))}) then "
        f"lpad({year}, 4, '0') || '-' || lpad({month}, 2, '0') || '-' || lpad({day}, 2, '0') end"
    )


def _plausible(form: dict[str, object], value: str) -> str:
    """Whether a text has a form, with a month and a day that there are."""
    year, month, day = (_group(form, value, part) for part in range(3))
    within = [f"regexp_matches({value}, {literal(str(form['pattern']))})"]
    within.append(f"coalesce(try_cast({year} as integer), 0) between 1800 and 2100")
    if month != "''":
        within.append(f"coalesce(try_cast({month} as integer), 0) between 1 and 12")
    if day != "''":
        within.append(f"coalesce(try_cast({day} as integer), 0) between 1 and 31")
    return " and ".join(within)


def _delimiter(path: Path, encoding: str) -> str:
    """The separator that the header has most of."""
    from linkage.records.csv_files import read_header

    counts = {d: len(read_header(path, FileFormat(type="csv", delimiter=d, encoding=encoding))) for d in ",;\t|"}
    return max(counts, key=lambda d: counts[d])
