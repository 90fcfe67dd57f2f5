"""First letters of texts, where whole values reach too few matches."""

import random

import pyarrow as pa

from linkage.adhoc.modelling import untrained
from linkage.engine import Engine, one
from linkage.model import from_dict
from linkage.model.blocking import suggest

TITLES = 400


def _model(equal: float, alike: float) -> dict[str, object]:
    """Titles of which so many matches have equal ones, and so many ones that are much alike; and years."""
    raw = untrained({"title": "text", "year": "category"}).raw
    shares = {"title": [equal, alike, 0.01, 1 - equal - alike - 0.01], "year": [0.95, 0.05]}
    by_chance = {"title": [0.0025, 0.001, 0.01, 0.9865], "year": [0.1, 0.9]}
    for comparison in raw["comparisons"]:
        name = comparison["output_column_name"]
        graded = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for level, m, u in zip(graded, shares[name], by_chance[name], strict=True):
            level |= {"m_probability": m, "u_probability": u}
    return raw


def _files(engine: Engine) -> tuple[object, object]:
    """Titles, half of which lack their last word on the right."""
    draw = random.Random(1)
    titles = ["".join(draw.choice("BCDFGKLMNPRST") + draw.choice("AEIOU") for _ in range(9)) for _ in range(TITLES)]
    held = {"unit_id": list(range(TITLES)), "year": [str(1990 + n % 10) for n in range(TITLES)]}
    cut = [title if n % 2 else title[:-2] for n, title in enumerate(titles)]
    return engine.from_arrow(pa.table(held | {"title": titles})), engine.from_arrow(pa.table(held | {"title": cut}))


def test_first_letters_of_texts_are_a_rule_where_whole_ones_reach_half(engine: Engine) -> None:
    left, right = _files(engine)
    found = suggest(engine, from_dict(_model(0.5, 0.45)), left, right, pairs_per_unit=10)  # type: ignore[arg-type]
    assert any(rule.startswith('substr(l."title", 1, ') for rule in found.rules)
    rules = " or ".join(f"({rule})" for rule in found.rules)
    query = f"select count(*) as n from {{l}} as l join {{r}} as r on {rules} where l.unit_id = r.unit_id"
    assert one(engine, engine.sql(query, l=left, r=right))["n"] == TITLES  # type: ignore[arg-type]
    assert 0.8 < found.recall <= 1
    assert found.pairs <= 10 * TITLES


def test_whole_values_that_reach_enough_are_all_that_is_asked_for(engine: Engine) -> None:
    left, right = _files(engine)
    found = suggest(engine, from_dict(_model(0.97, 0.01)), left, right)  # type: ignore[arg-type]
    assert not any("substr" in rule for rule in found.rules)
