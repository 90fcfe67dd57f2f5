"""Split joined records where joining them makes a conflict: the strongest links are
followed first.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Link = tuple[int, int, float]
"""Two nodes and the weight of what joins them."""


@dataclass(frozen=True)
class RemovedLink:
    """A link that was not followed, and the rule that its two sides together would
    break.
    """

    left: int
    right: int
    weight: float
    rule: str


def split(
    links: Iterable[Link],
    conflict: Callable[[Sequence[int], Sequence[int]], str | None],
) -> tuple[dict[int, int], list[RemovedLink]]:
    """Follow links, the heaviest first, unless the two sides that one would join are in
    conflict.

    So a component is cut where its weakest link between the conflicting parts lies.
    What the order of the links is, and how their nodes are named apart from their
    order, changes nothing; nor do the last digits of a weight, which engines add up in
    an order of their own.

    Args:
        links: each pair once; one of infinite weight is followed whatever it breaks.
        conflict: given the nodes of two sides, the rule that one person of all of them
            would break, or None.

    Returns:
        The smallest node of its part for each node that a link names, and the removed
        links.
    """
    part_of: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    removals = []
    for a, b, weight in sorted(
        links, key=lambda link: (-round(link[2], 9), min(link[:2]), max(link[:2]))
    ):
        for node in (a, b):
            if node not in part_of:
                part_of[node], members[node] = node, [node]
        one, other = sorted((part_of[a], part_of[b]))
        if one == other:
            continue
        rule = None if weight == math.inf else conflict(members[one], members[other])
        if rule:
            removals.append(RemovedLink(a, b, weight, rule))
            continue
        for node in members[other]:
            part_of[node] = one
        members[one] += members.pop(other)
    # A link cut early may lie inside a part that others have joined since.
    return part_of, [
        link for link in removals if part_of[link.left] != part_of[link.right]
    ]
