"""What people are called: forenames by year, sex and origin; surnames of the family; new surnames with their dates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.dates import DATA_END, NEVER, YEAR, Days, parts
from synthetic.draws import Draws, Ints
from synthetic.families import Families
from synthetic.odds import Odds
from synthetic.reference import FIRST_NAME_YEAR, LAST_NAME_YEAR, Codes, Reference


@dataclass(frozen=True)
class Names:
    """Codes of names; -1 is none. Surnames are places in `surname_values`: plain names first, then hyphenated ones."""

    forename: Codes
    middle: Codes  # (people, 2)
    surname_values: Any  # pa.StringArray
    surname: Codes  # (people, 2): before and after the change
    changed: Days  # day of the change, NEVER for most
    reason: Codes  # 0 none, 1 marriage, 2 deed poll


def names(
    draws: Draws,
    reference: Reference,
    odds: Odds,
    ids: Ints,
    kin: Families,
    birth: Days,
    female: NDArray[np.bool_],
    origin: Codes,
) -> Names:
    """Names of people; twins never share a forename."""
    forename = _forenames(draws, reference, "forename", ids, birth, female, origin)
    middle = np.full((len(ids), 2), -1, np.int32)
    share = np.array([o.share("middle") for o in reference.origins])[origin]
    for place, has in ((0, share), (1, share * 0.12)):
        given = draws.chance("has.middle", ids, has, place) & ((place == 0) | (middle[:, 0] >= 0))
        other = _forenames(draws, reference, f"middle{place}", ids, birth, female, origin)
        middle[:, place] = np.where(given & (other != forename), other, -1)
    twins = np.flatnonzero(kin.twin_of_elder)
    elder_female = draws.chance("sex", ids[twins] - 1, 0.487)
    elder = _forenames(draws, reference, "forename", ids[twins] - 1, birth[twins], elder_female, origin[twins])
    same = twins[elder == forename[twins]]
    forename[same] = _forenames(draws, reference, "forename.again", ids[same], birth[same], female[same], origin[same])
    first = _surnames(draws, reference, "surname", kin.family, origin, female)
    values, born = _hyphenated(draws, reference, odds.people.hyphen_at_birth, kin.family, first, origin, female)
    return _changed(draws, reference, odds, ids, birth, female, origin, forename, middle, values, born)


def _forenames(
    draws: Draws, reference: Reference, field: str, ids: Ints, birth: Days, female: NDArray[np.bool_], origin: Codes
) -> Codes:
    out = np.empty(len(ids), np.int32)
    drawn = draws.uniform(field, ids)
    general = (
        draws.uniform(field + ".general", ids)
        < np.array([o.share("general_forename") for o in reference.origins])[origin]
    )
    cohort = (parts(birth)[0].clip(FIRST_NAME_YEAR, LAST_NAME_YEAR) - FIRST_NAME_YEAR) * 2 + female
    tables = np.stack([slots.table for pair in reference.cohorts for slots in pair]) if len(ids) else None
    if tables is not None:
        out = tables[cohort, (drawn * tables.shape[1]).astype(np.int64)]
    for code, group in enumerate(reference.origins):
        if group.forenames is None:
            continue
        for sex in (0, 1):
            rows = np.flatnonzero(~general & (origin == code) & (female == sex))
            out[rows] = group.forenames[sex].at(drawn[rows])
    return out


def _surnames(
    draws: Draws,
    reference: Reference,
    field: str,
    family: Ints,
    origin: Codes,
    female: NDArray[np.bool_],
    event: int = 0,
) -> Codes:
    """A family's surname; some groups' sons and daughters bear names of their own."""
    drawn = draws.uniform(field, family, event)
    general = draws.uniform(field + ".general", family, event)
    own = draws.uniform(field + ".gendered", family, event)
    out = reference.general_surnames.at(drawn)
    for code, group in enumerate(reference.origins):
        if group.surnames is None:
            continue
        of = origin == code
        rows = np.flatnonzero(of & (general >= group.share("general_surname")))
        out[rows] = group.surnames.at(drawn[rows])
        if group.gendered is None:
            continue
        for sex in (0, 1):
            rows = np.flatnonzero(of & (female == sex) & (own < float(group.facts["gendered"]["share"])))
            out[rows] = group.gendered[sex].at(drawn[rows])
    return out


def _hyphenated(
    draws: Draws,
    reference: Reference,
    share: float,
    family: Ints,
    first: Codes,
    origin: Codes,
    female: NDArray[np.bool_],
) -> tuple[Any, Codes]:
    """Some families join two surnames by a hyphen."""
    rows = np.flatnonzero(draws.chance("hyphen", family, share))
    second = _surnames(draws, reference, "surname.second", family[rows], origin[rows], female[rows])
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


def _changed(
    draws: Draws,
    reference: Reference,
    odds: Odds,
    ids: Ints,
    birth: Days,
    female: NDArray[np.bool_],
    origin: Codes,
    forename: Codes,
    middle: Codes,
    values: Any,
    born: Codes,
) -> Names:
    """Half marry, at 30 on average and from 19 on; women take a husband's name or join both, men seldom do.

    Also children and adults who take another name: a parent's new partner's, or by deed poll.
    """
    weds = draws.chance("marries", ids, 0.5)
    wedding = birth + (29.5 + 5 * draws.normal("wedding", ids)).clip(19, 45) * YEAR
    takes = draws.uniform("takes.name", ids) < np.where(female, odds.people.marriage_surname, 0.015)
    marriage = weds & takes & (wedding <= DATA_END)
    deed = ~marriage & draws.chance("deed.poll", ids, odds.people.deed_poll)
    renamed = birth + (3 + 27 * draws.uniform("deed.age", ids)) * YEAR
    deed &= renamed <= DATA_END
    new = _surnames(draws, reference, "surname.new", ids, origin, np.zeros(len(ids), bool))
    differs = new != born
    after = np.where((marriage | deed) & differs, new, born).astype(np.int32)
    both = np.flatnonzero(marriage & differs & (born < len(reference.surnames)) & draws.chance("keeps.both", ids, 0.07))
    values, after = _join(reference, values, after, both, born[both], new[both])
    has = after != born
    changed = np.where(has, np.where(marriage, wedding, renamed), NEVER).astype(np.int32)
    reason = np.where(has, np.where(marriage, 1, 2), 0).astype(np.int32)
    return Names(forename, middle, values, np.stack([born, after], axis=1), changed, reason)
