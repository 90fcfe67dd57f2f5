"""The odds of a preset: configs/synthetic/<preset>.toml, checked, with unknown keys refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from linkage.config.resources import config_files
from linkage.config.toml_file import Strict, check, toml_of
from linkage.errors import ConfigError

Probability = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0, le=20)]


class Quality(Strict):
    """How unevenly errors fall on people and on the bodies that record them."""

    person_spread: Factor  # standard deviation of the log of a person's factor
    provider_spread: Factor
    renamed: Factor  # what a change of surname multiplies the odds by
    disadvantaged: Factor  # what a free school meal or a birth abroad multiplies the odds by


class People(Strict):
    """Facts of people's lives that make linkage hard without any error."""

    twins: Probability  # births that are one of twins
    first_of_january: Factor  # multiplies an origin group's share of 1 January birth dates
    split_reference: Probability  # pupils with two pupil matching references
    second_nino: Probability
    second_nino_foreign: Probability
    temporary_upn: Probability  # of a first school
    new_upn: Probability
    marriage_surname: Probability  # women born in 1981 who take a husband's name
    marriage_surname_falls: Probability  # fewer with each year of birth
    marriage_hyphen: Probability  # of new names, those that join both
    divorce: Probability
    birth_name_again: Probability  # of divorced women
    childhood_surname: Probability  # families that take the name of a parent's new partner; mothers of 30 and over
    deed_poll: Probability
    hyphen_at_birth: Probability


class Forename(Strict):
    """How often a forename is written otherwise than the person bears it."""

    typo: Probability
    phonetic: Probability  # written as it sounds
    scanned: Probability  # misread from a form
    variant: Probability
    nickname: Probability
    middle_as_first: Probability
    second_used: Probability  # of those whose custom is to go by the second name
    missing: Probability
    swapped: Probability  # forename and surname in each other's place
    other_order: (
        Probability  # of groups that put names in another order: the first name as surname, the second as first
    )
    transliteration: Probability  # of names of another script, of people born abroad
    transliteration_born_here: Probability


class MiddleNames(Strict):
    """How often further forenames are left out, or their first letters written."""

    omitted: Probability
    initial: Probability


class Surname(Strict):
    """How often a surname is written otherwise than the person bears it."""

    typo: Probability
    phonetic: Probability
    scanned: Probability
    variant: Probability
    known_as: Probability  # the other parent's or a step-parent's name, which was never the person's own
    transliteration: Probability  # of names of another script, of people born abroad
    transliteration_born_here: Probability
    hyphen_dropped: Probability  # of hyphenated names


class BirthDate(Strict):
    """How often a part is wrong, and, of wrong parts, how many are one off or two digits turned round."""

    day: Probability
    month: Probability
    year: Probability
    several: Probability
    off_by_one: Probability
    turned: Probability
    exchanged: Probability  # day and month, of errors in several parts


class Sex(Strict):
    """How often the other sex is written down."""

    wrong: Probability


class Postcode(Strict):
    """How often a postcode is mistyped, or not known."""

    typo: Probability
    unknown: Probability


class Numbers(Strict):
    """How often a number is wrong, or not known."""

    nino_wrong: Probability
    uln_unknown: Probability


class Customers(Strict):
    """What DWP does not know of its customers."""

    no_address: Probability  # before its bulk load of addresses
    death_unknown: Probability


class Late(Strict):
    """How long a body goes on with an old name or address, in years (mean), and how often it never hears."""

    address_years: float
    address_never: Probability
    surname_years: float
    surname_never: Probability


class Factors(Strict):
    """What a source multiplies an error's odds by."""

    typo: Factor = 1
    scanned: Factor = 1
    nickname: Factor = 1
    postcode: Factor = 1
    dob: Factor = 1


class Odds(Strict):
    """Everything a preset says."""

    preset: str
    why: str
    quality: Quality
    people: People
    forename: Forename
    middle_names: MiddleNames
    surname: Surname
    dob: BirthDate
    sex: Sex
    postcode: Postcode
    numbers: Numbers
    cis: Customers
    late: dict[str, Late]
    source: dict[str, Factors]
    uncorrected: dict[str, float] = Field(
        default_factory=dict
    )  # by draw, how many more errors stood at an earlier release


def by_name() -> dict[str, Path]:
    """The files of presets by their names: those that ship and the user's own."""
    return {path.stem: path for path in config_files("synthetic/*.toml").values()}


def load(preset: str) -> Odds:
    """The odds of a preset. One that `extends` another states only what differs.

    Raises:
        ConfigError: there is no such preset, or its file has faults; all are named at once.
    """
    return check(Odds, _raw(preset), str(by_name()[preset]))


def _raw(preset: str, extending: tuple[str, ...] = ()) -> dict[str, Any]:
    known = by_name()
    if preset not in known:
        raise ConfigError(f"there is no preset '{preset}'\n  there are: {', '.join(known)}")
    if preset in extending:
        raise ConfigError(f"preset '{preset}' extends itself\n  name another one in `extends`")
    raw = toml_of(known[preset])
    base = raw.pop("extends", None)
    return _merged(_raw(str(base), (*extending, preset)), raw) if base else raw


def _merged(base: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in raw.items():
        is_table = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merged(base[key], value) if is_table else value
    return merged
