"""The words by which columns and values are recognised: configs/recognise.toml and common_names.toml, read once."""

import functools
from typing import Any

from linkage.config.resources import config_file
from linkage.config.toml_file import Strict, check, held_to, toml_of

_Words = tuple[str, ...]


class _Field(Strict):
    names: _Words
    ambiguous: _Words = ()
    ends: _Words = ()
    endings: _Words = ()
    begins: _Words = ()


class _SexFrame(Strict):
    headers: _Words = ()
    M: _Words
    F: _Words


class _Vocabulary(Strict):
    noise: _Words
    before: _Words
    of_whom: _Words
    others: _Words
    events: _Words
    in_brackets: _Words
    which_contact: _Words
    field: dict[str, _Field]
    sex_frame: tuple[_SexFrame, ...]
    birth_words: dict[str, _Words]
    months: dict[str, tuple[_Words, ...]]
    suffixes: dict[str, _Words]
    whole_address: dict[str, _Words]
    around_names: dict[str, _Words]
    age_words: dict[str, _Words]


class _CommonNames(Strict):
    forenames: str
    surnames: str


@functools.cache
def vocabulary() -> dict[str, Any]:
    """The tables of recognise.toml by their names.

    Raises:
        ConfigError: a user's own file is no TOML, or has other keys; all faults at once.
    """
    path = config_file("recognise.toml")
    tables = toml_of(path)
    check(_Vocabulary, tables, str(path))
    return tables


@functools.cache
def common_names() -> tuple[frozenset[str], frozenset[str]]:
    """Common forenames and surnames, words in Latin capitals; a word of both is in neither."""
    names = held_to(_CommonNames, config_file("common_names.toml"))
    forenames, surnames = frozenset(names.forenames.split()), frozenset(names.surnames.split())
    return forenames - surnames, surnames - forenames
