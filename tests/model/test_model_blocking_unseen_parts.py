"""Matches that no rule reaches where rules ask for first letters, and of which every rule asks something."""

import itertools
import json

import pytest

from linkage.model import Model, from_dict
from linkage.model.blocking import asked_parts, reached_share

STARTS = 'substr(l."{0}", 1, 6) = substr(r."{0}", 1, 6)'
EQUAL = 'l."{0}" = r."{0}"'


def _comparison(column: str, equal: float, alike: float = 0.0) -> dict[str, object]:
    known = {"sql_condition": f'"{column}_l" IS NULL OR "{column}_r" IS NULL', "is_null_level": True}
    levels = [(f'"{column}_l" = "{column}_r"', equal)]
    if alike:
        levels.append((f'jaro_winkler_similarity("{column}_l", "{column}_r") >= 0.92', alike))
    levels.append(("ELSE", 1 - equal - alike))
    graded = [{"sql_condition": asked, "m_probability": m, "u_probability": 0.01} for asked, m in levels]
    return {"output_column_name": column, "comparison_levels": [known, *graded]}


def _model(rules: list[str], *comparisons: dict[str, object]) -> Model:
    raw = {
        "link_type": "link_only",
        "unique_id_column_name": "unit_id",
        "sql_dialect": "duckdb",
        "probability_two_random_records_match": 0.001,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in rules],
        "comparisons": list(comparisons),
    }
    return from_dict(json.loads(json.dumps(raw)))


def test_slips_behind_the_first_letters_are_reached() -> None:
    """Of 10,000 a tenth have a slip in a name, a third of these in the first letters: 0.967 squared are reached, and
    links of the others were counted for what nothing reaches."""
    rule = f"{STARTS.format('forename')} AND {STARTS.format('surname')}"
    rules = [
        rule,
        f"{EQUAL.format('dob')} AND {STARTS.format('forename')}",
        f"{EQUAL.format('dob')} AND {STARTS.format('surname')}",
    ]
    names = [_comparison(name, 0.9, 0.08) for name in ("forename", "surname")]
    model = _model(rules, *names, _comparison("dob", 0.7))
    parts = asked_parts(model.blocking_rules)
    assert [part.column for part in parts] == ["forename", "surname"]
    shares = {(2, 1): 0.9, (1, 1): 0.067, (1, 0): 0.033}
    seen, reached, unreached = {}, 0.0, 0.0
    for (one, p), (two, q), (dob, r) in itertools.product(shares.items(), shares.items(), ((1, 0.7), (0, 0.3))):
        count = 10_000 * p * q * r
        if one[1] + two[1] + dob >= 2:
            seen[(one[0], two[0], dob, one[1], two[1])] = count
            reached += count
        else:
            unreached += count
    said = reached_share(model, model.blocking_rules, seen, {}, parts=parts)
    assert said is not None
    hidden = unreached / (reached + unreached)
    assert hidden < 1 - said.share < 3 * hidden, "errors might come together, e times as often as by chance"
    blind: dict[tuple[int, ...], float] = {}
    for pattern, count in seen.items():
        blind[pattern[:3]] = blind.get(pattern[:3], 0.0) + count
    before = reached_share(model, model.blocking_rules, blind, {})
    assert before is not None
    assert 1 - before.share > 4 * hidden


def test_what_every_rule_asks_for_differs_as_often_as_the_model_says() -> None:
    """Pupils of two years by names: all rules ask for the surname, and a match of which it differs nobody sees."""
    rules = [f"{EQUAL.format('surname')} AND {EQUAL.format('forename')}", f"{EQUAL.format('surname')}"]
    model = _model(rules, _comparison("forename", 0.9), _comparison("surname", 0.88))
    seen = {(1, 1): 10_000 * 0.9 * 0.88, (0, 1): 10_000 * 0.1 * 0.88}
    said = reached_share(model, model.blocking_rules, seen, {})
    assert said is not None
    assert said.share == pytest.approx(0.88, abs=0.03)
    assert said.spread > 0.3


def test_a_field_that_changes_every_year_is_no_error() -> None:
    """One pupil in fifty stays in the class. Errors come together, but with a class that differs nothing does."""
    rules = [
        f"{EQUAL.format('surname')} AND {EQUAL.format('forename')}",
        f"{EQUAL.format('surname')} AND {EQUAL.format('class')}",
        f"{EQUAL.format('forename')} AND {EQUAL.format('class')}",
    ]
    fields = [_comparison("forename", 0.9), _comparison("surname", 0.9), _comparison("class", 0.02)]
    model = _model(rules, *fields)
    seen, true = {}, 0.0
    for shown in itertools.product((1, 0), repeat=3):
        share = 1.0
        for level, agree in zip(shown, (0.9, 0.9, 0.02), strict=True):
            share *= agree if level else 1 - agree
        if sum(shown) >= 2:
            seen[shown] = 20_000 * share
            true += share
    said = reached_share(model, model.blocking_rules, seen, {})
    assert said is not None
    assert said.share == pytest.approx(true, abs=0.05)
