"""Check an extract for signs of an identifier before it is published.

The approval keeps identifiers out. This is the last line: it reads the files as
written, and trusts nothing that came before. It knows forms of identifiers, common
names and the names of the run's people: an unusual form passes it.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from linkage.catalogue import Catalogue
from linkage.catalogue.holdings import holdings, names_a_person
from linkage.catalogue.identifiers import NAMES, SIGNS
from linkage.catalogue.years import Years
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, Value, one, quote
from linkage.errors import GateError
from linkage.extract.layout import Field, Layout
from linkage.extract.pseudonyms import PATTERN

TEXTS = (".md", ".json", ".py", ".R", ".do", ".txt")  # documents of an extract
_LONG_NUMBERS = {
    "ULN": "value >= 1000000000 and value < 9999999999",
    "HUSID": "value >= 100000000000 and value < 10000000000000",
    # 14 or 15 digits
    "record id": "value >= 10000000000000 and value < 1000000000000000",
}
_NUMBER = re.compile("u?int|double|float|decimal")  # Arrow's types
# Letters with accents (U+00C0 to U+017F), the wide space and full-width forms, each
# with its plain letter.
_MARKED = {
    chr(c): unicodedata.normalize("NFKD", chr(c))[0]
    for c in (*range(0xC0, 0x180), 0x3000, *range(0xFF01, 0xFF5F))
}
_PLAIN: dict[str, Value] = {
    "marked": "".join(_MARKED),
    "plain": "".join(_MARKED.values()),
}
_AS_TEXT = "upper(translate(cast(value as varchar), $marked, $plain))"
_FORMS: dict[str, Value] = {
    f"sign_{number}": form for number, form in enumerate(SIGNS.values())
}
# A forename with a surname: form, and which of its groups is which. Two more forenames
# may stand between them.
_FULL_NAMES = (
    ("^([A-Z]+) (?:[A-Z]+ ){0,2}([A-Z]+)$", 1, 2),
    ("^([A-Z]+) ([A-Z ]+)$", 1, 2),
    ("^([A-Z]+) (?:[A-Z]+ ){1,2}([A-Z]+ [A-Z]+)$", 1, 2),
    ("^([A-Z ]+), ?([A-Z]+)(?: [A-Z]+){0,2}$", 2, 1),
)
# values: half or more of so many are a run's surnames or forenames where a column is of
# names
_FEWEST_NAMES = 10
# half of a column's dates this long before the data begins: they look like births
_BIRTH_YEARS_BEFORE = 10


def name_list(engine: Engine, identifier_records: Sequence[Table] = ()) -> Table:
    """Names by which values are recognised.

    Args:
        identifier_records: of the run's sources: forename and surname in the one form
            that linkage gives them.

    Returns:
        forename (its first word), surname: those of the run's people together; of a
        common name the other is NULL.
    """
    lists = tomllib.loads(config_file("common_names.toml").read_text(encoding="utf-8"))
    forenames, surnames = lists["forenames"].split(), lists["surnames"].split()
    common = pa.table(
        {
            "forename": pa.array([*forenames, *(None for _ in surnames)], pa.string()),
            "surname": pa.array([*(None for _ in forenames), *surnames], pa.string()),
        }
    )
    of_run = {
        f"records_{number}": table for number, table in enumerate(identifier_records)
    }
    known = "forename is not null and surname is not null"
    people = (
        f"select split_part(forename, ' ', 1), surname from {{{name}}} where {known}"
        for name in of_run
    )
    union = " union ".join(["select forename, surname from {common}", *people])
    return engine.sql(
        union, params=None, store=True, common=engine.from_arrow(common), **of_run
    )


@dataclass(frozen=True)
class Sign:
    """Values that look like an identifier: how many, never which."""

    table: str
    column: str
    kind: str
    count: int

    def __str__(self) -> str:
        if not self.count:
            return f"{self.table}.{self.column}: its name is that of {self.kind}"
        values = "value looks" if self.count == 1 else "different values look"
        return f"{self.table}.{self.column}: {self.count:,} {values} like {self.kind}"


def refuse_identifiers(
    engine: Engine,
    catalogue: Catalogue,
    names: Table,
    parquet: Iterable[tuple[Layout, Path]],
    texts: Iterable[Path] = (),
) -> None:
    """Read every file that is to be published.

    Args:
        names: as `name_list` gives them.
        parquet: each table's layout and what was written of it.
        texts: documents of the extract, read whole.

    Raises:
        GateError: a column bears an identifier's name, or values have the form of one;
            the message gives columns and counts, never a value.
    """
    signs: list[Sign] = []
    for layout, path in parquet:
        signs += table_signs(engine, catalogue, layout, engine.read(path), names)
    for text in texts:
        signs += text_signs(text)
    if signs:
        raise GateError(
            "the extract holds signs of identifiers, and was not published\n"
            + "\n".join(f"  {sign}" for sign in signs)
            + "\n  leave these variables out of the project, or correct the table that "
            "they come from"
        )


def table_signs(
    engine: Engine, catalogue: Catalogue, layout: Layout, table: Table, names: Table
) -> list[Sign]:
    """Signs in one table as it was written: its column names, then its values; `names`
    as `name_list` gives them.
    """
    fields = {field.name: field for field in layout.fields}
    signs = [
        Sign(layout.name, name, "a column that the project does not list", 0)
        for name in table.columns
        if name not in fields
    ]
    identifying = {  # of every variable that can be in no extract
        variable.name.lower().replace("_", "")
        for holding in holdings(catalogue).values()
        for variable in holding.definition.variable
        if names_a_person(variable)
    }
    types = {
        field.name: str(field.type)
        for field in engine.arrow(
            engine.sql("select * from {t} limit 0", t=table)
        ).schema
    }
    signs += _number_signs(
        engine,
        layout,
        table,
        [name for name in table.columns if _NUMBER.match(types[name])],
    )
    for name in table.columns:
        field = fields.get(name, Field(name, "string", ""))
        if field.pseudonym_of:
            condition = {"no pseudonym": "not regexp_matches(value, $pattern)"}
            signs += _counted(
                engine,
                layout,
                table,
                name,
                condition,
                {"pattern": f"^{PATTERN.pattern}$"},
            )
            continue
        plain = re.sub(r"[\s_]", "", name.lower())
        if plain in identifying or any(part in plain for part in NAMES):
            signs.append(Sign(layout.name, name, "an identifier", 0))
        if types[name].startswith(
            (
                "string",
                "large_string",
                "list",
                "large_list",
                "struct",
                "map",
                "fixed_size_list",
            )
        ):
            # Codes of the column's frame are known and pass.
            codes: dict[str, Value] = {
                f"code_{number}": code for number, code in enumerate(field.labels or {})
            }
            unknown = (
                f"value not in ({', '.join(f'${code}' for code in codes)})"
                if codes
                else "true"
            )
            matches = [
                f"{unknown} and regexp_matches({_AS_TEXT}, ${form})" for form in _FORMS
            ]
            conditions = dict(zip(SIGNS, matches, strict=True))
            signs += _counted(
                engine, layout, table, name, conditions, codes | _FORMS | _PLAIN
            )
            signs += _name_signs(
                engine, layout, table, name, names, unknown, codes | _PLAIN
            )
        elif types[name].startswith(("date", "timestamp")):
            signs += _birth_signs(engine, layout, table, field)
    return signs


def _number_signs(
    engine: Engine, layout: Layout, table: Table, names: Sequence[str]
) -> Iterator[Sign]:
    """Numbers as long as an identifier: a file's statistics show that most columns have
    none.
    """
    largest = ", ".join(
        f"max({quote(name)}) >= 1000000000 as {quote(name)}" for name in names
    )  # ULN: ten digits
    are_long = (
        one(engine, engine.sql(f"select {largest} from {{table}}", table=table))
        if names
        else {}
    )
    for name in names:
        if are_long[name]:
            yield from _counted(engine, layout, table, name, _LONG_NUMBERS, {})


def _birth_signs(
    engine: Engine, layout: Layout, table: Table, field: Field
) -> Iterator[Sign]:
    """A date column whose dates are mostly long before the years of the table."""
    years = (
        [layout.years]
        if layout.years
        else [Years.parse(field.years)]
        if field.years
        else []
    )
    if not years:
        return
    column = quote(field.name)
    counts = one(
        engine,
        engine.sql(
            f"""
            select count({column}) as dates,
                   count(distinct case when year({column}) < $year then {column} end)
                       as early_values,
                   count(case when year({column}) < $year then 1 end) as early
            from {{table}}
            """,
            params={"year": years[0].first // 100 - _BIRTH_YEARS_BEFORE},
            table=table,
        ),
    )
    if counts["early"] * 2 > counts["dates"]:
        yield Sign(layout.name, field.name, "a birth date", counts["early_values"])


def _counted(
    engine: Engine,
    layout: Layout,
    table: Table,
    column: str,
    conditions: Mapping[str, str],
    params: dict[str, Value],
) -> Iterator[Sign]:
    """How many different values of a column meet a condition of each kind, in one
    reading.
    """
    counts = ", ".join(
        f"count(case when {condition} then 1 end) as kind_{number}"
        for number, condition in enumerate(conditions.values())
    )
    query = engine.sql(
        f"""
        with column_values as (
            select distinct {quote(column)} as value from {{table}}
                where {quote(column)} is not null
        )
        select {counts} from column_values
        """,
        params=params,
        table=table,
    )
    for kind, count in zip(conditions, one(engine, query).values(), strict=True):
        if count:
            yield Sign(layout.name, column, kind, count)


def _name_signs(
    engine: Engine,
    layout: Layout,
    table: Table,
    column: str,
    names: Table,
    unknown: str,
    params: dict[str, Value],
) -> Iterator[Sign]:
    """Values that are a person's full name; and a column of which half the values are
    surnames or forenames.
    """
    full_names = " union all ".join(
        f"select value, regexp_extract(value, '{form}', {forename}) as forename, "
        f"regexp_extract(value, '{form}', {surname}) as surname from column_values"
        for form, forename, surname in _FULL_NAMES
    )
    query = engine.sql(
        f"""
        with given as (
            select distinct {quote(column)} as value from {{table}}
                where {quote(column)} is not null
        ),
        column_values as (
            select distinct trim(regexp_replace(replace({_AS_TEXT}, '-', ' '),
                '[^A-Z0-9, ]', '', 'g')) as value
            from given where {unknown}
        ),
        full_names as ({full_names})
        select (select count(*) from column_values) as all_values,
               (select count(*) from column_values
                   where value in (select surname from {{names}})) as surnames,
               (select count(*) from column_values
                   where value in (select forename from {{names}})) as forenames,
               count(distinct value) as full_names
        from full_names as f
        left join {{names}} as person on person.forename = f.forename
            and person.surname = f.surname
        left join {{names}} as first on first.forename = f.forename
            and first.surname is null
        left join {{names}} as last on last.surname = f.surname
            and last.forename is null
        where person.forename is not null
            or (first.forename is not null and last.surname is not null)
        """,
        params=params,
        table=table,
        names=names,
    )
    counts = one(engine, query)
    single = max(counts["surnames"], counts["forenames"])
    of_names = (
        single
        if counts["all_values"] >= _FEWEST_NAMES and single * 2 >= counts["all_values"]
        else 0
    )
    if count := max(counts["full_names"], of_names):
        yield Sign(layout.name, column, "a person's name", count)


def text_signs(path: Path) -> Sequence[Sign]:
    """Signs in a document of the extract."""
    text = path.read_text(encoding="utf-8")
    kinds = ("NINO", "UPN", "postcode")  # years, hashes and counts look like the others
    counts = {kind: len(set(re.findall(SIGNS[kind], text))) for kind in kinds}
    return [
        Sign(path.name, "text", kind, count) for kind, count in counts.items() if count
    ]
