"""Definitions are checked in full, and each fault has its place."""

import datetime
from pathlib import Path

import pytest

from linkage.errors import ConfigError
from quality.measures.definitions import Eligible, load


def test_the_shipped_ones_hold() -> None:
    definitions = load()
    rule = definitions.eligible_for("cis")
    assert rule is not None
    assert rule.born_to == datetime.date(2005, 4, 5)
    assert definitions.eligible_for("nobody") is None


def test_born_on_a_leap_day() -> None:
    rule = Eligible(
        target="cis", minimum_age=15, on=datetime.date(2020, 2, 29), why="a test"
    )
    assert rule.born_to == datetime.date(2005, 2, 28)


@pytest.mark.parametrize(
    ("characteristic", "fault"),
    [
        ('name = "x"\ntitle = "X"', "name either identifier or table"),
        ('name = "x"\ntitle = "X"\ntable = "npd_census"', "table needs variable"),
        (
            'name = "x"\ntitle = "X"\ntable = "npd_census"\nvariable = "Gender"\npick '
            '= "latest"',
            "'latest' needs order_by",
        ),
        ('name = "x"\ntitle = "X"\nidentifier = "sex"', "only known codes are shown"),
        (
            'name = "x"\ntitle = "X"\nidentifier = "dob"\npart = "year"\ncolour = 1',
            "colour: no such key",
        ),
    ],
)
def test_faults_say_what_to_do(tmp_path: Path, characteristic: str, fault: str) -> None:
    path = tmp_path / "evaluation.toml"
    path.write_text(
        "weight_bands = [0]\nweight_range = [-10, "
        f"10]\n[[characteristic]]\n{characteristic}\n"
    )
    with pytest.raises(ConfigError, match=fault):
        load(path)


def test_a_missing_file_or_a_file_that_is_not_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "broken.toml").write_text("x = [")
    with pytest.raises(ConfigError, match="not TOML"):
        load(tmp_path / "broken.toml")
