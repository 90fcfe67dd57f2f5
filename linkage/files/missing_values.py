"""Values that stand for "not known": words for it, and placeholders that far too many rows share.

Left as they are, one that both files write would be agreement, and one next to a known name disagreement.
"""

import functools
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import Field

from linkage.config.resources import config_file
from linkage.config.toml_file import Strict, held_to

_NO_FREE_TEXT = frozenset({"dob", "age", "sex"})
"""Roles whose own readers know what stands for "not known"."""
_FORMED = frozenset({"phone", "email", "postcode", "nino", "uln", "upn", "health_number", "national_number"})
_WORD_ROWS, _WORD_LETTERS = 3, 20  # rows that repeat a file's own word for "not known", and its longest


class _Common(Strict):
    """When a value is too common to be anybody's own."""

    not_in: frozenset[str]
    rows: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]
    times: Annotated[float, Field(ge=0)]
    others: Annotated[int, Field(ge=0)]
    each: Annotated[float, Field(ge=0)]


class _Unknown(Strict):
    """configs/unknown.toml."""

    words: tuple[str, ...]
    written_by_programs: tuple[str, ...]
    common: _Common


@functools.cache
def _rules() -> _Unknown:
    return held_to(_Unknown, config_file("unknown.toml"))


@functools.cache
def _words() -> frozenset[str]:
    return frozenset(map(_form, _rules().words))


def _form(text: str) -> str:
    """Capitals without accents; a word that is repeated once."""
    split = unicodedata.normalize("NFKD", text.upper())
    words = "".join(sign for sign in split if not unicodedata.combining(sign)).replace(",", " ").split()
    return " ".join(dict.fromkeys(words))


def says_unknown(text: str) -> bool:
    """Whether a value is a word for "not known"."""
    return _form(text) in _words()


def without_missing(counts: Counter[str], missing: Collection[str]) -> Counter[str]:
    """Counts without the values that stand for "not known"."""
    return Counter({value: rows for value, rows in counts.items() if value not in missing}) if missing else counts


def missing_values(
    counts: Mapping[str, Counter[str]], roles: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str]]:
    """Column to the values in it that stand for "not known".

    Args:
        counts: column to its values and their rows.
        roles: role to its columns.
    """
    own = _words_of_file([counts[column] for role in _FORMED & set(roles) for column in roles[role]])
    found: dict[str, set[str]] = {}
    for role, columns in roles.items():
        for column in columns if role not in _NO_FREE_TEXT else ():
            of = counts[column]
            missing = {value for value in of if says_unknown(value) or _form(value) in own}
            missing |= _written_by_programs(of)
            if role not in _rules().common.not_in:
                missing |= _too_common(of)
            found.setdefault(column, set()).update(missing)
    return {column: frozenset(missing) for column, missing in found.items() if missing}


def _words_of_file(formed: list[Counter[str]]) -> set[str]:
    """Words by which a file itself says "not known": one repeated in two columns of numbers, postcodes or addresses."""
    found = Counter[str]()
    for counts in formed:
        words = {value for value in counts if not any(sign.isdigit() or sign == "@" for sign in value)}
        if len(words) * 2 < len(counts):
            often = {value for value in words if counts[value] >= _WORD_ROWS and len(value) <= _WORD_LETTERS}
            found.update({_form(value) for value in often})
    return {word for word, columns in found.items() if columns > 1}


def _written_by_programs(counts: Counter[str]) -> set[str]:
    """NaN and NA, where the rest of the column is in another case; else Nan and Na are names."""
    words = {value for value in counts if value in _rules().written_by_programs}
    others = [value for value in counts if value not in words and len(value) > 1]
    cased = {test: sum(map(test, others)) * 10 > len(others) for test in (str.isupper, str.islower)}
    return {word for word in words if not any(test(word) and usual for test, usual in cased.items())}


def _too_common(counts: Counter[str]) -> set[str]:
    """The value that is far more common than all others, where these have several parts and few rows each."""
    top = counts.most_common(2)
    if len(top) < 2 or sum(map(_is_one_word, counts)) * 2 > len(counts):
        return set()
    (value, first), (_, second) = top
    rule, total, others = _rules().common, counts.total(), len(counts) - 1
    is_common = first >= max(rule.rows, rule.share * total, rule.times * second)
    return {value} if is_common and others >= rule.others and total - first <= rule.each * others else set()


def _is_one_word(text: str) -> bool:
    return not any(sign.isspace() or sign.isdigit() or sign == "@" for sign in text)
