"""The words and forms by which columns and values are known: configs/recognise.toml, read once."""

import functools
from typing import Any

from linkage.config.resources import config_file
from linkage.config.toml_file import Strict, check, toml_of

_Words = tuple[str, ...]
_Tables = tuple[dict[str, Any], ...]


class _Field(Strict):
    """What columns of a field are called."""

    names: _Words
    beside: _Words = ()
    after: str = ""
    bare: _Words = ()
    ends: _Words = ()
    endings: _Words = ()
    begins: _Words = ()
    patronymics: _Words = ()
    forenames: _Words = ()
    alone: _Words = ()


class _Vocabulary(Strict):
    """What the file holds: all of it, as it is read in many places."""

    noise: _Words
    before: _Words
    noise_in_script: _Words
    relations: _Words
    joined_titles: _Words
    legal_forms: _Words
    legal_forms_in_script: _Words
    of_whom: _Words
    others: _Words
    roles: _Words
    in_brackets: _Words
    which_contact: _Words
    of_things: _Words
    relatives: _Words
    at_work: _Words
    at_home: _Words
    chain: tuple[_Words, ...]
    of_names: _Words
    aliases: _Words
    events: _Words
    waves: _Words
    made_of: dict[str, _Words]
    field: dict[str, _Field]
    readings: dict[str, Any]
    suffixes: dict[str, Any]
    joined_headers: dict[str, Any]
    sex_frame: _Tables
    birth_words: dict[str, _Words]
    months: dict[str, Any]
    around_months: dict[str, Any]
    months_in_script: dict[str, Any]
    date_form: _Tables
    around_date: _Tables
    day_count: _Tables
    age_words: dict[str, _Words]
    occasions: dict[str, Any]
    birth_number: _Tables
    whole_address: dict[str, Any]
    around_names: dict[str, Any]
    nested: dict[str, Any]
    consonants: dict[str, Any]
    things: dict[str, Any]


@functools.cache
def vocabulary() -> dict[str, Any]:
    """The file's tables by their names.

    Raises:
        ConfigError: one of one's own is no TOML, or lacks what this one has; all faults at once.
    """
    path = config_file("recognise.toml")
    held = toml_of(path)
    check(_Vocabulary, held, str(path))
    return held
