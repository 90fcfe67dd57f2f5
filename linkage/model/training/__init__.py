"""Training: u, m and the prior as Splink estimates them, on counts of agreement patterns.

- u: random pairs of both sides;
- m: EM, once for each training rule, with u as strangers have it inside the blocks;
- comparisons that are given other columns: strangers who agree on these (together/dependence.py);
- the prior: matches that EM found in the blocks, scaled up by how often matches agree on what was blocked on.

The pairs are compared and counted by the engine; all that follows works on a few hundred counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from linkage.engine import Engine, Table
from linkage.model.sampling import drawn
from linkage.model.splink_json import Model
from linkage.model.training.counts.chance import RANDOM_PAIRS, random_pairs
from linkage.model.training.counts.inside import block_pairs, stranger_pairs
from linkage.model.training.counts.overlaps import overlaps, seen
from linkage.model.training.counts.patterns import Layout, Patterns, counted
from linkage.model.training.counts.rules import Agreement, agreements, training_rules
from linkage.model.training.em.earlier import Earlier, most_learnt
from linkage.model.training.em.evidence import Block, Evidence, as_counted
from linkage.model.training.em.no_persons import NobodyInBothError
from linkage.model.training.estimates.bootstrap import resampled
from linkage.model.training.estimates.checks import crossed, guessed, inverted
from linkage.model.training.estimates.estimation import LIMIT, Estimates, estimated
from linkage.model.training.estimates.nobody import refuse_strangers
from linkage.model.training.estimates.report import LevelReport, TrainingReport, measured_levels, reported
from linkage.model.training.estimates.wider import wider
from linkage.model.training.estimates.written import with_estimates
from linkage.model.training.together.changes import with_changes
from linkage.model.training.together.dependence import with_dependence, without_dependence, without_togetherness
from linkage.model.training.together.namesakes import with_names_within
from linkage.model.training.together.together import with_togetherness
from linkage.model.training.unlearnt import unlearnt

__all__ = [
    "RANDOM_PAIRS",
    "Earlier",
    "LevelReport",
    "NobodyInBothError",
    "TrainingReport",
    "gathered",
    "most_learnt",
    "train",
    "unlearnt",
]

_SAMPLE_ROWS = 120_000  # of each side; a pure block has its fill of matches long before


def train(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    *,
    seed: int = 2026,
    together: bool = False,
    one_file: bool = False,
    several: bool = False,
    earlier: Earlier | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[Model, TrainingReport]:
    """Estimate a model's probabilities on two sides' units.

    Args:
        model: comparisons and blocking rules; what m and u it has are where estimation starts.
        left, right: unit_id and the model's columns.
        seed: of the samples and of the bootstrap.
        together: also find fields that go together, and add comparisons that count them once; done too where the model
            has such comparisons.
        one_file: both sides are drawn from one file, so that pairs within a side are a person's as often as pairs
            across, and show nothing of strangers.
        several: the sides hold people several times. Pairs within a side show nothing of strangers then, but how often
            birth dates of one person may have nothing in common.
        earlier: a step that has learnt by the same comparisons; its m is where estimation starts, and what is rare here
            leans on it.

    Raises:
        LeoError: no rule makes enough pairs to learn from, for example because the sides share no value; EM comes to
            no end; or, where `together` is asked for, what it took for matches are no persons (NobodyInBothError).
    """
    say = progress or (lambda _: None)
    model = earlier.model if earlier else model
    together = together or any(comparison.together for comparison in model.comparisons)
    whole, model = without_togetherness(model), without_dependence(model)
    evidence = replace(
        gathered(engine, model, left, right, seed=seed, one_file=one_file, several=several, progress=say),
        trusting=together,
        earlier=earlier,
    )
    layout = evidence.layout
    estimates = estimated(evidence, as_counted(evidence))
    if more := wider(engine, evidence, estimates.runs, left, right, seed=seed):
        say("few matches so far: m from more of the pairs")
        evidence = more
        estimates = estimated(evidence, as_counted(evidence))
    if together:
        refuse_strangers(layout, estimates)
    say("standard errors")
    trained = with_estimates(layout, estimates)
    report = reported(evidence, trained, estimates, resampled(evidence, estimates, seed), seed)
    report.faults = [*_not_estimated(layout, estimates), *inverted(report.levels)]
    report.guessed = guessed(layout, estimates)
    report.warnings = [*_unsettled(estimates), *_unknown(layout, estimates), *crossed(report.levels)]
    if len(whole.comparisons) > len(model.comparisons):
        say("what strangers share")
        trained = with_dependence(engine, whole, trained, left, right, seed=seed)
        trained = with_changes(whole, trained, layout, estimates)
    if together:
        say("fields that go together")
        trained = with_togetherness(engine, trained, layout, estimates, left, right, seed=seed)
        if not (one_file or several):
            trained = with_names_within(engine, trained, layout, estimates, left, right, seed=seed)
    report.levels = [*report.levels, *measured_levels(trained)]
    return trained, report


def gathered(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    *,
    seed: int,
    one_file: bool = False,
    several: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Evidence:
    """All counts that estimation needs: the part of training that the engine does.

    Raises:
        LeoError: no rule makes enough pairs to learn from.
    """
    layout = Layout(model)
    read = dict.fromkeys(column for comparison in model.comparisons for column in comparison.columns)
    sides = drawn(engine, (left, right), list(read), most=_SAMPLE_ROWS, seed=seed)
    progress("columns to block on")
    agreeing = agreements(engine, layout, sides)
    rules = training_rules(model, agreeing, sides)
    equal = tuple(agreement for agreement in agreeing if len(agreement.columns) == 1)
    overlapping = overlaps(layout, equal, sides)
    progress(f"u from random pairs, m from pairs that agree on {'; '.join(' and '.join(r.columns) for r in rules)}")
    inside = [block_pairs(layout, rule, sides) for rule in rules]
    wanted = [random_pairs(engine, layout, sides)]
    for rule, (pairs, _) in zip(rules, inside, strict=True):
        wanted += [pairs, *([] if one_file else stranger_pairs(layout, rule, sides))]
    made = counted(engine, layout, [*wanted, *(overlap.pairs for overlap in overlapping)], sides)
    by_chance, *tables = made[: len(wanted)]
    engine.drop(*(side.sample for side in sides))
    each = 1 if one_file else 3
    blocks = tuple(
        _block(rule, share, tables[each * n : each * (n + 1)], several)
        for n, (rule, (_, share)) in enumerate(zip(rules, inside, strict=True))
    )
    return Evidence(
        layout, (sides[0].units, sides[1].units), equal, seen(overlapping, made[len(wanted) :]), by_chance, blocks
    )


def _block(rule: Agreement, share: float, tables: Sequence[Patterns], several: bool) -> Block:
    pairs, *within = tables
    return Block(rule, share, pairs, (), tuple(within)) if several else Block(rule, share, pairs, tuple(within))


def _not_estimated(layout: Layout, estimates: Estimates) -> list[str]:
    return [
        f"comparison '{comparison.name}' was blocked on in every run: its m is not estimated; map more columns"
        for comparison in layout.model.comparisons
        if not any(run.kept and run.block.rule.leaves_free(comparison) for run in estimates.runs)
    ]


def _unknown(layout: Layout, estimates: Estimates) -> list[str]:
    """A comparison that one side never knows is no fault: it will never have a say."""
    return [
        f"comparison '{comparison.name}' was known on both sides of no pair: its m is not estimated"
        for first, comparison in zip(layout.first, layout.model.comparisons, strict=True)
        if any(run.block.rule.leaves_free(comparison) for run in estimates.runs)
        and not any(run.free[first] for run in estimates.runs)
    ]


def _unsettled(estimates: Estimates) -> list[str]:
    return [
        f"EM on {', '.join(run.block.rule.columns)} came to no end in {LIMIT:,} iterations: left out of the estimates"
        for run in estimates.runs
        if not run.settled
    ] + [
        f"EM on {', '.join(run.block.rule.columns)} found more matches than there can be, or than the other runs "
        "let expect, as of households: left out of the estimates"
        for run in estimates.runs
        if not run.kept
    ]
