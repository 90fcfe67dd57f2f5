"""Which codes and columns stand for all of their kind: by their words, or since they come to what the others do.

A total that is not known for one is worse than one too many: a cell that is hidden could be had from it unseen.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from quality.disclosure.outputs.reading import Sheet, Value

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


def plain(text: str) -> str:
    """A label without case and blanks at its ends."""
    return " ".join(text.lower().split())


def says_all(text: str) -> bool:
    """Whether a label's words say that it stands for all: "All pupils", "Total (England)"."""
    return plain(text) in TOTALS or bool(_WORDS.search(plain(text)))


def says_everybody(text: str) -> bool:
    """Whether a column is named for those whom it counts, and for no kind of them: "pupils", "number of people"."""
    return bool(_EVERYBODY.match(plain(text.replace("_", " "))))


def bare(name: str) -> str:
    """What a column of counts is of: "female" of "Number of female pupils"."""
    return _AROUND.sub("", plain(name)).strip() or plain(name)


def are_all_of_a_kind(names: Collection[str]) -> bool:
    """Whether columns are by their words everybody between them: "female" and "male"."""
    return {bare(name) for name in names} in _ALL_OF_A_KIND


def lone_country(codes: Collection[str]) -> list[str]:
    """The country among plain codes, where there is no other: it stands for all of its regions."""
    found = [code for code in codes if code in _COUNTRIES]
    return found if len(found) == 1 else []


def totals_of(
    sheet: Sheet,
    labels: Sequence[int],
    counts: Sequence[int],
    known: Collection[str],
    parents: Mapping[tuple[int, str], str],
) -> frozenset[str]:
    """The codes of a table that stand for all, beside those that are known.

    Args:
        known: words that stand for all.
        parents: label and code to the code that it is part of. What is named there is what is said of it; beside such
            codes one that stands for all is held against those that are part of none.
    """
    found: set[str] = set()
    for way in labels:
        within = {code: parent for (label, code), parent in parents.items() if label == way}
        codes = list(dict.fromkeys(plain(row[way].text) for row in sheet.rows if row[way].text))
        groups = _groups(sheet, labels, way)
        named = [code for code in codes if code not in known and says_all(code)] + lone_country(codes)
        named = [code for code in named if code not in within and code not in within.values()]
        inner = {*known, *within}
        found |= {code for code in named if not _contradicted(_rows(sheet, groups, counts, code, inner))}
        if not within and not found & set(codes) and not set(codes) & set(known):
            largest = _largest(sheet, groups, counts)
            found |= {code for code in largest if _comes_to_all(_rows(sheet, groups, counts, code, known))}
    return frozenset(found)


def across_of(sheet: Sheet, counts: Sequence[int], totals: Collection[str]) -> int | None:
    """The column that the other counts add up to; None where there is none."""
    if len(counts) < 3:
        return None
    named = [n for n in counts if plain(sheet.header[n]) in totals]
    if len(named) == 1:
        return named[0]
    compared = {n: [(row[n], [row[one] for one in counts if one != n]) for row in sheet.rows] for n in counts}
    worded = [n for n in counts if says_all(sheet.header[n]) and not _contradicted(compared[n])]
    found = worded or [n for n in counts if _is_everybody(sheet, counts, n, compared[n]) or _comes_to_all(compared[n])]
    return found[0] if len(found) == 1 else None


def _is_everybody(sheet: Sheet, counts: Sequence[int], column: int, compared: Sequence[_Compared]) -> bool:
    """Whether a column is of people as such, and the others come to it in a row or are everybody by their words."""
    if not says_everybody(sheet.header[column]) or _contradicted(compared):
        return False
    others = [sheet.header[n] for n in counts if n != column]
    return are_all_of_a_kind(others) or any(is_whole for _, _, is_whole in _told(compared))


def _groups(sheet: Sheet, labels: Sequence[int], way: int) -> list[dict[str, int]]:
    """Rows that differ in one label alone, by its code."""
    groups: dict[tuple[str, ...], dict[str, int]] = {}
    for row, cells in enumerate(sheet.rows):
        others = tuple(plain(cells[label].text) for label in labels if label != way)
        if code := plain(cells[way].text):
            groups.setdefault(others, {})[code] = row
    return list(groups.values())


def _largest(sheet: Sheet, groups: Sequence[dict[str, int]], counts: Sequence[int]) -> set[str]:
    """Codes that no other exceeds in any column of any group: a total is one of them."""
    found: set[str] | None = None
    for group in groups:
        for column in counts:
            numbers = {code: sheet.rows[row][column].number for code, row in group.items()}
            most = max((number for number in numbers.values() if number is not None), default=None)
            if most is not None and len(group) > 1:
                largest = {code for code, number in numbers.items() if number == most}
                found = largest if found is None else found & largest
    return found or set()


def _rows(
    sheet: Sheet, groups: Sequence[dict[str, int]], counts: Sequence[int], code: str, known: Collection[str]
) -> list[_Compared]:
    """A code's counts, each beside those of the rows that differ from it in one label alone."""
    return [
        (
            sheet.rows[group[code]][column],
            [sheet.rows[at][column] for part, at in group.items() if part not in (code, *known)],
        )
        for group in groups
        if code in group
        for column in counts
    ]


def _told(compared: Sequence[_Compared]) -> Iterator[tuple[float, int, bool]]:
    """How far each total is from its parts beyond rounding, how many parts there are, and whether all are shown."""
    is_rounded = _is_rounded(compared)
    for total, parts in compared:
        if total.number and parts:
            numbers = [cell.number for cell in parts if cell.number is not None]
            reach = 2.5 * (len(numbers) + 1) if is_rounded else 0.5
            off = total.number - sum(numbers)
            yield (0.0 if abs(off) <= reach else off), len(parts), len(numbers) == len(parts)


def _contradicted(compared: Sequence[_Compared]) -> bool:
    """Whether parts come to more than the total, or all of them are shown and come to less."""
    return any(off < 0 or (off > 0 and is_whole) for off, _, is_whole in _told(compared))


def _comes_to_all(compared: Sequence[_Compared]) -> bool:
    """Whether the parts come to the total wherever all are shown, and so often that it is no chance."""
    whole = [parts for _, parts, is_whole in _told(compared) if is_whole and parts > 1]
    often = len(whole) > 2 if _is_rounded(compared) else len(whole) > 1 or max(whole, default=0) > 2
    return often and not _contradicted(compared)


def _is_rounded(compared: Sequence[_Compared]) -> bool:
    shown = [cell.number for total, parts in compared for cell in (total, *parts) if cell.number is not None]
    return bool(shown) and all(number % 5 == 0 for number in shown)
