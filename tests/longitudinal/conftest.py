"""Three people with tax and benefit records: A under two National Insurance numbers, B
and C under one.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from linkage import catalogue
from linkage.config.resources import config_file
from linkage.engine import Engine, Table
from linkage.longitudinal import OutcomeDefinitions, load_definitions
from linkage.longitudinal.tax_tables import holders as find_holders

KEYS = """
    AE_ID | EDUKEY | entity_id
    1     | A      | 10
    1     | A      | 11
    2     | B      | 20
    3     | C      | 21
"""


@pytest.fixture
def holders(engine: Engine, world: Callable[[str], Table]) -> Table:
    """Records 10 and 11 are A's, 20 is B's and 21 C's."""
    return find_holders(engine, world(KEYS))


@pytest.fixture(scope="session")
def definitions() -> OutcomeDefinitions:
    """The definitions that ship with the package."""
    return load_definitions(config_file("outcomes/leo.toml"), catalogue.shipped())


@pytest.fixture
def write_toml(tmp_path: Path) -> Callable[[str], Path]:
    """A file of definitions from text."""

    def write_toml(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_toml
