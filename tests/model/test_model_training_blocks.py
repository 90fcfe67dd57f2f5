"""Which blocks training learns from where a census tells persons by names and ages: those that hold matches."""

from collections.abc import Callable

import pytest

from linkage.adhoc.modelling import untrained
from linkage.engine import Table
from linkage.model.sampling import Side
from linkage.model.training.counts.rules import Agreement, training_rules

World = Callable[[str], Table]
UNITS = 6_000
MATCHES = 2_000
CENSUS = {"forename": "name", "surname": "name", "age": "age", "household": "code", "birth_place": "text"}
CHANCE = {"forename": 0.02, "surname": 0.007, "age": 0.017, "household": 0.0002, "birth_place": 0.02}
AGREE = {"forename": 0.9, "surname": 0.9, "age": 0.5, "household": 0.0, "birth_place": 0.6}


def _alone(column: str, chance: float, complete: float = 1.0) -> Agreement:
    known = round((UNITS * complete) ** 2)
    pairs = round(chance * known)
    return Agreement((column,), pairs, complete, (pairs // 2, pairs // 2), pairs, known)


def _both(first: str, second: str) -> Agreement:
    """Two columns that have nothing to do with each other but in the matches, and in a household's surname."""
    by_chance = CHANCE[first] * CHANCE[second] * UNITS**2
    pairs = round(by_chance + MATCHES * AGREE[first] * AGREE[second])
    of_one_family = {first, second} == {"surname", "household"}
    strangers = round((CHANCE["household"] * UNITS**2 if of_one_family else by_chance) / 2)
    return Agreement((first, second), pairs, 1.0, (strangers, strangers), pairs, UNITS**2)


@pytest.fixture
def census(world: World) -> tuple[list[Agreement], list[Side]]:
    names = list(CENSUS)
    alone = [_alone(name, CHANCE[name]) for name in names]
    both = [_both(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    table = world("unit_id | x\n 1 | A")
    return [*alone, *both], [Side(table, UNITS, table, 1.0)] * 2


def test_columns_that_agree_together_as_chance_has_it_are_not_learnt_from(
    census: tuple[list[Agreement], list[Side]],
) -> None:
    """Households are numbered anew in each census: by age and that number strangers met, and few of them."""
    counted, sides = census
    rules = training_rules(untrained(CENSUS), counted, sides)
    assert next(c for c in counted if c.columns == ("age", "household")).pairs == 122
    assert [rule.columns for rule in rules] == [("forename", "surname"), ("age", "birth_place")]


@pytest.mark.parametrize(
    ("chance", "first"),
    [(0.08, ("forename", "surname")), (0.01, ("middle_names",))],
    ids=["initials", "names"],
)
def test_initials_of_middle_names_are_no_block_to_learn_from(
    chance: float, first: tuple[str, ...], census: tuple[list[Agreement], list[Side]]
) -> None:
    """Of pairs that share an initial one in three hundred matched, and what stood out among them were households."""
    counted, sides = census
    initials = _alone("middle_names", chance, complete=0.15)
    rules = training_rules(untrained({**CENSUS, "middle_names": "name"}), [*counted, initials], sides)
    assert rules[0].columns == first
