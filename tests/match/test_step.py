"""A whole step on a small world: every link with its evidence, every unit without one
with its reason.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from linkage.config import Pass, Step
from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.errors import ConfigError
from linkage.match import StepInputs, StepResult, candidates, link_step
from linkage.match.overrides import Overrides
from linkage.model import from_dict
from tests.conftest import parse
from tests.match.exact_model import exact_model, units

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

PASS = Pass(name="nino-dob", why="a number is one person's", equal=("nino", "dob"))
STEP = Step(
    name="s",
    left="left",
    right="right",
    train=False,
    accept_probability=0.99,
    review_probability=0.4,
)

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


STRANGERS = """
    unit_id | forename | surname | dob:text   | sex | postcode | nino
    11      | EVE      | FROST   | 1970-05-06 | -   | Q1       | -
    12      | PIA      | MOSS    | 1971-06-07 | -   | Q2       | -
"""
"""Records that share no value with those on the left."""


def linked(
    engine: Engine,
    left: str = LEFT,
    right: str = RIGHT,
    rules: Sequence[Pass] = (PASS,),
    **keys: Any,
) -> StepResult:
    options = {
        name: keys.pop(name)
        for name in ("overrides", "progress", "model", "partitions")
        if name in keys
    }
    sides = [
        units(engine, name, engine.from_arrow(parse(text)))
        for name, text in (("left", left), ("right", right))
    ]
    return link_step(
        engine,
        StepInputs(
            STEP.model_copy(update=keys),
            *sides,
            passes=rules,
            **({"model": exact_model()} | options),
        ),
    )


def reasons(engine: Engine, result: StepResult) -> dict[tuple[str, int], str]:
    return {
        (row["side"], row["id"]): row["reason"]
        for row in engine_rows(engine, result.unlinked)
    }


def outcomes(
    engine: Engine, result: StepResult
) -> dict[tuple[int, int], tuple[str, str | None]]:
    return {
        (r["left_id"], r["right_id"]): (r["decision"], r["reason"])
        for r in engine_rows(engine, result.links)
    }


LINKS = """
    step | left_id | right_id | method        | pass     | pattern   | match_weight:float | runner_up_weight:float | decision | reason
    s    | 1       | 11       | deterministic | nino-dob | 1,1,1,1,1 | 17                 | -                      | accepted | -
    s    | 2       | 12       | deterministic | nino-dob | 0,0,1,0,0 | -16                | -                      | review   | the model disagrees
    s    | 3       | 13       | probabilistic | rule 1   | 1,1,1,1,0 | 9                  | -                      | accepted | -
    s    | 4       | 14       | probabilistic | rule 1   | -1,1,1,-1,1 | 11               | 11                     | review   | unresolved
    s    | 4       | 15       | probabilistic | rule 1   | -1,1,1,-1,1 | 11               | 11                     | review   | unresolved
    s    | 8       | 17       | probabilistic | rule 2   | 1,-1,-1,0,1 | -2               | -                      | review   | below threshold
"""
UNLINKED = """
    step | side  | id | reason
    s    | left  | 2  | in review
    s    | left  | 4  | unresolved
    s    | left  | 5  | no candidate pair
    s    | left  | 6  | insufficient identifiers
    s    | left  | 7  | no candidate pair
    s    | left  | 8  | in review
    s    | right | 12 | in review
    s    | right | 14 | unresolved
    s    | right | 15 | unresolved
    s    | right | 16 | no candidate pair
    s    | right | 17 | in review
"""


@pytest.mark.both_engines
def test_every_link_has_its_evidence_and_every_other_unit_its_reason(
    engine: Engine, world: World, rows: Rows
) -> None:
    result = linked(engine)
    columns = engine.sql(
        "select step, left_id, right_id, method, pass, pattern, match_weight, "
        "runner_up_weight, decision, reason from {l}",
        l=result.links,
    )
    assert sorted(rows(columns)) == sorted(rows(world(LINKS)))
    assert sorted(rows(result.unlinked)) == sorted(rows(world(UNLINKED)))


def test_columns_are_those_of_the_contract(engine: Engine) -> None:
    result = linked(engine)
    contract = (
        "step left_id right_id method pass pattern match_weight "
        "match_probability runner_up_weight decision reason"
    )
    assert result.links.columns == tuple(contract.split())
    assert result.unlinked.columns == ("step", "side", "id", "reason")
    assert result.units.columns == ("step", "side", "unit_id", "entity_id")


def test_units_name_the_entities_of_each(engine: Engine, rows: Rows) -> None:
    members = rows(linked(engine).units)
    assert len(members) == 15
    assert ("s", "left", 1, 101) in members
    assert ("s", "right", 11, 111) in members


def test_the_summary_counts_every_unit_once(engine: Engine) -> None:
    summary = linked(engine).summary
    assert (summary["left_units"], summary["right_units"]) == (8, 7)
    assert summary["decisions"] == {"accepted": 2, "review": 4}
    assert sum(summary["unlinked"].values()) == 11
    assert summary["thresholds"]["adjustment"] > 0


JO = "JO | JONES | 1993-01-02 | F | P4"
MOVED = "JO | JONES | 1993-01-02 | F | P9"  # 9 with Jo
HEAD = "unit_id | forename | surname | dob:text   | sex | postcode | nino\n"


def test_a_unit_whose_candidate_a_pass_has_linked_has_that_reason(
    engine: Engine,
) -> None:
    left = LEFT + "    9 | AVA | LEE | 1990-01-02 | F | P1 | -\n"
    assert (
        reasons(engine, linked(engine, left))["left", 9]
        == "linked to a higher-scoring record"
    )


def test_a_step_keeps_the_heaviest_links_up_to_its_limit(engine: Engine) -> None:
    left = HEAD + f"1 | {MOVED} | -\n2 | {JO} | -\n3 | {JO} | N1"
    right = HEAD + f"11 | {JO} | N1"
    keys = {"cardinality": "many-to-one"}
    assert set(outcomes(engine, linked(engine, left, right, **keys)).values()) == {
        ("accepted", None)
    }
    result = linked(engine, left, right, **keys, most_left=2)
    assert outcomes(engine, result) == {
        (1, 11): ("rejected", "cardinality limit reached"),
        (2, 11): ("accepted", None),
        (3, 11): ("accepted", None),
    }
    assert reasons(engine, result) == {("left", 1): "cardinality limit reached"}


@pytest.mark.parametrize("limit", [1, 2])
def test_of_two_equal_weights_the_smaller_unit_stays(
    limit: int, engine: Engine
) -> None:
    right = HEAD + "\n".join(f"{n} | {JO} | -" for n in (13, 11, 12))
    result = linked(
        engine,
        HEAD + f"1 | {JO} | -",
        right,
        cardinality="one-to-many",
        most_right=limit,
    )
    links = {
        pair
        for pair, (decision, _) in outcomes(engine, result).items()
        if decision == "accepted"
    }
    assert links == ({(1, 11), (1, 12)} if limit == 2 else {(1, 11)})


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"most_left": 2}, "most_left"),
        ({"most_left": 2, "cardinality": "one-to-many"}, "most_left"),
        ({"most_right": 0, "cardinality": "one-to-many"}, "most_right"),
        ({"margin": 3}, "margin"),
    ],
)
def test_a_key_that_has_no_meaning_is_refused(keys: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=key):
        Step(name="s", left="a", right="b", **keys)


def test_decisions_of_reviewers_outweigh_pass_and_model(
    engine: Engine, world: World
) -> None:
    forced, barred = (
        world("left_id | right_id\n4 | 15"),
        world("left_id | right_id\n3 | 13\n1 | 11"),
    )
    counts = {"decisions": 3, "met": 3}
    result = linked(engine, overrides=Overrides(forced, barred, counts))
    links = {
        pair
        for pair, (decision, _) in outcomes(engine, result).items()
        if decision == "accepted"
    }
    assert links == {(4, 15)}
    assert not {(3, 13), (1, 11)} & outcomes(engine, result).keys()
    assert result.summary["overrides"] == counts


def test_a_step_that_is_not_diagnosed_has_the_same_links(
    engine: Engine, rows: Rows
) -> None:
    full_result, quick_result = linked(engine), linked(engine, diagnose=False)
    query = (
        "select left_id, right_id, method, pass, match_weight from {l} where "
        "decision = 'accepted'"
    )
    assert sorted(rows(engine.sql(query, l=quick_result.links))) == sorted(
        rows(engine.sql(query, l=full_result.links))
    )
    assert quick_result.links.columns == full_result.links.columns
    assert quick_result.unlinked.columns == full_result.unlinked.columns
    assert set(reasons(engine, quick_result).values()) == {"no accepted link"}
    assert reasons(engine, quick_result).keys() == reasons(engine, full_result).keys()
    assert quick_result.summary["diagnosed"] is False
    assert quick_result.summary["estimated_recall"] is None


@pytest.mark.parametrize(
    "cardinality", ["one-to-one", "one-to-many", "many-to-one", "many-to-many"]
)
@pytest.mark.parametrize("diagnose", [True, False])
def test_each_unit_is_linked_or_among_the_unlinked(
    engine: Engine, cardinality: str, diagnose: bool
) -> None:
    right = RIGHT + "    18 | ISLA | SMITH | 1992-01-02 | F | P4 | -\n"
    result = linked(engine, right=right, cardinality=cardinality, diagnose=diagnose)
    links = {
        pair
        for pair, (decision, _) in outcomes(engine, result).items()
        if decision == "accepted"
    }
    all_units = {("left", n) for n in range(1, 9)} | {
        ("right", n) for n in range(11, 19)
    }
    linked_units = {
        (side, pair[place])
        for pair in links
        for place, side in enumerate(("left", "right"))
    }
    assert reasons(engine, result).keys() == all_units - linked_units


def test_a_model_of_other_columns_is_refused_before_any_work(engine: Engine) -> None:
    right = "\n".join(line.rsplit("|", 2)[0] for line in RIGHT.strip().splitlines())
    with pytest.raises(
        ConfigError,
        match="step 's': the model names columns that the records do not have: "
        "postcode",
    ):
        linked(engine, LEFT, right)


def test_a_model_without_probabilities_is_refused_where_it_is_not_trained(
    engine: Engine,
) -> None:
    raw = exact_model().raw
    del raw["comparisons"][0]["comparison_levels"][1]["m_probability"]
    side = units(engine, "left", engine.from_arrow(parse(LEFT)))
    with pytest.raises(ConfigError, match="forename") as error:
        link_step(engine, StepInputs(STEP, side, side, passes=[], model=from_dict(raw)))
    assert "train" in str(error.value)


def test_a_side_without_units_links_nothing(engine: Engine, rows: Rows) -> None:
    empty = engine.sql(
        "select * from {t} where unit_id < 0",
        t=engine.from_arrow(parse(RIGHT)),
        store=True,
    )
    left = units(engine, "left", engine.from_arrow(parse(LEFT)))
    result = link_step(
        engine,
        StepInputs(
            STEP,
            left,
            units(engine, "right", empty),
            passes=[PASS],
            model=exact_model(),
        ),
    )
    assert rows(result.links) == []
    assert {row[3] for row in rows(result.unlinked)} == {
        "no candidate pair",
        "insufficient identifiers",
    }
    assert engine.count(result.unlinked) == 8


def test_a_model_without_rules_leaves_all_to_the_passes(
    engine: Engine, rows: Rows
) -> None:
    sides = [
        units(engine, name, engine.from_arrow(parse(text)))
        for name, text in (("left", LEFT), ("right", RIGHT))
    ]
    result = link_step(
        engine,
        StepInputs(STEP, sides[0], sides[1], passes=[PASS], model=exact_model(())),
    )
    assert [row[1:4] for row in rows(result.links)] == [
        (1, 11, "deterministic"),
        (2, 12, "deterministic"),
    ]


@pytest.mark.parametrize(
    ("limit", "scoring"), [(200_000, ["2 rules"]), (0, ["rule 1 of 2", "rule 2 of 2"])]
)
def test_progress_names_each_part_of_the_work(
    engine: Engine, limit: int, scoring: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "FEW_ROWS", limit)
    messages: list[str] = []
    sides = [
        units(engine, name, engine.from_arrow(parse(text)))
        for name, text in (("left", LEFT), ("right", RIGHT))
    ]
    link_step(
        engine,
        StepInputs(
            STEP,
            sides[0],
            sides[1],
            passes=[PASS],
            model=exact_model(),
            progress=messages.append,
        ),
    )
    assert messages == [
        "term frequencies",
        "passes",
        *scoring,
        "resolution",
        "diagnosis",
    ]


def test_sides_with_few_matches_are_trained_on_and_give_a_warning(
    engine: Engine,
) -> None:
    result = linked(engine, train=True)
    training = result.summary["training"]
    assert training["learnt"] is False
    assert training["warnings"][0].startswith("the files show about")


def test_sides_without_a_common_value_take_the_models_own_m_and_u(
    engine: Engine,
) -> None:
    """The prior is still that of these sides: half of the smaller one has a partner."""
    result = linked(engine, right=STRANGERS, train=True)
    assert "nothing to train on" in result.summary["training"]["taken_as_given"]
    assert result.model.prior == pytest.approx(0.5 / 8)
    assert [c.levels for c in result.model.comparisons] == [
        c.levels for c in exact_model().comparisons
    ]


def test_an_untrained_model_is_trained_on_a_handful_of_matches(engine: Engine) -> None:
    raw = exact_model().raw
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"]:
            level.pop("m_probability", None)
    sides = [
        units(engine, name, engine.from_arrow(parse(text)))
        for name, text in (("left", LEFT), ("right", RIGHT))
    ]
    result = link_step(
        engine,
        StepInputs(
            STEP.model_copy(update={"train": True}),
            *sides,
            passes=[PASS],
            model=from_dict(raw),
        ),
    )
    assert result.model.is_trained
