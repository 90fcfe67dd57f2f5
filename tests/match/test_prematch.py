"""Pre-matching on exact agreement: which pairs are accepted first where a step is not
diagnosed.
"""

from pathlib import Path
from typing import Any

import pytest

from linkage.config import Step
from linkage.engine import Engine, rows
from linkage.match import StepInputs, StepResult, link_step
from linkage.match.partitions import Partitions
from linkage.match.prematch import prematch
from tests.conftest import parse
from tests.match.exact_model import exact_model, units

MODEL = exact_model()

LEFT = """
    unit_id | forename | surname | dob:text   | sex | postcode
    1       | AVA      | LEE     | 1990-01-02 | F   | P1
    2       | NOAH     | KHAN    | 1991-01-02 | M   | P2
    3       | ISLA     | SMITH   | 1992-01-02 | F   | P3
    4       | MIA      | DUNN    | 1994-01-02 | F   | P5
"""
RIGHT = """
    unit_id | forename | surname | dob:text   | sex | postcode
    11      | AVA      | LEE     | 1990-01-02 | F   | P1
    12      | EVE      | LEE     | 1990-01-02 | F   | P7
    13      | NOAH     | KHAN    | 1991-01-02 | M   | P2
    14      | NOAH     | KHAN    | 1991-01-02 | M   | P2
    15      | ISLA     | SMITH   | 1992-01-02 | M   | P3
    16      | MIA      | DUNN    | 1994-01-02 | F   | P9
"""


def _linked(
    engine: Engine, partitions: Partitions | None = None, **keys: Any
) -> StepResult:
    sides = [
        units(engine, name, engine.from_arrow(parse(text)))
        for name, text in (("left", LEFT), ("right", RIGHT))
    ]
    step = Step(
        name="s",
        left="left",
        right="right",
        train=False,
        **({"diagnose": False} | keys),
    )
    return link_step(
        engine, StepInputs(step, *sides, passes=(), model=MODEL, partitions=partitions)
    )


def _links(engine: Engine, result: StepResult) -> list[tuple[int, int]]:
    links = engine.sql(
        "select left_id, right_id from {l} where decision = 'accepted'", l=result.links
    )
    return sorted((row["left_id"], row["right_id"]) for row in rows(engine, links))


@pytest.mark.both_engines
def test_pairs_of_exact_agreement_are_accepted_first(engine: Engine) -> None:
    """1 and 11 agree in all, 3 and 15 in all but sex; 2 has two such partners, and 4
    agrees on one rule alone.
    """
    result = _linked(engine)
    assert result.summary["prematched"] == 2
    assert _links(engine, result) == [(1, 11), (3, 15), (4, 16)]
    assert _links(engine, _linked(engine, diagnose=True)) == _links(engine, result)


@pytest.mark.parametrize(
    ("cardinality", "count"), [("one-to-many", 4), ("many-to-many", 0)]
)
def test_a_unit_that_holds_many_is_pre_matched_with_all(
    engine: Engine, cardinality: str, count: int
) -> None:
    assert _linked(engine, cardinality=cardinality).summary["prematched"] == count


@pytest.mark.parametrize("keys", [{"duplicates": "join"}, {"link_draws": 2}])
def test_options_that_need_competing_pairs_switch_it_off(
    engine: Engine, keys: dict[str, Any]
) -> None:
    assert _linked(engine, **keys).summary["prematched"] == 0


def test_the_rule_is_the_likeliest_of_those_with_enough_weight() -> None:
    choice = prematch(MODEL, "one-to-one", least=8, more=0)
    assert choice is not None
    assert set(choice.rule.columns) == {"dob", "surname", "forename", "postcode"}
    assert choice.number == 0
    model = exact_model(
        (
            'l."postcode" = r."postcode"',
            'l."dob" = r."dob"',
            'l."surname" = r."surname"',
        )
    )
    # Birth date and postcode are worth 5 bits, with the surname 4 or 3: enough with the
    # cardinality adjustment alone.
    assert prematch(model, "one-to-one", least=8, more=0) is None
    second_choice = prematch(model, "one-to-one", least=8, more=5)
    assert second_choice is not None
    assert set(second_choice.rule.columns) == {"dob", "postcode"}
    fuzzy_model = exact_model(
        ("levenshtein(l.dob, r.dob) <= 1", "l.surname = r.surname")
    )
    assert prematch(fuzzy_model, "one-to-one", least=8, more=5) is None


def test_partitions_accept_the_same_pairs(engine: Engine, tmp_path: Path) -> None:
    full_result = _linked(engine)
    for _ in range(2):  # the second time from what the first has kept
        split = _linked(
            engine, Partitions(tmp_path / "partitions", rows=3, whole_rows=0)
        )
        assert split.summary["prematched"] == full_result.summary["prematched"]
        assert _links(engine, split) == _links(engine, full_result)
