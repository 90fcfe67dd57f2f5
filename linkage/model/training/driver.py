"""The training driver: u, m and the prior of a model, estimated on the records of two
sides.

- u: random pairs of both sides;
- m: one EM with fixed u over all training blocks together;
- conditional comparisons: pairs within each file that agree on the conditions
  (linkage.model.training.dependence);
- the prior: matches that EM found in the blocks, scaled up by how often matches agree
  on what was blocked on.

The pairs are compared and counted by the engine; all that follows works on a few
hundred counts.
"""

from collections.abc import Callable

import numpy as np

from linkage.engine import Engine, Table
from linkage.model.splink_json import GIVE_A_MODEL, Model
from linkage.model.training.dependence import with_dependence
from linkage.model.training.estimates import Estimates, estimate, with_estimates
from linkage.model.training.evidence import enlarge, gather
from linkage.model.training.informative_prior import InformativePrior
from linkage.model.training.report import TrainingReport, training_report
from linkage.model.training.u import estimate_u


def train(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    *,
    seed: int = 2026,
    one_file: bool = False,
    informative: InformativePrior | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[Model, TrainingReport]:
    """Estimate a model's probabilities on two sides' records.

    Args:
        model: comparisons and blocking rules; what m and u it has are where estimation
            starts.
        left, right: unit_id and the model's columns.
        seed: of the samples.
        one_file: both sides are parts of one file, so that pairs within a side are no
            non-matches.
        informative: a step that has learnt by the same comparisons; its m is where
            estimation starts, and counts as further matches.

    Raises:
        NothingToTrainOnError: no block makes a pair, for example because the sides
            share no value.
    """
    say = progress or (lambda _: None)
    start = informative.model if informative else model
    evidence = gather(
        engine,
        start,
        left,
        right,
        seed=seed,
        one_file=one_file,
        informative=informative,
        progress=say,
    )
    estimates = estimate(evidence)
    matches = [block.matches for block in estimates.blocks]
    larger_evidence = enlarge(engine, evidence, matches, left, right, seed=seed)
    if larger_evidence:
        say("few matches so far: m from more of the pairs")
        evidence = larger_evidence
        estimates = estimate(evidence)
    # EM had the conditional comparisons of the model that it started from; of one that
    # is not trained they say nothing.
    evidence = with_dependence(engine, evidence, estimates.u, left, right, seed=seed)
    trained_model = with_estimates(evidence.layout, estimates)
    return trained_model, training_report(evidence, trained_model, estimates, seed)


def default_parameters(
    engine: Engine, model: Model, left: Table, right: Table, *, seed: int, reason: str
) -> tuple[Model, TrainingReport]:
    """A model of two sides that are too small to learn from: u as counted, m as the
    comparisons start with.

    Args:
        model: comparisons, with the shares of matches that their kinds usually show.
        left, right: unit_id and the model's columns.
        reason: why nothing could be learnt, in a line.

    Returns:
        The model, and a report whose warning says so.
    """
    evidence = gather(engine, model, left, right, seed=seed, learn=False)
    u = estimate_u(evidence)
    evidence = with_dependence(engine, evidence, u, left, right, seed=seed)
    layout = evidence.layout
    m = layout.starting_m()
    nothing = np.zeros(len(m))
    estimates = Estimates(
        m=m / layout.totals(m),
        u=u,
        prior=0.5 / max(*evidence.units, 2),
        matches=nothing,
        silent=nothing.astype(bool),
    )
    trained_model = with_estimates(layout, estimates)
    report = training_report(evidence, trained_model, estimates, seed)
    report.warnings = [
        f"{reason}: what matches show is taken from how such fields usually are "
        "written, and how many there are from "
        f"the sizes of the files; look at the links, or {GIVE_A_MODEL}"
    ]
    return trained_model, report
