"""Pairs of one file with their match weights: the file linked with itself, each pair of its records once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from linkage.engine import Engine, Table
from linkage.match.candidates.score import score_candidates, score_given, term_frequencies
from linkage.match.candidates.units import Units
from linkage.match.two_people.apart import two_people
from linkage.model import Model

_ONCE = "l.unit_id < r.unit_id"  # not a record with itself, nor a pair both ways


@dataclass(frozen=True)
class FilePairs:
    """What is known of a file's pairs.

    Attributes:
        scored: left_id < right_id, rule, gamma_<comparison>, match_weight of every pair that a blocking rule makes and
            that reaches the floor.
        apart: left_id, right_id, reason of those that are two people whatever they weigh.
        weigh: the same columns as `scored` for pairs (left_id, right_id) named elsewhere.
        rule_counts: what each blocking rule made.
    """

    scored: Table
    apart: Table
    weigh: Callable[[Table], Table]
    rule_counts: list[dict[str, Any]]


def each_pair_once(model: Model) -> Model:
    """The model whose blocking rules make each pair of one file's records once."""
    once = (replace(rule, condition=f"({rule.condition}) AND {_ONCE}") for rule in model.blocking_rules)
    return replace(model, blocking_rules=tuple(once))


def pairs_of_file(
    engine: Engine, model: Model, units: Units, floor: float, *, progress: Callable[[str], None] | None = None
) -> FilePairs:
    """Score a file against itself.

    Args:
        model: trained; its blocking rules are equalities, as for two files.
        floor: match weight below which a pair is left out.
    """
    file_model = each_pair_once(model)
    frequencies = term_frequencies(engine, file_model, units.units, units.units)
    found = score_candidates(engine, file_model, units.units, units.units, frequencies, floor, progress=progress)
    scored, counts = found.pairs, found.counts
    for count, rule in zip(counts, model.blocking_rules, strict=True):
        count["rule"] = rule.condition

    def weigh(pairs: Table) -> Table:
        return score_given(engine, file_model, units.units, units.units, frequencies, pairs)

    return FilePairs(scored, two_people(engine, scored, units, units, floor), weigh, counts)
