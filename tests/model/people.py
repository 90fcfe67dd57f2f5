"""A few hundred people in two records each, with typing errors, moves and gaps, to
compare the scorer with Splink's.
"""

import datetime
import random
from typing import Any

import pyarrow as pa

_FORENAMES = [
    "AMELIA",
    "OLIVER",
    "ISLA",
    "MUHAMMAD",
    "NOAH",
    "AVA",
    "JO",
    "MARTHA",
    "MARHTA",
    "JONATHAN",
    "ANNE",
    "ANN",
]
_SURNAMES = [
    "SMITH",
    "SMYTH",
    "JONES",
    "KHAN",
    "PATEL",
    "OKONKWO",
    "OLIVER",
    "FITZGERALD",
    "DUNNE",
    "DUNN",
    "LEE",
]
_POSTCODES = [
    "AB1 2CD",
    "AB1 2CE",
    "AB1 9ZZ",
    "AB12 3CD",
    "M1 1AE",
    "SW1A 1AA",
    "B33 8TH",
    "CR2 6XH",
]

SCHEMA = pa.schema(
    {
        "unit_id": pa.int64(),
        **dict.fromkeys(
            ("forename", "surname", "full_name", "dob", "sex", "postcode", "email"),
            pa.string(),
        ),
        "born": pa.date32(),
        **dict.fromkeys(("lat", "lon"), pa.float64()),
        "direction": pa.list_(pa.float64(), 2),
        **dict.fromkeys(("names", "postcodes"), pa.list_(pa.string())),
    }
)


def both_sides(left: int, right: int, seed: int = 7) -> tuple[pa.Table, pa.Table]:
    """Two files: the first people of the right one are those of the left, as another
    clerk wrote them down.
    """
    draw = random.Random(seed)
    people = [_person(draw) for _ in range(max(left, right))]
    first = [
        {**_record(person, draw), "unit_id": n}
        for n, person in enumerate(people[:left], 1)
    ]
    second = [
        {**_record(person, draw), "unit_id": 10_000 + n}
        for n, person in enumerate(people[:right], 1)
    ]
    for record in (first[0], second[0]):  # known to both but for the surname
        record |= {"forename": "AVA", "sex": "F", "surname": None, "full_name": None}
    return pa.Table.from_pylist(first, SCHEMA), pa.Table.from_pylist(second, SCHEMA)


def _person(draw: random.Random) -> dict[str, Any]:
    forename, surname = (
        draw.choice(_FORENAMES),
        _SURNAMES[min(int(draw.expovariate(0.3)), len(_SURNAMES) - 1)],
    )
    born = datetime.date(1990, 1, 1) + datetime.timedelta(days=draw.randrange(4000))
    return {
        "forename": forename,
        "surname": surname,
        "dob": born.isoformat(),
        "born": born,
        "sex": draw.choice("MF"),
        "postcode": draw.choice(_POSTCODES),
        "email": f"{forename.lower()}.{surname.lower()}@{draw.choice(['post', 'mail'])}.example",
        "lat": 51 + draw.random() / 5,
        "lon": -1 + draw.random() / 5,
        "direction": [draw.random(), draw.random()],
    }


def _record(person: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    row = dict(person)
    for field in ("forename", "surname", "dob", "postcode", "email"):
        if draw.random() < 0.2:
            row[field] = _typo(row[field], draw)
    if draw.random() < 0.05:
        row["forename"], row["surname"] = row["surname"], row["forename"]
    if draw.random() < 0.2:
        row["born"] = person["born"] + datetime.timedelta(
            days=draw.choice([1, 20, 200, 3000])
        )
    row["names"] = [row["surname"], *draw.sample(_SURNAMES, draw.randrange(3))]
    row["postcodes"] = [row["postcode"], draw.choice(_POSTCODES)]
    for field in tuple(row):
        if draw.random() < 0.1:
            row[field] = None
    names = [row["forename"], row["surname"]]
    row["full_name"] = None if None in names else " ".join(names)
    return row


def _typo(text: str, draw: random.Random) -> str:
    position = draw.randrange(len(text) - 1)
    return draw.choice(
        [
            text[:position] + text[position + 1 :],
            text[:position]
            + text[position + 1]
            + text[position]
            + text[position + 2 :],
            text[:position] + draw.choice("AEOX1") + text[position + 1 :],
        ]
    )


SPELLS = pa.list_(
    pa.struct(
        {"held_value": pa.string(), "held_from": pa.date32(), "held_to": pa.date32()}
    )
)


def _spell(value: str, draw: random.Random) -> dict[str, Any]:
    first = datetime.date(2000 + draw.randrange(10), 1, 1)
    return {
        "held_value": value,
        "held_from": first,
        "held_to": first + datetime.timedelta(days=draw.randrange(3000)),
    }


def with_histories(side: pa.Table, seed: int = 5) -> pa.Table:
    """The columns of LEO's own models: latest values, and every value ever held, the
    latest first.
    """
    draw = random.Random(seed)
    histories: dict[str, list[Any]] = {
        name: []
        for name in ("forename_all", "surname_all", "postcode_all", "nino", "nino_all")
    }
    for row in side.to_pylist():
        for field, others in (
            ("forename", _FORENAMES),
            ("surname", _SURNAMES),
            ("postcode", _POSTCODES),
        ):
            latest = row[field]
            past = draw.sample(others, draw.randrange(3))
            histories[f"{field}_all"].append(
                None if latest is None else list(dict.fromkeys([latest, *past]))
            )
        numbers = [
            f"AB{row['unit_id'] % 10_000 % 40:06}{letter}"
            for letter in draw.sample("ABCD", draw.randrange(3))
        ]
        histories["nino"].append(numbers[0] if numbers else None)
        histories["nino_all"].append(numbers or None)
    histories["postcode_sector_all"] = [
        v and list(dict.fromkeys(p[:-2] for p in v)) for v in histories["postcode_all"]
    ]
    histories["middle_names"] = [
        draw.choice([*_FORENAMES, None]) for _ in range(side.num_rows)
    ]
    for field in ("surname", "postcode"):
        spells = [
            None if row is None else [_spell(value, draw) for value in row]
            for row in histories[f"{field}_all"]
        ]
        side = side.append_column(f"{field}_held", pa.array(spells, SPELLS))
    lists = pa.list_(pa.string())
    for name, values in histories.items():
        side = side.append_column(
            name, pa.array(values, lists if name.endswith("_all") else pa.string())
        )
    return side
