"""JSON Schemas of configs/schemas/: as the models make them, complete, and valid for
the shipped files.
"""

import json
import runpy
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"
HOOKS = runpy.run_path(str(ROOT / "docs" / "hooks.py"), run_name="hooks")
SHIPPED = [
    path
    for path in sorted(CONFIGS.rglob("*.toml"))
    if path.read_text(encoding="utf-8").startswith("#:schema ")
]


def schema(name):
    return json.loads(
        (CONFIGS / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    )


def as_json(value):
    """TOML as JSON has it: dates as text."""
    return json.loads(json.dumps(value, default=str))


@pytest.mark.parametrize("name", HOOKS["SCHEMAS"])
def test_a_schema_equals_that_of_its_model(name):
    assert schema(name) == json.loads(json.dumps(HOOKS["schema_of"](name))), (
        "write it again: python docs/hooks.py"
    )


@pytest.mark.parametrize("name", [*HOOKS["SCHEMAS"], "model"])
def test_every_key_has_a_description(name):
    parts = [schema(name), *schema(name).get("$defs", {}).values()]
    assert not [
        key
        for part in parts
        for key, doc in part.get("properties", {}).items()
        if not doc.get("description")
    ]
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize(
    "path", SHIPPED, ids=lambda path: str(path.relative_to(CONFIGS))
)
def test_a_shipped_file_names_its_schema_and_fits_it(path):
    text = path.read_text(encoding="utf-8")
    place = (path.parent / text.partition("\n")[0].removeprefix("#:schema ")).resolve()
    validator = Draft202012Validator(json.loads(place.read_text(encoding="utf-8")))
    assert not [
        error.message for error in validator.iter_errors(as_json(tomllib.loads(text)))
    ]


def test_shipped_models_fit_theirs_and_a_fault_does_not():
    validator = Draft202012Validator(schema("model"))
    for path in (CONFIGS / "models").glob("*[!g].json"):
        assert not list(
            validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))
        )
    assert [
        e.path[-1]
        for e in validator.iter_errors({"comparisons": [{"comparison_levels": []}]})
    ] == ["comparison_levels"]
