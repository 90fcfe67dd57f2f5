"""Totals of a table: codes and columns that stand for all of their kind, by their words or by their numbers.

A total that is not recognised is worse than one too many: a hidden cell could be calculated from it unseen.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from quality.disclosure.outputs.reading import Sheet, Value, plain

TOTALS = frozenset({"total", "all", "overall", "everybody", "everyone", "grand total", "both", "persons", "all people"})
_WORDS = re.compile(r"^(?:all|total|overall|grand total|sub-?total)\b(?! others?\b)|\btotals?$")
_COUNTRIES = frozenset(
    {"england", "wales", "scotland", "northern ireland", "great britain", "united kingdom", "uk", "england and wales"}
)
_WHO = r"(?:people|persons|individuals|pupils|students|learners)"
_EVERYBODY = re.compile(
    rf"^(?:(?:total )?(?:number|no\.?|count)(?: of)? )?(?:{_WHO}|total|all)(?: count)?$|^(?:count|n)$"
)
_AROUND = re.compile(rf"^(?:number|no\.?|count)(?: of)? |\b{_WHO}$")
_ALL_OF_A_KIND = (
    {"female", "male"},
    {"females", "males"},
    {"women", "men"},
    {"girls", "boys"},
    {"yes", "no"},
)
_Compared = tuple[Value, Sequence[Value]]


def says_all(text: str) -> bool:
    """Whether a label's words say total: "All pupils", "Total (England)"."""
    return plain(text) in TOTALS or bool(_WORDS.search(plain(text)))


def is_everybody(text: str) -> bool:
    """Whether a column is named for everybody that it counts: "pupils", "number of people"."""
    return bool(_EVERYBODY.match(plain(text.replace("_", " "))))


def all_of_a_kind(names: Iterable[str]) -> bool:
    """Whether columns are everybody between them by their words: "female" and "male"."""
    return {code_of(name) for name in names} in _ALL_OF_A_KIND


def code_of(name: str) -> str:
    """The code that a column of counts stands for: "female" of "Number of female pupils"."""
    return _AROUND.sub("", plain(name)).strip() or plain(name)


def total_codes(
    sheet: Sheet,
    labels: Sequence[int],
    counts: Sequence[int],
    known: Collection[str],
    parents: Mapping[tuple[int, str], str],
) -> frozenset[str]:
    """The codes of a table that stand for all of their label, besides those that are known.

    A code does by its words, unless numbers contradict it; where no code does, one that the others always add up to.

    Args:
        parents: label and code to the code that it is part of; a total is compared with codes that are part of none.
    """
    totals: set[str] = set()
    for label in labels:
        within = {code: parent for (column, code), parent in parents.items() if column == label}
        codes = list(dict.fromkeys(plain(row[label].text) for row in sheet.rows if row[label].text))
        groups = _groups(sheet, labels, label)
        countries = [code for code in codes if code in _COUNTRIES]
        named = [code for code in codes if code not in known and says_all(code)]
        named += countries if len(countries) == 1 else []
        named = [code for code in named if code not in within and code not in within.values()]
        compared = {code: list(_compared(sheet, groups, counts, code, {*known, *within})) for code in codes}
        totals |= {code for code in named if not _contradicted(compared[code])}
        if not within and not totals & set(codes) and not set(codes) & set(known):
            totals |= {code for code in codes if _adds_up(compared[code])}
    return frozenset(totals)


def total_column(sheet: Sheet, counts: Sequence[int], totals: Collection[str]) -> int | None:
    """The column that the other counts add up to; None where there is none."""
    if len(counts) < 3:
        return None
    named = [n for n in counts if plain(sheet.header[n]) in totals]
    if len(named) == 1:
        return named[0]
    compared = {n: [(row[n], [row[one] for one in counts if one != n]) for row in sheet.rows] for n in counts}
    chosen = [n for n in counts if says_all(sheet.header[n]) and not _contradicted(compared[n])]
    chosen = chosen or [
        n for n in counts if _adds_up(compared[n]) or _is_total_of_people(sheet, counts, n, compared[n])
    ]
    return chosen[0] if len(chosen) == 1 else None


def _is_total_of_people(sheet: Sheet, counts: Sequence[int], column: int, compared: Sequence[_Compared]) -> bool:
    """Whether a column counts people as such, and the others are all of them by their words or in one row."""
    if not is_everybody(sheet.header[column]) or _contradicted(compared):
        return False
    others = [sheet.header[n] for n in counts if n != column]
    return all_of_a_kind(others) or any(is_complete for _, _, is_complete in _differences(compared))


def _groups(sheet: Sheet, labels: Sequence[int], label: int) -> list[dict[str, int]]:
    """Rows that differ only in one label, by its code."""
    groups: dict[tuple[str, ...], dict[str, int]] = {}
    for row, cells in enumerate(sheet.rows):
        others = tuple(plain(cells[one].text) for one in labels if one != label)
        if code := plain(cells[label].text):
            groups.setdefault(others, {})[code] = row
    return list(groups.values())


def _compared(
    sheet: Sheet, groups: Sequence[dict[str, int]], counts: Sequence[int], code: str, known: Collection[str]
) -> Iterator[_Compared]:
    """A code's counts, each with those of the rows that differ from it only in the label."""
    for group in groups:
        if code in group:
            parts = [at for part, at in group.items() if part not in (code, *known)]
            for column in counts:
                yield sheet.rows[group[code]][column], [sheet.rows[at][column] for at in parts]


def _differences(compared: Sequence[_Compared]) -> Iterator[tuple[float, int, bool]]:
    """Each total less its parts beyond rounding, how many parts there are, and whether all are shown."""
    shown = [cell.number for total, parts in compared for cell in (total, *parts) if cell.number is not None]
    is_rounded = bool(shown) and all(number % 5 == 0 for number in shown)
    for total, parts in compared:
        if total.number and parts:
            numbers = [cell.number for cell in parts if cell.number is not None]
            reach = 2.5 * (len(numbers) + 1) if is_rounded else 0.5
            off = total.number - sum(numbers)
            yield (0.0 if abs(off) <= reach else off), len(parts), len(numbers) == len(parts)


def _contradicted(compared: Sequence[_Compared]) -> bool:
    """Whether parts come to more than the total, or all of them are shown and come to less."""
    return any(off < 0 or (off > 0 and is_complete) for off, _, is_complete in _differences(compared))


def _adds_up(compared: Sequence[_Compared]) -> bool:
    """Whether the parts come to the total wherever all are shown: in three rows, or in two, or of three parts.

    A total that is equal to its only part above zero is no evidence.
    """
    several = [(total, parts) for total, parts in compared if sum(bool(cell.number) for cell in parts) > 1]
    complete = [parts for _, parts, is_complete in _differences(several) if is_complete]
    often = len(complete) > 2 or ((len(complete) > 1 or max(complete, default=0) > 2) and not _is_round(compared))
    return often and not _contradicted(compared)


def _is_round(compared: Sequence[_Compared]) -> bool:
    return all(c.number is None or c.number % 5 == 0 for total, parts in compared for c in (total, *parts))
