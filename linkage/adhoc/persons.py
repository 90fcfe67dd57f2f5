"""A person file of any shape as the units of a step: ids, recognised fields in one form, and how each is compared."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from linkage.adhoc import dated, hashes, person_file
from linkage.adhoc.degrees_together import with_degrees_parted
from linkage.adhoc.own_values import are_days
from linkage.adhoc.parents import PARENTS
from linkage.adhoc.person_file import PLACE, PersonFile
from linkage.adhoc.recognise import NUMBERS, OTHER_SURNAME, ROLES
from linkage.adhoc.suffixes import NAME_SUFFIX
from linkage.engine import Engine, Table, literal, one, quote
from linkage.errors import InputError
from linkage.model.comparisons import BESIDE, POSITION, is_of_bits, kind_of_values
from linkage.records.rules import identifier_rules
from linkage.records.standardise import PersonColumns, standard_view

__all__ = ["KINDS", "PersonFile", "british", "kinds", "read", "units"]

KINDS = {
    "forename": "name",
    "middle_names": "name",
    "surname": "name",
    "second_surname": "name",
    **dict.fromkeys(PARENTS, "name"),
    "dob": "date",
    "age": "age",
    "sex": "category",
    NAME_SUFFIX: "category",
    "nino": "number",
    "uln": "number",
    "upn": "number",
    **dict.fromkeys(NUMBERS, "number"),
    "email": "text",
    "phone": "code",
    POSITION: POSITION,
}
_IN_ONE_FILE = {"email": "code"}
_BRITISH = "^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$"
_MOSTLY, _SELDOM = 0.5, 0.1  # shares of values of a form, of the file that writes it and of the other
_ROW = "row of the file"  # a column of our own; with a space, so that no field has its name
_LONGEST = 128  # signs of a text that are compared, as many as the longest hash has: likeness of notes takes ages


def read(engine: Engine, path: Path, scratch: Path, *, delimiter: str | None, encoding: str | None) -> PersonFile:
    """As `person_file.read`; positions that stand in one column are in two."""
    file = person_file.read(engine, path, scratch, delimiter=delimiter, encoding=encoding)
    return with_degrees_parted(engine, file)


_SAMPLE_ROWS = 20_000  # enough to tell what a column holds


def british(engine: Engine, file: PersonFile, column: str) -> bool:
    """Whether most values of a column have the form of a British postcode."""
    if column in file.british:
        return file.british[column]
    file.british[column] = share_of_form(engine, file, column, _BRITISH) > 0.6
    return file.british[column]


def share_of_form(engine: Engine, file: PersonFile, column: str, form: str) -> float:
    """The share of a column's known values that have a form, an expression for capitals, by a sample of rows."""
    found = one(
        engine,
        engine.sql(
            f"""
            select avg(case when regexp_matches(upper(trim(cast({quote(column)} as varchar))), $form)
                            then cast(1 as double) else cast(0 as double) end) as share
            from {{t}}
            where {quote(column)} is not null
            """,
            params={"form": form},
            t=_sample(engine, file.table, file.rows),
        ),
    )
    return float(found["share"] or 0)


def one_alone_has(engine: Engine, held: Sequence[tuple[PersonFile, str]], form: str) -> bool:
    """Whether most values of one file's column have a form (`share_of_form`), and hardly any of the other's."""
    shares = [share_of_form(engine, file, column, form) for file, column in held]
    return min(shares) < _SELDOM and max(shares) > _MOSTLY


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
    if "dob" in fields:
        file, column = dated.in_one_form(engine, file, fields["dob"])
        fields = {**fields, "dob": column}
    numbered = identified(engine, file, id_column, kept)
    roles = {f: _held(f) for f in fields if f in ROLES and f != "dob" and (f != "postcode" or postcodes)}
    held = "".join(f", {quote(column)} as {quote(_held(field))}" for field, column in fields.items())
    prepared = engine.sql(f"select {quote(PLACE)}{held} from {{t}}", t=file.table)
    texts = {_held(f): _text(f) for f in fields if f not in roles and f != "dob"}
    counted = {_held(f): file.values[column] for f, column in fields.items() if _is_counted(file, column)}
    clean = {_held(f) for f, column in fields.items() if column in file.clean}
    carry = [PLACE, *([_held("dob")] if "dob" in fields else [])]
    # A view, so that nothing is made of identifiers that no field asks for.
    standard, behind = standard_view(engine, prepared, PersonColumns(roles, carry, texts, values=counted, clean=clean))
    whole = {f for f in fields if is_of_bits(f)}
    values = {f: _as_compared(_text(f)) if _held(f) in texts and f not in whole else quote(f) for f in fields}
    values |= {f: quote(_text(f)) for f in whole}
    values["dob"] = _known_day(_held("dob"))
    selected = ", ".join(f"{values[field]} as {quote(field)}" for field in fields)
    table = engine.sql(
        f"select i.unit_id, {selected} from {{s}} as s join {{i}} as i on i.place = s.{quote(PLACE)}",
        s=standard,
        i=numbered,
        store=True,
    )
    engine.drop(standard, *behind, prepared)
    _refuse_nameless(engine, file, table)
    beside = ", kept" if kept else ""
    return table, engine.sql(f"select unit_id, source_id{beside} from {{t}}", t=numbered)


def kinds(engine: Engine, left: Table, right: Table, *, postcodes: bool, one_file: bool = False) -> dict[str, str]:
    """How each field is compared; a field that says nothing (one value, or unknown on a side) is left out.

    Args:
        postcodes: postcodes are British.
        one_file: both sides are one. Nothing shows then how alike the addresses of mail of strangers of one name are,
            which are made of it, so that only slips of the same address count.
    """
    chosen = {}
    samples = [_sample(engine, table, engine.count(table)) for table in (left, right)]
    for name in left.columns:
        if name == "unit_id":
            continue
        described = [_described(engine, table, name) for table in samples]
        sides = sum(d["known"] > 0 for d in described)
        if (name == "middle_names" and sides == 1) or (name == OTHER_SURNAME and sides):
            chosen[name] = BESIDE
            continue
        if any(d["known"] == 0 for d in described) or all(d["distinct_values"] < 2 for d in described):
            continue
        kind = (
            (_IN_ONE_FILE.get(name) if one_file else None)
            or KINDS.get(name)
            or ("postcode" if name == "postcode" and postcodes else _kind(described))
        )
        if is_of_bits(name):
            kind = "bits" if sum(map(is_of_bits, left.columns)) > 1 else "pieces"
        elif name not in KINDS and all(are_days(engine, table, name) for table in samples):
            kind = "day"
        elif kind in ("code", "text") and all(hashes.are_hashes(engine, table, name) for table in samples):
            kind = "hash"
        if kind == "category" and name in _WRITTEN:
            kind = "text"
        if kind == "number" and min(d["mean_length"] for d in described) < _WHOLE_NUMBER:
            kind = "code"
        chosen[name] = _finer(engine, kind, name, samples)
    # Of codes without a value in common all pairs differ; within a file they agree, as if two records were one.
    codes = [name for name, kind in chosen.items() if kind == "category"]
    apart = in_other_codes(engine, left, right, codes) if not one_file else []
    return {name: kind for name, kind in chosen.items() if name not in apart}


def in_other_codes(engine: Engine, left: Table, right: Table, names: Sequence[str]) -> list[str]:
    """Of some fields those of which many rows are known on both sides, and no value stands on both."""
    return [name for name in names if _has_none_of(engine, name, left, right)]


def _has_none_of(engine: Engine, name: str, left: Table, right: Table) -> bool:
    counted = f"select count({quote(name)}) as known from {{t}}"
    if any(int(one(engine, engine.sql(counted, t=side))["known"]) < _SHOWS_CODES for side in (left, right)):
        return False
    shared = f"select 1 as one from {{l}} where {quote(name)} in (select {quote(name)} from {{r}}) limit 1"
    return not engine.count(engine.sql(shared, l=left, r=right))


_SHOWS_CODES = 100  # known rows of a side, of which none having a value of the other is no chance
_WRITTEN = ("address", "organisation")  # HILL ST, HILL STREET: few streets or not, one is written in several ways
_WHOLE_NUMBER = 6  # a shorter one is part of a number, which strangers share
_FINER = {"name": ("names", "% %", 0.02), "date": ("partial date", "%-00-00", 0.005)}
"""Kinds that have a finer one, for columns of which more than a share have a form: several words, years alone."""


def _finer(engine: Engine, kind: str, name: str, samples: list[Table]) -> str:
    if kind not in _FINER:
        return kind
    finer, form, share = _FINER[kind]
    query = f"select coalesce(avg(case when {quote(name)} like $form then 1.0 else 0.0 end), 0) as share from {{t}}"
    shares = [one(engine, engine.sql(query, params={"form": form}, t=table))["share"] for table in samples]
    return finer if max(map(float, shares)) > share and min(map(float, shares)) < 1 - share else kind


_TELLING = {
    "dob": "right(dob, 1) = '3'",
    "email": "upper(left(email, 1)) = 'M'",
    "phone": "right(phone, 1) = '3'",
    "postcode": "right(postcode, 1) in ('3', 'B')",
    "address": "upper(left(address, 1)) in ('1', 'M')",
}
"""What with a name is hardly ever of two people, and a condition that few rows fulfil, the same ones of a person."""
MOSTLY_TWICE = 0.5  # of a file of which more is twice, most people have several records: visits, births, courses
MANY_TWICE = 0.05  # a file of which more is twice of a name and birth date holds people twice, and not namesakes
_MORE_THAN_NAMESAKES = 0.15  # of such records at one address, of which fathers and sons of one name are some
_SHOWN_ROWS = 100_000  # of a file with more, these few rows stand for all


def held_twice(engine: Engine, units: Table) -> float:
    """The share of records that have the names and the birth date of another of the file; 0 where these are not held.

    Where a file has no birth dates, an address of e-mail or a telephone stands for them: that which shows more. Where
    it has none of these, postcode or address do, if so many share them that they are no namesakes of one house. In
    files of no persons the name is a company's, which has no namesake in its house.
    """
    held = set(units.columns)
    persons, company = {"forename", "surname"} <= held, "organisation" in held and not held & _OF_PERSONS

    def most(telling: Sequence[str]) -> float:
        names = ("forename", "surname") if persons else ("organisation",)
        return max((_twice(engine, units, names, name) for name in telling if name in held), default=0.0)

    if company:
        return most(["email", "phone", "postcode", "address"])
    if not persons:
        return 0.0
    if "dob" in held:
        return most(["dob"])
    if {"email", "phone"} & held:
        return most(["email", "phone"])
    at_home = most(["postcode", "address"])
    return at_home if at_home >= _MORE_THAN_NAMESAKES else 0.0


_OF_PERSONS = {"forename", "surname", "dob"}


def _twice(engine: Engine, units: Table, names: Sequence[str], telling: str) -> float:
    own = (*names, telling)
    some = _TELLING[telling] if engine.count(units) > _SHOWN_ROWS else "true"
    whole = "dob not like '%-00'" if telling == "dob" else "true"
    known = " and ".join(f"{name} is not null" for name in own)
    found = one(
        engine,
        engine.sql(
            f"""
            with people as (
                select count(*) as records from {{t}} where {known} and {some} and {whole} group by {", ".join(own)}
            )
            select cast(coalesce(sum(records) filter (records > 1), 0) as double)
                   / greatest(coalesce(sum(records), 0), 1) as share
            from people
            """,
            t=units,
        ),
    )
    return float(found["share"])


def _kind(described: list[dict[str, float]]) -> str:
    fullest = max(described, key=lambda d: d["known"])
    return kind_of_values(
        int(fullest["distinct_values"]), int(fullest["known"]), fullest["mean_length"], fullest["digits"]
    )


def _sample(engine: Engine, table: Table, rows: int) -> Table:
    """Every so many-th row."""
    place = quote(PLACE) if PLACE in table.columns else "unit_id"
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


def _with_row_numbers(engine: Engine, file: PersonFile) -> Table:
    """Rows numbered from 1, as they stand in the file whatever its format, those that were set aside counted too."""
    aside = pa.table({"place": pa.array([line for line, _ in file.quarantined], pa.int64())})
    return engine.sql(
        f"""
        with places as (
            select {quote(PLACE)} as place from {{t}} union all select place from {{aside}}
        ),
        numbered as (
            select place, row_number() over (order by place) as number from places
        )
        select t.*, n.number as {quote(_ROW)}
        from {{t}} as t
        join numbered as n on n.place = t.{quote(PLACE)}
        """,
        t=file.raw,
        aside=engine.from_arrow(aside),
    )


def _held(field: str) -> str:
    """The name of a field's raw values while they are put into form: one that no column of a file has."""
    return f"raw {field}"


def _text(field: str) -> str:
    """The name of a field's values as plain text; with a space, since an identifier may have the field's name."""
    return f"text {field}"


def identified(engine: Engine, file: PersonFile, id_column: str | None, kept: str | None = None) -> Table:
    """Rows' place in the file, their source_id, a dense unit_id and what is kept beside them: nothing wider is sorted.

    Units are numbered in the order of their ids, so that samples and ties do not depend on the order of rows.
    """
    source_id = quote(id_column or _ROW)
    order = f"cast({source_id} as varchar), {quote(PLACE)}" if id_column else quote(PLACE)
    beside = f", {quote(kept)} as kept" if kept else ""
    numbered = engine.sql(
        f"""
        select {quote(PLACE)} as place, {source_id} as source_id, row_number() over by_id as unit_id{beside},
               {source_id} = lag({source_id}) over by_id as is_repeat
        from {{t}}
        window by_id as (order by {order})
        """,
        t=file.raw if id_column else _with_row_numbers(engine, file),
        store=True,
    )
    counted = one(
        engine,
        engine.sql(
            """
            select count(*) as n, count(source_id) as known, cast(coalesce(sum(is_repeat::int), 0) as bigint) as twice
            from {t}
            """,
            t=numbered,
        ),
    )
    missing, twice = counted["n"] - counted["known"], counted["twice"]
    if missing or twice:
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


def _as_compared(column: str) -> str:
    """A text without the full stop that one file ends its titles with."""
    return f"rtrim(left({quote(column)}, {_LONGEST}), ' .,;:')"


def _known_day(column: str) -> str:
    """A birth date as it is, an impossible one too, since most of it is right; not one that says "not known"."""
    days = ", ".join(literal(day.isoformat()) for day in identifier_rules().date_sentinels)
    return f"case when {quote(column)} not in ({days}) then {quote(column)} end"


def _is_counted(file: PersonFile, column: str) -> bool:
    """Whether a column's values are known, as the standardiser would read them: a number may be written otherwise."""
    return column in file.values and pa.types.is_string(file.types.get(column, pa.string()))
