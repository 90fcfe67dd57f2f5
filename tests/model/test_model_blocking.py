"""Blocking rules are chosen within a budget, and their reach is what they say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, Table, connect, one
from linkage.model import Model, comparisons, from_dict
from linkage.model.blocking import suggest
from tests.model import known_errors

# u of agreement in the known files: 400 forenames of uneven frequency, 900 surnames, ten years of birth dates.
AGREE = {"forename": 0.006, "surname": 1 / 900, "dob": 1 / 3650, "sex": 0.5, "postcode": 1 / 76_000}


def _trained() -> Model:
    raw = known_errors.model().raw
    for comparison in raw["comparisons"]:
        name = comparison["output_column_name"]
        graded = comparison["comparison_levels"][1:]
        for level in graded:
            level |= {"m_probability": known_errors.RATES[name] / len(graded), "u_probability": 0.001}
        graded[0] |= {"m_probability": 1 - known_errors.RATES[name], "u_probability": AGREE[name]}
    return from_dict(raw)


@dataclass
class Files:
    """Two files with known errors, and a model that knows them."""

    engine: Engine
    left: Table
    right: Table
    model: Model


@pytest.fixture(scope="module")
def files() -> Iterator[Files]:
    """Made once."""
    with connect("duckdb", threads=2) as engine:
        left, right = (engine.from_arrow(side) for side in known_errors.two_files())
        yield Files(engine, left, right, _trained())


def _made(files: Files, rules: tuple[str, ...]) -> dict[str, int]:
    """Pairs that the rules make, each once, and how many of them are matches."""
    condition = " or ".join(f"({rule})" for rule in rules) or "false"
    return one(
        files.engine,
        files.engine.sql(
            f"""
            select count(*) as pairs, count(*) filter (l.unit_id = r.unit_id and l.unit_id <= {known_errors.SHARED}) as matches
            from {{left}} as l join {{right}} as r on {condition}
            """,
            left=files.left,
            right=files.right,
        ),
    )


def test_suggested_rules_reach_what_they_promise_within_their_budget(files: Files) -> None:
    suggestion = suggest(files.engine, files.model, files.left, files.right, pairs_per_unit=20)
    made = _made(files, suggestion.rules)
    assert suggestion.recall == pytest.approx(made["matches"] / known_errors.SHARED, abs=0.01)
    assert suggestion.recall > 0.99
    assert made["pairs"] <= suggestion.pairs <= 20 * known_errors.PEOPLE
    columns = [set(rule.split(" AND ")) for rule in suggestion.rules]
    assert not [(a, b) for a in columns for b in columns if a < b], "a rule of more columns makes no pair of its own"
    assert len(set(suggestion.rules)) == len(suggestion.rules)


def test_a_field_that_half_of_all_pairs_share_is_no_rule_of_its_own(files: Files) -> None:
    suggestion = suggest(files.engine, files.model, files.left, files.right, pairs_per_unit=20)
    assert 'l."sex" = r."sex"' not in suggestion.rules


@given(st.floats(0, 60))
def test_the_budget_is_never_overspent_and_recall_is_a_share(files: Files, pairs_per_unit: float) -> None:
    suggestion = suggest(files.engine, files.model, files.left, files.right, pairs_per_unit=pairs_per_unit)
    assert suggestion.pairs <= pairs_per_unit * known_errors.PEOPLE
    assert 0 <= suggestion.recall <= 1
    assert bool(suggestion.rules) == (suggestion.recall > 0)


def test_each_rule_adds_matches_that_the_others_miss(files: Files) -> None:
    rules = suggest(files.engine, files.model, files.left, files.right).rules
    assert len(rules) >= 2
    whole = _made(files, rules)["matches"]
    worth = [whole - _made(files, tuple(r for r in rules if r != rule))["matches"] for rule in rules[:1]]
    assert worth[0] > 0


def test_the_order_of_rows_changes_no_suggestion(files: Files) -> None:
    first = suggest(files.engine, files.model, files.left, files.right)
    left, right = known_errors.two_files()
    turned = [side.take(pa.array(list(reversed(range(side.num_rows))))) for side in (left, right)]
    with connect("duckdb", threads=1) as engine:
        again = suggest(engine, files.model, *(engine.from_arrow(side) for side in turned))
    assert again == first


def test_a_field_that_a_side_never_knows_is_in_no_rule(files: Files) -> None:
    unknown = files.engine.sql("select * replace (cast(null as varchar) as dob) from {t}", t=files.right)
    suggestion = suggest(files.engine, files.model, files.left, unknown)
    assert suggestion.rules
    assert not [rule for rule in suggestion.rules if "dob" in rule]


def test_a_field_that_is_often_unknown_reaches_less(files: Files) -> None:
    half = files.engine.sql(
        "select * replace (if(unit_id % 2 = 0, null, dob) as dob) from {t}", t=files.right, store=True
    )
    raw = {**files.model.raw, "comparisons": files.model.raw["comparisons"][2:4]}
    suggestion = suggest(files.engine, from_dict(raw), files.left, half, pairs_per_unit=5)
    assert suggestion.rules == ('l."dob" = r."dob"',)
    made = _made(Files(files.engine, files.left, half, files.model), suggestion.rules)
    assert suggestion.recall == pytest.approx(made["matches"] / known_errors.SHARED, abs=0.02)


def test_who_has_moved_is_reached_by_what_is_his_own(engine: Engine, world: Any) -> None:
    """Where he lives agrees nearly always, in three fields; all three differ at once for who has moved."""
    head = "unit_id | forename | surname | dob | town | county | ward\n"
    homes = [(f"T{n % 40}", f"C{n % 20}", f"W{n % 80}") for n in range(400)]
    own = [f"F{n % 50} | S{n % 57} | D{n % 90}" for n in range(400)]
    left, right = (
        world(head + "\n".join(f"{n} | {of} | {' | '.join(homes[n - by])}" for n, of in enumerate(own)))
        for by in (0, 7)  # everybody has moved
    )
    made = [comparisons.comparison(name, "text") for name in ("forename", "surname", "dob", "town", "county", "ward")]
    for one_of in made:
        levels = one_of["comparison_levels"][1:]
        for level in levels:
            level |= {"m_probability": 0.001, "u_probability": 0.01}
        levels[0] |= {"m_probability": 0.99, "u_probability": 0.02}
    rules = suggest(engine, from_dict(comparisons.settings(made)), left, right, pairs_per_unit=50).rules
    reached = " or ".join(f"({rule})" for rule in rules)
    found = engine.sql(
        f"select 1 as one from {{left}} as l join {{right}} as r on l.unit_id = r.unit_id and ({reached})",
        left=left,
        right=right,
    )
    assert engine.count(found) == 400


def test_fields_that_hang_together_are_counted_and_not_multiplied(engine: Engine, world: Any) -> None:
    """Everyone of one surname has one forename: together they make as many pairs as either alone, over the budget."""
    people = "\n".join(f"{n} | F{n % 5} | S{n % 5} | D{n}" for n in range(1, 201))
    side = world("unit_id | forename | surname | dob\n" + people)
    model = known_errors.model()
    raw = {**model.raw, "comparisons": model.raw["comparisons"][:3]}
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"][1:]:
            level |= {"m_probability": 0.05, "u_probability": 0.1}
        comparison["comparison_levels"][1] |= {"m_probability": 0.9, "u_probability": 0.2}
    suggestion = suggest(engine, from_dict(raw), side, side, pairs_per_unit=20)
    assert 'l."forename" = r."forename" AND l."surname" = r."surname"' not in suggestion.rules
    assert suggestion.pairs <= 4000


def _forenames_that_err(wrong: float) -> Model:
    """Forename, surname and sex, of which only the forename differs in matches."""
    raw = from_dict(known_errors.model().raw).raw
    kept = {"forename": (1 - wrong, 1 / 40), "surname": (0.9999, 1 / 50), "sex": (0.9999, 0.5)}
    raw["comparisons"] = [one for one in raw["comparisons"] if one["output_column_name"] in kept]
    for comparison in raw["comparisons"]:
        equal, chance = kept[comparison["output_column_name"]]
        graded = comparison["comparison_levels"][1:]
        for level in graded:
            level |= {"m_probability": (1 - equal) / max(len(graded) - 1, 1), "u_probability": 0.01}
        graded[0] |= {"m_probability": equal, "u_probability": chance}
    raw["probability_two_random_records_match"] = 1 / 1000
    return from_dict(raw)


@pytest.mark.parametrize(("wrong", "wider"), [(0.1, True), (0.001, False)])
def test_a_rule_of_many_pairs_is_made_of_small_files_where_matches_are_found_for_it(
    engine: Engine, world: Any, wrong: float, wider: bool
) -> None:
    """A surname has twenty pairs for each record, twice what rules may make of large files; of a thousand matches a
    tenth is worth that, and one is not: 20,000 pairs."""
    people = "\n".join(f"{n} | F{n % 40} | S{n % 50} | {'MF'[n // 400 % 2]}" for n in range(1000))
    side = world("unit_id | forename | surname | sex\n" + people)
    model = _forenames_that_err(wrong)
    rules = suggest(engine, model, side, side).rules
    assert ('l."surname" = r."surname"' in rules) == wider
    assert 'l."surname" = r."surname"' not in suggest(engine, model, side, side, pairs_per_unit=10).rules
