"""A step that is asked for its links alone: those of the whole step, and one reason for whoever has none."""

from collections.abc import Callable
from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.match.candidates.overrides import Overrides
from linkage.match.links_only import step_of_links
from linkage.match.step import StepResult
from tests.conftest import parse
from tests.match.exact_model import exact_model, units
from tests.match.test_match_step import LEFT, PASS, RIGHT, STEP
from tests.match.whole_step import whole_step

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

LINKS = """
    step | left_id | right_id | method        | pass     | pattern:text | match_weight:float | runner_up_weight:float | decision | reason:text
    s    | 1       | 11       | deterministic | nino-dob | -            | 17                 | -                      | accepted | -
    s    | 3       | 13       | probabilistic | rule 1   | -            | 9                  | -                      | accepted | -
"""
UNLINKED = """
    step | side  | id | reason
    s    | left  | 2  | no accepted link
    s    | left  | 4  | no accepted link
    s    | left  | 5  | no accepted link
    s    | left  | 6  | no accepted link
    s    | left  | 7  | no accepted link
    s    | left  | 8  | no accepted link
    s    | right | 12 | no accepted link
    s    | right | 14 | no accepted link
    s    | right | 15 | no accepted link
    s    | right | 16 | no accepted link
    s    | right | 17 | no accepted link
"""


def _alone(engine: Engine, left: str = LEFT, right: str = RIGHT, **step: Any) -> StepResult:
    overrides: Overrides | None = step.pop("overrides", None)
    sides = [units(engine, name, engine.from_arrow(parse(text))) for name, text in (("left", left), ("right", right))]
    asked = STEP.model_copy(update={**step, "links_only": True})
    return step_of_links(engine, asked, *sides, overrides=overrides, rules=[PASS], model=exact_model())


def _accepted(rows: Rows, engine: Engine, found: StepResult) -> list[tuple[Any, ...]]:
    return sorted(
        rows(engine.sql("select left_id, right_id from {l} where decision = 'accepted'", l=found.links)), key=str
    )


@pytest.mark.both_engines
def test_every_link_is_there_and_every_other_unit_has_the_one_reason(engine: Engine, world: World, rows: Rows) -> None:
    found = _alone(engine)
    columns = """
        select step, left_id, right_id, method, pass, pattern, match_weight, runner_up_weight, decision, reason from {l}
        """
    shown = [
        tuple(round(v, 9) if isinstance(v, float) else v for v in row)
        for row in rows(engine.sql(columns, l=found.links))
    ]
    assert sorted(shown) == sorted(rows(world(LINKS)))
    assert sorted(rows(found.unlinked)) == sorted(rows(world(UNLINKED)))
    assert {"links": found.links.columns, "unlinked": found.unlinked.columns} == whole_step(engine).columns
    assert found.sampled is None


def test_counts_say_what_was_made_and_nothing_of_what_was_missed(engine: Engine) -> None:
    summary = _alone(engine).summary
    assert summary["links_only"] is True
    assert summary["decisions"] == {"accepted": 2}
    assert summary["unlinked"] == {"no accepted link": 11}
    assert [(row["pass"], row["pairs"], row["links"]) for row in summary["passes"]] == [("nino-dob", 2, 1)]
    assert summary["rules"] == []
    assert summary["estimated_recall"] is None
    assert not {"not_kept", "other_records"} & set(summary)


def test_a_limit_on_what_a_person_holds_is_kept(engine: Engine, rows: Rows) -> None:
    """ISLA SMITH twice on the right: the person of the left holds two unless told otherwise."""
    right = RIGHT + "\n    18 | ISLA | SMITH | 1992-01-02 | F | P3 | -"
    many = {"cardinality": "one-to-many"}
    assert (3, 18) in _accepted(rows, engine, both := _alone(engine, right=right, **many))
    assert (3, 13) in _accepted(rows, engine, both)
    one = _alone(engine, right=right, **many, most_right=1)
    assert [pair for pair in _accepted(rows, engine, one) if pair[0] == 3] == [(3, 18)]
    beyond = engine.sql("select id, reason from {u} where id = 13", u=one.unlinked)
    assert rows(beyond) == [(13, "no accepted link")]


def test_what_people_have_decided_stands(engine: Engine, world: World, rows: Rows) -> None:
    pairs = {
        "forced": world("left_id | right_id\n4 | 15"),
        "barred": world("left_id | right_id\n3 | 13"),
    }
    counts = {"decisions": 2, "met": 2, "link": 1, "never": 1}
    found = _alone(engine, overrides=Overrides(**pairs, counts=counts))
    assert _accepted(rows, engine, found) == [(1, 11), (4, 15)]
    assert found.summary["overrides"] == counts


@pytest.mark.parametrize("cardinality", ["one-to-one", "one-to-many", "many-to-one", "many-to-many"])
@pytest.mark.parametrize("most_right", [None, 1])
def test_each_unit_is_linked_or_among_those_who_are_not(
    engine: Engine, rows: Rows, cardinality: str, most_right: int | None
) -> None:
    """Sure pairs (3 and 13 agree in all), pairs of passes that the model speaks against (2 and 12), and limits."""
    right = RIGHT + "\n    18 | ISLA | SMITH | 1992-01-02 | F | P4 | -"
    holds_many = cardinality in ("one-to-many", "many-to-many")
    found = _alone(engine, right=right, cardinality=cardinality, most_right=most_right if holds_many else None)
    linked = _accepted(rows, engine, found)
    alone = sorted(rows(engine.sql("select side, id from {u}", u=found.unlinked)))
    everybody = [("left", n) for n in range(1, 9)] + [("right", n) for n in range(11, 19)]
    sides = {(side, pair[place]) for pair in linked for place, side in enumerate(("left", "right"))}
    assert alone == [unit for unit in everybody if unit not in sides]
    assert found.summary["unlinked"] == {"no accepted link": len(alone)}
