"""Fields that go together are found by training, and count once."""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.dependence import Alike, Among, among_comparison
from linkage.model.sampling import drawn
from linkage.model.training import train
from linkage.model.training.counts.patterns import Layout, Patterns
from linkage.model.training.em.expectation import Known, Matches, Strangers, expectation_maximisation
from linkage.model.training.together.states import BLOCKED, States, of_strangers
from linkage.model.training.together.together import _Among, _Field, smoothed

World = Callable[[str], Table]

SIDE = """
    unit_id | forename | surname | postcode | town
    1       | AVA      | LEE     | P1       | YORK
    2       | NOAH     | LEE     | P1       | YORK
    3       | AVA      | LEE     | P1       | YORK
    4       | IAN      | KHAN    | P1       | YORK
    5       | MIA      | KHAN    | -        | YORK
    6       | EVE      | DUNN    | P9       | HULL
"""
NOBODY = "unit_id | forename | surname | postcode | town\n99 | - | - | - | -"


@pytest.mark.both_engines
def test_strangers_are_counted_by_what_they_share_and_nobody_twice(engine: Engine, world: World) -> None:
    names = ["postcode", "surname", "town"]
    sides = drawn(engine, (world(SIDE), world(NOBODY)), [*names, "forename"], most=1_000, seed=1)
    found = of_strangers(engine, names, ["forename"], sides)
    counted = dict(zip(map(tuple, found.fields.tolist()), found.pairs.tolist(), strict=True))
    # Of ordered pairs: AVA and AVA may be one person. Number 5 has no postcode and lives in the same town.
    assert counted == {(1, 1, 1): 4.0, (1, 0, 1): 6.0, (-1, 1, 1): 2.0, (-1, 0, 1): 6.0}


def test_a_share_is_of_pairs_that_know_the_field() -> None:
    states = States(
        ("postcode", "town"),
        np.array([[1, 1], [1, 0], [1, -1], [0, 1]], dtype=np.int8),
        np.array([6.0, 2.0, 5.0, 7.0]),
        np.array([3.0, 1.0, 5.0, 7.0]),
    )
    assert states.share_equal("town", states.agreeing(["postcode"])) == (0.75, 4.0)


def levels(adjusted: bool) -> list[Any]:
    among = [
        Among(("postcode", "number"), True, 1.1, 0.5, 0.01, 0.8),
        Among(("postcode",), False, 0.2, 4.0, 0.01, 0.005),
    ]
    own = comparison("surname", "name")
    for place, level in enumerate(own["comparison_levels"][1:]):
        level |= {"m_probability": 0.1, "u_probability": 0.01 if place == 0 else 0.1}
    made = from_dict(settings([own, among_comparison("surname", among, adjusted=adjusted)]))
    assert made.comparisons[1].given == ("postcode", "number")
    assert made.comparisons[1].together
    return list(made.comparisons[1].levels)


def test_what_is_taken_back_is_the_chance_that_strangers_do_not_have() -> None:
    _, together, together_not, apart, apart_not, rest = levels(adjusted=False)
    assert together.weight == pytest.approx(math.log2(1.1 * 0.01 / 0.8))
    assert together_not.weight == pytest.approx(math.log2(0.5 * 0.99 / 0.2))
    assert apart.weight == pytest.approx(math.log2(0.2 * 0.01 / 0.005))
    assert apart_not.weight == pytest.approx(math.log2(4.0 * 0.99 / 0.995))
    assert rest.weight == 0


def test_in_a_household_a_rare_name_is_shared_as_easily_as_a_common_one() -> None:
    _, together, *_ = levels(adjusted=True)
    for frequency in (0.2, 0.0001):
        own = math.log2(0.01 / frequency)  # what its frequency adds to the surname's own comparison
        assert own + together.weight + together.adjustment(frequency, frequency) == pytest.approx(
            math.log2(1.1 * 0.01 / 0.8)
        )


FIELDS = {"forename": "name", "surname": "name", "dob": "date", "postcode": "code", "house": "code", "town": "text"}


@pytest.fixture(scope="module")
def households() -> tuple[pa.Table, pa.Table]:
    """700 people, two or three to a household; half of each file is in the other, and one in four has moved."""
    draw = random.Random(5)
    names = ["".join(draw.choice("ABCDEFGHIKLMNOPRSTUVY") for _ in range(6)) for _ in range(260)]

    def home() -> dict[str, str]:
        place = draw.randrange(120)
        return {
            "postcode": f"{10_000 + place}",
            "house": f"{draw.randrange(1, 90)}",
            "town": f"TOWN {names[place // 6]}",
        }

    people: list[dict[str, str]] = []
    while len(people) < 700:
        shared = {"surname": draw.choice(names[:200]), **home()}
        for _ in range(draw.choice([1, 2, 3])):
            born = f"{draw.randrange(1950, 2000)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
            people.append({"forename": draw.choice(names[200:]), "dob": born, **shared})

    def file(numbers: range, first: int) -> pa.Table:
        seen = [people[n] | (home() if first and draw.random() < 0.25 else {}) for n in numbers]
        return pa.Table.from_pylist([{"unit_id": first + n, **who} for n, who in enumerate(seen)])

    return file(range(500), 0), file(range(200, 700), 1_000)


def trained(engine: Engine, files: tuple[pa.Table, pa.Table], model: Model | None = None, *, together: bool) -> Model:
    start = model or from_dict(settings([comparison(name, kind) for name, kind in FIELDS.items()]))
    left, right = map(engine.from_arrow, files)
    return train(engine, start, left, right, seed=1, together=together)[0]


def test_a_household_is_no_match_and_who_has_moved_is_one(
    engine: Engine, households: tuple[pa.Table, pa.Table]
) -> None:
    who = {
        "forename": "ANNA",
        "surname": "KHAN",
        "dob": "1980-01-01",
        "postcode": "10001",
        "house": "7",
        "town": "HULL",
    }
    sibling = {**who, "forename": "PETER", "dob": "1955-12-12"}
    moved = {**who, "postcode": "10099", "house": "12", "town": "YORK"}

    def weights(model: Model) -> tuple[float, float]:
        left = engine.from_arrow(pa.Table.from_pylist([{"unit_id": 1, **who}]))
        right = engine.from_arrow(pa.Table.from_pylist([{"unit_id": n, **of} for n, of in ((2, sibling), (3, moved))]))
        pairs = engine.from_arrow(pa.table({"left_id": [1, 1], "right_id": [2, 3]}))
        frequencies = term_frequencies(engine, model, *map(engine.from_arrow, households))
        scored = engine_rows(engine, score_given(engine, model, left, right, frequencies, pairs))
        found = {row["right_id"]: row["match_weight"] for row in scored}
        return found[2], found[3]

    model = trained(engine, households, together=True)
    sibling_now, moved_now = weights(model)
    sibling_before, moved_before = weights(trained(engine, households, together=False))
    assert sibling_now < sibling_before - 8
    assert sibling_now < -8
    assert moved_now > moved_before + 2
    again = trained(engine, households, model, together=False)  # a model that counts once is trained to count once
    assert [c.name for c in again.comparisons] == [c.name for c in model.comparisons]


def test_what_is_expected_decides_where_the_pairs_do_not() -> None:
    """A block of 100 pairs of which one field is left: it fits any share of matches, and m takes what is left over."""
    layout = Layout(from_dict(settings([comparison("dob", "category")])))
    patterns = Patterns(np.array([60, 40]), np.eye(2))

    def share(expected: float | None) -> float:
        found = expectation_maximisation(
            layout,
            patterns,
            patterns.counts[None, :].astype(float),
            Matches(m=np.array([[0.97, 0.03]]), prior=np.array([0.99])),
            Strangers(u=np.array([[0.001, 0.999]])),
            Known(held=np.array([False, False]), expected=expected),
            tolerance=1e-9,
            limit=10_000,
        )
        return float(found.prior[0])

    assert share(None) > 0.85
    assert share(0.6) == pytest.approx(0.6, abs=0.03)


SONGS = {"title": "text", "artist": "text", "album": "text", "year": "category"}


@pytest.fixture(scope="module")
def songs() -> tuple[pa.Table, pa.Table]:
    """900 songs of 60 albums, each of an artist and of a year; half of each file is in the other."""
    draw = random.Random(5)
    words = ["".join(draw.choice("ABCDEFGHIKLMNOPRSTUVY") for _ in range(6)) for _ in range(400)]
    albums = [
        {"artist": f"THE {words[n % 25]}", "album": f"{words[100 + n]} {words[200 + n]}", "year": f"{1970 + n % 40}"}
        for n in range(60)
    ]
    made = [{"title": " ".join(draw.sample(words, 2)), **draw.choice(albums)} for _ in range(900)]

    def file(numbers: range, first: int) -> pa.Table:
        return pa.Table.from_pylist([{"unit_id": first + n, **made[n]} for n in numbers])

    return file(range(600), 0), file(range(300, 900), 1_000)


def test_the_artist_and_the_year_of_an_album_say_nothing_beside_it(
    engine: Engine, songs: tuple[pa.Table, pa.Table]
) -> None:
    start = from_dict(settings([comparison(name, kind) for name, kind in SONGS.items()]))
    model = train(engine, start, *map(engine.from_arrow, songs), seed=1, together=True)[0]
    song, *_ = songs[0].drop_columns("unit_id").to_pylist()
    other = {**song, "title": "QUARTZ"}
    left = engine.from_arrow(pa.Table.from_pylist([{"unit_id": 1, **song}]))
    right = engine.from_arrow(
        pa.Table.from_pylist([{"unit_id": 2, **other}, {"unit_id": 3, **other, "artist": None, "year": None}])
    )
    pairs = engine.from_arrow(pa.table({"left_id": [1, 1], "right_id": [2, 3]}))
    frequencies = term_frequencies(engine, model, *map(engine.from_arrow, songs))
    scored = engine_rows(engine, score_given(engine, model, left, right, frequencies, pairs))
    all_agree, album_alone = (row["match_weight"] for row in sorted(scored, key=lambda row: row["right_id"]))
    assert all_agree == pytest.approx(album_alone, abs=2.5)  # in the place of nine bits


def test_who_has_moved_is_seen_where_em_looked_at_namesakes_alone() -> None:
    """Of namesakes all have the surname, and those who moved another town: that was taken to be a second move."""
    names, pairs = ("address", "surname", "town"), np.array([500.0, 450.0, 50.0])
    matches = States(names, np.array([[1, BLOCKED, 1], [0, BLOCKED, 0], [0, BLOCKED, 1]], dtype=np.int8), pairs, pairs)
    assert matches.share_equal("surname", matches.agreeing([])) == (0.0, 0.0), "it does not say how many have it"
    assert matches.agreeing(["surname"]).all()
    assert not matches.agreeing(["surname"], seen=True).any()
    families = np.array([300.0, 30.0, 970.0, 300.0])
    strangers = States(names, np.array([[1, 1, 1], [0, 1, 1], [0, 1, 0], [1, 0, 1]], dtype=np.int8), families, families)
    address, surname, town = (_Field(name, 0.5, 0.01, (), False) for name in names)
    found = {
        (of.given, of.agree): of for of in _Among(replace(town, m=0.55), strangers, matches).found([address, surname])
    }
    # One in ten of those who have moved lives in the town again, who are 0.55 of all.
    assert found[("surname",), True].ratio_of_others == pytest.approx(0.9 / 0.45, rel=0.02)
    assert found[("address",), False].ratio_of_others == pytest.approx(0.9 / 0.45, rel=0.02), "whatever the surname"


def test_that_none_of_a_few_pairs_agree_says_nothing_of_what_hardly_any_do() -> None:
    assert smoothed(0.0, 20.0, 1e-4) == pytest.approx(1e-4, rel=0.01)
    assert smoothed(0.0, 20.0, 0.5) == pytest.approx(0.1)
    assert smoothed(0.0, 1e6, 1e-4) == pytest.approx(1e-6, rel=0.01)
    assert smoothed(0.5, 20.0, 1e-4) == pytest.approx(0.4, rel=0.01)


def test_shares_that_are_rounded_leave_something_to_those_that_differ() -> None:
    near = Alike('"a_l" = "b_r"', "near", 0.1, 0.1 + 2e-16)
    found = among_comparison("a", [Among(("c",), True, 1.0, 1.0, 0.9, 0.9, (near,))], adjusted=False)
    (differs,) = [level for level in found["comparison_levels"] if level["label_for_charts"].endswith("a differs")]
    assert 0 < differs["u_probability"] < 1e-5
    assert from_dict(settings([comparison("a", "text"), comparison("c", "text"), found])).comparisons
