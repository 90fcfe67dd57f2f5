"""Columns that no list knows and that both files have under one name: V4 of one export is not V4 of another."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from linkage.adhoc.headers.header_words import in_latin, words_of

_LETTERS = 5  # of a word that is the same with another letter more or less

_MERE_NUMBER = re.compile(
    r"(?:[a-z]{0,2}|var|col|column|field|attr|item|question|unnamed|spalte|campo|colonne)[\W_]*\d{1,3}|[a-z]",
    re.IGNORECASE,
)


def is_mere_number(name: str) -> bool:
    """Whether a column's name says where it stands, and nothing of what it holds: V1, col_12, Unnamed: 3, B.

    >>> [is_mere_number(name) for name in ("V1", "Unnamed: 3", "q2", "addr1", "cohort2021")]
    [True, True, True, False, False]
    """
    return bool(_MERE_NUMBER.fullmatch(name.strip()))


def of_one_name(
    left: Sequence[str], right: Sequence[str], used: Collection[str], *, by_number: bool
) -> list[tuple[str, str]]:
    """Columns of both files whose names differ in no letter or digit: Ward and ward, Date-Joined and date_joined.

    Args:
        used: columns that are a field of a file already; no other file's column of that name is another one.
        by_number: whether names that are mere numbers count.
    """
    taken = {*map(in_latin, used)}
    counts = [Counter(map(in_latin, names)) for names in (left, right)]
    exact, by_letters = set(right), {in_latin(name): name for name in right}
    found = []
    for name in left:
        letters = in_latin(name)
        if name in used or (not by_number and is_mere_number(name)):
            continue
        if name in exact:
            found.append((name, name))
        elif letters in by_letters and letters not in {"", *taken} and all(of[letters] == 1 for of in counts):
            found.append((name, by_letters[letters]))
    return found


def is_spelling_of(word: str, other: str) -> bool:
    """Whether two words are one, or differ by a letter that one has more.

    >>> [is_spelling_of(*words) for words in (("colour", "color"), ("street", "streets"), ("ward", "war"))]
    [True, True, False]
    """
    shorter, longer = sorted((word, other), key=len)
    if word == other:
        return True
    one_more = len(longer) == len(shorter) + 1 and len(shorter) >= _LETTERS
    return one_more and any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))


def are_called_alike(one: str, other: str) -> bool:
    """Whether one column has all words of the other's name: year and release_year, colour and color, plate and
    part_plate."""
    shorter, longer = sorted((sorted({*words_of(name)}, key=len) for name in (one, other)), key=len)
    return bool(shorter) and all(any(is_spelling_of(word, other) for other in longer) for word in shorter)
