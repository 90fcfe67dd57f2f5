"""What training blocks on where no persons are named: households say nothing there, and every field can be learnt."""

from collections.abc import Callable

import numpy as np
import pytest

from linkage.adhoc.modelling import untrained
from linkage.engine import Table
from linkage.model.sampling import Side
from linkage.model.training.counts.patterns import Layout
from linkage.model.training.counts.rules import Agreement, exact_levels, key_levels, training_rules
from linkage.model.training.em.prior import equal_on
from linkage.model.training.strangers.rare_words import of_strangers

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


def test_places_are_learnt_from_where_hardly_any_name_is_written_in_one_way(world: World) -> None:
    """Hotel Sol, Sol Hotel and Hotel Sol Madrid: no block on names makes pairs, and training said there was nothing."""
    table = world("unit_id | x\n 1 | A")
    sides = [Side(table, 3_000, table, 1.0)] * 2
    rules = training_rules(untrained(COMPANIES), [_pairs("organisation", pairs=3), _pairs("postcode")], sides)
    assert [rule.columns for rule in rules] == [("postcode",)]


@pytest.mark.parametrize(("within", "learnt"), [(0, True), (600, False)], ids=["one each", "of a household"])
def test_numbers_that_nobody_shares_are_a_block_to_learn_names_from(world: World, within: int, learnt: bool) -> None:
    table = world("unit_id | x\n 1 | A")
    sides = [Side(table, 3_000, table, 1.0)] * 2
    phones = Agreement(("phone",), 900, 0.5, (within, within), 900, 9_000_000)
    names = [_pairs("forename"), _pairs("surname"), _pairs("forename", "surname")]
    rules = training_rules(untrained({**PEOPLE, "phone": "code"}), [*names, phones], sides)
    assert (("phone",) in [rule.columns for rule in rules]) == learnt


def test_the_rarest_word_is_equal_at_each_level_that_asks_for_it() -> None:
    layout = Layout(untrained({"title": "words", "price": "code"}))
    found = key_levels(layout)
    labels = [layout.levels[number].label.removeprefix("title: ") for number in found["title_word"]]
    assert labels == [
        "equal",
        "a word of few and another rare one in common",
        "a word of few in common",
        "the rarest word in common",
    ]
    assert found["title"] == found["title_word"][:1]
    assert len(found["price"]) == 1
    m = np.linspace(0.01, 0.1, len(layout.levels))[None, :]
    both = equal_on(layout, ["title_word", "price", "of_none"], m)
    assert both.tolist() == [[pytest.approx(m[0, list(found["title_word"])].sum()), m[0, found["price"][0]]]]


@pytest.mark.parametrize(
    ("matched", "strangers"),
    [(0.2, 1e-3 - 1e-3 * 0.2), (0.9, 1e-4), (1.0, (1e-3 / 1e6) ** 0.5)],
    ids=["most are strangers", "most are matches", "no fewer than a standard deviation of the count"],
)
def test_strangers_who_share_rare_words_are_counted_without_the_matches(matched: float, strangers: float) -> None:
    """A number of a model that stands once in each file is shared by matches alone, and was as common as they are."""
    layout = Layout(untrained({"title": "words", "price": "code"}))
    u, m = (np.full((1, len(layout.levels)), share) for share in (1e-3, matched))
    found = of_strangers(layout, u, m, np.array([1e-3]), (1_000, 1_000))[0]
    by_words = [level.condition is not None and "jaro" not in level.condition for level in layout.levels]
    of_title = [number for number in range(len(by_words)) if by_words[number] and layout.owner[number] == 0]
    assert len(of_title) == 7
    assert found[of_title] == pytest.approx(strangers)
    assert np.delete(found, of_title) == pytest.approx(1e-3)


def test_strangers_who_share_a_serial_number_are_counted_without_the_matches_too() -> None:
    """Each record has its own: what is equal across the files is of matches, and said no more than a coin."""
    layout = Layout(untrained({"serial": "own number", "price": "code"}))
    u, m = (np.full((1, len(layout.levels)), share) for share in (1e-3, 0.9))
    found = of_strangers(layout, u, m, np.array([1e-3]), (1_000, 1_000))[0]
    number = exact_levels(layout)["serial"]
    assert found[number] == pytest.approx(1e-4)
    assert np.delete(found, number) == pytest.approx(1e-3)
    assert not layout.levels[number].adjusted


def test_the_larger_the_files_the_more_pairs_a_town_makes_and_is_learnt_from_still(world: World) -> None:
    """Of 8,000 restaurants by name and town the town made 460 pairs a record, and names were never learnt."""
    table = world("unit_id | x\n 1 | A")
    sides = [Side(table, 8_000, table, 1.0)] * 2
    pairs = [_pairs("organisation", pairs=7_000), _pairs("town", pairs=3_680_000)]
    rules = training_rules(untrained({"organisation": "text", "town": "text"}), pairs, sides)
    assert [rule.columns for rule in rules] == [("organisation",), ("town",)]
    people = training_rules(untrained({"forename": "name", "town": "text"}), [_pairs("forename"), pairs[1]], sides)
    assert [rule.columns for rule in people] == [("forename",)]
