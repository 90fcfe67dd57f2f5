"""A run's file drafted from files: the same schema that `leo link` infers."""

import tomllib
from pathlib import Path

import pytest

from linkage.errors import ConfigError, InputError
from linkage.files.draft import Draft, draft
from tests.files.conftest import Files, write_csv


def test_a_draft_is_what_leo_link_infers(files: Files, tmp_path: Path) -> None:
    paths = draft(
        Draft([files.left, files.right], tmp_path / "own.toml", tmp_path / "mine")
    )[0]
    run = tomllib.loads((tmp_path / "own.toml").read_text())
    assert paths[-1] == tmp_path / "own.toml"
    assert run["source"]["customers"]["format"]["date_format"] == "%d/%m/%Y"
    catalogue = tomllib.loads(
        (tmp_path / "mine" / "catalogue" / "customers.toml").read_text()
    )
    roles = {
        v["name"]: v.get("role") for v in catalogue["table"]["records"]["variable"]
    }
    assert roles == {
        "id": "entity_key",
        "SURNAME": "surname",
        "FORENAME": "forename",
        "DOB": "dob",
        "SEX": "sex",
        "PCODE": "postcode",
    }
    with pytest.raises(ConfigError, match="there already"):
        draft(
            Draft([files.left, files.right], tmp_path / "own.toml", tmp_path / "mine")
        )


def test_columns_that_no_run_can_read_are_refused_at_once_and_nothing_is_written(
    files: Files, tmp_path: Path
) -> None:
    rows = [
        {"ref": f"R{n}", "name": f"Ann Ash{n}", "dob": f"19{60 + n}-05-03"}
        for n in range(30)
    ]
    full_names = write_csv(tmp_path / "whole.csv", rows)
    with pytest.raises(InputError, match="give each a column of its own") as fault:
        draft(Draft([files.left, full_names], tmp_path / "own.toml", tmp_path / "mine"))
    assert "forename" in str(fault.value)
    assert "surname" in str(fault.value)
    assert not (tmp_path / "own.toml").exists()


def test_a_third_file_and_maps_by_name(files: Files, tmp_path: Path) -> None:
    third = tmp_path / "third.csv"
    third.write_text(files.right.read_text().replace("SURNAME", "NAME2", 1))
    result = draft(
        Draft(
            [files.left, files.right, third],
            tmp_path / "o.toml",
            tmp_path / "m",
            maps=["third.surname=NAME2"],
        )
    )
    assert len(tomllib.loads(result[0][-1].read_text())["step"]) == 2
    with pytest.raises(ConfigError, match="there are"):
        draft(
            Draft(
                [files.left, third],
                tmp_path / "p.toml",
                tmp_path / "n",
                maps=["nobody.surname=NAME2"],
            )
        )
    with pytest.raises(ConfigError, match="name a second one"):
        draft(Draft([third], tmp_path / "p.toml", tmp_path / "n"))
