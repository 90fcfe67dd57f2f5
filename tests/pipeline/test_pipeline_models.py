"""A model that a run names: what the engine cannot run of it is told before anything is
read.
"""

from typing import Any

import pytest

from linkage.config.resources import shipped_dir
from linkage.errors import ConfigError


def test_a_condition_of_an_unknown_function_is_named(village: Any) -> None:
    """It was an unexpected error, whose message is withheld."""
    path = village.folder / "model.json"
    path.write_text(path.read_text().replace("jaro_winkler_similarity", "soundexx"))
    with pytest.raises(
        ConfigError,
        match=r"model\.json: comparison '.*': a condition may not use soundexx",
    ):
        village.runner()  # and no stage has begun


def test_conditions_on_every_kind_of_column_are_checked_without_rows(
    village: Any,
) -> None:
    """Values, lists of them and lists with their dates have the types that the step's
    units have.
    """
    path = village.folder / "model.json"
    model = (shipped_dir() / "models" / "cis.json").read_text()
    path.write_text(model)
    village.runner()
    path.write_text(
        model.replace("y.held_from <= x.held_to", "y.held_since <= x.held_to")
    )
    with pytest.raises(ConfigError, match="held_since"):
        village.runner()
