"""Names in full that stand in both orders in one column, of which no comma and no other file says what is what."""

import itertools

from linkage.adhoc.names.full_names import FullNames, Vocabulary
from linkage.adhoc.names.orders import by_orders

GIVEN = ("ANA", "EVA", "IDA", "LEO", "MAX", "PIA", "TOM", "UNA")
FAMILY = ("BRITO", "LARA", "MENA", "PONS", "RUIZ", "SOLER", "VEGA", "ZAMORA")
PAIRS = tuple(itertools.product(GIVEN, FAMILY))
HALF = {f"{a} {b}" if (i + j) % 2 else f"{b} {a}": 1 for i, a in enumerate(GIVEN) for j, b in enumerate(FAMILY)}
MOST = {f"{b} {a}" if (i + i // 8) % 4 == 0 else f"{a} {b}": 1 for i, (a, b) in enumerate(PAIRS)}


def test_which_word_is_a_forename_is_told_by_the_words_that_each_stands_with() -> None:
    given, family = by_orders(MOST)
    assert (sorted(given), sorted(family)) == (sorted(GIVEN), sorted(FAMILY))


def test_of_as_many_in_either_order_the_words_are_parted_though_nothing_says_which_are_forenames() -> None:
    assert sorted(map(sorted, by_orders(HALF))) == sorted([sorted(GIVEN), sorted(FAMILY)])


def test_two_surnames_are_one_side_whichever_comes_first() -> None:
    texts = [(a, " ".join(both)) for a in GIVEN for both in itertools.permutations(FAMILY, 2)]
    given, family = by_orders({f"{b} {a}" if i % 3 == 0 else f"{a} {b}": 1 for i, (a, b) in enumerate(texts)})
    names = FullNames.learnt({"ANA RUIZ PONS": 3, "RUIZ PONS ANA": 1} | MOST, Vocabulary.of(given, family))
    assert sorted(given) == sorted(GIVEN)
    assert [names.parted(name) for name in ("EVA LARA VEGA", "LARA VEGA EVA")] == [("EVA", "LARA VEGA")] * 2


def test_names_of_one_order_are_left_to_their_places() -> None:
    one_order = {f"{a} {b}": 1 for a, b in PAIRS}
    both_roles = {f"{a} {b}": 1 for a in GIVEN for b in (*FAMILY, "TOM", "MAX") if a != b}  # Tom Max and Max Tom
    assert by_orders(one_order) == by_orders(both_roles) == ({}, {})
    assert by_orders(dict(list(HALF.items())[:10])) == ({}, {}), "too few to show it"


def test_what_commas_part_says_which_words_are_forenames() -> None:
    with_commas = HALF | {"Ruiz, Ana": 1}
    assert by_orders(with_commas, ({"Ana": 1}, {"Ruiz": 1})) == (
        dict.fromkeys(GIVEN, 8) | {"Ana": 1},
        dict.fromkeys(FAMILY, 8) | {"Ruiz": 1},
    )
    assert by_orders({f"{a} {b}": 1 for a, b in PAIRS}, ({"Ana": 1}, {"Ruiz": 1})) == ({"Ana": 1}, {"Ruiz": 1})
