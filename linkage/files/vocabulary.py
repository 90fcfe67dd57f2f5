"""The words by which columns and values are recognised: configs/recognise.toml and
common_names.toml, read once.
"""

import functools
from typing import Any

from pydantic import create_model

from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, check, read_as, toml_of

_Words = tuple[str, ...]


class _Field(Frozen):
    names: _Words
    ambiguous: _Words = ()
    ends: _Words = ()
    endings: _Words = ()
    begins: _Words = ()


class _SexFrame(Frozen):
    headers: _Words = ()
    M: _Words
    F: _Words


_LISTS = (
    "noise",
    "before",
    "of_whom",
    "others",
    "events",
    "in_brackets",
    "which_contact",
)
_TABLES = ("birth_words", "whole_address", "around_names")
_KINDS: dict[str, Any] = {
    "field": dict[str, _Field],
    "sex_frame": tuple[_SexFrame, ...],
}
_KINDS |= dict.fromkeys(_LISTS, _Words) | dict.fromkeys(_TABLES, dict[str, _Words])
_KINDS |= {"months": dict[str, tuple[_Words, ...]]}
_REQUIRED: dict[str, Any] = {name: (kind, ...) for name, kind in _KINDS.items()}
_Vocabulary = create_model("_Vocabulary", __base__=Frozen, **_REQUIRED)
_CommonNames = create_model(
    "_CommonNames", __base__=Frozen, forenames=(str, ...), surnames=(str, ...)
)


@functools.cache
def vocabulary() -> dict[str, Any]:
    """The tables of recognise.toml by their names.

    Raises:
        ConfigError: a user's own file is no TOML, or has other keys; all faults at
            once.
    """
    path = config_file("recognise.toml")
    tables = toml_of(path)
    check(_Vocabulary, tables, str(path))
    return tables


@functools.cache
def common_names() -> tuple[frozenset[str], frozenset[str]]:
    """Common forenames and surnames, words in Latin capitals; a word of both is in
    neither.
    """
    names = read_as(_CommonNames, config_file("common_names.toml")).model_dump()
    forenames, surnames = (
        frozenset(names[kind].split()) for kind in ("forenames", "surnames")
    )
    return forenames - surnames, surnames - forenames
