"""What training blocks on where no persons are named: households say nothing there, and every field can be learnt."""

from collections.abc import Callable

import pytest

from linkage.adhoc.modelling import untrained
from linkage.engine import Table
from linkage.model.sampling import Side
from linkage.model.training.rules import Agreement, training_rules

World = Callable[[str], Table]
COMPANIES = {"organisation": "text", "postcode": "postcode", "town": "text"}
PEOPLE = {"forename": "name", "surname": "name", "postcode": "postcode"}


def _pairs(*columns: str, pairs: int = 2_000) -> Agreement:
    return Agreement(columns, pairs, 1.0, (0, 0), pairs, 9_000_000)


@pytest.mark.parametrize(
    ("kinds", "own", "on_places_alone"),
    [(COMPANIES, "organisation", True), (PEOPLE, "forename", False)],
    ids=["companies", "people"],
)
def test_a_block_on_places_alone_is_learnt_from_where_no_persons_are_named(
    world: World, kinds: dict[str, str], own: str, on_places_alone: bool
) -> None:
    """The name of a company was blocked on in every run, and what matches show of it was never learnt."""
    table = world("unit_id | x\n 1 | A")
    sides = [Side(table, 3_000, table, 1.0)] * 2
    rules = training_rules(untrained(kinds), [_pairs(own), _pairs("postcode", pairs=3_000)], sides)
    assert rules[0].columns == (own,)
    assert (("postcode",) in [rule.columns for rule in rules]) == on_places_alone
