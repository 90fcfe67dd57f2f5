"""What strangers agree on together beyond chance: people of one forename are of one sex, twins of one name and home.

EM takes fields to be independent. Inside a block where few pairs match, strangers who agree on two fields that go
together are more than chance would have, and EM takes the surplus for matches: of 198,000 pairs of one birthday 131
matched and 720 strangers shared a forename, half of whom chance would have given one sex; EM found 441 matches. So a
pattern's odds leave out what two agreements say more often than chance has them among strangers.

Only where matches are as rare as that: matches have dependences of their own, which EM does not know either (who has
moved has married too), and where they are many it finds fewer of these once strangers are told from them so sharply.
"""

from collections.abc import Sequence

import numpy as np

from linkage.model.training.counts.patterns import Flags, Floats, Layout, Patterns

_Agreement = tuple[Flags, Flags]
"""By comparison, whether a pattern fully agrees, and whether it is known: each (comparisons, patterns)."""

_CHANCE_COUNTS_AS = 10.0
"""Pairs that agree on both by chance, beside those that strangers show: few pairs say little."""
RARE, RARER = 10.0, 2.0
"""Matches that EM finds by fields alone are rare where they are fewer than so many times what strangers share beyond
chance: a tenth too many would be strangers. The second is for models whose comparisons say what goes together."""
_LEAST = 1e-6  # of a cell, of what it can be


def beyond_chance(
    layout: Layout, patterns: Patterns, strangers: Sequence[Patterns], counts: Sequence[Floats], u: Floats
) -> tuple[Floats, Floats]:
    """log2 of how much more often strangers show a pattern than if they agreed on each field by itself.

    Full agreement and all else are told apart, of each two fields; what is unknown says nothing.

    Args:
        patterns: of the block, to be weighed.
        strangers, counts: patterns of pairs of strangers, and (draws, patterns) how many show each.
        u: (draws, levels) share of the block's strangers at each level.

    Returns:
        (draws, patterns of the block), and the share of the block's strangers that agree on two fields beyond chance,
        each two fields counted: (draws,).
    """
    found, surplus = np.zeros((len(u), len(patterns.counts))), np.zeros(len(u))
    agree, known = _agreement(layout, patterns)
    seen = [_agreement(layout, table) for table in strangers]
    for one in range(len(layout.first)):
        for other in range(one):
            ratio = _times(seen, counts, one, other)
            if ratio is None:
                continue
            shares = u[:, layout.first[one]], u[:, layout.first[other]]
            cells = _cells(ratio, *shares)
            place = 2 * agree[one] + agree[other]
            found += np.where(known[one] & known[other], np.log2(cells)[place].T, 0.0)
            if known[one].any() and known[other].any():
                surplus += np.maximum(cells[3] - 1, 0.0) * shares[0] * shares[1]
    return found, surplus


def _agreement(layout: Layout, patterns: Patterns) -> _Agreement:
    agree = patterns.shown[:, layout.first] > 0
    known = np.add.reduceat(patterns.shown, layout.first, axis=1) > 0
    return agree.T, known.T


def _times(seen: Sequence[_Agreement], counts: Sequence[Floats], one: int, other: int) -> Floats | None:
    """How many times as often as by chance strangers agree on both of two comparisons: (draws,); None where none do."""
    draws = len(counts[0])
    both, chance = np.zeros(draws), np.zeros(draws)
    for (agree, known), count in zip(seen, counts, strict=True):
        told = count * (known[one] & known[other])
        both += told @ (agree[one] & agree[other])
        chance += (told @ agree[one]) * (told @ agree[other]) / np.maximum(told.sum(axis=1), 1.0)
    if not chance.any():
        return None
    times: Floats = (both + _CHANCE_COUNTS_AS) / (chance + _CHANCE_COUNTS_AS)
    return times


def _cells(ratio: Floats, one: Floats, other: Floats) -> Floats:
    """Shares of the four cells of two fields over what chance would have them: (4, draws), both agree last."""
    one, other = (np.clip(share, _LEAST**2, 1 - _LEAST) for share in (one, other))  # of a field of one value all agree
    fewest, most = np.maximum(one + other - 1, 0.0), np.minimum(one, other)
    within = np.clip((ratio * one * other - fewest) / (most - fewest), _LEAST, 1 - _LEAST)
    both = fewest + within * (most - fewest)
    shares = np.array([1 - one - other + both, other - both, one - both, both])
    chance = np.array([(1 - one) * (1 - other), (1 - one) * other, one * (1 - other), one * other])
    found: Floats = shares / chance
    return found
