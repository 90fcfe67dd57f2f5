"""A model that a run names: what the engine cannot run of it is told before it weighs a pair."""

import re
from typing import Any

import pytest

from linkage.errors import ConfigError


def test_a_condition_of_an_unknown_function_is_named(village: Any) -> None:
    """It ended as an error that nobody foresaw, whose message is withheld."""
    path = village.folder / "model.json"
    path.write_text(path.read_text().replace("jaro_winkler_similarity", "soundexx"))
    with pytest.raises(ConfigError, match=re.compile(r"step 'npd-cis': .*comparison '.*', level '.*soundexx", re.S)):
        village.runner().run()
