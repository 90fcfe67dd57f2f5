"""What people are called at birth: forenames by year, sex and origin, surnames of the family, customs of each group."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.drawn.dates import NEVER, Days, parts
from synthetic.drawn.draws import Draws, Floats, Ints
from synthetic.people.families import Families
from synthetic.people.name_tables import NameTables, name_tables
from synthetic.people.origins import spouses_origin
from synthetic.people.renaming import Bearers, Renamed, Surnames, renamed
from synthetic.reference_tables import FIRST_NAME_YEAR, LAST_NAME_YEAR, Codes, Reference
from synthetic.rules.odds import Odds

_TRIES = 14  # for a twin's name that begins like the other's
_LIKE_TWIN = 0.2  # of twins of one sex, whose names begin with one letter beyond chance


@dataclass(frozen=True)
class Names:
    """Codes of names; -1 is none. Surnames are places in `surname_values`: plain names first, then hyphenated ones."""

    forename: Codes
    middle: Codes  # (people, 2)
    surname_values: Any  # pa.StringArray
    surname: Codes  # (people, 2): before and after the change
    other_surname: Codes  # of another parent, by which some bodies know a person
    changed: Days  # day of the change, NEVER for most
    back: Days  # day from which the name of birth is used again, NEVER for nearly all
    reason: Codes  # 0 none, 1 marriage, 2 deed poll, 3 a parent's new partner

    def new_on(self, person: NDArray[Any], when: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each person bears the new surname on a day."""
        out: NDArray[np.bool_] = (self.changed[person] <= when) & (when < self.back[person])
        return out

    def until(self, last: Days) -> "Names":
        """The names of people who each live until a day, so that none is taken on it or later."""
        dead = self.changed >= last
        surname = np.where(dead[:, None], self.surname[:, :1], self.surname)
        changed, back = (np.where(when < last, when, NEVER).astype(np.int32) for when in (self.changed, self.back))
        return replace(self, surname=surname, changed=changed, back=back, reason=np.where(dead, 0, self.reason))


def names(
    draws: Draws,
    reference: Reference,
    odds: Odds,
    who: Bearers,
    kin: Families,
    foreign: NDArray[np.bool_],
    ability: Floats,
) -> Names:
    """Names of people; twins never share a forename."""
    tables, ids, female, origin = name_tables(), who.ids, who.female, who.origin
    forename = _forenames(draws, tables, "forename", who)
    _twins(draws, reference, tables, who, kin, forename)
    middle = _middle(draws, reference, tables, who, forename)
    family = _family_names(draws, tables, "surname", kin.family, origin, female)
    values, born = _hyphenated(
        draws, tables, reference, odds.people.hyphen_at_birth, kin.family, family, origin, female
    )
    men = np.zeros(len(ids), bool)
    partner = _family_names(draws, tables, "surname.partner", kin.family, origin, men)
    spouse = spouses_origin(draws, reference, ids, origin)
    new = _family_names(draws, tables, "surname.new", ids, spouse, men)
    after = renamed(draws, reference, odds, who, kin, ability, Surnames(born, partner, new))
    born, changed_to, partner_born = after.born, after.name, np.flatnonzero(after.joins)
    ending = female & (draws.uniform("feminine", kin.family) < np.where(foreign, 0.95, 0.6))
    born, changed_to = (_feminine(reference, codes, origin, ending) for codes in (born, changed_to))
    values, changed_to = _join(
        reference, values, changed_to, partner_born, born[partner_born], changed_to[partner_born]
    )
    other = _family_names(draws, tables, "surname.other", kin.family, origin, men)
    return _dated(forename, middle, values, born, changed_to, other, after)


def _dated(
    forename: Codes, middle: Codes, values: Any, born: Codes, after: Codes, other: Codes, history: Renamed
) -> Names:
    """Names with their dates; a change to the same name is none."""
    has = (after != born) & (history.reason > 0)
    after = np.where(has, after, born).astype(np.int32)
    return Names(
        forename, middle, values, np.stack([born, after], axis=1), other,
        np.where(has, history.changed, NEVER).astype(np.int32), np.where(has, history.back, NEVER).astype(np.int32),
        np.where(has, history.reason, 0).astype(np.int32),
    )  # fmt: skip


def _forenames(draws: Draws, tables: NameTables, field: str, who: Bearers, general: Floats | None = None) -> Codes:
    """Names of the year and sex, or of the origin group; `general` is each group's share of the first."""
    drawn = draws.uniform(field, who.ids)
    share = (tables.general_forename if general is None else general)[who.origin]
    ours = draws.uniform(field + ".general", who.ids) >= share
    cohort = (parts(who.birth)[0].clip(FIRST_NAME_YEAR, LAST_NAME_YEAR) - FIRST_NAME_YEAR) * 2 + who.female
    out: Codes = tables.forenames[cohort, (drawn * tables.forenames.shape[1]).astype(np.int64)]
    rows = np.flatnonzero(ours & tables.has_forenames[who.origin])
    at = (drawn[rows] * tables.group_forenames.shape[2]).astype(np.int64)
    out[rows] = tables.group_forenames[who.origin[rows], who.female[rows].astype(np.int64), at]
    return out


def _middle(draws: Draws, reference: Reference, tables: NameTables, who: Bearers, forename: Codes) -> Codes:
    """Up to two middle names, by each group's custom.

    Who is called by the second name has one; sons and daughters of some families bear Singh, Kaur, Begum there; and an
    English first name is followed by one of the group's own.
    """
    out = np.full((len(forename), 2), -1, np.int32)
    share = np.array([o.share("middle") for o in reference.origins])[who.origin]
    share = np.where(tables.by_second[forename], np.maximum(share, 0.8), share)
    own = np.array([o.facts.get("middle_own", 1 - o.share("general_forename")) for o in reference.origins])
    for place, has in ((0, share), (1, share * 0.12)):
        given = draws.chance("has.middle", who.ids, has, place) & ((place == 0) | (out[:, 0] >= 0))
        other = _forenames(draws, tables, f"middle{place}", who, 1 - own)
        out[:, place] = np.where(given & (other != forename), other, -1)
    for code, group in enumerate(reference.origins):
        custom = group.facts.get("gendered", {})
        if not custom.get("middle"):
            continue
        for sex, key in enumerate("mf"):
            rows = np.flatnonzero((who.origin == code) & (who.female == sex))
            rows = rows[draws.uniform("middle.custom", who.ids[rows]) < custom["middle"]]
            which = draws.uniform("middle.which", who.ids[rows]) * min(len(custom[key]), 2)
            chosen = tables.customary[code][sex][which.astype(np.int64)]
            out[rows, 0] = np.where(chosen != forename[rows], chosen, out[rows, 0])
    return out


def _twins(
    draws: Draws, reference: Reference, tables: NameTables, who: Bearers, kin: Families, forename: Codes
) -> None:
    """Another name for twins who would share one; names that begin alike for some twins of one sex."""
    twins = np.flatnonzero(kin.twin_of_elder)
    second = who.at(twins)
    elder_female = draws.chance("sex", second.ids - 1, 0.487)
    elder = _forenames(draws, tables, "forename", Bearers(second.ids - 1, second.birth, elder_female, second.origin))
    alike = draws.chance("twin.alike", second.ids, _LIKE_TWIN) & (elder_female == second.female)
    wanted = alike | (elder == forename[twins])
    for number in range(_TRIES):
        rows = np.flatnonzero(wanted)
        if not len(rows):
            return
        other = _forenames(draws, tables, f"forename.again{number}", second.at(rows))
        differ = other != elder[rows]
        forename[twins[rows[differ]]] = other[differ]
        same_start = tables.initial[other] == tables.initial[elder[rows]]
        wanted[rows] = ~(differ & (same_start | ~alike[rows]))
    clash = np.flatnonzero(elder == forename[twins])
    forename[twins[clash]] = (elder[clash] + 1) % len(reference.forenames)


def _family_names(
    draws: Draws, tables: NameTables, field: str, family: Ints, origin: Codes, female: NDArray[np.bool_]
) -> Codes:
    """A family's surname; some groups' sons and daughters bear names of their own."""
    drawn = draws.uniform(field, family)
    out = tables.general_surnames.at(drawn)
    rows = np.flatnonzero(draws.uniform(field + ".general", family) >= tables.general_surname[origin])
    rows = rows[tables.has_surnames[origin[rows]]]
    out[rows] = tables.group_surnames[origin[rows], (drawn[rows] * tables.group_surnames.shape[1]).astype(np.int64)]
    own = draws.uniform(field + ".gendered", family) < tables.gendered_share[origin]
    rows = np.flatnonzero(own)
    at = (drawn[rows] * tables.gendered.shape[2]).astype(np.int64)
    out[rows] = tables.gendered[origin[rows], female[rows].astype(np.int64), at]
    return out


def _feminine(reference: Reference, codes: Codes, origin: Codes, ending: NDArray[np.bool_]) -> Codes:
    """Surnames of women with the ending of their language: Kowalska, Ivanova."""
    out = codes.copy()
    declines = np.array([bool(o.facts.get("feminine")) for o in reference.origins])
    rows = np.flatnonzero(ending & declines[origin] & (codes < len(reference.surnames)))
    out[rows] = reference.feminine[codes[rows]]
    return out


def _hyphenated(
    draws: Draws,
    tables: NameTables,
    reference: Reference,
    share: float,
    family: Ints,
    first: Codes,
    origin: Codes,
    female: NDArray[np.bool_],
) -> tuple[Any, Codes]:
    """Some families join two surnames by a hyphen."""
    rows = np.flatnonzero(draws.chance("hyphen", family, share))
    second = _family_names(draws, tables, "surname.second", family[rows], origin[rows], female[rows])
    return _join(reference, reference.surnames, first, rows, first[rows], second)


def _join(reference: Reference, values: Any, codes: Codes, rows: Any, left: Codes, right: Codes) -> tuple[Any, Codes]:
    """Hyphenated names appended to the values, and the codes of `rows` pointing at them."""
    differ = left != right
    made = pc.binary_join_element_wise(
        reference.surnames.take(pa.array(left[differ])), reference.surnames.take(pa.array(right[differ])), "-"
    )
    out = codes.copy()
    out[rows[differ]] = np.arange(len(made), dtype=np.int32) + len(values)
    return pa.concat_arrays([values, made]), out
