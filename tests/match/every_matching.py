"""All matchings of a small graph, counted out one by one: what the engine's answers are held to."""

from collections.abc import Iterator, Sequence

Edge = tuple[int, int, float]  # left unit, right unit, log2 odds


def every_matching(edges: Sequence[Edge]) -> Iterator[tuple[frozenset[int], float]]:
    """The places of the pairs of each matching, and how likely it is beside the empty one."""
    for chosen in range(1 << len(edges)):
        places = [place for place in range(len(edges)) if chosen >> place & 1]
        lefts, rights = {edges[p][0] for p in places}, {edges[p][1] for p in places}
        if len(lefts) == len(rights) == len(places):
            yield frozenset(places), 2.0 ** sum(edges[place][2] for place in places)


def marginals(edges: Sequence[Edge]) -> list[float]:
    """The share of all matchings, weighed, that holds each pair."""
    matchings = list(every_matching(edges))
    total = sum(likely for _, likely in matchings)
    return [sum(likely for places, likely in matchings if place in places) / total for place in range(len(edges))]
