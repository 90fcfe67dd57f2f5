"""Numbers of persons and telephones, written in two ways: with dashes or without, all digits or the last four.

Nearly every value is another, so that all is SQL and no value is looked up.
"""

from collections.abc import Callable, Sequence

from linkage.adhoc.columns_made import as_text, expressed
from linkage.adhoc.person_file import PersonFile
from linkage.engine import Engine, rows

Held = tuple[PersonFile, str]
"""A file and a column of it."""

_LOST_ZEROS = 2  # first zeros that a spreadsheet may have dropped; a number that is shorter by more is another's end


def person_numbers(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns of numbers as letters and digits; the last of them, where one file writes no more than these.

    A spreadsheet drops first zeros: the length that most have is that of a file. One sign over and over, and digits
    that count up, stand for no number.
    """
    made, usual = _cleaned(engine, held, _code, "number")
    compared = min(usual) if max(usual) - min(usual) > _LOST_ZEROS else 0
    result = []
    for (file, column), length in zip(made, usual, strict=True):
        code = as_text(column)
        short = f"regexp_matches({code}, '^[0-9]+$') and length({code}) between {length - _LOST_ZEROS} and {length}"
        whole = f"case when {short} then lpad({code}, {length}, '0') else {code} end"
        counts_up = f"length({code}) > 4 and contains('01234567890', {code})"
        kept = f"right({whole}, {compared})" if compared else whole
        known = f"{_of_several_signs(code)} and not ({counts_up})" if length > _SHORT else f"{code} <> ''"
        result.append(expressed(engine, file, f"case when {known} then {kept} end", "number of a person"))
    return result


_SHORT = 4  # so many digits may all be the same by chance


def phones(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns of telephones as digits without first zeros; of both as many from the end as the shorter ones have.

    +44 20 7946 0000, 0044 20 79460000 and 020 7946 0000 are one.
    """
    made, usual = _cleaned(engine, held, _dialled, "telephone")
    compared = max(min(usual), 1)
    return [
        expressed(
            engine,
            file,
            f"case when {_of_several_signs(as_text(column))} then right({as_text(column)}, {compared}) end",
            "end of the telephone",
        )
        for file, column in made
    ]


def _cleaned(
    engine: Engine, held: Sequence[Held], cleaned: Callable[[str], str], made: str
) -> tuple[list[Held], list[int]]:
    """The columns cleaned, and how many signs most of the values of each have."""
    result, usual = [], []
    for file, column in held:
        result.append(expressed(engine, file, cleaned(as_text(column)), made))
        code = as_text(result[-1][1])
        counted = engine.sql(
            f"select length({code}) as signs, count(*) as held from {{t}} where {code} <> '' group by length({code})",
            t=result[-1][0].table,
        )
        lengths = [(int(row["held"]), int(row["signs"])) for row in rows(engine, counted)]
        usual.append(max(lengths)[1] if lengths else 0)
    return result, usual


def _code(text: str) -> str:
    """SQL: letters and digits; a number that a spreadsheet made of it has no decimals."""
    return f"regexp_replace(upper(regexp_replace({text}, '[.]0$', '')), '[^A-Z0-9]', '', 'g')"


def _dialled(text: str) -> str:
    """SQL: digits without first zeros."""
    return f"ltrim(regexp_replace(regexp_replace({text}, '[.]0$', ''), '[^0-9]', '', 'g'), '0')"


def _of_several_signs(code: str) -> str:
    """SQL: not empty, and not one sign over and over."""
    return f"replace({code}, substr({code}, 1, 1), '') <> ''"
