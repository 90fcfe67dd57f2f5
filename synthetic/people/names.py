"""Names as tables of equal slots: of each birth year and sex, and of each origin group.

The general tables are the counts of the whole population less the names of the origin
groups. Where a group bears a name more often than the whole population does, nothing of
it is left, and the other shares are off: a power above 1 makes common forenames
commoner, and one below 1 makes common surnames, whose counts lack rare ones, less
common.
"""

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.base.dates import DATA_END, NEVER, YEAR, Days, parts
from synthetic.base.draws import Arrays, Draws, Floats, Ints, Slots
from synthetic.base.reference import (
    FIRST_NAME_YEAR,
    GROUP_BITS,
    LAST_NAME_YEAR,
    Codes,
    Reference,
    reference,
)
from synthetic.base.rules import Table
from synthetic.people.families import Families, shares_of_pupils, spouses_origin

_BITS = 16
_USUAL_YEAR = 1996  # of birth, of people whose surnames are counted here
_NEARER, _APART = (
    1.04,
    0.97,
)  # powers of the shares left, so that people share a name as often as published


@dataclass(frozen=True)
class NameTables:
    """Codes of names in equal slots; groups are in the order of `Reference.origins`."""

    forenames: Codes  # (birth years x sexes, slots)
    group_forenames: Codes  # (groups, sexes, slots)
    general_surnames: Slots
    group_surnames: Codes  # (groups, slots)
    gendered: Codes  # (groups, sexes, slots)
    customary: list[
        list[Codes]
    ]  # of each group, names of sons and daughters that are middle names too
    has_forenames: NDArray[np.bool_]
    has_surnames: NDArray[np.bool_]
    general_forename: Floats  # share of a group with a name of the whole population
    general_surname: Floats
    gendered_share: Floats
    by_second: NDArray[np.bool_]
    initial: NDArray[np.uint8]  # first letter of each forename


@functools.cache
def name_tables() -> NameTables:
    """The tables of the reference figures."""
    figures = reference()
    groups, size = figures.origins, 1 << GROUP_BITS
    stub = Slots(np.ones(1), GROUP_BITS)
    return NameTables(
        forenames=_left_of_births(figures),
        group_forenames=np.stack(
            [[s.table for s in group.forenames or (stub, stub)] for group in groups]
        ),
        general_surnames=_left_of_surnames(figures),
        group_surnames=np.stack([(group.surnames or stub).table for group in groups]),
        gendered=np.stack(
            [[s.table for s in group.gendered or (stub, stub)] for group in groups]
        ).reshape(-1, 2, size),
        customary=[
            [np.array(codes, np.int32) for codes in group.customary or ([], [])]
            for group in groups
        ],
        has_forenames=np.array([group.forenames is not None for group in groups]),
        has_surnames=np.array([group.surnames is not None for group in groups]),
        general_forename=np.array(
            [group.share("general_forename") for group in groups]
        ),
        general_surname=np.array([group.share("general_surname") for group in groups]),
        gendered_share=np.array(
            [float(group.facts.get("gendered", {}).get("share", 0)) for group in groups]
        ),
        by_second=figures.by_second,
        initial=np.array(
            [ord(name[0]) for name in figures.forenames.to_pylist()], np.uint8
        ),
    )


def _left_of_births(figures: Reference) -> Codes:
    """Births of each year and sex without those of the groups' own names; only families
    born here count in them.
    """
    count = len(figures.forenames)
    home_shares = np.array(
        [1 - group.share("foreign_born") for group in figures.origins]
    )
    own_shares = np.array(
        [1 - group.share("general_forename") for group in figures.origins]
    )
    group_shares = [
        [
            _shares(group.forenames[sex], count) if group.forenames else None
            for group in figures.origins
        ]
        for sex in (0, 1)
    ]
    out = []
    for year in range(FIRST_NAME_YEAR, LAST_NAME_YEAR + 1):
        sizes = shares_of_pupils(year) * home_shares
        sizes = sizes / sizes.sum() * own_shares
        for sex in (0, 1):
            shares = _shares(figures.cohorts[year - FIRST_NAME_YEAR][sex], count)
            out.append(_left(shares, group_shares[sex], sizes, _NEARER).table)
    return np.stack(out)


def _left_of_surnames(figures: Reference) -> Slots:
    count = len(figures.surnames)
    sizes = shares_of_pupils(_USUAL_YEAR) * np.array(
        [1 - group.share("general_surname") for group in figures.origins]
    )
    group_shares = [
        _shares(group.surnames, count) if group.surnames else None
        for group in figures.origins
    ]
    for code, group in enumerate(figures.origins):
        if group.gendered:
            share = float(group.facts["gendered"]["share"])
            pair = (
                _shares(group.gendered[0], count) + _shares(group.gendered[1], count)
            ) / 2
            plain_shares = group_shares[code]
            group_shares[code] = share * pair + (1 - share) * (
                0 if plain_shares is None else plain_shares
            )
    return _left(_shares(figures.general_surnames, count), group_shares, sizes, _APART)


def _left(
    shares: Floats, groups: list[Floats | None], share: Floats, power: float
) -> Slots:
    """What is left of counted shares when groups of the given shares have taken their
    names, to a power.
    """
    group_part = sum(
        (
            size * names
            for size, names in zip(share, groups, strict=True)
            if names is not None
        ),
        np.zeros(len(shares)),
    )
    remainder = np.maximum(shares - group_part, 0)
    codes = np.flatnonzero(remainder)
    return Slots(remainder[codes] ** power, _BITS, codes)


def _shares(slots: Slots, count: int) -> Floats:
    return np.bincount(slots.table, minlength=count) / slots.size


MARRIAGE, DEED_POLL, PARTNER = 1, 2, 3

# Children's surnames disagree oftener in the records of young mothers (ALSPAC, Lam and
# others 2024): mothers below 20
# 2.6 to 2.9 times as often as those of 30 and over, mothers in their twenties 1.4 to
# 1.6 times.
_BY_MOTHERS_AGE = np.array([2.75, 1.5, 1.0])
# Of women born in 1985 a third were married at 30 and half at 35 (ONS); some take a
# partner's name without a wedding.
_MARRY = 0.70
_CHANGES_TOO = 0.75  # children there when the new partner comes, whose name is changed


@dataclass(frozen=True)
class Bearers(Arrays):
    """Who bears the names."""

    ids: Ints
    birth: Days
    female: NDArray[np.bool_]
    origin: Codes


@dataclass(frozen=True)
class Renamed:
    """Of each person: the surname at birth, the later one, the days of the change and
    of the change back, and why.
    """

    born: Codes
    name: Codes
    joins: NDArray[np.bool_]  # the later name joins both by a hyphen
    changed: Days
    back: Days
    reason: Codes


@dataclass(frozen=True)
class Surnames:
    """Of each person: the family's surname, what a parent's new partner would bring,
    and a husband's or chosen one.
    """

    born: Codes
    partner: Codes
    new: Codes


def renamed(
    draws: Draws,
    reference: Reference,
    odds: Table,
    bearers: Bearers,
    kin: Families,
    ability: Floats,
    choices: Surnames,
) -> Renamed:
    """Two in three marry, at 29 on average and from 19 on, people who do well at school
    later.

    Women take a husband's name or join both, men seldom do. Children take another name
    with a parent's new partner.
    """
    born, partner, new = choices.born, choices.partner, choices.new
    people, ids, birth = odds.people, bearers.ids, bearers.birth
    frequency = np.array(
        [float(o.facts.get("surname_change", 1)) for o in reference.origins]
    )[bearers.origin]
    partner_day = _partner_comes(draws, odds, kin, frequency)
    later_born = birth > partner_day
    child = (
        ~later_born
        & (partner_day < birth + 16 * YEAR)
        & draws.chance("partner.too", ids, _CHANGES_TOO)
    )
    wedding = (
        birth
        + (29.0 + 1.8 * ability + 4.7 * draws.normal("wedding", ids)).clip(19, 45)
        * YEAR
    )
    takes = (
        draws.uniform("takes.name", ids)
        < _takes(odds, birth, bearers.female) * frequency
    )
    marriage = draws.chance("marries", ids, _MARRY) & takes & (wedding <= DATA_END)
    divorce_day = wedding + (3 + 9 * draws.uniform("divorce.after", ids)) * YEAR
    takes_back = marriage & (
        draws.uniform("divorce", ids) < people.divorce * people.birth_name_again
    )
    day = birth + (16 + 20 * draws.uniform("deed.age", ids) ** 1.5) * YEAR
    deed = (
        ~marriage
        & ~child
        & draws.chance("deed.poll", ids, people.deed_poll)
        & (day <= DATA_END)
    )
    born = np.where(later_born | (child & marriage), partner, born).astype(np.int32)
    reason = np.select(
        [marriage, child, deed], [MARRIAGE, PARTNER, DEED_POLL], 0
    ).astype(np.int32)
    joins = (
        marriage
        & (born < len(reference.surnames))
        & draws.chance("keeps.both", ids, people.marriage_hyphen)
    )
    return Renamed(
        born,
        np.where(reason == PARTNER, partner, new).astype(np.int32),
        joins,
        np.select([marriage, child, deed], [wedding, partner_day, day], NEVER).astype(
            np.int32
        ),
        np.where(takes_back & (divorce_day <= DATA_END), divorce_day, NEVER).astype(
            np.int32
        ),
        reason,
    )


def _partner_comes(draws: Draws, odds: Table, kin: Families, frequency: Floats) -> Ints:
    """The day from which a family goes by the name of a parent's new partner, NEVER for
    most.
    """
    age = kin.mothers_age
    age_factor = _BY_MOTHERS_AGE[np.where(age < 20, 0, np.where(age < 30, 1, 2))]
    comes = (
        draws.uniform("partner", kin.family)
        < odds.people.childhood_surname * age_factor * frequency
    )
    day = kin.first_birth + (1 + 14 * draws.uniform("partner.comes", kin.family)) * YEAR
    return np.where(comes & (day <= DATA_END), day, NEVER).astype(np.int64)


def _takes(odds: Table, birth: Days, female: NDArray[np.bool_]) -> Floats:
    """The share who take the other's name on marriage: of women, fewer with each year
    of birth; of men, few.
    """
    year = parts(birth)[0]
    people = odds.people
    women = (
        people.marriage_surname - people.marriage_surname_falls * (year - 1981)
    ).clip(0.4, 0.9)
    return np.where(female, women, 0.015)


_TRIES = 14  # for a twin's name that begins like the other's
_LIKE_TWIN = 0.2  # of twins of one sex, whose names begin with one letter beyond chance


@dataclass(frozen=True)
class Names:
    """Codes of names; -1 is none. Surnames are places in `surname_values`: plain names
    first, then hyphenated ones.
    """

    forename: Codes
    middle: Codes  # (people, 2)
    surname_values: Any  # pa.StringArray
    surname: Codes  # (people, 2): before and after the change
    other_surname: Codes  # of another parent, by which some bodies know a person
    changed: Days  # day of the change, NEVER for most
    back: Days  # day from which the name of birth is used again, NEVER for nearly all
    reason: Codes  # 0 none, 1 marriage, 2 deed poll, 3 a parent's new partner

    def new_on(self, person: NDArray[Any], day: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each person bears the new surname on a day."""
        out: NDArray[np.bool_] = (self.changed[person] <= day) & (
            day < self.back[person]
        )
        return out

    def until(self, last: Days) -> "Names":
        """The names of people who each live until a day, so that none is taken on it or
        later.
        """
        is_late = self.changed >= last
        surname = np.where(is_late[:, None], self.surname[:, :1], self.surname)
        change, end = (
            np.where(day < last, day, NEVER).astype(np.int32)
            for day in (self.changed, self.back)
        )
        return replace(
            self,
            surname=surname,
            changed=change,
            back=end,
            reason=np.where(is_late, 0, self.reason),
        )


def names(
    draws: Draws,
    reference: Reference,
    odds: Table,
    bearers: Bearers,
    kin: Families,
    foreign: NDArray[np.bool_],
    ability: Floats,
) -> Names:
    """Names of people; twins never share a forename."""
    tables, ids, female, origin = (
        name_tables(),
        bearers.ids,
        bearers.female,
        bearers.origin,
    )
    forename = _forenames(draws, tables, "forename", bearers)
    _twins(draws, reference, tables, bearers, kin, forename)
    middle = _middle(draws, reference, tables, bearers, forename)
    family = _family_names(draws, tables, "surname", kin.family, origin, female)
    values, birth_name = _hyphenated(
        draws,
        tables,
        reference,
        odds.people.hyphen_at_birth,
        kin.family,
        family,
        origin,
        female,
    )
    men = np.zeros(len(ids), bool)
    partner = _family_names(draws, tables, "surname.partner", kin.family, origin, men)
    spouse = spouses_origin(draws, reference, ids, origin)
    new = _family_names(draws, tables, "surname.new", ids, spouse, men)
    history = renamed(
        draws,
        reference,
        odds,
        bearers,
        kin,
        ability,
        Surnames(birth_name, partner, new),
    )
    birth_name, later_name, joint_rows = (
        history.born,
        history.name,
        np.flatnonzero(history.joins),
    )
    ending = female & (
        draws.uniform("feminine", kin.family) < np.where(foreign, 0.95, 0.6)
    )
    birth_name, later_name = (
        _feminine(reference, codes, origin, ending)
        for codes in (birth_name, later_name)
    )
    values, later_name = _join(
        reference,
        values,
        later_name,
        joint_rows,
        birth_name[joint_rows],
        later_name[joint_rows],
    )
    other = _family_names(draws, tables, "surname.other", kin.family, origin, men)
    return _dated(forename, middle, values, birth_name, later_name, other, history)


def _dated(
    forename: Codes,
    middle: Codes,
    values: Any,
    born: Codes,
    after: Codes,
    other: Codes,
    history: Renamed,
) -> Names:
    """Names with their dates; a change to the same name does not count."""
    has = (after != born) & (history.reason > 0)
    after = np.where(has, after, born).astype(np.int32)
    return Names(
        forename,
        middle,
        values,
        np.stack([born, after], axis=1),
        other,
        np.where(has, history.changed, NEVER).astype(np.int32),
        np.where(has, history.back, NEVER).astype(np.int32),
        np.where(has, history.reason, 0).astype(np.int32),
    )


def _forenames(
    draws: Draws,
    tables: NameTables,
    field: str,
    bearers: Bearers,
    general: Floats | None = None,
) -> Codes:
    """Names of the year and sex, or of the origin group; `general` is each group's
    share of the first.
    """
    draw = draws.uniform(field, bearers.ids)
    share = (tables.general_forename if general is None else general)[bearers.origin]
    is_own = draws.uniform(field + ".general", bearers.ids) >= share
    cohort = (
        parts(bearers.birth)[0].clip(FIRST_NAME_YEAR, LAST_NAME_YEAR) - FIRST_NAME_YEAR
    ) * 2 + bearers.female
    out: Codes = tables.forenames[
        cohort, (draw * tables.forenames.shape[1]).astype(np.int64)
    ]
    rows = np.flatnonzero(is_own & tables.has_forenames[bearers.origin])
    slot = (draw[rows] * tables.group_forenames.shape[2]).astype(np.int64)
    out[rows] = tables.group_forenames[
        bearers.origin[rows], bearers.female[rows].astype(np.int64), slot
    ]
    return out


def _middle(
    draws: Draws,
    reference: Reference,
    tables: NameTables,
    bearers: Bearers,
    forename: Codes,
) -> Codes:
    """Up to two middle names, by each group's custom.

    Who is called by the second name has one; sons and daughters of some families bear
    Singh, Kaur, Begum there; and an English first name is followed by one of the
    group's own.
    """
    out = np.full((len(forename), 2), -1, np.int32)
    share = np.array([o.share("middle") for o in reference.origins])[bearers.origin]
    share = np.where(tables.by_second[forename], np.maximum(share, 0.8), share)
    own_share = np.array(
        [
            o.facts.get("middle_own", 1 - o.share("general_forename"))
            for o in reference.origins
        ]
    )
    for place, odds in ((0, share), (1, share * 0.12)):
        has_middle = draws.chance("has.middle", bearers.ids, odds, place) & (
            (place == 0) | (out[:, 0] >= 0)
        )
        other = _forenames(draws, tables, f"middle{place}", bearers, 1 - own_share)
        out[:, place] = np.where(has_middle & (other != forename), other, -1)
    for code, group in enumerate(reference.origins):
        custom = group.facts.get("gendered", {})
        if not custom.get("middle"):
            continue
        for sex, key in enumerate("mf"):
            rows = np.flatnonzero((bearers.origin == code) & (bearers.female == sex))
            rows = rows[
                draws.uniform("middle.custom", bearers.ids[rows]) < custom["middle"]
            ]
            ordinal = draws.uniform("middle.which", bearers.ids[rows]) * min(
                len(custom[key]), 2
            )
            codes = tables.customary[code][sex][ordinal.astype(np.int64)]
            out[rows, 0] = np.where(codes != forename[rows], codes, out[rows, 0])
    return out


def _twins(
    draws: Draws,
    reference: Reference,
    tables: NameTables,
    bearers: Bearers,
    kin: Families,
    forename: Codes,
) -> None:
    """Another name for twins who would share one; names that begin alike for some twins
    of one sex.
    """
    twins = np.flatnonzero(kin.twin_of_elder)
    second = bearers.take(twins)
    elder_female = draws.chance("sex", second.ids - 1, 0.487)
    elder = _forenames(
        draws,
        tables,
        "forename",
        Bearers(second.ids - 1, second.birth, elder_female, second.origin),
    )
    alike = draws.chance("twin.alike", second.ids, _LIKE_TWIN) & (
        elder_female == second.female
    )
    has_to_change = alike | (elder == forename[twins])
    for number in range(_TRIES):
        rows = np.flatnonzero(has_to_change)
        if not len(rows):
            return
        other = _forenames(draws, tables, f"forename.again{number}", second.take(rows))
        differ = other != elder[rows]
        forename[twins[rows[differ]]] = other[differ]
        same_start = tables.initial[other] == tables.initial[elder[rows]]
        has_to_change[rows] = ~(differ & (same_start | ~alike[rows]))
    clash = np.flatnonzero(elder == forename[twins])
    forename[twins[clash]] = (elder[clash] + 1) % len(reference.forenames)


def _family_names(
    draws: Draws,
    tables: NameTables,
    field: str,
    family: Ints,
    origin: Codes,
    female: NDArray[np.bool_],
) -> Codes:
    """A family's surname; some groups' sons and daughters bear names of their own."""
    draw = draws.uniform(field, family)
    out = tables.general_surnames.at(draw)
    rows = np.flatnonzero(
        draws.uniform(field + ".general", family) >= tables.general_surname[origin]
    )
    rows = rows[tables.has_surnames[origin[rows]]]
    out[rows] = tables.group_surnames[
        origin[rows], (draw[rows] * tables.group_surnames.shape[1]).astype(np.int64)
    ]
    is_gendered = (
        draws.uniform(field + ".gendered", family) < tables.gendered_share[origin]
    )
    rows = np.flatnonzero(is_gendered)
    slot = (draw[rows] * tables.gendered.shape[2]).astype(np.int64)
    out[rows] = tables.gendered[origin[rows], female[rows].astype(np.int64), slot]
    return out


def _feminine(
    reference: Reference, codes: Codes, origin: Codes, ending: NDArray[np.bool_]
) -> Codes:
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
    second = _family_names(
        draws, tables, "surname.second", family[rows], origin[rows], female[rows]
    )
    return _join(reference, reference.surnames, first, rows, first[rows], second)


def _join(
    reference: Reference,
    values: Any,
    codes: Codes,
    rows: Any,
    left: Codes,
    right: Codes,
) -> tuple[Any, Codes]:
    """Hyphenated names appended to the values, and the codes of `rows` pointing at
    them.
    """
    differ = left != right
    hyphenated = pc.binary_join_element_wise(
        reference.surnames.take(pa.array(left[differ])),
        reference.surnames.take(pa.array(right[differ])),
        "-",
    )
    out = codes.copy()
    out[rows[differ]] = np.arange(len(hyphenated), dtype=np.int32) + len(values)
    return pa.concat_arrays([values, hyphenated]), out
