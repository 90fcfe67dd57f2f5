"""A step whose two sides are one file: each pair of its records once, and a record is
linked by its pairs on either side.
"""

from collections.abc import Callable
from typing import Any

import pytest

from linkage.config import Pass, Step
from linkage.engine import Engine, Table, rows
from linkage.match import StepInputs, StepResult, link_step
from tests.conftest import parse
from tests.match.exact_model import RULES, exact_model, units

World = Callable[[str], Table]

FILE = """
    unit_id | forename | surname | dob:text   | sex | postcode | nino
    1       | AVA      | LEE     | 1990-01-02 | F   | P1       | -
    2       | AVA      | LEE     | 1990-01-02 | F   | P2       | N1
    3       | AVA      | LEE     | 1990-01-02 | F   | P3       | -
    4       | TOM      | LEE     | 1990-01-02 | M   | P4       | -
    5       | EVE      | HALL    | 1991-01-02 | F   | P5       | N1
    6       | MIA      | DUNN    | 1994-01-02 | F   | P6       | -
    7       | -        | PATEL   | -          | -   | -        | -
"""


def deduplicated(
    engine: Engine, passes: tuple[Pass, ...] = (), **keys: Any
) -> StepResult:
    file = units(engine, "file", engine.from_arrow(parse(FILE)))
    settings = {"accept_probability": 0.99, "review_probability": 0.1} | keys
    step = Step(
        name="dedupe",
        left="file",
        right="file",
        cardinality="many-to-many",
        train=False,
        **settings,
    )
    return link_step(engine, StepInputs(step, file, file, passes, exact_model()))


def decisions(engine: Engine, result: StepResult) -> dict[tuple[int, int], str]:
    return {
        (row["left_id"], row["right_id"]): row["decision"]
        for row in rows(engine, result.links)
    }


@pytest.mark.both_engines
def test_each_pair_of_records_is_compared_once_and_decided_by_itself(
    engine: Engine,
) -> None:
    """1, 2 and 3 agree in all but the postcode: 9 bits. 4 agrees with them in surname
    and birth date only, which is below the floor.
    """
    result = deduplicated(engine)
    assert decisions(engine, result) == dict.fromkeys(
        [(1, 2), (1, 3), (2, 3)], "accepted"
    )
    assert result.summary["thresholds"]["adjustment"] == 0
    assert [rule["rule"] for rule in result.summary["rules"]] == list(RULES)
    assert [rule["pairs_kept"] for rule in result.summary["rules"]] == [3, 0]
    assert [rule["links"] for rule in result.summary["rules"]] == [3, 0]


@pytest.mark.parametrize("diagnose", [True, False])
def test_a_record_is_linked_by_its_pairs_on_either_side(
    engine: Engine, diagnose: bool
) -> None:
    result = deduplicated(engine, diagnose=diagnose)
    unlinked = rows(engine, result.unlinked)
    for side in ("left", "right"):
        records = {row["id"] for row in unlinked if row["side"] == side}
        assert records == {4, 5, 6, 7}
    assert sum(result.summary["unlinked"].values()) == 8
    if diagnose:
        reasons = {row["id"]: row["reason"] for row in unlinked}
        assert reasons[6] == "no candidate pair"
        assert reasons[7] == "insufficient identifiers"


def test_a_pass_links_each_pair_once(engine: Engine) -> None:
    number = Pass(name="nino", why="one person's", equal=("nino",))
    result = deduplicated(engine, (number,))
    assert (result.summary["passes"][0]["pairs"], (2, 5)) == (
        1,
        next(pair for pair in decisions(engine, result) if 5 in pair),
    )
