"""A model of two sides that are too small to learn from: m as such fields usually show it, u as it is counted."""

import numpy as np

from linkage.engine import Engine, Table
from linkage.model.sampling import drawn
from linkage.model.splink_json import GIVE_A_MODEL, Model
from linkage.model.training.counts.chance import random_pairs
from linkage.model.training.counts.overlaps import overlaps, seen
from linkage.model.training.counts.patterns import Layout, counted
from linkage.model.training.counts.rules import agreements
from linkage.model.training.em.evidence import Evidence, as_counted
from linkage.model.training.estimates.estimation import Estimates, random_u
from linkage.model.training.estimates.report import TrainingReport, measured_levels, reported
from linkage.model.training.estimates.written import with_estimates
from linkage.model.training.strangers.block_strangers import starting_m
from linkage.model.training.together.together import with_togetherness

_SAMPLE_ROWS = 120_000
_MATCHED, _FEW = 0.5, 0.001  # share of the smaller side that is taken to have a partner, where training starts too


def unlearnt(
    engine: Engine, model: Model, left: Table, right: Table, *, seed: int, reason: str, nobody: bool = False
) -> tuple[Model, TrainingReport]:
    """A model with nothing learnt from matches but what strangers share, and a report whose warning says so.

    Args:
        model: comparisons, with the shares of matches that their kinds usually show.
        left, right: unit_id and the model's columns.
        reason: why nothing could be learnt, in a line.
        nobody: the sides seem to have next to nobody in common, so that one in a thousand is taken to have a partner.
    """
    layout = Layout(model)
    read = dict.fromkeys(column for comparison in model.comparisons for column in comparison.columns)
    sides = drawn(engine, (left, right), list(read), most=_SAMPLE_ROWS, seed=seed)
    equal = tuple(agreement for agreement in agreements(engine, layout, sides) if len(agreement.columns) == 1)
    overlapping = overlaps(layout, equal, sides)
    asked = [random_pairs(engine, layout, sides), *(overlap.pairs for overlap in overlapping)]
    pairs, *tables = counted(engine, layout, asked, sides)
    engine.drop(*(side.sample for side in sides))
    units = (sides[0].units, sides[1].units)
    evidence = Evidence(layout, units, equal, seen(overlapping, tables), pairs, ())
    u = random_u(evidence, as_counted(evidence))
    m = starting_m(layout)[None, :]
    m = m / layout.totals(m)
    # The smaller side has at most as many partners as it has units; all pairs are the product of both sides.
    prior = np.array([min((_FEW if nobody else _MATCHED) / max(*units, 2), 0.5)])
    estimates = Estimates(m, u, prior, (), np.zeros_like(m))
    plain = with_estimates(layout, estimates)
    drawn_twice = Estimates(
        np.repeat(m, 2, axis=0), np.repeat(u, 2, axis=0), np.repeat(prior, 2), (), np.zeros((2, m.shape[1]))
    )
    report = reported(evidence, plain, estimates, drawn_twice, seed)
    trained = with_togetherness(engine, plain, layout, estimates, left, right, seed=seed)
    report.levels = [*report.levels, *measured_levels(trained)]
    report.learnt = False
    report.warnings = [
        f"{reason}: what matches show is taken from how such fields usually are written, and how many there are from "
        f"the sizes of the files; look at the links, or {GIVE_A_MODEL}"
    ]
    return trained, report
