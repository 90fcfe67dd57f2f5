"""Share of a block's strangers at each level, by pairs within each file."""

from collections.abc import Sequence

import numpy as np

from linkage.model.training.counts.patterns import Floats, Layout, Patterns
from linkage.model.training.counts.rules import PERSONAL, Agreement, own_columns
from linkage.model.training.em.expectation import default_m

_OWN = PERSONAL | {"surname"}
"""Fields that tell whether two records of one file are one person: who has moved lives elsewhere on each."""
_ONE_PERSON = 10.0  # log2(m / u) of these from which they are taken for it
_EACH_FILE_COUNTS_AS = 200.0  # pairs that strangers of both files stand for where one file has few
RANDOM_COUNTS_AS = 200.0
"""Pairs that u of random pairs stands for: what holds where a block has next to no strangers."""


def block_u(
    layout: Layout,
    rule: Agreement,
    strangers: Sequence[Patterns],
    counts: Sequence[Floats],
    random_u: Floats,
    random_counts_as: float = RANDOM_COUNTS_AS,
) -> Floats:
    """Share of a block's strangers at each level; random pairs speak where there are few strangers.

    Strangers across the files share a value as often as the geometric mean of how often those of each file do: one file
    writes what two records share so in the share a of them, the other in b, so that a^2, b^2 and ab are equal. Pairs of
    both files in one heap would say more, by as much as the files differ.
    """
    each = [
        table.level_counts(of_two_people(layout, rule, table, count, random_u))
        for table, count in zip(strangers, counts, strict=True)
    ]
    shown: Floats = np.sum(each, axis=0) if each else np.zeros_like(random_u)
    found: Floats = (shown + random_u * random_counts_as) / (layout.totals(shown) + random_counts_as)
    if len(each) > 1:
        found = _across(layout, each, found)
    return np.where(layout.fixed("u"), random_u, found)


def _across(layout: Layout, each: Sequence[Floats], found: Floats) -> Floats:
    """The geometric mean of the files' shares, as far as each of them shows strangers.

    Args:
        each: pairs of each file at each level.
        found: share of the pairs of all files, which holds where one of them shows none.
    """
    totals = [layout.totals(one) for one in each]
    slips: Floats = np.mean(_of_files(each, totals, found), axis=0)
    is_equal = np.isin(np.arange(len(layout.owner)), layout.first)
    shares = np.where(is_equal, of_both_files(each, totals, found), slips)
    last = np.append(layout.owner[1:] != layout.owner[:-1], True)  # of what agrees on nothing, which is the rest
    graded = np.where(last, 0.0, shares)
    return np.where(last, 1 - layout.totals(graded), graded)


def of_both_files(each: Sequence[Floats], totals: Sequence[Floats], found: Floats) -> Floats:
    """Of levels, how often strangers of two files share each, by the pairs within either; they need not add up to one.

    Args:
        each, totals: of each file pairs at each level, and all of them.
        found: share of the pairs of both, towards which few pairs are drawn.
    """
    fewest = np.min(totals, axis=0)
    say = fewest / (fewest + _EACH_FILE_COUNTS_AS)
    shares: Floats = np.prod(_of_files(each, totals, found), axis=0) ** (say / len(each)) * found ** (1 - say)
    return shares  # also of what nobody shares


def _of_files(each: Sequence[Floats], totals: Sequence[Floats], found: Floats) -> list[Floats]:
    """The share of each file's pairs at each level, drawn towards that of both."""
    return [
        (one + found * _EACH_FILE_COUNTS_AS) / (total + _EACH_FILE_COUNTS_AS)
        for one, total in zip(each, totals, strict=True)
    ]


def of_two_people(layout: Layout, rule: Agreement, table: Patterns, counts: Floats, random_u: Floats) -> Floats:
    """Pairs of one file without the people who are in it twice.

    In a block on birth date and postcode they are most of the pairs, and would show strangers to be as like as matches.
    What looks like one person, by names and birth date where any is free, is counted no more often than it would come
    about by chance.
    """
    compared = layout.model.comparisons
    free = [rule.leaves_free(comparison) for comparison in compared]
    own = [is_free and bool(own_columns(c) & _OWN) for is_free, c in zip(free, compared, strict=True)]
    shown = (table.shown * np.array(own if any(own) else free)[layout.owner]).T
    chance = random_u if any(own) else _of_apart(layout, table, counts, free, random_u)
    alike = (np.log2(starting_m(layout)) - np.log2(chance[0])) @ shown >= _ONE_PERSON
    by_chance = counts.sum(axis=1, keepdims=True) * np.exp2(np.log2(chance) @ shown)
    return np.where(alike, np.minimum(counts, by_chance), counts)


def _of_apart(layout: Layout, table: Patterns, counts: Floats, free: Sequence[bool], random_u: Floats) -> Floats:
    """How often two things of a block are at each level of a field: those of its pairs that differ in another field.

    A thing has nothing that is its own, and what is blocked on may tell much of the rest: lines of orders with one sum
    are nearly all of one product. Who agrees on that as well, and on the shop, is no line that was written twice.
    """
    ends = np.append(layout.first[1:], len(layout.owner)) - 1
    differs = (table.shown[:, ends] > 0) & np.array(free)
    elsewhere = differs.sum(axis=1, keepdims=True) > differs  # in another field than each
    of_two = [
        (counts * elsewhere[:, place]) @ table.shown[:, layout.owner == place] for place in range(len(layout.first))
    ]
    shown: Floats = np.concatenate(of_two, axis=1)
    found = (shown + random_u * RANDOM_COUNTS_AS) / (layout.totals(shown) + RANDOM_COUNTS_AS)
    return np.maximum(found, random_u)


def starting_m(layout: Layout) -> Floats:
    """Where EM starts: what the model says, or what Splink would say."""
    said = layout.said("m")
    return np.where(np.isnan(said), default_m(layout), said)
