"""A step of the village tuned: what is foretold is what a run with the saved model comes to."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from linkage.match.candidates.score import score_given, term_frequencies
from quality.explain.opening import OpenRun
from quality.tune.edited import edited
from quality.tune.evidence import DECISIONS, read
from quality.tune.outcome import Trial, alike

from linkage.engine import connect, one, rows
from linkage.model import from_dict, load
from tests.pipeline.village import build

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")

STEP = "npd-cis"


@pytest.fixture(scope="module")
def rare(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The village linked by the model for CIS, which weighs names by how common they are, and has no passes."""
    folder = tmp_path_factory.mktemp("rare")
    build(folder / "in")
    village = replace(linked_village, folder=folder / "in", root=folder / "run")
    village.change('passes = "passes.toml"\nmodel = "model.json"', 'model = "models/cis.json"')
    village.runner().run()
    return village


@pytest.fixture(scope="module")
def opened(rare: Any) -> Iterator[Any]:
    """The engine, the step, its pairs and what they are tried with."""
    with connect("duckdb", threads=2) as engine:
        step = OpenRun(engine, rare.root).open(STEP)
        evidence = read(engine, step)
        yield engine, step, evidence, Trial(step, evidence, {}, None)


def test_nothing_changed_is_the_run(opened: Any) -> None:
    engine, step, evidence, trial = opened
    found = trial.outcome(trial.settings)
    counted = rows(engine, engine.sql("select decision, count(*) as n from {t} group by decision", t=step.links))
    assert {row["decision"]: row["n"] for row in counted} == {k: n for k, n in found.decisions.items() if n}
    assert (found.gained, found.lost, found.to_review, found.from_review) == (0, 0, 0, 0)
    said = one(
        engine,
        engine.sql("select sum(match_probability) as right_ from {t} where decision = 'accepted'", t=step.links),
    )
    assert found.expected["right"] == pytest.approx(said["right_"])
    assert sum(b.accepted + b.review + b.rejected for b in found.bins) == len(evidence)
    assert any(len(values) and np.any(values) for values in evidence.rarity.values())


def _scored(opened: Any, model: Any) -> dict[tuple[int, int], float]:
    """Match weights of the step's pairs as the scorer has them."""
    engine, step, evidence, _ = opened
    sides = [side.build(side.units(), step.model.columns).units for side in step.sides.values()]
    pairs = engine.from_arrow(pa.table({"left_id": evidence.left, "right_id": evidence.right}))
    scored = score_given(engine, model, *sides, term_frequencies(engine, model, *sides), pairs)
    return {(row["left_id"], row["right_id"]): row["match_weight"] for row in rows(engine, scored)}


@pytest.mark.parametrize("off", [frozenset(), {"surname"}, {"forename", "dob", "surname", "middle_names"}])
def test_weights_are_the_scorers(opened: Any, off: set[str]) -> None:
    """Of a model with another m, u and prior, and frequencies of some columns left alone."""
    _, _, evidence, trial = opened
    settings = replace(
        trial.settings,
        m={**trial.settings.m, ("surname", 8): 0.7, ("forename", 0): 0.2},
        u={**trial.settings.u, ("surname", 8): 0.004},
        prior=0.001,
        adjusted=trial.settings.adjusted - off,
    )
    model = trial.model(settings)
    weights = dict(zip(zip(evidence.left, evidence.right, strict=True), trial.weights(model, settings), strict=True))
    assert _scored(opened, model) == pytest.approx(weights, abs=1e-9)
    part = evidence.weighed(3, model)
    assert part.match_weight == pytest.approx(weights[part.left, part.right], abs=1e-9)
    assert model.raw == from_dict(model.raw).raw
    assert not [level for c in model.comparisons for level in c.levels if level.tf_column in off and level.adjusted]


def test_what_is_foretold_comes_true(village: Any) -> None:
    """A run by the saved model and the lines that the page gives comes to what was foretold.

    Those who moved weigh 12.6 and go to people; those whose surname is spelt otherwise weigh 15.7 and stay.
    """
    from quality.tune.desk import RunDesk

    with RunDesk(village.root, STEP) as desk:
        m = {**desk.settings.m, ("surname", 1): 0.02}
        settings = replace(desk.settings, m=m, accept=14.0, review=12.0, margin=1.0)
        foretold = desk.outcome(settings)
        saved = desk.save(settings, "surnames of fathers")
    assert foretold.lost == foretold.to_review == 10
    # A step that gives both is refused, and so is one that gives a name twice.
    assert ["under these names, accept_weight that of accept_probability too." in note for note in saved.use.notes] == [
        True
    ]
    before = 'model = "model.json"\ntrain = false\n'
    village.change(before, "\n".join(saved.use.lines) + "\n")
    village.change("min_precision = 0.98", "")
    village.runner().run()
    with connect("duckdb") as engine:
        run = OpenRun(engine, village.root)
        counted = rows(
            engine,
            engine.sql("select decision, count(*) as n from {t} group by decision", t=run.table(f"links/{STEP}")),
        )
    came = {row["decision"]: row["n"] for row in counted}
    assert came["accepted"] == foretold.decisions["accepted"]
    assert came.get("review", 0) == foretold.decisions["review"]


def test_versions_tell_what_was_changed_and_why(village: Any) -> None:
    from quality.tune.desk import RunDesk

    from linkage.model.model_files import provenance

    with RunDesk(village.root, STEP) as desk:
        changed = replace(desk.settings, u={**desk.settings.u, ("sex", 1): 0.4}, margin=2.0)
        first, second = desk.save(desk.settings, "as it was"), desk.save(changed, "sex says more")
    assert (first.version, second.version) == (1, 2)
    assert first.path.is_file()
    assert load(first.path).raw == load(village.root / "models" / f"{STEP}.json").raw
    about = provenance(second.path)
    assert about is not None
    assert (about["version"], about["tuned"]["note"], about["tuned"]["run"]) == (2, "sex says more", "village")
    assert about["tuned"]["changes"] == [
        {"what": "u", "comparison": "sex", "level": 1, "before": 0.5, "after": 0.4},
        {"what": "margin", "before": 3.0, "after": 2.0},
    ]
    assert second.use.lines[-1] == "margin = 2.0"
    assert not any("accept" in line for line in second.use.lines)
    assert second.use.notes == ["They take the place of what the step says under these names."]


def test_splink_opens_what_is_saved(rare: Any, tmp_path: Path) -> None:
    """Splink itself, with the frequencies of surnames switched off."""
    splink = pytest.importorskip("splink")
    from quality.tune.desk import RunDesk

    from tests.model.splink_says import splink_tables

    root = tmp_path / "run"
    shutil.copytree(rare.root, root)
    with RunDesk(root, STEP) as desk:
        saved = desk.save(replace(desk.settings, adjusted=frozenset({"forename"})), "plain surnames")
    raw = json.loads(saved.path.read_text())
    names = sorted(load(saved.path).columns)
    lists = {name for name in names if name.endswith(("_all", "_held"))}
    nothing = pa.table(
        {
            "unit_id": pa.array([1], pa.int64()),
            **{
                n: pa.array([[]] if n in lists else ["A"], pa.list_(pa.string()) if n in lists else pa.string())
                for n in names
            },
        }
    )
    with splink_tables({"side_left": nothing, "side_right": nothing}) as tables:
        linker = splink.Linker(tables, saved.path, log_level="ERROR")
        kept = linker.misc.save_model_to_json()
    by_name = {c["output_column_name"]: c["comparison_levels"] for c in raw["comparisons"]}
    for comparison in kept["comparisons"]:
        for level, written in zip(
            comparison["comparison_levels"], by_name[comparison["output_column_name"]], strict=True
        ):
            assert level.get("m_probability") == written.get("m_probability")
            assert level.get("tf_adjustment_column") == written.get("tf_adjustment_column")


def test_settings_are_not_mixed_up_between_trials(opened: Any) -> None:
    """The same settings come to the same, whatever was tried between."""
    _, step, _, trial = opened
    before = trial.outcome(trial.settings)
    moved = trial.outcome(replace(trial.settings, accept=25.0))
    assert moved.decisions["accepted"] < before.decisions["accepted"]
    assert set(moved.decisions) == set(DECISIONS)
    assert alike(trial.outcome(trial.settings), before)
    assert edited(step.model, trial.settings).raw == step.model.raw
