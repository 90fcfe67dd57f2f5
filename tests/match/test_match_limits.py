"""What a step says beside weights: twins, second records, and how many records a person may hold."""

from typing import Any

import pytest

from linkage.config import Step
from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match import StepResult, link_step
from tests.conftest import parse
from tests.match.exact_model import exact_model, units
from tests.match.test_match_step import PASS, STEP

HEAD = "unit_id | forename | surname | dob:text   | sex | postcode | nino"
Outcomes = dict[tuple[int, int], tuple[str, str | None]]


def _linked(engine: Engine, left: list[str], right: list[str], **step: Any) -> StepResult:
    sides = [
        units(engine, name, engine.from_arrow(parse("\n".join([HEAD, *lines]))))
        for name, lines in (("left", left), ("right", right))
    ]
    return link_step(engine, STEP.model_copy(update=step), sides[0], sides[1], rules=[PASS], model=exact_model())


def _outcomes(engine: Engine, found: StepResult) -> Outcomes:
    return {(r["left_id"], r["right_id"]): (r["decision"], r["reason"]) for r in engine_rows(engine, found.links)}


def _reasons(engine: Engine, found: StepResult) -> dict[tuple[str, int], str]:
    return {(row["side"], row["id"]): row["reason"] for row in engine_rows(engine, found.unlinked)}


JO = "JO | JONES | 1993-01-02 | F | P4"
ANNA = "ANNA | JONES | 1993-01-02 | F | P4"  # 8 with Jo: what the step asks for
ANOTHER = "another record of the same person"


def test_twins_are_never_one_person(engine: Engine) -> None:
    found = _linked(engine, [f"1 | {JO} | -"], [f"11 | {ANNA} | -"])
    assert _outcomes(engine, found) == {(1, 11): ("rejected", "twin")}
    assert _reasons(engine, found) == {("left", 1): "twin", ("right", 11): "twin"}


def test_a_step_may_leave_them_to_the_model(engine: Engine) -> None:
    found = _linked(engine, [f"1 | {JO} | -"], [f"11 | {ANNA} | -"], twins="model")
    assert _outcomes(engine, found) == {(1, 11): ("accepted", None)}


def test_a_twin_is_no_rival_of_the_other_twin(engine: Engine) -> None:
    """Of Jo only the sex is known to differ, in a slip: 12, which Anna's 8 would come near but for the rule."""
    slip = "JO | JONES | 1993-01-02 | M | P9"  # 5 + 6 + 8 - 4 - 1 - 10 = 4
    found = _linked(engine, [f"1 | {JO} | -"], [f"11 | {ANNA} | -", f"12 | {slip} | -"], accept_weight=4)
    assert _outcomes(engine, found) == {(1, 11): ("rejected", "twin"), (1, 12): ("accepted", None)}


MOVED = "JO | JONES | 1993-01-02 | F | P9"  # 9 with Jo


def test_a_second_record_of_a_person_joins_where_the_step_says_so(engine: Engine) -> None:
    sides = [f"1 | {JO} | -"], [f"11 | {JO} | -", f"12 | {MOVED} | -"]
    assert _outcomes(engine, _linked(engine, *sides)) == {
        (1, 11): ("accepted", None),
        (1, 12): ("rejected", "a better partner"),
    }
    found = _linked(engine, *sides, duplicates="join")
    assert _outcomes(engine, found) == {(1, 11): ("accepted", None), (1, 12): ("accepted", ANOTHER)}
    assert _reasons(engine, found) == {}


def test_it_joins_a_unit_that_a_pass_has_linked(engine: Engine) -> None:
    """Both numbers: the pass links the one that the left side knows, and takes both units out of the model's race."""
    found = _linked(engine, [f"1 | {JO} | N1"], [f"11 | {JO} | N1", f"12 | {MOVED} | N2"], duplicates="join")
    assert _outcomes(engine, found) == {(1, 11): ("accepted", None), (1, 12): ("accepted", ANOTHER)}
    turned = _linked(engine, [f"1 | {JO} | N1", f"2 | {MOVED} | N2"], [f"11 | {JO} | N1"], duplicates="join")
    assert _outcomes(engine, turned) == {(1, 11): ("accepted", None), (2, 11): ("accepted", ANOTHER)}


def test_what_it_shares_with_the_person_is_enough_where_the_two_records_share_little(engine: Engine) -> None:
    """11 and 12 have surname, birth date and sex in common: 5, where 6.6 are asked for. 12 weighs 10 with Jo herself."""
    right = ["11 | - | JONES | 1993-01-02 | F | P4 | N1", "12 | JO | JONES | 1993-01-02 | F | - | -"]
    found = _linked(engine, [f"1 | {JO} | N1"], right, duplicates="join")
    assert _outcomes(engine, found) == {(1, 11): ("accepted", None), (1, 12): ("accepted", ANOTHER)}


def test_a_second_record_that_fits_two_people_is_not_guessed(engine: Engine) -> None:
    vague = "- | JONES | 1993-01-02 | F | P4"  # 12 with Jo and with Anna
    found = _linked(
        engine, [f"1 | {JO} | -", f"2 | {ANNA} | -"], [f"11 | {JO} | -", f"12 | {ANNA} | -", f"13 | {vague} | -"],
        duplicates="join",
    )  # fmt: skip
    assert {pair for pair, (decision, _) in _outcomes(engine, found).items() if decision == "accepted"} == {
        (1, 11),
        (2, 12),
    }


def test_no_more_records_than_a_step_allows_and_the_heaviest_stay(engine: Engine) -> None:
    left = [f"1 | {MOVED} | -", f"2 | {JO} | -", f"3 | {JO} | N1"]
    right = [f"11 | {JO} | N1"]
    free = {"cardinality": "many-to-one"}
    assert set(_outcomes(engine, _linked(engine, left, right, **free)).values()) == {("accepted", None)}
    two = _linked(engine, left, right, **free, most_left=2)
    assert _outcomes(engine, two) == {
        (1, 11): ("rejected", "the person holds enough records"),
        (2, 11): ("accepted", None),
        (3, 11): ("accepted", None),
    }
    assert _reasons(engine, two) == {("left", 1): "the person holds enough records"}
    assert two.summary["decisions"] == {"accepted": 2, "rejected": 1}


@pytest.mark.parametrize("most", [1, 2])
def test_the_smaller_unit_stays_of_two_that_weigh_the_same(most: int, engine: Engine) -> None:
    right = [f"{n} | {JO} | -" for n in (13, 11, 12)]
    found = _linked(engine, [f"1 | {JO} | -"], right, cardinality="one-to-many", most_right=most)
    kept = {pair for pair, (decision, _) in _outcomes(engine, found).items() if decision == "accepted"}
    assert kept == {(1, 11), (1, 12)} if most == 2 else {(1, 11)}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"most_left": 2}, "most_left has no meaning where cardinality is one-to-one"),
        ({"most_left": 2, "cardinality": "one-to-many"}, "most_left has no meaning"),
        ({"assignment": "optimal", "cardinality": "many-to-one"}, "is for one-to-one"),
        ({"most_right": 0, "cardinality": "one-to-many"}, "greater than or equal to 1"),
    ],
)
def test_a_key_that_the_cardinality_gives_no_meaning_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Step(name="s", left="a", right="b", **keys)
