"""The forecast of the tuning page is what a run with the saved model gives."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from linkage.engine import connect, one, rows
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import from_dict, load
from linkage.pipeline.opened import OpenRun
from quality.tune.session import TuneSession, _coded
from quality.tune.trial import Pairs, Trial, pattern_weights
from tests.pipeline.village import build

STEP = "npd-cis"


@pytest.fixture(scope="module")
def rare(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The village linked by the model for CIS, which adjusts names by their frequency,
    without passes.
    """
    folder = tmp_path_factory.mktemp("rare")
    build(folder / "in")
    village = replace(linked_village, folder=folder / "in", root=folder / "run")
    village.change(
        'passes = "passes.toml"\nmodel = "model.json"', 'model = "models/cis.json"'
    )
    village.runner().run()
    return village


@pytest.fixture(scope="module")
def trial_run(rare: Any) -> Any:
    with connect("duckdb", threads=2) as engine:
        step = OpenRun(engine, rare.root).open(STEP)
        pairs = Pairs(engine, step)
        yield engine, step, pairs, Trial(engine, step, pairs, {}, None)


def test_the_runs_settings_give_the_run(trial_run: Any) -> None:
    engine, step, pairs, trial = trial_run
    outcome = trial.outcome(trial.settings)
    counts = rows(
        engine,
        engine.sql(
            "select decision, count(*) as n from {t} group by decision", t=step.links
        ),
    )
    assert {row["decision"]: row["n"] for row in counts} == {
        k: n for k, n in outcome.decisions.items() if n
    }
    assert (outcome.gained, outcome.lost, outcome.to_review, outcome.is_partial) == (
        0,
        0,
        0,
        False,
    )
    query = (
        "select sum(match_probability) as total from {t} where decision = 'accepted'"
    )
    assert outcome.expected["correct"] == pytest.approx(
        one(engine, engine.sql(query, t=step.links))["total"]
    )
    assert sum(b.accepted + b.review + b.rejected for b in outcome.bins) == len(pairs)


def test_weights_are_the_scorers(trial_run: Any) -> None:
    """Of a model with another m, u and prior, term-frequency adjustments included."""
    engine, step, pairs, trial = trial_run
    level = next(
        level.value
        for c in step.model.comparisons
        if c.name == "surname"
        for level in c.levels
        if level.adjusted
    )
    m, u = (
        {**trial.settings.m, ("surname", level): 0.7},
        {**trial.settings.u, ("surname", level): 0.004},
    )
    model = trial.model(replace(trial.settings, m=m, u=u, prior=0.001))
    changes = pattern_weights(model, pairs.levels) - pattern_weights(
        step.model, pairs.levels
    )
    weights = pairs.weight + changes[pairs.pattern]
    units = [side.columns_of(None, step.model.columns) for side in step.sides.values()]
    pair_table = engine.from_arrow(
        pa.table({"left_id": pairs.left, "right_id": pairs.right})
    )
    weight_rows = rows(
        engine,
        score_given(
            engine, model, *units, term_frequencies(engine, model, *units), pair_table
        ),
    )
    by_pair = {
        (row["left_id"], row["right_id"]): row["match_weight"] for row in weight_rows
    }
    assert by_pair == pytest.approx(
        dict(zip(zip(pairs.left, pairs.right, strict=True), weights, strict=True)),
        abs=1e-9,
    )
    assert np.any(changes)
    assert model.raw == from_dict(model.raw).raw


def test_a_forecast_is_what_the_next_run_gives(village: Any) -> None:
    """A run with the saved model and the lines that the page gives."""
    with TuneSession(village.root, STEP) as session:
        m = {**session.settings.m, ("surname", 2): 0.83, ("surname", 1): 0.12}
        settings = replace(session.settings, m=m, accept=0.999999, review=0.99999)
        outcome = session.outcome(settings)
        saved_model = session.save(settings, "movers are reviewed")
    assert outcome.lost == outcome.decisions["review"] == 10
    village.change(
        'model = "model.json"\ntrain = false\n', "\n".join(saved_model.lines) + "\n"
    )
    village.change("min_precision = 0.98", "")
    village.runner().run()
    with connect("duckdb") as engine:
        links = OpenRun(engine, village.root).table(f"links/{STEP}")
        counts = rows(
            engine,
            engine.sql(
                "select decision, count(*) as n from {t} group by decision", t=links
            ),
        )
    decisions = {row["decision"]: row["n"] for row in counts}
    assert (decisions["accepted"], decisions["review"]) == (
        outcome.decisions["accepted"],
        outcome.decisions["review"],
    )


def test_versions_record_changes_and_notes(village: Any) -> None:
    with TuneSession(village.root, STEP) as session:
        new_settings = replace(
            session.settings, u={**session.settings.u, ("sex", 1): 0.4}, review=0.6
        )
        first, second = (
            session.save(session.settings, "as it was"),
            session.save(new_settings, "sex says more"),
        )
    assert (first.version, second.version) == (1, 2)
    assert load(first.path).raw == load(village.root / "models" / f"{STEP}.json").raw
    about = json.loads(second.path.with_suffix(".training.json").read_text())
    assert (about["version"], about["tuned"]["note"], about["tuned"]["run"]) == (
        2,
        "sex says more",
        "village",
    )
    assert about["tuned"]["changes"] == [
        {"what": "u", "comparison": "sex", "level": 1, "before": 0.5, "after": 0.4},
        {"what": "review", "before": 0.5, "after": 0.6},
    ]
    assert "review_probability = 0.6" in second.lines


def test_splink_opens_a_saved_model(rare: Any, tmp_path: Path) -> None:
    splink = pytest.importorskip("splink")
    from tests.model.splink_results import splink_tables

    root = Path(shutil.copytree(rare.root, tmp_path / "run"))
    with TuneSession(root, STEP) as session:
        saved_model = session.save(replace(session.settings, prior=0.01), "other prior")
    names = sorted(load(saved_model.path).columns)
    lists = {name for name in names if name.endswith(("_all", "_held"))}
    kinds = {
        name: pa.list_(pa.string()) if name in lists else pa.string() for name in names
    }
    columns = {
        name: pa.array([[]] if name in lists else ["A"], kind)
        for name, kind in kinds.items()
    }
    unit = pa.table({"unit_id": pa.array([1], pa.int64()), **columns})
    with splink_tables({"side_left": unit, "side_right": unit}) as tables:
        content = splink.Linker(
            tables, saved_model.path, log_level="ERROR"
        ).misc.save_model_to_json()
    levels_of = {
        c["output_column_name"]: c["comparison_levels"]
        for c in json.loads(saved_model.path.read_text())["comparisons"]
    }
    for comparison in content["comparisons"]:
        pairs = zip(
            comparison["comparison_levels"],
            levels_of[comparison["output_column_name"]],
            strict=True,
        )
        assert all(
            level.get("m_probability") == own_level.get("m_probability")
            for level, own_level in pairs
        )


def test_subgroups_are_in_the_order_of_reports() -> None:
    values, places = _coded(pa.chunked_array([[1996, None, 1988], [1996, 1991]]))
    assert values == ["1988", "1991", "1996", "not known"]
    assert places.tolist() == [2, 3, 0, 2, 1]
