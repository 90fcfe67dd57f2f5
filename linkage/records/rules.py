"""The rules that records are brought to one form by: data in configs/records/, read
once.
"""

import datetime
import functools
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, fault, read_as

_REMEDY = "restore the file that came with the package"


class _Sentinels(Frozen):
    """Words that stand where nothing is known, as whole fields; `raw` before a name is
    cleaned, `names` after.
    """

    raw: frozenset[str]
    names: frozenset[str]
    texts: frozenset[str]
    repeated_letter: bool


class NameRules(Frozen):
    """configs/records/names.toml: titles, particles and sentinels of names, all
    upper-case ASCII.
    """

    titles: frozenset[str]
    suffixes: frozenset[str]
    surname_particles: frozenset[str]
    forename_particles: frozenset[str]
    sentinels: _Sentinels

    @functools.cached_property
    def surname_words(self) -> frozenset[str]:
        """Words that are not left as they are in a surname."""
        return self.titles | self.suffixes | self.surname_particles


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error:
        raise fault("is no regular expression") from None
    return text


_Form = Annotated[str, AfterValidator(_is_pattern)]


class _Nino(Frozen):
    form: _Form
    never_issued: tuple[str, ...]


class _Uln(Frozen):
    temporary: tuple[str, ...]


class _Upn(Frozen):
    letters: Annotated[
        str, Field(pattern=r"^[A-Z]{23}$")
    ]  # one for each remainder by 23


class _Postcode(Frozen):
    form: _Form
    standard: _Form
    sentinel_areas: tuple[str, ...]
    sentinels: tuple[str, ...]


class _Date(Frozen):
    sentinels: tuple[datetime.date, ...]
    texts: tuple[str, ...]


class _Sex(Frozen):
    labels: dict[str, str]
    plain: dict[str, str]


class IdentifierRules(Frozen):
    """configs/records/identifiers.toml: forms, sentinels and codes of the identifiers
    that are no names.
    """

    nino: _Nino
    uln: _Uln
    upn: _Upn
    postcode: _Postcode
    date: _Date
    sex: _Sex


@functools.cache
def name_rules() -> NameRules:
    """The rules of names.

    Raises:
        ConfigError: definitions of one's own do not say what these do; all faults at
            once.
    """
    return read_as(NameRules, config_file("records/names.toml"), _REMEDY)


@functools.cache
def identifier_rules() -> IdentifierRules:
    """The rules of other identifiers.

    Raises:
        ConfigError: as of `name_rules`.
    """
    return read_as(IdentifierRules, config_file("records/identifiers.toml"), _REMEDY)
