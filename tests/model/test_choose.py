"""Blocking rules chosen for a model reach its matches within a budget of pairs."""

import math

import numpy as np
import pyarrow as pa
import pytest

from linkage.engine import Engine, Table
from linkage.model import BlockingRule, Model, from_dict
from linkage.model.blocking import choose_rules, count_reached
from linkage.model.blocking.choose import COMMON_RULES
from linkage.model.blocking.keys import KeySet, blocking_rule, key_sets, keys_of_model
from linkage.model.blocking.pilot import Cases, pilot_cases
from linkage.model.comparisons import comparison, settings
from linkage.model.sampling import drawn
from linkage.model.training import train
from tests.model import known_errors


@pytest.fixture
def sides(engine: Engine) -> tuple[Table, Table]:
    left, right = (engine.from_arrow(side) for side in known_errors.two_files())
    return left, right


@pytest.fixture
def model(engine: Engine, sides: tuple[Table, Table]) -> Model:
    return train(engine, known_errors.model(), *sides, seed=1)[0]


@pytest.fixture
def truth(engine: Engine, sides: tuple[Table, Table]) -> Table:
    pairs = (
        "select unit_id as left_id, unit_id as right_id from {t} where unit_id <= "
        "$shared"
    )
    return engine.sql(
        pairs, t=sides[0], params={"shared": known_errors.SHARED}, store=True
    )


def test_rules_reach_the_stated_share_of_true_pairs(
    engine: Engine, sides: tuple[Table, Table], model: Model, truth: Table
) -> None:
    choice = choose_rules(engine, model, *sides, target=0.99, true_pairs=truth)
    rules = [rule.rule for rule in choice.rules]
    counts = count_reached(engine, rules, *sides, truth)
    assert choice.is_measured
    assert choice.recall >= 0.99
    assert choice.recall == pytest.approx(counts.together / counts.true_pairs)
    assert [rule.alone for rule in choice.rules] == pytest.approx(
        [n / counts.true_pairs for n in counts.alone]
    )
    assert [rule.added for rule in choice.rules] == pytest.approx(
        [n / counts.true_pairs for n in counts.added]
    )


@pytest.mark.both_engines
def test_estimated_recall_is_that_against_truth(
    engine: Engine, sides: tuple[Table, Table], model: Model, truth: Table
) -> None:
    choice = choose_rules(engine, model, *sides)
    rules = [rule.rule for rule in choice.rules]
    counts = count_reached(engine, rules, *sides, truth)
    assert not choice.is_measured
    assert choice.recall == pytest.approx(counts.together / counts.true_pairs, abs=0.01)
    assert [rule.added for rule in choice.rules] == pytest.approx(
        [n / counts.true_pairs for n in counts.added], abs=0.02
    )
    assert choice.matches == pytest.approx(counts.true_pairs, rel=0.05)


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


def test_every_rejected_rule_says_why_and_is_not_among_the_chosen(
    engine: Engine, sides: tuple[Table, Table], model: Model
) -> None:
    choice = choose_rules(engine, model, *sides, budget=20_000)
    chosen = {rule.rule for rule in choice.rules}
    assert choice.rejected
    for rule in choice.rejected:
        assert rule.rule not in chosen
        assert rule.reason
        if rule.reason == "makes more pairs than the budget":
            assert rule.pairs > 20_000
            assert rule.alone is None


def test_the_choice_is_no_worse_than_the_common_rules_for_their_pairs(
    engine: Engine, sides: tuple[Table, Table], model: Model, truth: Table
) -> None:
    keys = keys_of_model(model)
    plain = {key.column: key for key in keys if key.value == f'"{key.column}"'}
    common = [
        blocking_rule([plain[column] for column in sorted(rule)])
        for rule in COMMON_RULES
        if rule <= plain.keys()
    ]
    assert common
    floor = count_reached(engine, common, *sides, truth)
    pairs = sum(
        engine.count(
            engine.sql(
                f"select 1 as one from {{l}} as l join {{r}} as r on {rule.condition}",
                l=sides[0],
                r=sides[1],
            )
        )
        for rule in common
    )
    choice = choose_rules(engine, model, *sides, budget=float(pairs), true_pairs=truth)
    assert choice.pairs <= pairs
    assert choice.recall >= floor.together / floor.true_pairs


def two_fields_that_fail_together(engine: Engine) -> tuple[Table, Table, Model]:
    """4,000 people in both files: of one in ten, birth date and postcode differ, always
    both; of another one in ten the surname.
    """
    people = np.arange(4_000)
    moved, renamed = people % 10 == 0, people % 10 == 1

    def text(prefix: str, values: np.ndarray, mark: np.ndarray) -> list[str]:
        return [
            f"{prefix}{value}{'X' if is_marked else ''}"
            for value, is_marked in zip(values, mark, strict=True)
        ]

    def side(is_right: bool) -> Table:
        off = np.full(len(people), is_right)
        return engine.from_arrow(
            pa.table(
                {
                    "unit_id": people,
                    "surname": text("S", people * 7 % 500, off & renamed),
                    "dob": text("D", people * 11 % 997, off & moved),
                    "postcode": text("P", people * 13 % 1_499, off & moved),
                    "sex": text("G", people % 2, off & False),
                }
            )
        )

    left, right = side(False), side(True)
    names = {"surname": 0.9, "dob": 0.9, "postcode": 0.9, "sex": 1 - 1e-6}
    chances = {"surname": 1 / 500, "dob": 1 / 997, "postcode": 1 / 1_499, "sex": 0.5}
    levels = {
        name: [
            {
                "sql_condition": f'"{name}_l" is null or "{name}_r" is null',
                "is_null_level": True,
            },
            {
                "sql_condition": f'"{name}_l" = "{name}_r"',
                "m_probability": m,
                "u_probability": chances[name],
            },
            {
                "sql_condition": "ELSE",
                "m_probability": 1 - m,
                "u_probability": 1 - chances[name],
            },
        ]
        for name, m in names.items()
    }
    model = from_dict(
        {
            "link_type": "link_only",
            "probability_two_random_records_match": 1 / 4_000,
            "comparisons": [
                {"output_column_name": name, "comparison_levels": parts}
                for name, parts in levels.items()
            ],
        }
    )
    return left, right, model


def test_dependence_between_fields_is_seen_on_the_pairs(engine: Engine) -> None:
    """By products of m, birth date or postcode would reach 99 % of the matches; they
    reach 90 %, since they fail together.
    """
    left, right, model = two_fields_that_fail_together(engine)
    keys = keys_of_model(model)
    places = {key.column: place for place, key in enumerate(keys)}
    sides = drawn(engine, (left, right), model.compared, most=10_000, seed=1)
    strata: dict[KeySet, float] = {
        (places[name],): 16_000.0 for name in ("surname", "dob", "postcode")
    }
    unknown = Cases(np.zeros(1, dtype=np.uint64), np.zeros(1), np.zeros(1))
    cases = pilot_cases(engine, model, keys, strata, unknown, sides)
    is_dob, is_postcode, is_surname = (
        cases.covered((places[name],)) for name in ("dob", "postcode", "surname")
    )
    assert cases.matches[is_dob | is_postcode].sum() == pytest.approx(3_600, rel=0.01)
    # Of those who moved nothing but the surname agrees: no evidence for a match.
    assert cases.matches[is_surname].sum() == pytest.approx(3_200, rel=0.01)
    equal = engine.sql(
        "select l.unit_id from {l} as l join {r} as r using (dob)", l=left, r=right
    )
    assert cases.pairs[is_dob].sum() == engine.count(equal)


def test_parts_of_values_and_values_of_histories_may_be_blocking_keys() -> None:
    model = from_dict(
        settings(
            [comparison("dob", "date"), comparison("nino", "number", history=True)]
        )
    )
    rules = [blocking_rule([key]) for key in keys_of_model(model)]
    assert BlockingRule('l."nino_all" = r."nino_all"', ("nino_all",)) in rules
    assert BlockingRule('SUBSTRING(l."dob", 1, 4) = SUBSTRING(r."dob", 1, 4)') in rules
    assert BlockingRule('l."nino" = r."nino"') not in rules, "the history holds it"


def test_key_sets_are_of_different_fields_and_smaller_ones_come_first() -> None:
    model = from_dict(settings([comparison("dob", "date"), comparison("sex", "code")]))
    keys = keys_of_model(model)
    sets = list(key_sets(keys))
    assert [len(rule) for rule in sets] == sorted(len(rule) for rule in sets)
    assert all(
        len({keys[place].column for place in rule}) == len(rule) for rule in sets
    )
    dates = [key for key in keys if key.column == "dob"]
    singles = len(keys)
    assert len(sets) == singles + len(dates) * (len(keys) - len(dates))
    assert math.comb(len(keys), 2) > len(sets) - singles
