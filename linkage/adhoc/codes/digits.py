"""Numbers of persons and telephones, written in two ways: with dashes or without, all digits or the last four.

Nearly every value is another, so that all is SQL and no value is looked up.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from linkage.adhoc.files.columns_made import as_text, expressed
from linkage.adhoc.files.person_file import PersonFile
from linkage.engine import Engine, literal, rows

Held = tuple[PersonFile, str]
"""A file and a column of it."""

_LOST_ZEROS = 2  # first zeros that a spreadsheet may have dropped; a number that is shorter by more is another's end
_SHORTEST_PHONE, _MANY = 7, 0.1  # digits of a telephone within its town; share of a column that writes them so
_PLAINLY_MORE = 2  # times as many values in common, and a part of the numbers is what both files write

_HASH = re.compile(r"[0-9A-Za-z+/=_-]{16,}")
_MOSTLY = 0.9  # of a column's values look like hashes


def are_codes(values: Mapping[str, int]) -> bool:
    """Whether a column holds hashes, which say nothing but whether two values are equal.

    Args:
        values: to the rows that hold them.
    """
    long = (held for value, held in values.items() if _HASH.fullmatch(value) and re.search("[0-9]", value))
    return bool(values) and sum(long) >= _MOSTLY * sum(values.values())


def person_numbers(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns of numbers as letters and digits; of the longer ones their end or beginning, where one file has no more.

    A spreadsheet drops first zeros: the length that most have is that of a file. Words (NONE, PENDING), one sign over
    and over, and digits that count up, stand for no number.
    """
    made, usual = _cleaned(engine, held, _code, "number")
    numbers = [_number(as_text(column), length) for (_, column), length in zip(made, usual, strict=True)]
    part = _part_in_common(engine, [file for file, _ in made], numbers, usual)
    return [
        expressed(engine, file, part(number), "number of a person")
        for (file, _), number in zip(made, numbers, strict=True)
    ]


def _number(code: str, length: int) -> str:
    """SQL: a number with its first zeros, NULL where it stands for none."""
    short = f"regexp_matches({code}, '^[0-9]+$') and length({code}) between {length - _LOST_ZEROS} and {length}"
    whole = f"case when {short} then lpad({code}, {length}, '0') else {code} end"
    counts_up = f"length({code}) > 4 and contains('01234567890', {code})"
    known = f"{_of_several_signs(code)} and not ({counts_up})" if length > _SHORT else "true"
    return f"case when regexp_matches({code}, '[0-9]') and {known} then {whole} end"


def _part_in_common(
    engine: Engine, files: Sequence[PersonFile], numbers: Sequence[str], usual: Sequence[int]
) -> Callable[[str], str]:
    """SQL of what both files write of a number: all of it, or as many signs as the shorter has, from an end.

    A century before a birth date and lost zeros are at the beginning, a letter that checks the others is at the end. Of
    numbers that are shorter by more than a few signs the end is meant; else the parts show by what they have in common.
    """
    shorter = min(usual)
    parts: list[Callable[[str], str]] = [
        lambda number: number,
        lambda number: f"right({number}, {shorter})",
        lambda number: f"left({number}, {shorter})",
    ]
    if not shorter or shorter == max(usual):
        return parts[0]
    if max(usual) - shorter > _LOST_ZEROS:
        return parts[1]
    best, most = parts[0], _in_common(engine, files, numbers)
    for part in parts[1:]:
        found = _in_common(engine, files, [part(number) for number in numbers])
        if found > _PLAINLY_MORE * most:
            best, most = part, found
    return best


def _in_common(engine: Engine, files: Sequence[PersonFile], numbers: Sequence[str]) -> int:
    """Values that two files share."""
    left, right = (
        engine.sql(f"select distinct {number} as number from {{t}}", t=file.table)
        for file, number in zip(files, numbers, strict=True)
    )
    return engine.count(engine.sql("select l.number from {l} as l join {r} as r using (number)", l=left, r=right))


_SHORT = 4  # so many digits may all be the same by chance


def phones(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns of telephones as digits without first zeros; of both as many from the end as the shorter ones have.

    +44 20 7946 0000, 0044 20 79460000 and 020 7946 0000 are one, in one column too.
    """
    made, _ = _cleaned(engine, held, _dialled, "telephone")
    compared = max(1, min((_fewest(engine, file, column) for file, column in made), default=1))
    return [
        expressed(
            engine,
            file,
            f"case when {_of_several_signs(as_text(column))} then right({as_text(column)}, {compared}) end",
            "end of the telephone",
        )
        for file, column in made
    ]


def end_dialled(text: str) -> str:
    """SQL: the digits of a telephone that are the same however it is written; NULL where there are too few."""
    digits = _dialled(text)
    known = f"length({digits}) >= {_SHORTEST_PHONE} and {_of_several_signs(digits)}"
    return f"case when {known} then right({digits}, {_SHORTEST_PHONE}) end"


def _fewest(engine: Engine, file: PersonFile, column: str) -> int:
    """The fewest digits that a tenth of a column's telephones have, with those that have fewer yet."""
    lengths = _lengths(engine, file, column)
    rows_of, so_far = sum(lengths.values()), 0
    for length in sorted(lengths):
        so_far += lengths[length]
        if length >= _SHORTEST_PHONE and so_far >= _MANY * rows_of:
            return length
    return max(lengths, key=lambda length: (lengths[length], length), default=0)


def _lengths(engine: Engine, file: PersonFile, column: str) -> dict[int, int]:
    """Signs of a column's values to the rows that have so many."""
    code = as_text(column)
    counted = engine.sql(
        f"select length({code}) as signs, count(*) as held from {{t}} where {code} <> '' group by length({code})",
        t=file.table,
    )
    return {int(row["signs"]): int(row["held"]) for row in rows(engine, counted)}


def emails(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns of addresses of mail without what somebody adds to the own name to sort by: ann+news@post.example.

    Of several in a cell, and of one beside a name (Ann <ann@post.example>), the first.
    """
    return [expressed(engine, file, own_address(as_text(column)), "address of mail") for file, column in held]


def own_address(text: str) -> str:
    """SQL: the first address of mail of a text, without what somebody added to it; NULL where there is none."""
    return f"nullif(regexp_replace({_first_address(text)}, '[+][^@]*@', '@'), '')"


def _first_address(text: str) -> str:
    """SQL: the first address of mail of a text."""
    first = f"regexp_extract({text}, {literal(_ADDRESS)})"
    return f"case when {text} like '%@%@%' or {text} like '%<%@%' then {first} else {text} end"


_ADDRESS = r'[^\s;,|/<>"]+@[^\s;,|/<>"]+'


def _cleaned(
    engine: Engine, held: Sequence[Held], cleaned: Callable[[str], str], made: str
) -> tuple[list[Held], list[int]]:
    """The columns cleaned, and how many signs most of the values of each have."""
    result, usual = [], []
    for file, column in held:
        result.append(expressed(engine, file, cleaned(as_text(column)), made))
        lengths = [(held, signs) for signs, held in _lengths(engine, *result[-1]).items()]
        usual.append(max(lengths)[1] if lengths else 0)
    return result, usual


def _code(text: str) -> str:
    """SQL: letters and digits; a number that a spreadsheet made of it has no decimals."""
    return f"regexp_replace(upper(regexp_replace({text}, '[.]0$', '')), '[^A-Z0-9]', '', 'g')"


def _dialled(text: str) -> str:
    """SQL: digits without first zeros, of the first number where a cell has two."""
    first = f"nullif(regexp_extract({text}, {literal(_TWO_NUMBERS)}, 1), '')"
    one = f"case when length({text}) > {2 * _SHORTEST_PHONE} then coalesce({first}, {text}) else {text} end"
    return f"ltrim(regexp_replace(regexp_replace({one}, '[.]0$', ''), '[^0-9]', '', 'g'), '0')"


# Each of digits enough for a number within its town: 030/1234567 is one.
_APART = r";,|/\n"
_TWO_NUMBERS = (
    rf"^((?:[^0-9{_APART}]*[0-9]){{{_SHORTEST_PHONE},}}[^{_APART}]*)[{_APART}](?:[^0-9]*[0-9]){{{_SHORTEST_PHONE}}}"
)


def _of_several_signs(code: str) -> str:
    """SQL: not empty, and not one sign over and over."""
    return f"replace({code}, substr({code}, 1, 1), '') <> ''"
