"""All matchings of a small graph, counted one by one, to compare the engine's answers
with.
"""

from collections.abc import Iterator, Sequence

Edge = tuple[int, int, float]  # left unit, right unit, log2 odds


def every_matching(edges: Sequence[Edge]) -> Iterator[tuple[frozenset[int], float]]:
    """The places of the pairs of each matching, and its odds against the empty one."""
    for bits in range(1 << len(edges)):
        places = [place for place in range(len(edges)) if bits >> place & 1]
        lefts, rights = {edges[p][0] for p in places}, {edges[p][1] for p in places}
        if len(lefts) == len(rights) == len(places):
            yield frozenset(places), 2.0 ** sum(edges[place][2] for place in places)


def marginals(edges: Sequence[Edge]) -> list[float]:
    """The share of all matchings, weighed, that holds each pair."""
    matchings = list(every_matching(edges))
    total = sum(odds for _, odds in matchings)
    return [
        sum(odds for places, odds in matchings if place in places) / total
        for place in range(len(edges))
    ]
