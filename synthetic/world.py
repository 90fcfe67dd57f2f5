"""A chunk of the population with all that the sources share, and the tables that they
hand back.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.catalogue import TableDef, shipped
from linkage.errors import ContractError
from synthetic.base.dates import NEVER, Days, on
from synthetic.base.draws import Draws, Ints
from synthetic.base.identifiers import pupil_reference
from synthetic.base.reference import Reference
from synthetic.base.rules import Table
from synthetic.base.text import Text
from synthetic.education.journeys import FIRST_YEAR, Journeys, last_years_alive
from synthetic.people.homes import postcodes
from synthetic.people.people import KINDS, OUTSIDER, PRIVATE, VISITOR, People
from synthetic.recording.registration import ERROR_KINDS, Kinds, Registrations
from synthetic.work import Insurance

Columns = dict[str, Any]


@dataclass(frozen=True)
class World:
    """What every source looks at."""

    draws: Draws
    reference: Reference
    odds: Table
    people: People
    journeys: Journeys
    insurance: Insurance
    subjects: list[str]
    identifiers_only: bool = False

    def registrations(
        self, source: str, person: Ints, event: Ints, provider: Ints, paper: Any = 1.0
    ) -> Registrations:
        """The registrations of a source with people of the chunk."""
        return Registrations(
            source,
            self.draws,
            self.reference,
            self.odds,
            self.people,
            person,
            event,
            provider,
            paper,
        )

    def wants(self, table: str) -> bool:
        """Whether a table, for example "ilr_aims", is wanted: without outcomes, only
        tables of identifiers.
        """
        return (
            not self.identifiers_only
            or definition(table).with_role("record_key") is not None
        )

    def before(self, back: int, rules: Table) -> "World":
        """The same people as bodies had them so many years ago, with errors that were
        put right since.

        Where a share c of the errors that stand is put right in a year, (1 - c) **
        -back as many stood then as now.
        """
        extra_shares = {
            name: (1 - share) ** -back - 1 for name, share in rules.corrected.items()
        }
        return replace(self, odds=self.odds.but(uncorrected=extra_shares))


@dataclass
class Tables:
    """What a source makes: its tables, and the truth and errors of its table of
    identifiers.
    """

    tables: dict[str, Columns] = field(default_factory=dict)  # "npd_census" to columns
    entities: list[pa.Table] = field(default_factory=list)
    records: list[pa.Table] = field(default_factory=list)
    errors: list[pa.Table] = field(default_factory=list)

    def truth(
        self,
        source: str,
        record: NDArray[np.int64],
        person: Ints,
        entity_key: Any,
        owner: Ints,
    ) -> None:
        """The persons of a source's records and entities; entities may be named more
        than once.
        """
        keys = pc.cast(pa.array(record), pa.string())
        self.records.append(
            pa.table(
                {
                    "source": _same(source, len(record)),
                    "record_key": keys,
                    "person_id": person,
                }
            )
        )
        owners = pa.table({"entity_key": entity_key, "person_id": owner}).group_by(
            ["entity_key", "person_id"], use_threads=False
        )
        owners = owners.aggregate([]).select(["entity_key", "person_id"])
        self.entities.append(owners.add_column(0, "source", _same(source, len(owners))))

    def log_errors(
        self, source: str, record: NDArray[np.int64], kinds: dict[str, Kinds]
    ) -> None:
        """The kind of error of each field of each record; 0 is none."""
        for role, kind in kinds.items():
            rows = np.flatnonzero(kind)
            keys = pc.cast(pa.array(record[rows]), pa.string())
            names = pa.DictionaryArray.from_arrays(
                pa.array(kind[rows].astype(np.int32)), pa.array(ERROR_KINDS)
            )
            columns = {
                "source": _same(source, len(rows)),
                "record_key": keys,
                "field": _same(role, len(rows)),
                "kind": names,
            }
            self.errors.append(pa.table(columns))


def definition(name: str) -> TableDef:
    """The catalogue's table of a name such as "npd_census"."""
    return shipped().table(*name.split("_", 1))


def record_key(name: str) -> str:
    """The record key of a table that holds identifiers.

    Raises:
        ContractError: the table has none.
    """
    variable = definition(name).with_role("record_key")
    if not variable:
        raise ContractError(
            f"'{name}' has no record key in the catalogue, so its rows hold no "
            "identifiers"
        )
    return variable.name


def rows_of(columns: Columns, rows: NDArray[np.bool_]) -> Columns:
    """Some rows of a table; a coded column keeps no value that no row has."""
    return {name: _rows_of(array, rows) for name, array in columns.items()}


def _rows_of(array: Any, rows: NDArray[np.bool_]) -> Any:
    if not pa.types.is_dictionary(array.type):
        return array.filter(pa.array(rows))
    index = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False)[rows]
    return Text(array.dictionary, index.astype(np.int32)).array()


def _same(value: str, count: int) -> Any:
    """A column of one value; records and errors hold many of them."""
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([value]))


def coded(codes: NDArray[Any], values: list[str]) -> Any:
    """A column of codes of a frame; a code of -1 is NULL. Two codes may have
    one value.
    """
    unique_values = list(
        dict.fromkeys(values)
    )  # a dictionary with repeated values has other bytes from run to run
    place = np.array([unique_values.index(value) for value in values] + [-1], np.int32)
    index = place[codes.astype(np.int64)]
    return pa.DictionaryArray.from_arrays(
        pa.array(index, mask=index < 0), pa.array(unique_values)
    )


def dates(days: NDArray[Any], known: NDArray[np.bool_] | None = None) -> Any:
    """A column of dates, NULL where not known."""
    return pa.array(days.astype(np.int32), mask=None if known is None else ~known).cast(
        pa.date32()
    )


def whole(numbers: NDArray[Any], known: NDArray[np.bool_] | None = None) -> Any:
    """A column of whole numbers, NULL where not known."""
    return pa.array(numbers.astype(np.int64), mask=None if known is None else ~known)


POST16 = ["school sixth form", "college", "apprenticeship", "left"]
REASONS = ["", "marriage", "deed poll", "a parent's new partner"]


def persons(world: World) -> pa.Table:
    """A row for each person; names are in full, and not in capitals."""
    people, journey, reference = world.people, world.journeys, world.reference
    names = people.names
    changes = names.changed < NEVER
    last, last_summer = last_years_alive(people)
    begins = (journey.degree_start > 0) & (journey.degree_start <= last)
    ends = journey.degree_start + journey.degree_years - 1
    middle = [
        Text(reference.forenames, names.middle[:, place]).array() for place in (0, 1)
    ]
    columns = {
        "person_id": whole(people.ids),
        "kind": coded(people.kind, list(KINDS)),
        "family_id": whole(people.family),
        "twin_of_elder": pa.array(people.twin),
        "birth_date": dates(people.birth),
        "sex": coded(people.female, ["Male", "Female"]),
        "forename": Text(reference.forenames, names.forename).array(),
        "middle_name": middle[0],
        "second_middle_name": middle[1],
        "surname": Text(names.surname_values, names.surname[:, 0]).array(),
        "new_surname": Text(
            names.surname_values,
            np.where(changes, names.surname[:, 1], -1).astype(np.int32),
        ).array(),
        "new_surname_date": dates(names.changed, changes),
        "surname_again_date": dates(names.back, names.back < NEVER),
        "new_surname_reason": coded(
            np.where(names.reason > 0, names.reason, -1), REASONS
        ),
        "origin_group": coded(people.origin, [o.name for o in reference.origins]),
        "ethnic_group": coded(people.ethnic, reference.ethnic),
        "foreign_born": pa.array(people.foreign_born),
        "arrival_date": dates(people.arrival, people.arrival > people.birth),
        "departure_date": dates(people.departure, people.departure < NEVER),
        "death_date": dates(people.death, people.death < NEVER),
        "fsm": pa.array(people.fsm),
        "idaci": pa.array(people.idaci),
        "region": coded(people.homes.region, reference.regions),
        "cohort": whole(people.cohort),
        "post16": coded(_post16(world, last), POST16),
        "degree_start": whole(journey.degree_start, begins),
        "graduate": pa.array(journey.graduates & begins & (ends <= last_summer)),
        "examined_as": _examined(world),
        "nino_issued": dates(world.insurance.issued, world.insurance.issued < NEVER),
        "second_nino_issued": dates(
            world.insurance.second, world.insurance.second < NEVER
        ),
        **_homes(world),
    }
    return pa.table(columns)


def _post16(world: World, last: Ints) -> Ints:
    """Codes of POST16 of the people who were at school here and lived on until the year
    after key stage 4; -1 of others.
    """
    people = world.people
    is_known = ~np.isin(people.kind, (OUTSIDER, VISITOR)) & (people.cohort + 17 <= last)
    return np.where(is_known, world.journeys.post16, -1).astype(np.int64)


def _examined(world: World) -> pa.Array:
    """The pupil matching reference of pupils of private schools, who are in
    examinations but in no census.
    """
    people = world.people
    rows = np.flatnonzero(people.kind == PRIVATE)
    index = np.full(len(people), -1, np.int32)
    index[rows] = np.arange(len(rows), dtype=np.int32)
    return Text(pupil_reference(world.draws, people.ids[rows], 0), index).array()


def _homes(world: World) -> dict[str, pa.Array]:
    """Postcodes in their order, each with the day from which it was the home (the first
    without).
    """
    homes = world.people.homes
    person, place = np.nonzero(homes.start < NEVER)
    codes = homes.postcode[person, place]
    start_days: Days = homes.start[person, place]
    offsets = np.searchsorted(person, np.arange(len(homes.start) + 1)).astype(np.int32)
    is_known = start_days > on(np.array([FIRST_YEAR - 60]), 1, 1)[0]
    places = postcodes(world.reference, codes).plain()
    return {
        "postcodes": pa.ListArray.from_arrays(offsets, places),
        "postcodes_from": pa.ListArray.from_arrays(
            offsets, dates(start_days, is_known)
        ),
    }
