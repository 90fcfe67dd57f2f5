"""Fields that matches change together: a bride's surname and her postcode."""

import itertools
import random
from typing import Any

import pyarrow as pa
import pytest

from linkage.engine import Engine, Table, rows
from linkage.match.candidates import score_candidates, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, given_comparison, interaction, settings
from linkage.model.training import train

PEOPLE = 4_000
MOVED = 0.2
FIELDS = ("forename", "surname", "dob", "postcode")
GIVEN = [given_comparison("surname", ["postcode"]), given_comparison("dob", ["surname", "postcode"])]


def untrained(kinds: dict[str, str], *given: dict[str, Any]) -> Model:
    rule = 'l."dob" = r."dob"'
    return from_dict(settings([*(comparison(name, kind) for name, kind in kinds.items()), *given], [rule]))


def seen_twice(engine: Engine, married_of_movers: float, married_of_others: float) -> tuple[Table, Table]:
    """Two files of the same people, of whom a fifth have moved; of these and of the others so many have another surname.

    One in fifty has another forename and another sex.
    """
    draw = random.Random(5)
    left = [
        {
            "unit_id": n,
            "forename": _word(draw, 150),
            "sex": draw.choice("FM"),
            "surname": _word(draw, 400),
            "dob": f"{1980 + draw.randrange(20)}-{1 + draw.randrange(12):02}-{1 + draw.randrange(28):02}",
            "postcode": f"AB{draw.randrange(10)} {draw.randrange(10)}{draw.choice('ABDEFGHJ')}{draw.choice('LNPQRSTU')}",
        }
        for n in range(PEOPLE)
    ]
    right = [dict(person, unit_id=person["unit_id"] + PEOPLE) for person in left]
    for n, person in enumerate(right):
        moved = draw.random() < MOVED
        if moved:
            person["postcode"] = f"ZE{n % 10} {n // 10 % 10}{'ABDEFGHJ'[n % 8]}{'LNPQRSTU'[n // 8 % 8]}"
        if draw.random() < (married_of_movers if moved else married_of_others):
            person["surname"] = _word(draw, 400)
        if n % 50 == 0:
            person |= {"forename": _word(draw, 150), "sex": "F" if person["sex"] == "M" else "M"}
    return engine.from_arrow(pa.Table.from_pylist(left)), engine.from_arrow(pa.Table.from_pylist(right))


def _word(draw: random.Random, of: int) -> str:
    """One of so many words that have nothing in common."""
    place = draw.randrange(of)
    return "".join("BCDFGHJKLM"[int(digit)] + "AEIOUYAEIO"[int(digit)] for digit in f"{place * 7919 % 10**6:06}")


def changed(trained: Model) -> dict[str, float]:
    """How often matches change both, of as often as they would if one said nothing of the other, by comparison."""
    return {
        each.name: (each.levels[1].m or 0) / (each.levels[1].u or 1) for each in trained.comparisons if each.learned
    }


KINDS = {"forename": "name", "surname": "name", "dob": "date", "postcode": "postcode"}


def test_who_has_moved_has_married_more_often(engine: Engine) -> None:
    sides = seen_twice(engine, married_of_movers=0.2, married_of_others=0.025)
    trained, _ = train(engine, untrained(KINDS, *GIVEN), *sides, seed=1)
    # 160 of 4,000 have changed both; of 240 who have married and 800 who have moved 48 would.
    assert changed(trained) == {"surname_changed_with_postcode": pytest.approx((160 + 4) / (48 + 4), rel=0.25)}


def test_changes_that_know_nothing_of_each_other_are_asked_for_each_by_itself(engine: Engine) -> None:
    sides = seen_twice(engine, married_of_movers=0.06, married_of_others=0.06)
    trained, _ = train(engine, untrained(KINDS, *GIVEN), *sides, seed=1)
    assert changed(trained) == {}


def test_who_differs_in_what_is_a_persons_own_may_be_a_twin(engine: Engine) -> None:
    sides = seen_twice(engine, married_of_movers=0.06, married_of_others=0.06)
    given = given_comparison("sex", ["forename"])
    trained, _ = train(engine, untrained({**KINDS, "sex": "category"}, given), *sides, seed=1)
    assert changed(trained) == {}


def test_what_was_found_is_found_anew(engine: Engine) -> None:
    sides = seen_twice(engine, married_of_movers=0.2, married_of_others=0.025)
    once, _ = train(engine, untrained(KINDS, *GIVEN), *sides, seed=1)
    again, report = train(engine, once, *sides, seed=1)
    assert changed(again) == pytest.approx(changed(once), rel=0.05)
    assert [c.name for c in again.comparisons] == [c.name for c in once.comparisons]
    assert "surname_changed_with_postcode" in {level.comparison for level in report.levels}


PEOPLE_OF = {
    "left": [("LEE", "AB1 2CD")],
    "right": list(itertools.product(("LEE", "KHAN", None), ("AB1 2CD", "ZE1 1AA", None))),
}
SIDES = [
    pa.Table.from_pylist(
        [
            {"unit_id": n, "forename": "AVA", "surname": surname, "dob": "1990-01-01", "postcode": postcode}
            for n, (surname, postcode) in enumerate(held)
        ]
    )
    for held in PEOPLE_OF.values()
]


def with_and_without_change() -> tuple[Model, Model]:
    """A model whose every level weighs one bit, and the same to which both changes give two."""
    said = untrained(KINDS).raw
    for raw in said["comparisons"]:
        for level in raw["comparison_levels"][1:]:
            level |= {"m_probability": 0.25, "u_probability": 0.125}
    differ = ('NOT ("surname_l" = "surname_r")', 'NOT ("postcode_l" = "postcode_r")')
    more = interaction("surname", "postcode", *differ, (1.0, 1.0, 1.0, 4.0))
    return from_dict(said), from_dict(said | {"comparisons": [*said["comparisons"], more]})


def weights(engine: Engine, model: Model) -> dict[int, float]:
    """Of the one person on the left with each on the right."""
    sides = tuple(map(engine.from_arrow, SIDES))
    scored = score_candidates(engine, model, *sides, term_frequencies(engine, model, *sides), -99.0).pairs
    return {row["right_id"]: row["match_weight"] for row in rows(engine, scored)}


def test_only_both_changes_weigh_more(engine: Engine) -> None:
    without, with_change = (weights(engine, model) for model in with_and_without_change())
    added = {person: weight - without[person] for person, weight in with_change.items()}
    # KHAN of ZE1 1AA, and nobody of whom one of the two is not known.
    assert added == pytest.approx({n: 2.0 if n == 4 else 0.0 for n in range(9)})
