"""Blocking rules chosen for a model reach its matches within a budget of pairs."""

import pytest

from linkage.engine import Engine, Table
from linkage.model import BlockingRule, Model
from linkage.model.blocking import choose_rules, count_reached
from linkage.model.training import train
from tests.model import known_errors


@pytest.fixture
def sides(engine: Engine) -> tuple[Table, Table]:
    left, right = (engine.from_arrow(side) for side in known_errors.two_files())
    return left, right


@pytest.fixture
def model(engine: Engine, sides: tuple[Table, Table]) -> Model:
    return train(engine, known_errors.model(), *sides, seed=1)[0]


def test_rules_reach_the_stated_share_of_true_pairs(
    engine: Engine, sides: tuple[Table, Table], model: Model
) -> None:
    pairs = (
        "select unit_id as left_id, unit_id as right_id from {t} where unit_id <= "
        "$shared"
    )
    truth = engine.sql(
        pairs, t=sides[0], params={"shared": known_errors.SHARED}, store=True
    )
    choice = choose_rules(engine, model, *sides, target=0.99, true_pairs=truth)
    rules = [rule.rule for rule in choice.rules]
    counts = count_reached(engine, rules, *sides, truth)
    assert choice.is_measured
    assert choice.recall >= 0.99
    assert choice.recall == pytest.approx(counts.together / counts.true_pairs)
    assert [rule.alone for rule in choice.rules] == pytest.approx(
        [n / counts.true_pairs for n in counts.alone]
    )


def test_a_smaller_budget_makes_fewer_pairs_and_reaches_no_more(
    engine: Engine, sides: tuple[Table, Table], model: Model
) -> None:
    wide, narrow = (
        choose_rules(engine, model, *sides, budget=budget)
        for budget in (1_000_000, 3_000)
    )
    assert narrow.pairs <= 3_000
    assert narrow.recall < wide.recall
    assert wide.recall > 0.99
    assert not any(
        set(a.rule.condition.split(" AND ")) < set(b.rule.condition.split(" AND "))
        for a in wide.rules
        for b in wide.rules
    )


def test_parts_of_values_and_values_of_histories_may_be_blocking_keys(
    engine: Engine,
) -> None:
    from linkage.model import from_dict
    from linkage.model.blocking.choose import _keys, _rule
    from linkage.model.comparisons import comparison, settings

    model = from_dict(
        settings(
            [comparison("dob", "date"), comparison("nino", "number", history=True)]
        )
    )
    rules = [_rule([key]) for key in _keys(model)]
    assert BlockingRule('l."nino_all" = r."nino_all"', ("nino_all",)) in rules
    assert BlockingRule('SUBSTRING(l."dob", 1, 4) = SUBSTRING(r."dob", 1, 4)') in rules
    assert BlockingRule('l."nino" = r."nino"') not in rules, "the history holds it"
