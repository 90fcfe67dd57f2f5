"""The Customer Information System: each National Insurance number with names and addresses as DWP came to know them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.drawn import numbers
from synthetic.drawn.dates import DATA_END, NEVER, Days, parts
from synthetic.drawn.draws import Ints
from synthetic.drawn.text import Text, joined, unique_rows
from synthetic.mistakes.written_down import Dealings, wrong_postcodes
from synthetic.people.homes import postcodes
from synthetic.sources.cis_periods import periods
from synthetic.world.world import Tables, World, coded, dates, whole

_OFFICES = 40  # that take details, in each region
_TITLES = ["MR", "MISS", "MRS", "MS", "DR"]


def cis(world: World) -> Tables:
    """Customers: a row for each period of one name and address of a number."""
    issued, second = world.insurance.issued, world.insurance.second
    holders = np.concatenate([np.flatnonzero(issued < NEVER), np.flatnonzero(second < NEVER)])
    event = np.concatenate([np.zeros((issued < NEVER).sum(), np.int64), np.ones((second < NEVER).sum(), np.int64)])
    order = np.lexsort((event, holders))
    person, event = holders[order], event[order]
    offices = world.people.homes.region[person].astype(np.int64) * _OFFICES + world.people.family[person] % _OFFICES
    since = np.where(event == 1, second[person], issued[person])
    dealings = Dealings(
        "cis", world.draws, world.reference, world.odds, world.people, person, event, offices, paper(since)
    )
    out = Tables()
    out.tables["cis_customers"] = _customers(world, dealings, since, out)
    return out


def paper(since: Days) -> NDArray[np.float64]:
    """How much of what was taken on a day came from forms on paper: all in the 1990s, little in the 2020s."""
    return (1.8 - 0.075 * (parts(since)[0] - 2000)).clip(0.2, 2.0)


def _titles(
    world: World, dealings: Dealings, female: NDArray[np.bool_], married: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Codes of titles: a woman is Miss until DWP hears of her marriage, some are Ms; one adult in 150 is a doctor."""
    drawn = dealings.uniform("title")
    known = np.where(female, np.where(married, 2, 1), 0)
    known = np.where(female & (drawn < 0.12), 3, known)
    return np.where((drawn > 1 - 1 / 150) & (world.people.ability[dealings.person] > 0), 4, known)


def _customers(world: World, dealings: Dealings, since: Days, out: Tables) -> dict[str, Any]:
    people = world.people
    known = periods(dealings, since)
    place, home, renamed = known.dealing, known.home, known.renamed
    person = dealings.person[place]
    forename, middle, before, after = dealings.names()
    nino = world.insurance.numbers(dealings.person, dealings.event == 1)
    surname = Text(
        pa.concat_arrays([before.plain(), after.plain()]), (place + renamed * len(dealings.ids)).astype(np.int32)
    )
    number = _numbered(place) + dealings.event[place] * 16
    record = numbers.record_id(world.draws, people.ids[person], 3, number)
    code, kind = wrong_postcodes(dealings, place, home, people.homes.postcode[person, home])
    code = np.where(known.addressed, code, -1)
    dob, sex = dealings.birth_dates()[place], dealings.female()
    out.truth("cis", record, people.ids[person], nino.plain(), dealings.ids)
    kinds = {k: dealings.kinds[k][place] for k in ("forename", "middle_names", "dob", "sex")}
    kinds |= {
        "surname": np.where(renamed, dealings.kinds["surname.after"][place], dealings.kinds["surname"][place]),
        "postcode": np.where(known.addressed, kind, 0).astype(np.int8),
    }
    out.mistakes("cis", record, kinds)
    told = ~world.draws.chance("cis.death", people.ids[person], world.odds.cis.death_unknown)
    known_death = (people.death[person] <= DATA_END) & told
    married = people.names.reason[dealings.person] == 1
    single, wed = (_titles(world, dealings, sex, of) for of in (np.zeros(len(sex), bool), married))
    return {
        "RECORDID": whole(record),
        "NINO": nino.take(place).array(),
        "Title": coded(np.where(renamed, wed[place], single[place]), _TITLES),
        "Forenames": unique_rows(pc.utf8_upper(joined(forename, middle))).take(place).array(),
        "Surname": surname.upper().array(),
        "DateOfBirth": dates(dob),
        "Sex": coded(sex[place], ["M", "F"]),
        "Postcode": postcodes(world.reference, code, space="").array(),
        "StartDate": dates(known.first),
        "EndDate": dates(known.last, known.last < NEVER),
        "DateOfDeath": dates(people.death[person], known_death),
    }


def _numbered(groups: Ints) -> Ints:
    """0, 1, 2, ... within each run of equal values."""
    new = np.ones(len(groups), bool)
    new[1:] = groups[1:] != groups[:-1]
    starts = np.flatnonzero(new)
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
