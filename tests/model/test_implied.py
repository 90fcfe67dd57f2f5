"""What a blocking rule says of its pairs is not asked again: the same levels, fewer of them."""

from typing import Any

import pytest

from linkage.model import BlockingRule, Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.implied import under, unequal_columns


def _model() -> Model:
    compared = [comparison("forename", "name", swapped_with="surname"), comparison("surname", "name")]
    return from_dict(settings(compared))


def _left(rule: BlockingRule) -> dict[str, list[Any]]:
    return {c.name: [level.value for level in c.levels] for c in under(_model(), rule).comparisons}


def test_a_column_that_is_equal_leaves_its_first_level() -> None:
    assert _left(BlockingRule("l.forename = r.forename AND l.dob = r.dob")) == {
        "forename": [6],
        "surname": [-1, 5, 4, 3, 2, 1, 0],
    }


def test_names_are_the_same_in_any_case_and_on_either_side() -> None:
    assert _left(BlockingRule('(r."SURNAME" = l.Surname)'))["surname"] == [5]


@pytest.mark.parametrize(
    "rule",
    [
        BlockingRule("l.forename = r.surname"),
        BlockingRule("l.forename = r.forename OR l.dob = r.dob"),
        BlockingRule("substr(l.forename, 1, 3) = substr(r.forename, 1, 3)"),
        BlockingRule("l.forename = r.forename", ("forename",)),
        BlockingRule("l.forename <> r.forename"),
    ],
)
def test_what_says_less_than_equality_of_a_column_settles_nothing(rule: BlockingRule) -> None:
    assert _left(rule) == {c.name: [level.value for level in c.levels] for c in _model().comparisons}


def test_a_condition_on_several_columns_holds_where_all_are_equal() -> None:
    raw = settings([comparison("forename", "name")])
    both = {"sql_condition": "forename_l = forename_r AND dob_r = dob_l", "label_for_charts": "both"}
    raw["comparisons"][0]["comparison_levels"].insert(1, both)
    model = from_dict(raw)
    alone = under(model, BlockingRule("l.forename = r.forename")).comparisons[0]
    assert [level.value for level in alone.levels] == [6, 5]
    together = under(model, BlockingRule("l.forename = r.forename AND l.dob = r.dob")).comparisons[0]
    assert [level.value for level in together.levels] == [6]


DOB_AND = BlockingRule("l.dob = r.dob AND l.forename = r.forename")
NAMES = BlockingRule("l.surname = r.surname AND l.forename = r.forename")


def test_an_earlier_rule_leaves_no_pair_that_is_equal_in_what_it_asks_beyond() -> None:
    raw = settings([comparison("dob", "date"), comparison("postcode", "postcode")])
    model = from_dict(raw)
    levels = {c.name: [level.value for level in c.levels] for c in under(model, NAMES, [DOB_AND]).comparisons}
    every = {c.name: [level.value for level in c.levels] for c in model.comparisons}
    equal = next(level.value for level in model.comparisons[0].levels if level.condition == '"dob_l" = "dob_r"')
    assert levels == {"dob": [value for value in every["dob"] if value != equal], "postcode": every["postcode"]}


@pytest.mark.parametrize(
    "earlier",
    [
        BlockingRule("l.dob = r.dob AND l.postcode = r.postcode"),  # either may be equal
        BlockingRule("l.dob = r.dob AND l.sex <> r.sex"),
        BlockingRule("l.dob = r.dob", ("dob",)),
        BlockingRule("substr(l.dob, 1, 4) = substr(r.dob, 1, 4)"),
    ],
)
def test_an_earlier_rule_that_asks_for_more_says_nothing(earlier: BlockingRule) -> None:
    assert unequal_columns(NAMES, [earlier]) == frozenset()


def test_a_level_that_asks_for_what_differs_is_kept() -> None:
    raw = settings([comparison("forename", "name")])
    differs = {"sql_condition": "NOT (dob_l = dob_r) AND forename_l = forename_r", "label_for_charts": "differs"}
    raw["comparisons"][0]["comparison_levels"].insert(1, differs)
    model = from_dict(raw)
    assert len(under(model, NAMES, [DOB_AND]).comparisons[0].levels) == 2  # it and the equality of the rule
