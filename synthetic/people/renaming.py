"""When people change their surname: on marriage, with a parent's new partner, by deed poll; back after a divorce."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import DATA_END, NEVER, YEAR, Days, parts
from synthetic.drawn.draws import Draws, Floats, Ints
from synthetic.people.families import Families
from synthetic.reference_tables import Codes, Reference
from synthetic.rules.odds import Odds

MARRIAGE, DEED_POLL, PARTNER = 1, 2, 3

# Children's surnames disagree oftener in the records of young mothers (ALSPAC, Lam and others 2024): mothers below 20
# 2.6 to 2.9 times as often as those of 30 and over, mothers in their twenties 1.4 to 1.6 times.
_BY_MOTHERS_AGE = np.array([2.75, 1.5, 1.0])
# Of women born in 1985 a third were married at 30 and half at 35 (ONS); some take a partner's name without a wedding.
_MARRY = 0.70
_CHANGES_TOO = 0.75  # children there when the new partner comes, whose name is changed


@dataclass(frozen=True)
class Bearers:
    """Who bears the names."""

    ids: Ints
    birth: Days
    female: NDArray[np.bool_]
    origin: Codes

    def at(self, rows: NDArray[Any]) -> "Bearers":
        """Some of them."""
        return Bearers(self.ids[rows], self.birth[rows], self.female[rows], self.origin[rows])


@dataclass(frozen=True)
class Renamed:
    """Of each person: the surname at birth, the later one, the days of the change and of the change back, and why."""

    born: Codes
    name: Codes
    joins: NDArray[np.bool_]  # the later name joins both by a hyphen
    changed: Days
    back: Days
    reason: Codes


@dataclass(frozen=True)
class Surnames:
    """Of each person: the family's surname, and those that may follow it.

    Attributes:
        partner: what a parent's new partner would bring into the family.
        new: a husband's, or one that is chosen.
    """

    born: Codes
    partner: Codes
    new: Codes


def renamed(
    draws: Draws,
    reference: Reference,
    odds: Odds,
    who: Bearers,
    kin: Families,
    ability: Floats,
    may_bear: Surnames,
) -> Renamed:
    """Two in three marry, at 29 on average and from 19 on, those who do well at school later.

    Women take a husband's name or join both, men seldom do. Children take another name with a parent's new partner.

    Args:
        may_bear: the surnames that they have and may take.
    """
    born, partner, new = may_bear.born, may_bear.partner, may_bear.new
    people, ids, birth = odds.people, who.ids, who.birth
    often = np.array([float(o.facts.get("surname_change", 1)) for o in reference.origins])[who.origin]
    comes = _partner_comes(draws, odds, kin, often)
    later_born = birth > comes
    child = ~later_born & (comes < birth + 16 * YEAR) & draws.chance("partner.too", ids, _CHANGES_TOO)
    wedding = birth + (29.0 + 1.8 * ability + 4.7 * draws.normal("wedding", ids)).clip(19, 45) * YEAR
    takes = draws.uniform("takes.name", ids) < _takes(odds, birth, who.female) * often
    marriage = draws.chance("marries", ids, _MARRY) & takes & (wedding <= DATA_END)
    divorced = wedding + (3 + 9 * draws.uniform("divorce.after", ids)) * YEAR
    again = marriage & (draws.uniform("divorce", ids) < people.divorce * people.birth_name_again)
    day = birth + (16 + 20 * draws.uniform("deed.age", ids) ** 1.5) * YEAR
    deed = ~marriage & ~child & draws.chance("deed.poll", ids, people.deed_poll) & (day <= DATA_END)
    born = np.where(later_born | (child & marriage), partner, born).astype(np.int32)
    reason = np.select([marriage, child, deed], [MARRIAGE, PARTNER, DEED_POLL], 0).astype(np.int32)
    joins = marriage & (born < len(reference.surnames)) & draws.chance("keeps.both", ids, people.marriage_hyphen)
    return Renamed(
        born,
        np.where(reason == PARTNER, partner, new).astype(np.int32),
        joins,
        np.select([marriage, child, deed], [wedding, comes, day], NEVER).astype(np.int32),
        np.where(again & (divorced <= DATA_END), divorced, NEVER).astype(np.int32),
        reason,
    )


def _partner_comes(draws: Draws, odds: Odds, kin: Families, often: Floats) -> Ints:
    """The day from which a family goes by the name of a parent's new partner, NEVER for most."""
    age = kin.mothers_age
    young = _BY_MOTHERS_AGE[np.where(age < 20, 0, np.where(age < 30, 1, 2))]
    comes = draws.uniform("partner", kin.family) < odds.people.childhood_surname * young * often
    day = kin.first_birth + (1 + 14 * draws.uniform("partner.comes", kin.family)) * YEAR
    return np.where(comes & (day <= DATA_END), day, NEVER).astype(np.int64)


def _takes(odds: Odds, birth: Days, female: NDArray[np.bool_]) -> Floats:
    """The share who take the other's name on marriage: of women, fewer with each year of birth; of men, few."""
    year = parts(birth)[0]
    people = odds.people
    women = (people.marriage_surname - people.marriage_surname_falls * (year - 1981)).clip(0.4, 0.9)
    return np.where(female, women, 0.015)
