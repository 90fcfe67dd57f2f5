"""A whole step on a hand-made world: every link with its evidence, every unit without one with its reason."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from linkage.config import Pass, Step
from linkage.engine import Engine, Table, connect
from linkage.errors import ConfigError, LeoError
from linkage.match import StepResult, link_step
from linkage.match.candidates import score
from linkage.model import from_dict
from tests.conftest import parse
from tests.match.exact_model import exact_model, units

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

PASS = Pass(name="nino-dob", why="a number is one person's", equal=("nino", "dob"))
STEP = Step(name="s", left="left", right="right", train=False, accept_weight=8, review_probability=0.5, margin=3)

LEFT = """
    unit_id | forename | surname | dob:text   | sex | postcode | nino
    1       | AVA      | LEE     | 1990-01-02 | F   | P1       | N1
    2       | NOAH     | KHAN    | 1991-01-02 | M   | P2       | N2
    3       | ISLA     | SMITH   | 1992-01-02 | F   | P3       | -
    4       | -        | JONES   | 1993-01-02 | -   | P4       | -
    5       | MIA      | DUNN    | 1994-01-02 | F   | P5       | -
    6       | -        | PATEL   | -          | F   | -        | -
    7       | OTTO     | BRAUN   | 1996-01-02 | M   | P7       | -
    8       | ELLA     | -       | -          | F   | P8       | -
"""
RIGHT = """
    unit_id | forename | surname | dob:text   | sex | postcode | nino
    11      | AVA      | LEE     | 1990-01-02 | F   | P1       | N1
    12      | ZOE      | WOLF    | 1991-01-02 | F   | P9       | N2
    13      | ISLA     | SMITH   | 1992-01-02 | F   | P9       | -
    14      | JO       | JONES   | 1993-01-02 | M   | P4       | -
    15      | ANN      | JONES   | 1993-01-02 | F   | P4       | -
    16      | MIA      | KELLY   | 1980-01-02 | F   | P5       | -
    17      | ELLA     | ROSSI   | 1997-01-02 | M   | P8       | -
"""


def linked(
    engine: Engine, left: str = LEFT, right: str = RIGHT, in_two: dict[str, Table] | None = None, **step: Any
) -> StepResult:
    sides = [units(engine, name, engine.from_arrow(parse(text))) for name, text in (("left", left), ("right", right))]
    changed = STEP.model_copy(update=step)
    return link_step(engine, changed, sides[0], sides[1], rules=[PASS], model=exact_model(), in_two=in_two)


LINKS = """
    step | left_id | right_id | method        | pass     | pattern   | match_weight:float | runner_up_weight:float | decision | reason
    s    | 1       | 11       | deterministic | nino-dob | 1,1,1,1,1 | 17                 | -                      | accepted | -
    s    | 2       | 12       | deterministic | nino-dob | 0,0,1,0,0 | -16                | -                      | review   | the model disagrees
    s    | 3       | 13       | probabilistic | rule 1   | 1,1,1,1,0 | 9                  | -                      | accepted | -
    s    | 4       | 14       | probabilistic | rule 1   | -1,1,1,-1,1 | 11               | 11                     | review   | ambiguous
    s    | 4       | 15       | probabilistic | rule 1   | -1,1,1,-1,1 | 11               | 11                     | rejected | a better partner
"""
UNLINKED = """
    step | side  | id | reason
    s    | left  | 2  | in review
    s    | left  | 4  | ambiguous
    s    | left  | 5  | below threshold
    s    | left  | 6  | insufficient identifiers
    s    | left  | 7  | no candidate
    s    | left  | 8  | below threshold
    s    | right | 12 | in review
    s    | right | 14 | ambiguous
    s    | right | 15 | the candidate has a better partner
    s    | right | 16 | below threshold
    s    | right | 17 | below threshold
"""


def test_every_link_has_its_evidence_and_every_other_unit_its_reason(engine: Engine, world: World, rows: Rows) -> None:
    found = linked(engine)
    columns = engine.sql(
        "select step, left_id, right_id, method, pass, pattern, match_weight, runner_up_weight, decision, reason from {l}",
        l=found.links,
    )
    assert rows(columns) == rows(world(LINKS))
    assert rows(found.unlinked) == rows(world(UNLINKED))


def test_columns_are_those_of_the_contract(engine: Engine) -> None:
    found = linked(engine)
    contract = (
        "step left_id right_id method pass pattern match_weight match_probability runner_up_weight decision reason"
    )
    assert found.links.columns == tuple(contract.split())
    assert found.unlinked.columns == ("step", "side", "id", "reason")
    assert found.units.columns == ("step", "side", "unit_id", "entity_id")


def test_units_name_the_entities_behind_them(engine: Engine, rows: Rows) -> None:
    found = rows(linked(engine).units)
    assert len(found) == 15
    assert ("s", "left", 1, 101) in found
    assert ("s", "right", 11, 111) in found


def test_rivals_who_are_one_person_are_no_doubt_about_who_is_meant(engine: Engine, rows: Rows) -> None:
    """JO JONES has moved and stands twice on the right; the twins of the other worlds are two people."""
    right = RIGHT.replace("ANN      | JONES   | 1993-01-02 | F", "JO       | JONES   | 1993-01-02 | M")
    found = linked(engine, right=right)
    links = engine.sql("select left_id, right_id, runner_up_weight, decision, reason from {l}", l=found.links)
    assert [row for row in rows(links) if row[0] == 4] == [
        (4, 14, 11.0, "accepted", "rivals are the same person"),
        (4, 15, 11.0, "rejected", "a better partner"),
    ]
    unlinked = {(side, unit): reason for _, side, unit, reason in rows(found.unlinked)}
    assert ("left", 4) not in unlinked
    assert unlinked["right", 15] == "the candidate has a better partner"


# Three of four on each side are linked at 0.99; given that, 9 bits are enough for the fourth pair, which has 5.
MOST_LEFT = """
    unit_id | forename | surname | dob:text   | sex | postcode | nino
    1       | AVA      | LEE     | 1990-01-02 | F   | P1       | -
    2       | NOAH     | KHAN    | 1991-01-02 | M   | P2       | -
    3       | ISLA     | SMITH   | 1992-01-02 | F   | P3       | -
    4       | -        | DUNN    | 1993-01-02 | F   | -        | -
"""
MOST_RIGHT = """
    unit_id | forename | surname | dob:text   | sex | postcode | nino
    11      | AVA      | LEE     | 1990-01-02 | F   | P1       | -
    12      | NOAH     | KHAN    | 1991-01-02 | M   | P2       | -
    13      | ISLA     | SMITH   | 1992-01-02 | F   | P3       | -
    14      | MIA      | DUNN    | 1993-01-02 | F   | P9       | -
"""


@pytest.mark.parametrize(
    ("cardinality", "gained", "decision"),
    [
        ("one-to-one", 4.0, "accepted"),  # 1 / (1 - 3/4) is 2 bits a side
        ("many-to-one", 2.0, "accepted"),
        ("one-to-many", 2.0, "accepted"),
        ("many-to-many", 0.0, "review"),
    ],
)
def test_where_most_units_have_a_partner_less_evidence_will_do(
    cardinality: str, gained: float, decision: str, engine: Engine, rows: Rows
) -> None:
    step = {"accept_weight": None, "accept_probability": 0.99, "cardinality": cardinality}
    found = linked(engine, MOST_LEFT, MOST_RIGHT, **step)
    assert found.summary["thresholds"]["gain"] == pytest.approx(gained)
    assert found.summary["thresholds"]["accept"] == pytest.approx(math.log2(99) - gained)
    decided = {
        row[0]: row[1:]
        for row in rows(engine.sql("select left_id, match_weight, decision, match_probability from {l}", l=found.links))
    }
    assert decided[4][:2] == (5.0, decision)
    for weight, _, probability in decided.values():
        assert probability == pytest.approx(1 / (1 + 2 ** -(weight + gained)))


def test_what_the_model_disputes_is_no_evidence_that_most_have_a_partner(engine: Engine, rows: Rows) -> None:
    """A pass links three pairs that nothing else speaks for: they are for review, and so is the fourth pair."""
    left = """
        unit_id | forename | surname | dob:text   | sex | postcode | nino
        1       | AVA      | LEE     | 1990-01-02 | F   | P1       | N1
        2       | NOAH     | KHAN    | 1991-01-02 | M   | P2       | N2
        3       | ISLA     | SMITH   | 1992-01-02 | F   | P3       | N3
        4       | -        | DUNN    | 1993-01-02 | F   | -        | -
    """
    right = """
        unit_id | forename | surname | dob:text   | sex | postcode | nino
        11      | ZOE      | WOLF    | 1990-01-02 | F   | P7       | N1
        12      | MAX      | KUHN    | 1991-01-02 | M   | P8       | N2
        13      | EVE      | BLACK   | 1992-01-02 | F   | P9       | N3
        14      | MIA      | DUNN    | 1993-01-02 | F   | P9       | -
    """
    found = linked(engine, left, right, accept_weight=None, accept_probability=0.99)
    assert found.summary["thresholds"]["gain"] == 0.0
    decided = engine.sql("select left_id, method, decision from {l}", l=found.links)
    assert rows(decided) == [*((n, "deterministic", "review") for n in (1, 2, 3)), (4, "probabilistic", "review")]


def test_a_weight_that_was_named_is_not_moved_by_who_else_is_linked(engine: Engine, rows: Rows) -> None:
    found = linked(engine, MOST_LEFT, MOST_RIGHT, accept_weight=6)
    assert found.summary["thresholds"]["gain"] == 0.0
    decided = rows(engine.sql("select left_id, decision from {l}", l=found.links))
    assert decided == [(1, "accepted"), (2, "accepted"), (3, "accepted"), (4, "review")]


def test_the_probability_is_that_of_the_weight_and_shared_among_rivals(engine: Engine, rows: Rows) -> None:
    """Units 14 and 15 are twins to unit 4: of 1 + 2^11 + 2^11 parts each has 2^11."""
    found = engine.sql("select left_id, match_weight, match_probability from {l}", l=linked(engine).links)
    for left, weight, probability in rows(found):
        rivals = 2 if left == 4 else 1
        assert probability == pytest.approx(2**weight / (1 + rivals * 2**weight))


def test_the_summary_counts_every_unit_once(engine: Engine) -> None:
    summary = linked(engine).summary
    assert summary["decisions"] == {"accepted": 2, "rejected": 1, "review": 2}
    assert summary["unlinked"] == {
        "ambiguous": 2, "below threshold": 4, "in review": 2, "insufficient identifiers": 1, "no candidate": 1,
        "the candidate has a better partner": 1,
    }  # fmt: skip
    assert (summary["left_units"], summary["right_units"]) == (8, 7)
    assert summary["left_units"] + summary["right_units"] == 2 * 2 + sum(summary["unlinked"].values())
    (counted,) = summary["passes"]
    assert {key: counted[key] for key in ("pass", "pairs", "accepted", "ambiguous", "links")} == {
        "pass": "nino-dob", "pairs": 2, "accepted": 2, "ambiguous": 0, "links": 1,
    }  # fmt: skip
    assert [rule["pairs_kept"] for rule in summary["rules"]] == [3, 0]
    assert [(rule["pairs"], rule["new_pairs"], rule["links"]) for rule in summary["rules"]] == [(3, 3, 1), (2, 2, 0)]
    assert summary["thresholds"] == {
        "accept": 8.0, "review": 0.0, "margin": 3.0, "keep": 8.0, "gain": 0.0, "is_weight": True,
    }  # fmt: skip


def test_a_summary_holds_no_value_of_a_person(engine: Engine) -> None:
    text = str(linked(engine).summary)
    assert not [v for v in ("AVA", "KHAN", "1990-01-02", "P8", "N1", "ROSSI") if f"'{v}'" in text]


def test_rows_in_another_order_on_one_thread_make_the_same_links(engine: Engine, rows: Rows) -> None:
    first = linked(engine)
    turned = [_turned(text) for text in (LEFT, RIGHT)]
    with connect("duckdb", threads=1) as single:
        again = linked(single, *turned)
        for name in ("links", "unlinked", "units"):
            assert single.fingerprint(getattr(again, name)) == engine.fingerprint(getattr(first, name))
        assert single.count(again.links) == 5


def _turned(text: str) -> str:
    header, *body = text.strip().splitlines()
    return "\n".join([header, *reversed(body)])


def test_a_pair_is_linked_once_where_both_sides_hold_many(engine: Engine, rows: Rows) -> None:
    """1 and 11 are linked by their number; the model's rule makes the same pair."""
    found = rows(
        engine.sql("select left_id, right_id, method from {l}", l=linked(engine, cardinality="many-to-many").links)
    )
    assert len({row[:2] for row in found}) == len(found)
    assert (1, 11, "deterministic") in found


def test_several_left_units_may_share_a_right_one_where_the_step_says_so(engine: Engine, rows: Rows) -> None:
    left = LEFT + "    9 | AVA | LEE | 1990-01-02 | F | P1 | -\n"
    one, many = (linked(engine, left, cardinality=c) for c in ("one-to-one", "many-to-one"))
    accepted = "select left_id, right_id from {l} where decision = 'accepted'"
    assert rows(engine.sql(accepted, l=one.links)) == [(1, 11), (3, 13)]
    assert rows(engine.sql(accepted, l=many.links)) == [(1, 11), (3, 13), (9, 11)]


def test_a_unit_whose_candidate_a_pass_took_is_told_so(engine: Engine, rows: Rows) -> None:
    left = LEFT + "    9 | AVA | LEE | 1990-01-02 | F | P1 | -\n"
    reasons = {(side, unit): reason for _, side, unit, reason in rows(linked(engine, left).unlinked)}
    assert reasons["left", 9] == "the candidate has a better partner"


def test_a_model_of_other_columns_is_refused_before_any_work(engine: Engine) -> None:
    right = "\n".join(line.rsplit("|", 2)[0] for line in RIGHT.strip().splitlines())
    with pytest.raises(ConfigError, match="step 's': the model names columns that the records do not have: postcode"):
        linked(engine, LEFT, right)


def test_a_model_without_probabilities_is_refused_where_it_is_not_trained(engine: Engine) -> None:
    raw = exact_model().raw
    del raw["comparisons"][0]["comparison_levels"][1]["m_probability"]
    side = units(engine, "left", engine.from_arrow(parse(LEFT)))
    with pytest.raises(ConfigError, match="forename") as refused:
        link_step(engine, STEP, side, side, rules=[], model=from_dict(raw))
    assert "train" in str(refused.value)


def test_a_side_without_units_links_nothing(engine: Engine, rows: Rows) -> None:
    empty = engine.sql("select * from {t} where unit_id < 0", t=engine.from_arrow(parse(RIGHT)), store=True)
    left = units(engine, "left", engine.from_arrow(parse(LEFT)))
    found = link_step(engine, STEP, left, units(engine, "right", empty), rules=[PASS], model=exact_model())
    assert rows(found.links) == []
    assert {row[3] for row in rows(found.unlinked)} == {"no candidate", "insufficient identifiers"}
    assert engine.count(found.unlinked) == 8


def test_a_model_without_rules_leaves_all_to_the_passes(engine: Engine, rows: Rows) -> None:
    sides = [units(engine, name, engine.from_arrow(parse(text))) for name, text in (("left", LEFT), ("right", RIGHT))]
    found = link_step(engine, STEP, sides[0], sides[1], rules=[PASS], model=exact_model(()))
    assert [row[1:4] for row in rows(found.links)] == [(1, 11, "deterministic"), (2, 12, "deterministic")]


@pytest.mark.parametrize(("few", "scoring"), [(200_000, ["2 rules"]), (0, ["rule 1 of 2", "rule 2 of 2"])])
def test_progress_says_what_is_being_done(
    engine: Engine, few: int, scoring: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "FEW_ROWS", few)
    said: list[str] = []
    sides = [units(engine, name, engine.from_arrow(parse(text))) for name, text in (("left", LEFT), ("right", RIGHT))]
    link_step(engine, STEP, sides[0], sides[1], rules=[PASS], model=exact_model(), progress=said.append)
    assert said == ["values", "passes", *scoring, "resolution", "probabilities", "reasons"]


def test_sides_too_small_to_learn_from_take_the_models_own_m_and_u(engine: Engine) -> None:
    """The prior is of these sides all the same: half of the smaller one has a partner."""
    found = linked(engine, train=True)
    assert "nothing to train on" in found.summary["training"]["taken_as_given"]
    assert found.model.prior == pytest.approx(0.5 / 8)
    assert [c.levels for c in found.model.comparisons] == [c.levels for c in exact_model().comparisons]


def test_an_untrained_model_cannot_be_taken_as_it_is(engine: Engine) -> None:
    raw = exact_model().raw
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"]:
            level.pop("m_probability", None)
    sides = [units(engine, name, engine.from_arrow(parse(text))) for name, text in (("left", LEFT), ("right", RIGHT))]
    with pytest.raises(LeoError, match="nothing to train on"):
        link_step(engine, STEP.model_copy(update={"train": True}), *sides, rules=[PASS], model=from_dict(raw))
