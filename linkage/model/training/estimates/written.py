"""Estimates written into a model."""

from copy import deepcopy

from linkage.model.splink_json import Model, from_dict
from linkage.model.training.counts.patterns import Layout
from linkage.model.training.estimates.estimation import Estimates


def with_estimates(layout: Layout, estimates: Estimates) -> Model:
    """The model with its estimates; sums may differ in the last digits from one processor to the next."""
    raw = deepcopy(layout.model.raw)
    for number, (index, position) in enumerate(layout.places):
        level = raw["comparisons"][index]["comparison_levels"][position]
        for kind, found in (("m_probability", estimates.m), ("u_probability", estimates.u)):
            if not (level.get(f"fix_{kind}") and level.get(kind) is not None):
                level[kind] = _steady(found[0, number])
    raw["probability_two_random_records_match"] = _steady(estimates.prior[0])
    return from_dict(raw)


def _steady(value: float) -> float:
    return float(f"{value:.12g}")
