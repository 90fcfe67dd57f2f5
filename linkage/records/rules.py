"""The rules that records are brought to one form by: data in configs/records/, read once."""

import datetime
import functools
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from linkage.errors import ConfigError
from linkage.resources import config_file
from linkage.toml_file import Model, Strict, check, fault, toml_of


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


class _Sentinels(Strict):
    raw: tuple[str, ...]
    names: tuple[str, ...]
    texts: tuple[str, ...]
    repeated_letter: bool


class _Names(Strict):
    titles: tuple[str, ...]
    suffixes: tuple[str, ...]
    surname_particles: tuple[str, ...]
    forename_particles: tuple[str, ...]
    sentinels: _Sentinels


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error:
        raise fault("is no regular expression") from None
    return text


_Form = Annotated[str, AfterValidator(_is_pattern)]


class _Nino(Strict):
    form: _Form
    never_issued: tuple[str, ...]


class _Uln(Strict):
    temporary: tuple[str, ...]


class _Upn(Strict):
    letters: Annotated[str, Field(pattern=r"^[A-Z]{23}$")]  # one for each remainder by 23


class _Postcode(Strict):
    form: _Form
    standard: _Form
    sentinel_areas: tuple[str, ...]
    sentinels: tuple[str, ...]


class _Date(Strict):
    sentinels: tuple[datetime.date, ...]
    texts: tuple[str, ...]


class _Sex(Strict):
    labels: dict[str, str]
    plain: dict[str, str]


class _Identifiers(Strict):
    nino: _Nino
    uln: _Uln
    upn: _Upn
    postcode: _Postcode
    date: _Date
    sex: _Sex


@functools.cache
def name_rules() -> NameRules:
    """The rules of configs/records/names.toml.

    Raises:
        ConfigError: definitions of one's own do not say what these do; all faults at once.
    """
    raw = _held_to(_Names, "records/names.toml")
    return NameRules(
        titles=frozenset(raw.titles),
        suffixes=frozenset(raw.suffixes),
        surname_particles=frozenset(raw.surname_particles),
        forename_particles=frozenset(raw.forename_particles),
        raw_sentinels=frozenset(raw.sentinels.raw),
        sentinels=frozenset(raw.sentinels.names),
        text_sentinels=frozenset(raw.sentinels.texts),
        repeated_letter=raw.sentinels.repeated_letter,
    )


@functools.cache
def identifier_rules() -> IdentifierRules:
    """The rules of configs/records/identifiers.toml.

    Raises:
        ConfigError: as of `name_rules`.
    """
    raw = _held_to(_Identifiers, "records/identifiers.toml")
    return IdentifierRules(
        nino_form=raw.nino.form,
        nino_never_issued=raw.nino.never_issued,
        uln_temporary=raw.uln.temporary,
        upn_letters=raw.upn.letters,
        postcode_form=raw.postcode.form,
        postcode_standard=raw.postcode.standard,
        postcode_sentinel_areas=raw.postcode.sentinel_areas,
        postcode_sentinels=raw.postcode.sentinels,
        date_sentinels=raw.date.sentinels,
        date_texts=raw.date.texts,
        sex_labels=raw.sex.labels,
        sex_plain=raw.sex.plain,
    )


def _held_to(model: type[Model], name: str) -> Model:
    return check(model, read_rules(name), str(config_file(name)))


def read_rules(name: str) -> dict[str, Any]:
    """A file of rules that ships, as it stands.

    Raises:
        ConfigError: it is not there, or no TOML.
    """
    path = config_file(name)
    try:
        return toml_of(path)
    except OSError as error:
        raise ConfigError(f"{path}: {error}\n  restore the file that came with the package") from None
