"""What a blocking rule implies of its pairs is not compared again: the same levels,
fewer of them.
"""

from typing import Any

import pytest

from linkage.model import BlockingRule, Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.implied import under


def _model() -> Model:
    comparisons = [
        comparison("forename", "name", swapped_with="surname"),
        comparison("surname", "name"),
    ]
    return from_dict(settings(comparisons))


def _levels(rule: BlockingRule) -> dict[str, list[Any]]:
    return {
        c.name: [level.value for level in c.levels]
        for c in under(_model(), rule).comparisons
    }


def test_a_column_that_is_equal_leaves_its_first_level() -> None:
    assert _levels(BlockingRule("l.forename = r.forename AND l.dob = r.dob")) == {
        "forename": [6],
        "surname": [-1, 5, 4, 3, 2, 1, 0],
    }


def test_names_are_the_same_in_any_case_and_on_either_side() -> None:
    assert _levels(BlockingRule('(r."SURNAME" = l.Surname)'))["surname"] == [5]


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
def test_a_rule_weaker_than_equality_of_a_column_implies_nothing(
    rule: BlockingRule,
) -> None:
    assert _levels(rule) == {
        c.name: [level.value for level in c.levels] for c in _model().comparisons
    }


def test_a_condition_on_several_columns_holds_where_all_are_equal() -> None:
    raw = settings([comparison("forename", "name")])
    condition = {
        "sql_condition": "forename_l = forename_r AND dob_r = dob_l",
        "label_for_charts": "both",
    }
    raw["comparisons"][0]["comparison_levels"].insert(1, condition)
    model = from_dict(raw)
    one_column = under(model, BlockingRule("l.forename = r.forename")).comparisons[0]
    assert [level.value for level in one_column.levels] == [6, 5]
    two_columns = under(
        model, BlockingRule("l.forename = r.forename AND l.dob = r.dob")
    ).comparisons[0]
    assert [level.value for level in two_columns.levels] == [6]
