"""What a file's columns may be called: every form of each header, worked out once for all fields that are looked for.

A survey has thousands of columns, and each field is looked for among all of them, several times over.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from linkage.adhoc.headers.birth_headers import field_of_birth
from linkage.adhoc.headers.header_alternatives import alternatives
from linkage.adhoc.headers.header_words import (
    in_latin,
    in_own_script,
    outside_brackets,
    without_brackets,
    without_digraphs,
    without_noise,
    without_noise_in_script,
    words_of,
)
from linkage.adhoc.headers.joined_headers import joined
from linkage.adhoc.headers.short_headers import unshortened
from linkage.adhoc.headers.vocabulary import vocabulary

Ends = frozenset[tuple[int, str]]
"""Words that several of a file's columns begin (0) or end (-1) with."""


@functools.cache
def _all_names() -> frozenset[str]:
    rules = vocabulary()["field"].values()
    return frozenset(in_own_script(name) for rule in rules for name in (*rule["names"], *rule.get("beside", ())))


def any_known(names: Sequence[str]) -> bool:
    """Whether a field is known by one of the names; not by one behind a number, as 10 The Street is, of a record."""
    forms = (in_own_script, in_latin, without_noise, unshortened)
    return any({form(name) for form in forms} & _all_names() for name in names if not name.strip()[:1].isdigit())


def is_known(name: str) -> bool:
    """Whether a column's whole name is a field's: without a word it may be another field's, and is not that one."""
    return bool({in_own_script(name), in_latin(name)} & _all_names())


def _is_known_in_its_script(name: str) -> bool:
    return not name.isascii() and in_own_script(name) in _all_names()


@functools.lru_cache
def by_form(names: tuple[str, ...], ends: Ends) -> Mapping[str, Sequence[str]]:
    """What columns may be called, to those that may be called so: the nearer to what is written, the earlier.

    Args:
        names: of a file's columns.
        ends: words that say nothing of them.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    whole: Sequence[Callable[[str], str]] = (in_own_script, in_latin)
    parted: Sequence[Callable[[str], str]] = (
        without_brackets,
        without_noise,
        without_noise_in_script,
        lambda name: _without_ends(name, ends),
        lambda name: _without_ends(name, ends, words=2),
        lambda name: _without_ends(name, frozenset(end for end in ends if end[0] == 0), words=2),
        without_digraphs,
        lambda name: without_digraphs(without_noise(name)),
        unshortened,
        lambda name: unshortened(without_noise(name) if name.isascii() else name),
    )
    strange = tuple(name for name in names if not is_known(name))
    for forms, held in ((whole, names), (parted, strange)):
        for form in forms:
            for name in held:
                if form is not in_latin or not _is_known_in_its_script(name):  # č.p. is no CP
                    found[form(name)][name] = None
    for name in strange:
        if (bare := outside_brackets(name)) != name:  # Provider Last Name (Legal Name)
            for form in parted:
                found[form(bare)][name] = None
    for name in strange:
        for form_of_one in alternatives(name):
            found[form_of_one][name] = None
        if called := joined(name):
            found[called][name] = None
    return {text: list(held) for text, held in found.items()}


@functools.lru_cache
def of_births(names: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """Fields of births that are put together of known words, to the columns that are called so."""
    found = defaultdict[str, list[str]](list)
    for name in names:
        if not is_known(name) and (field := field_of_birth(words_of(name))):
            found[field].append(name)
    return found


def _pairs(several: Iterable[Sequence[str]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Two words that names of more begin (0) with, or end (-1) with where the last is a number: age_w3, town_wave2."""
    for words in several:
        if len(words) > 2:
            yield 0, words[:2]
            if words[-1].isdigit():
                yield -1, words[-2:]


@functools.lru_cache
def _ends(names: tuple[str, ...]) -> Ends:
    others = {*vocabulary()["others"], *vocabulary()["of_things"]}
    several = [words for words in map(words_of, filter(str.isascii, names)) if len(words) > 1]
    found = Counter((end, words[end]) for words in several for end in (0, -1))
    found.update((end, " ".join(words)) for end, words in _pairs(several))
    return frozenset(end for end, held in found.items() if held > 1 and not {*end[1].split()} & others)


def shared_ends(names: Sequence[str]) -> Ends:
    """Words that several columns begin (0; two words too) or end (-1; a word and a number too) with, and that speak of
    nobody else and of no thing: census_surname, dob_x, age_w3."""
    return _ends(tuple(names))


def _without_ends(name: str, ends: Ends, *, words: int = 1) -> str:
    """The name without the first words and the last ones that the file's columns share: RegAddress.PostTown."""
    left = words_of(name) if name.isascii() else [in_latin(name)]
    if len(left) > words and (0, " ".join(left[:words])) in ends:
        left = left[words:]
    last = next((size for size in (2, 1) if len(left) > size and (-1, " ".join(left[-size:])) in ends), 0)
    left = left[: len(left) - last]
    return "".join(left)
