"""Rules chosen for files of known errors: what they promise is what they do."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from linkage.engine import Engine, Table, connect
from linkage.model import from_dict
from linkage.model.blocking import choose, keys_of_fields, of_likely_matches, of_true_pairs, reached
from linkage.model.training import train
from tests.model import known_errors

KINDS = {"forename": "name", "surname": "name", "dob": "date", "sex": "category", "postcode": "postcode"}


@dataclass
class Files:
    """Two files with known errors, and their true pairs."""

    engine: Engine
    left: Table
    right: Table
    true_pairs: Table


@pytest.fixture(scope="module")
def files() -> Iterator[Files]:
    """Made once."""
    with connect("duckdb", threads=2) as engine:
        left, right = (engine.from_arrow(side) for side in known_errors.two_files())
        true = engine.sql(
            f"select unit_id as left_id, unit_id as right_id from {{t}} where unit_id <= {known_errors.SHARED}", t=left
        )
        yield Files(engine, left, right, true)


def test_measured_recall_is_that_of_the_true_pairs_and_no_rule_is_needless(files: Files) -> None:
    keys = keys_of_fields(KINDS, files.left.columns)
    cases = of_true_pairs(files.engine, keys, files.left, files.right, files.true_pairs)
    chosen = choose(files.engine, keys, cases, files.left, files.right, target=0.99, budget=20 * 2500)
    rules = [found.rule for found in chosen.rules]
    met = reached(files.engine, rules, files.left, files.right, files.true_pairs)
    assert chosen.is_measured
    assert chosen.matches == known_errors.SHARED
    assert met.together / known_errors.SHARED == pytest.approx(chosen.recall)
    assert chosen.reached
    assert chosen.recall >= 0.99
    assert sum(found.pairs.made for found in chosen.rules) <= 20 * 2500
    for needless in range(len(rules)):
        rest = [rule for place, rule in enumerate(rules) if place != needless]
        assert reached(files.engine, rest, files.left, files.right, files.true_pairs).together < met.together
    assert [found.together for found in chosen.rules] == sorted(found.together for found in chosen.rules)
    assert {left.why for left in chosen.left} == {"not needed", "more pairs than the budget"}


def test_estimated_recall_is_near_the_measured(files: Files) -> None:
    model, _ = train(files.engine, from_dict(known_errors.model().raw), files.left, files.right)
    keys = keys_of_fields(KINDS, files.left.columns)
    cases = of_likely_matches(files.engine, keys, model, files.left, files.right, seed=1)
    chosen = choose(files.engine, keys, cases, files.left, files.right, target=0.99, budget=20 * 2500)
    met = reached(files.engine, [r.rule for r in chosen.rules], files.left, files.right, files.true_pairs)
    assert not chosen.is_measured
    assert chosen.recall == pytest.approx(met.together / known_errors.SHARED, abs=0.01)
    assert any("substr" in found.rule.condition for found in (*chosen.rules, *chosen.left)), "parts are tried too"


def test_a_list_is_preferred_to_its_latest_value_and_parts_of_it_to_parts_of_that() -> None:
    columns = ("unit_id", "postcode", "postcode_all", "postcode_sector_all", "dob")
    keys = keys_of_fields({"postcode": "postcode", "dob": "date"}, columns)
    conditions = [(key.field, key.rule.condition, key.rule.explode) for key in keys]
    assert ("postcode", 'l."postcode_all" = r."postcode_all"', ("postcode_all",)) in conditions
    assert ("postcode", 'l."postcode_sector_all" = r."postcode_sector_all"', ("postcode_sector_all",)) in conditions
    assert ("dob", 'substr(l."dob", 1, 7) = substr(r."dob", 1, 7)', ()) in conditions
    assert 'l."postcode" = r."postcode"' not in [condition for _, condition, _ in conditions]
