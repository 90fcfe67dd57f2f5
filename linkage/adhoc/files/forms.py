"""What form the values of a column have, by a sample of them: a postcode's, no vowels, house numbers."""

from collections.abc import Sequence

from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.engine import Engine, Table, one, quote

_BRITISH = "^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$"
_MOSTLY, _SELDOM = 0.5, 0.1  # shares of values of a form, of the file that writes it and of the other
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
            t=sample(engine, file.table, file.rows),
        ),
    )
    return float(found["share"] or 0)


def one_alone_has(engine: Engine, held: Sequence[tuple[PersonFile, str]], form: str) -> bool:
    """Whether most values of one file's column have a form (`share_of_form`), and hardly any of the other's."""
    shares = [share_of_form(engine, file, column, form) for file, column in held]
    return min(shares) < _SELDOM and max(shares) > _MOSTLY


def sample(engine: Engine, table: Table, rows: int) -> Table:
    """Every so many-th row."""
    place = quote(PLACE) if PLACE in table.columns else "unit_id"
    return engine.sql(f"select * from {{t}} where {place} % {max(1, rows // _SAMPLE_ROWS)} = 0", t=table)
