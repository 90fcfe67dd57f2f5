"""Conditions on edit distances, said so that most pairs need none.

A distance fills a table of letters by letters for each pair. Whether two texts are one edit apart is told, for most,
by their lengths and by a count of letters that differ at the same place: an eighth of the time on postcodes, a
twentieth on transposed dates.
"""

import functools

from sqlglot import exp

from linkage.model.conditions import parsed, spelled

WITHIN_ONE = {"LEVENSHTEIN": "within_one_edit", "DAMERAU_LEVENSHTEIN": "within_one_edit_or_swap"}
"""A distance of one at most, by the name of its distance: functions that each engine has."""


@functools.lru_cache(maxsize=4096)
def cheaper(condition: str) -> str:
    """The same condition, with `distance(a, b) <= 1` as a question that most pairs answer without the distance."""
    if "levenshtein" not in condition.lower():
        return condition
    return spelled(parsed(condition).transform(_asked))


def _asked(node: exp.Expression) -> exp.Expression:
    if not (isinstance(node, exp.LTE) and node.expression.sql() == "1"):
        return node
    distance = node.this
    if isinstance(distance, exp.Levenshtein):
        return exp.func(WITHIN_ONE["LEVENSHTEIN"], distance.this, distance.expression)
    name = distance.name.upper() if isinstance(distance, exp.Anonymous) else ""
    return exp.func(WITHIN_ONE[name], *distance.expressions) if name in WITHIN_ONE else node
