"""What a household shares, written with a slip, counts once too; so does an address that two files write in two ways."""

import random
from typing import Any

import pyarrow as pa
import pytest

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.dependence import Alike, Among, among_comparison
from linkage.model.training import train
from linkage.model.training.together.slips import Grade, Swap, alike, asked_alike, nearly, written

SLIP = Grade(1, "near", "nearly equal", m=0.08, u=0.01)


def test_of_what_strangers_share_as_many_have_a_slip_as_of_what_matches_do() -> None:
    """Eight of nine share the surname: 0.9 of these are equal, 0.08 near; of the ninth 0.01 by chance."""
    ratio, (found,) = alike(0.8, 0.9, 0.9, 0.0, [SLIP], least=0.001)
    assert ratio == pytest.approx(1.0)
    assert found.u_given == pytest.approx(8 / 9 * 0.08 + 1 / 9 * 0.01)
    assert found.u == 0.01


def test_who_shares_nothing_is_like_it_as_often_as_anybody() -> None:
    _, (found,) = alike(0.05, 0.9, 0.9, 0.05, [SLIP], least=0.001)
    assert found.u_given == pytest.approx(0.01)


def test_grades_and_the_rest_are_what_equality_leaves() -> None:
    """All share it, and more are equal than matches are: half of the 0.02 that are left would be slips of 0.05."""
    slips = Grade(1, "near", "nearly equal", m=0.05, u=0.001)
    _, (found,) = alike(0.98, 0.9, 0.9, 0.001, [slips], least=0.001)
    assert found.u_given == pytest.approx(0.01)


def test_without_grades_those_who_differ_are_those_who_are_not_equal() -> None:
    ratio, found = alike(0.5, 0.95, 0.9, 0.1, [], least=0.001)
    assert ratio == pytest.approx(0.5)
    assert found == ()


def test_what_is_shared_within_a_file_is_written_across_files_as_matches_write_it() -> None:
    graded = [Grade(1, "near", "alike", m=0.85, u=0.01), Grade(2, "far", "less alike", m=0.01, u=0.1)]
    u, (near, far) = written(0.9, 1.1, 0.3, 0.002, 0.0, graded)
    assert u == pytest.approx(0.9 * 0.002)
    assert near.u_given == pytest.approx(0.9 * 0.85 + 0.1 * 0.01)
    assert far.u_given == pytest.approx(0.9 * 0.01 + 0.1 * 0.1)
    assert (near.ratio, far.ratio) == (1.1, 0.3)


def test_swapped_names_of_a_household_are_those_of_two_who_share_both() -> None:
    """Half share the surname, 1 in 100 the forename by chance, and of 0.08 of such pairs the two are swapped."""
    found = Swap("other", m=0.08, u=0.00001, chance=0.01).among(0.5)
    assert found.u_given == pytest.approx(0.0004)
    assert Swap("other", m=0.001, u=0.00001, chance=0.01).among(0.5).u_given == 0.00001, "no more than is known"


class Address:
    """A field of which 1 in 1,000 pairs agrees, and 1 in 100 is alike by chance."""

    name, m, u, grades = "address", 0.9, 0.0009, (Grade(1, "near", "alike", m=0.1, u=0.01),)


def test_a_place_that_is_nearly_equal_may_be_the_same_place() -> None:
    """0.001 of all pairs share the address and a tenth of them have a slip: one in a hundred of those that are alike."""
    found = nearly(Among(("address",), True, 1.0, 1.0, 0.001, 0.901), Address())
    assert found is not None
    assert found.u_given == pytest.approx(0.01 * 0.901 + 0.99 * 0.001)
    assert found.where == "((near))"
    assert nearly(Among(("address",), True, 1.0, 1.0, 0.1, 0.101), Address()) is None, "it says nothing clearly"


def test_levels_are_asked_from_equal_down() -> None:
    slips = (Alike("near", "nearly equal", 0.01, 0.07),)
    found = [
        Among(("postcode",), True, 1.0, 0.5, 0.01, 0.8, slips, Alike("other", "swapped", 0.001, 0.004)),
        Among(("postcode",), True, 1.0, 1.0, 0.01, 0.02, nearly="close"),
        Among(("postcode",), False, 0.5, 2.0, 0.01, 0.01, slips),
    ]
    levels = among_comparison("surname", found, adjusted=False)["comparison_levels"]
    place, equal = '"postcode_l" = "postcode_r"', '"surname_l" = "surname_r"'
    assert [level["sql_condition"] for level in levels[1:]] == [
        f"{place} AND {equal}",
        f"{place} AND (other)",
        f"{place} AND (near)",
        place,
        f"close AND {equal}",
        f'"postcode_l" <> "postcode_r" AND ({equal} OR (near))',
        '"postcode_l" <> "postcode_r"',
        "ELSE",
    ]
    ratios = [level["m_probability"] / level["u_probability"] for level in levels[1:]]
    assert ratios[:4] == pytest.approx([0.01 / 0.8, 0.001 / 0.004, 0.01 / 0.07, 0.5 * 0.98 / 0.13])


FIELDS = {"forename": "name", "surname": "name", "dob": "date", "postcode": "code", "address": "text"}
LETTERS = "ABCDEFGHIKLMNOPRSTUVY"
SURNAME, SLIPPED = "MATTHEWS", "MATHTEWS"  # one of the 200 surnames of the files, and with a slip


def _slipped(value: str, draw: random.Random, share: float) -> str:
    place = draw.randrange(1, len(value) - 2)
    swapped = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
    return swapped if draw.random() < share else value


def _files(*, with_town: bool) -> tuple[pa.Table, pa.Table]:
    """700 people, two or three to a household; half of each file is in the other; one in ten surnames has a slip."""
    draw = random.Random(5)
    names = ["".join(draw.choice(LETTERS) for _ in range(8)) for _ in range(400)]
    names[0] = SURNAME
    people: list[dict[str, str]] = []
    while len(people) < 700:
        home = {
            "surname": draw.choice(names[:200]),
            "postcode": f"{draw.randrange(10_000, 99_999)}",
            "address": f"{draw.randrange(1, 99)} {draw.choice(names[200:300])} ROAD",
        }
        for _ in range(draw.choice([1, 2, 3])):
            born = f"{draw.randrange(1950, 2000)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
            people.append({"forename": draw.choice(names[300:]), "dob": born, **home})

    def file(numbers: range, first: int, town: str) -> pa.Table:
        return pa.Table.from_pylist(
            [
                {
                    **people[n],
                    "unit_id": first + n,
                    "surname": _slipped(people[n]["surname"], draw, 0.1),
                    "address": people[n]["address"] + town,
                }
                for n in numbers
            ]
        )

    return file(range(500), 0, ""), file(range(200, 700), 1_000, " YORKTON" if with_town else "")


def _weights(engine: Engine, *, with_town: bool, others: dict[str, dict[str, str]]) -> tuple[Model, dict[str, float]]:
    """The model of two files, and what pairs of one record with others weigh by it."""
    left, right = map(engine.from_arrow, _files(with_town=with_town))
    start = from_dict(settings([comparison(name, kind) for name, kind in FIELDS.items()]))
    model, _ = train(engine, start, left, right, seed=1, together=True)
    who = {
        "forename": "ANNABELL",
        "surname": SURNAME,
        "dob": "1980-01-01",
        "postcode": "7",
        "address": "91 HIGHLAND ROAD",
    }
    found = [{"unit_id": n, **who, **of} for n, of in enumerate(others.values())]
    frequencies = term_frequencies(engine, model, left, right)
    pairs = pa.table({"left_id": [9] * len(others), "right_id": list(range(len(others)))})
    first = engine.from_arrow(pa.Table.from_pylist([{"unit_id": 9, **who}]))
    second, asked = engine.from_arrow(pa.Table.from_pylist(found)), engine.from_arrow(pairs)
    scored: list[Any] = engine_rows(engine, score_given(engine, model, first, second, frequencies, asked))
    weights = {row["right_id"]: row["match_weight"] for row in scored}
    return model, {name: weights[n] for n, name in enumerate(others)}


def test_a_slip_in_what_a_household_shares_speaks_for_no_match(engine: Engine) -> None:
    sibling = {"forename": "ROSEMARY", "dob": "1955-12-12"}
    others = {"sibling": sibling, "with a slip": {**sibling, "surname": SLIPPED}}
    _, weights = _weights(engine, with_town=False, others=others)
    assert weights["sibling"] < -10
    assert weights["with a slip"] < weights["sibling"] + 1


def test_an_address_that_one_file_writes_with_its_town_is_no_more_than_the_postcode(engine: Engine) -> None:
    there = {"address": "91 HIGHLAND ROAD YORKTON"}
    sibling = {**there, "forename": "ROSEMARY", "dob": "1955-12-12"}
    model, weights = _weights(engine, with_town=True, others={"same": there, "sibling": sibling})
    assert any(one.name.startswith("address_among_postcode") for one in model.comparisons)
    assert weights["sibling"] < -15
    assert weights["same"] > 6


def test_days_that_nobody_knows_are_no_sign_of_one_day() -> None:
    """Of a register with years of birth alone every two records were alike, and none was left to be a stranger."""
    year, another, part = (
        'left("d_l", 4) = left("d_r", 4)',
        "right(\"d_l\", 5) = '00-00'",
        'right("d_l", 5) = right("d_r", 5)',
    )
    graded = [Grade(1, year, "", 0.1, 0.01), Grade(2, another, "", 0.001, 0.9), Grade(3, part, "", 0.01, 1e-5)]
    assert list(asked_alike(graded, {"d"})) == [year, f"({part}) AND NOT coalesce({another}, FALSE)"]
    assert list(asked_alike(graded, {"e"})) == []
