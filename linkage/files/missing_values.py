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

_OWN_READERS = frozenset({"dob", "age", "sex"})
"""Roles whose own readers know what stands for "not known"."""
_FORMED = frozenset({"phone", "email", "postcode", "nino", "uln", "upn", "health_number", "national_number"})
_WORD_ROWS, _WORD_LETTERS = 3, 20  # rows that repeat a file's own word for "not known", and its longest


class _Common(Strict):
    not_in: frozenset[str]
    rows: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]
    times: Annotated[float, Field(ge=0)]
    others: Annotated[int, Field(ge=0)]
    each: Annotated[float, Field(ge=0)]


class _Unknown(Strict):
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
    for role in (role for role in roles if role not in _OWN_READERS):
        for column in roles[role]:
            missing = {value for value in counts[column] if says_unknown(value) or _form(value) in own}
            missing |= _written_by_programs(counts[column])
            missing |= _too_common(counts[column]) if role not in _rules().common.not_in else set()
            found.setdefault(column, set()).update(missing)
    return {column: frozenset(missing) for column, missing in found.items() if missing}


def _words_of_file(formed: list[Counter[str]]) -> set[str]:
    """Words by which a file itself says "not known": one repeated in two columns of numbers, postcodes or addresses."""
    columns = Counter[str]()
    for counts in formed:
        words = {value for value in counts if not any(sign.isdigit() or sign == "@" for sign in value)}
        if len(words) * 2 < len(counts):
            often = {value for value in words if counts[value] >= _WORD_ROWS and len(value) <= _WORD_LETTERS}
            columns.update({_form(value) for value in often})
    return {word for word, number in columns.items() if number > 1}


def _written_by_programs(counts: Counter[str]) -> set[str]:
    """NaN and NA, where the rest of the column is in another case; else Nan and Na are names."""
    words = {value for value in counts if value in _rules().written_by_programs}
    others = [value for value in counts if value not in words and len(value) > 1]
    cased = [test for test in (str.isupper, str.islower) if sum(map(test, others)) * 10 > len(others)]
    return {word for word in words if not any(test(word) for test in cased)}


def _too_common(counts: Counter[str]) -> set[str]:
    """The value that is far more common than all others, where these have several parts and few rows each."""
    several = sum(any(sign.isspace() or sign.isdigit() or sign == "@" for sign in value) for value in counts)
    if len(counts) < 2 or several * 2 < len(counts):
        return set()
    (value, first), (_, second) = counts.most_common(2)
    rule, total, others = _rules().common, counts.total(), len(counts) - 1
    is_common = first >= max(rule.rows, rule.share * total, rule.times * second)
    return {value} if is_common and others >= rule.others and total - first <= rule.each * others else set()
