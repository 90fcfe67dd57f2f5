"""A model file is Splink's JSON; what is wrong with one is named, with where it
stands.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import splink.comparison_library as cl

from linkage.config.resources import config_file
from linkage.errors import ConfigError, ExitCode
from linkage.model import Model, from_dict, leo, load
from linkage.model.model_files import provenance
from tests.model.splink_results import with_probabilities

MODEL = with_probabilities(
    [cl.NameComparison("surname"), cl.ExactMatch("dob")],
    rules=[
        {
            "blocking_rule": 'l."dob" = r."dob" AND l."postcode" = r."postcode"',
            "sql_dialect": "duckdb",
        }
    ],
)


def _with(change: Any) -> dict[str, Any]:
    raw = deepcopy(MODEL)
    change(raw)
    return raw


def _level(raw: dict[str, Any], comparison: int, level: int) -> dict[str, Any]:
    entry: dict[str, Any] = raw["comparisons"][comparison]["comparison_levels"][level]
    return entry


def test_a_model_reads_the_columns_of_its_comparisons_rules_and_frequencies() -> None:
    model = from_dict(MODEL)
    assert model.columns == ("surname", "dob", "postcode")
    assert model.tf_columns == ("surname",)
    assert [level.value for level in model.comparisons[0].levels] == [-1, 4, 3, 2, 1, 0]
    assert model.is_trained


def test_a_saved_model_is_the_model(tmp_path: Path) -> None:
    from_dict(MODEL).save(tmp_path / "models" / "m.json")
    assert load(tmp_path / "models" / "m.json") == from_dict(MODEL)


def conditions(model: Model) -> list[tuple[Any, ...]]:
    levels = [(c.name, level) for c in model.comparisons for level in c.levels]
    return [
        (name, level.condition, level.tf_column, level.tf_weight)
        for name, level in levels
    ]


@pytest.mark.parametrize("name", ["education", "cis"])
def test_shipped_models_equal_their_definitions_and_are_trained(name: str) -> None:
    path = config_file(f"models/{name}.json")
    shipped, definition = load(path), from_dict(getattr(leo, name)())
    assert conditions(shipped) == conditions(definition)
    assert shipped.blocking_rules == definition.blocking_rules
    assert shipped.is_trained
    origin = provenance(path)
    assert origin is not None, "the model was changed since it was trained"
    assert min(origin["trained"]["units"]) > 50_000


def test_a_run_ships_its_models(tmp_path: Path) -> None:
    run, folder = tmp_path / "run", tmp_path / "models"
    for step in leo.TRAINED_BY.values():
        from_dict(MODEL).save(run / "models" / f"{step}.json")
    counts = {"training": {"seed": 1, "units": [8, 9]}}
    stages = [
        {"name": f"link-{step}", "counts": counts} for step in leo.TRAINED_BY.values()
    ]
    (run / "manifest.json").write_text(json.dumps({"stages": stages}))
    assert leo.ship(run, folder) == {"education": 1, "cis": 1}
    assert leo.ship(run, folder) == {"education": 2, "cis": 2}
    assert load(folder / "cis.json") == from_dict(MODEL)
    origin = provenance(folder / "education.json")
    assert origin is not None
    assert origin["trained"]["units"] == [8, 9]


FAULTS = {
    "no comparisons": (
        lambda raw: raw.pop("comparisons"),
        ["not a Splink model", "'comparisons'", "save_model_to_json"],
    ),
    "nothing compared": (lambda raw: raw.update(comparisons=[]), ["compares nothing"]),
    "no ELSE": (
        lambda raw: raw["comparisons"][1]["comparison_levels"].pop(),
        ["comparison 'dob'", "no ELSE level"],
    ),
    "no SQL": (
        lambda raw: _level(raw, 0, 2).update(sql_condition="surname_l = = ("),
        ["'surname'", "not SQL", "surname_l = = ("],
    ),
    "nothing to adjust": (
        lambda raw: _level(raw, 0, 1).update(sql_condition="surname_l LIKE surname_r"),
        ["'surname'", "no exact level"],
    ),
    "no probability": (
        lambda raw: _level(raw, 0, 1).update(m_probability=1.4),
        ["'surname'", "m_probability", "no probability"],
    ),
    "a certain match": (
        lambda raw: raw.update(probability_two_random_records_match=1.0),
        ["probability_two_random_records_match"],
    ),
    "one name for two": (
        lambda raw: raw["comparisons"][1].update(output_column_name="SURNAME"),
        ["two comparisons are named 'surname'", "output_column_name"],
    ),
    "a name that is none": (
        lambda raw: raw["comparisons"][0].update(output_column_name=["surname"]),
        ["output_column_name is no text"],
    ),
    "an adjustment without end": (
        lambda raw: _level(raw, 0, 1).update(tf_minimum_u_value=float("inf")),
        ["'surname'", "tf_minimum_u_value", "has no end"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_file(fault: str, tmp_path: Path) -> None:
    change, messages = FAULTS[fault]
    path = tmp_path / "model.json"
    path.write_text(json.dumps(_with(change)))
    with pytest.raises(ConfigError) as error:
        load(path)
    assert error.value.exit_code is ExitCode.USAGE
    assert str(error.value).startswith(f"{path}: ")
    for part in messages:
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[]", "not a Splink model"),
        (b"[" * 9999, "not JSON"),
    ],
)
def test_a_file_that_is_no_json_is_named(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load(path)


def test_columns_that_the_records_lack_are_named() -> None:
    with pytest.raises(ConfigError) as error:
        from_dict(MODEL).check_columns(
            ["unit_id", "SURNAME", "forename"], "models/m.json"
        )
    assert "models/m.json" in str(error.value)
    assert "do not have: dob, postcode\n" in str(error.value)
    assert "forename" in str(error.value)
    from_dict(MODEL).check_columns(["SURNAME", "dob", "Postcode"], "models/m.json")


def test_a_level_that_splink_never_observed_has_splinks_default() -> None:
    text = "level not observed in training dataset"
    model = from_dict(_with(lambda raw: _level(raw, 1, 1).update(m_probability=text)))
    assert model.comparisons[1].levels[1].m == 1e-6
