"""Two files of known people with known rates of error: what training has to find."""

import datetime
import random
from typing import Any

import pyarrow as pa

from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings

RATES = {"forename": 0.12, "surname": 0.08, "dob": 0.04, "sex": 0.02, "postcode": 0.3}
"""Share of people whose two records differ in a field."""

PEOPLE = 2500
SHARED = 2000


def model(rules: tuple[str, ...] = ()) -> Model:
    """Forename, surname, birth date, sex and postcode as `leo link` compares them."""
    comparisons = [
        comparison("forename", "name", swapped_with="surname"),
        comparison("surname", "name", swapped_with="forename"),
        comparison("dob", "date"),
        comparison("sex", "category"),
        comparison("postcode", "postcode"),
    ]
    return from_dict(settings(comparisons, rules))


def two_files(seed: int = 3) -> tuple[pa.Table, pa.Table]:
    """PEOPLE records each; unit n of the left file is unit n of the right one for the
    first SHARED, nobody's beyond.
    """
    draw = random.Random(seed)
    names = [_word(draw, 5) for _ in range(400)]
    surnames = [_word(draw, 7) for _ in range(900)]
    left = [
        {"unit_id": n, **_person(draw, names, surnames)} for n in range(1, PEOPLE + 1)
    ]
    right = [
        {
            "unit_id": n,
            **(
                _copy(person, draw, names, surnames)
                if n <= SHARED
                else _person(draw, names, surnames)
            ),
        }
        for n, person in enumerate(left, 1)
    ]
    draw.shuffle(right)
    return pa.Table.from_pylist(left), pa.Table.from_pylist(right)


def _word(draw: random.Random, length: int) -> str:
    return "".join(
        draw.choice("BCDFGKLMNPRST" if n % 2 == 0 else "AEIOU") for n in range(length)
    )


def _person(
    draw: random.Random, names: list[str], surnames: list[str]
) -> dict[str, Any]:
    born = datetime.date(1990, 1, 1) + datetime.timedelta(days=draw.randrange(3650))
    return {
        "forename": names[min(int(draw.expovariate(0.01)), 399)],
        "surname": draw.choice(surnames),
        "dob": born.isoformat(),
        "sex": draw.choice("MF"),
        "postcode": f"{draw.choice(['AB', 'M', 'SW', 'LS'])}{draw.randrange(1, 60)} "
        f"{draw.randrange(1, 10)}"
        f"{draw.choice('ABDEFG')}{draw.choice('HJLNPQ')}",
    }


def _copy(
    person: dict[str, Any], draw: random.Random, names: list[str], surnames: list[str]
) -> dict[str, Any]:
    other = _person(draw, names, surnames)
    other_sex = {"M": "F", "F": "M"}[person["sex"]]
    errors = {
        **{field: _error(person[field], other[field], draw) for field in RATES},
        "sex": other_sex,
    }
    return {
        field: errors[field] if draw.random() < rate else person[field]
        for field, rate in RATES.items()
    }


def _error(value: str, other_value: str, draw: random.Random) -> str:
    """Half the errors are one wrong letter, half another value."""
    if draw.random() < 0.5:
        return other_value if other_value != value else value + "X"
    position = len(value) - 1
    return value[:position] + ("9" if value[position] != "9" else "8")
