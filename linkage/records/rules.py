"""The rules that records are brought to one form by: data in configs/records/, read once."""

import datetime
import functools
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from linkage.errors import ConfigError
from linkage.resources import config_file


@dataclass(frozen=True)
class NameRules:
    """Titles, particles and sentinels of names, all upper-case ASCII."""

    titles: frozenset[str]
    suffixes: frozenset[str]
    surname_particles: frozenset[str]
    forename_particles: frozenset[str]
    raw_sentinels: frozenset[str]
    sentinels: frozenset[str]
    text_sentinels: frozenset[str]
    repeated_letter: bool

    @functools.cached_property
    def surname_words(self) -> frozenset[str]:
        """Words that are not left as they are in a surname."""
        return self.titles | self.suffixes | self.surname_particles


@dataclass(frozen=True)
class IdentifierRules:
    """Forms, sentinels and codes of the identifiers that are no names."""

    nino_form: str
    nino_never_issued: tuple[str, ...]
    uln_temporary: tuple[str, ...]
    upn_letters: str
    postcode_form: str
    postcode_standard: str
    postcode_sentinel_areas: tuple[str, ...]
    postcode_sentinels: tuple[str, ...]
    date_sentinels: tuple[datetime.date, ...]
    date_texts: tuple[str, ...]
    sex_labels: dict[str, str]
    sex_plain: dict[str, str]


@functools.cache
def name_rules() -> NameRules:
    """The rules of configs/records/names.toml."""
    raw = read_rules("records/names.toml")
    return NameRules(
        titles=frozenset(raw["titles"]),
        suffixes=frozenset(raw["suffixes"]),
        surname_particles=frozenset(raw["surname_particles"]),
        forename_particles=frozenset(raw["forename_particles"]),
        raw_sentinels=frozenset(raw["sentinels"]["raw"]),
        sentinels=frozenset(raw["sentinels"]["names"]),
        text_sentinels=frozenset(raw["sentinels"]["texts"]),
        repeated_letter=bool(raw["sentinels"]["repeated_letter"]),
    )


@functools.cache
def identifier_rules() -> IdentifierRules:
    """The rules of configs/records/identifiers.toml."""
    raw = read_rules("records/identifiers.toml")
    return IdentifierRules(
        nino_form=_form(raw["nino"]["form"]),
        nino_never_issued=tuple(raw["nino"]["never_issued"]),
        uln_temporary=tuple(raw["uln"]["temporary"]),
        upn_letters=raw["upn"]["letters"],
        postcode_form=_form(raw["postcode"]["form"]),
        postcode_standard=_form(raw["postcode"]["standard"]),
        postcode_sentinel_areas=tuple(raw["postcode"]["sentinel_areas"]),
        postcode_sentinels=tuple(raw["postcode"]["sentinels"]),
        date_sentinels=tuple(raw["date"]["sentinels"]),
        date_texts=tuple(raw["date"]["texts"]),
        sex_labels=dict(raw["sex"]["labels"]),
        sex_plain=dict(raw["sex"]["plain"]),
    )


def read_rules(name: str) -> dict[str, Any]:
    """A file of rules that ships, as it stands.

    Raises:
        ConfigError: it is not there, or no TOML.
    """
    path = config_file(name)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}\n  restore the file that came with the package") from None


def _form(pattern: str) -> str:
    re.compile(pattern)
    return pattern
