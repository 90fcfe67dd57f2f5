"""Codes that no list knows, of which one file writes a part, or with signs between: no two of them were equal.

Brazil's municipalities have six digits and a seventh that checks them; a witness has seen the first half of a number
plate; a spreadsheet has dropped the first zero; 12-3456789 is 123456789. What both files write of a code shows by how
many they have in common.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from linkage.adhoc.codes.digits import Held
from linkage.adhoc.files.columns_made import as_text, counted, expressed
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import known_fields
from linkage.engine import Engine, rows

_LOST_ZEROS = 2  # first zeros that a spreadsheet may have dropped
_SHORTEST = 3  # signs of a code that tells anything
_OF_ONE_LENGTH = 0.8  # share of the values of a column of codes that have its usual length, with those that lost zeros
_PLAINLY_MORE = 2.0  # times as many in common, and the part is what both files write
_LONG = 8  # signs of a code of which the last one checks the others
_FEWEST = 10  # codes in common that are no chance
_SOME = 0.05  # share of the values that have the full length where most have lost a first zero
_CODE = "regexp_replace(upper(regexp_replace({text}, '[.]0$', '')), '[^A-Z0-9]', '', 'g')"

WHOLE, BEGINNING, END, UNCHECKED = "whole", "beginning", "end", "end without its last sign"


def with_parts_in_common(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, dict[str, str]]]:
    """Each file with columns of what both write of their codes, and where its fields are now."""
    made = [(file, dict(of)) for file, of in zip(files, fields, strict=True)]
    if len(files) < 2:
        return made
    for name in sorted(set(fields[0]) & set(fields[1]) - set(known_fields())):
        if found := parts_in_common(engine, [(file, of[name]) for file, of in made]):
            made = [(file, {**of, name: column}) for (file, column), (_, of) in zip(found, made, strict=True)]
    return made


def parts_in_common(engine: Engine, held: Sequence[Held]) -> list[Held] | None:
    """The columns as what both files write of their codes; None where that is all of them, or they are no codes.

    Args:
        held: of each of two files the column of one field.
    """
    counts = [_counted(engine, one) for one in held]
    lengths = [usual_length(of) for of in counts]
    if None in lengths:
        return _without_signs(engine, held, counts)
    known = [length for length in lengths if length]
    shorter = min(known)
    padded = [_padded(of, length) for of, length in zip(counts, known, strict=True)]
    if shorter < max(known):
        (best, most), as_it_is = _part(padded, shorter), _in_common(counts)
    else:
        best, most, as_it_is = WHOLE, _in_common(padded), _in_common([counted(engine, *one) for one in held])
    if most < max(_FEWEST, _PLAINLY_MORE * as_it_is):
        return None
    return [
        expressed(engine, file, _sql(as_text(column), length, best, shorter), "code")
        for (file, column), length in zip(held, known, strict=True)
    ]


def _without_signs(engine: Engine, held: Sequence[Held], counts: Sequence[Mapping[str, int]]) -> list[Held] | None:
    """Codes of many lengths by their letters and digits, where far more are in common so: C.108-1968, C 108:1968."""
    if not all(map(_are_of_digits, counts)):
        return None
    as_it_is = _in_common([counted(engine, *one) for one in held])
    if _in_common(counts) < max(_FEWEST, _PLAINLY_MORE * as_it_is):
        return None
    return [
        expressed(engine, file, f"nullif({_CODE.format(text=as_text(column))}, '')", "code") for file, column in held
    ]


def _are_of_digits(codes: Mapping[str, int]) -> bool:
    """Whether digits are half and more of the signs of nearly all codes; of titles they are a part."""
    of_digits = sum(held for code, held in codes.items() if 2 * sum(map(str.isdigit, code)) >= len(code))
    return of_digits >= _OF_ONE_LENGTH * sum(codes.values())


def shorter_part(one: Mapping[str, int], two: Mapping[str, int]) -> float:
    """Share of the codes of the column that has fewer of them which stand in the other one, of codes that one column
    writes in part; 0 where none does.

    Args:
        one, two: codes to their rows.
    """
    lengths = usual_length(one), usual_length(two)
    if lengths[0] is None or lengths[1] is None or lengths[0] == lengths[1]:
        return 0.0
    shorter = min(lengths[0], lengths[1])
    part, found = _part((one, two), shorter)
    fewest = min(len({cut(code, part, shorter) for code in of}) for of in (one, two))
    return found / fewest if found >= _FEWEST else 0.0


def usual_length(codes: Mapping[str, int]) -> int | None:
    """The signs that nearly all codes have but for first zeros; None where they have no such length, or no digits."""
    lengths = Counter[int]()
    for code, of in codes.items():
        lengths[len(code)] += of
    often = [length for length, of in lengths.items() if of >= _SOME * sum(lengths.values())]
    if not often:  # titles: hardly two are as long as one another
        return None
    usual = max(often)
    lost = sum(of for code, of in codes.items() if code.isdigit() and 0 < usual - len(code) <= _LOST_ZEROS)
    with_digits = sum(of for code, of in codes.items() if any(map(str.isdigit, code)))
    are_codes = min(lengths[usual] + lost, with_digits) >= _OF_ONE_LENGTH * sum(lengths.values())
    return usual if are_codes and usual >= _SHORTEST else None


def cut(code: str, part: str, signs: int) -> str:
    """A part of a code.

    >>> [cut("3550308", part, 6) for part in (WHOLE, BEGINNING, END, UNCHECKED)]
    ['3550308', '355030', '550308', '55030']
    """
    return {WHOLE: code, BEGINNING: code[:signs], END: code[-signs:], UNCHECKED: code[:-1][1 - signs :]}[part]


def _counted(engine: Engine, held: Held) -> dict[str, int]:
    file, column = held
    code = _CODE.format(text=as_text(column))
    query = f"select {code} as code, count(*) as held from {{t}} where {code} <> '' group by {code}"
    return {str(row["code"]): int(row["held"]) for row in rows(engine, engine.sql(query, t=file.table))}


def _padded(codes: Collection[str], length: int) -> set[str]:
    lost = range(length - _LOST_ZEROS, length)
    return {code.zfill(length) if code.isdigit() and len(code) in lost else code for code in codes}


def _part(codes: Sequence[Collection[str]], signs: int) -> tuple[str, int]:
    """Which end of the longer codes the shorter ones are, and how many are in common; none where both ends may be it,
    as of all numbers of three digits. Where neither is, both may end in a sign that checks what stands before: ISBN.
    """
    found = {part: _of_part(codes, part, signs) for part in (BEGINNING, END)}
    best = max(found, key=lambda part: found[part])
    unchecked = _of_part(codes, UNCHECKED, signs) if signs >= _LONG else 0
    if unchecked > _PLAINLY_MORE * found[best]:
        return UNCHECKED, unchecked
    return best, found[best] if found[best] >= _PLAINLY_MORE * min(found.values()) else 0


def _of_part(codes: Sequence[Collection[str]], part: str, signs: int) -> int:
    return _in_common([{cut(code, part, signs) for code in of} for of in codes])


def _in_common(codes: Sequence[Collection[str]]) -> int:
    return len({*codes[0]} & {*codes[1]})


def _sql(text: str, length: int, part: str, signs: int) -> str:
    code = _CODE.format(text=text)
    lost = f"regexp_matches({code}, '^[0-9]+$') and length({code}) between {length - _LOST_ZEROS} and {length}"
    whole = f"case when {lost} then lpad({code}, {length}, '0') else {code} end"
    unchecked = f"right(left({whole}, length({whole}) - 1), {signs - 1})"
    cut_off = {BEGINNING: f"left({whole}, {signs})", END: f"right({whole}, {signs})", UNCHECKED: unchecked}
    return f"nullif({cut_off.get(part, whole)}, '')"
