"""u and m as Splink estimates them, each on the sample that shows it best.

- u: Splink's random sampling, on a random sample of both sides;
- m: Splink's EM, once for each training rule, with u as strangers have it inside the blocks (see chance). It runs on
  whole blocks: a sample by the blocks' value keeps every match, where a sample of records would lose most of them;
- the prior: matches that EM found in the blocks, scaled up by how often matches agree on what was blocked on.

A level that training never saw keeps a pseudo-count, since Splink's constant for it (1e-6) would let one unseen level
outweigh all other evidence.
"""

import logging
import math
import statistics
import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, columns, one, quote
from linkage.engine.splink_api import splink_tables
from linkage.errors import ConfigError, LeoError
from linkage.model.chance import block_u
from linkage.model.sampling import share_condition
from linkage.model.splink_json import Model, from_dict

RANDOM_PAIRS = 300_000  # for u; a level of share 1e-4 is then known to 18 %
BLOCK_PAIRS = 200_000  # for each run of EM
_ITERATIONS = (25, 10, 5)  # of EM; the first that Splink brings to an end is taken
_SAMPLE_ROWS = 100_000  # of each side, for u
_BLOCK_ROWS = 300_000  # of each side, for a run of EM: a pure block has its fill of matches long before
_COUNTED_ROWS = 100_000  # of each side, to count the pairs that a rule makes

# Columns that a person does not share with the rest of a household. A block without any of them would show EM brothers
# and sisters, who agree on surname and address, as matches.
_PERSONAL = {"forename", "middle_names", "dob", "nino", "uln", "upn", "husid", "email"}
# Pairs a unit that a block may make: EM needs matches to be about 1 % of them or more (Splink's advice), and manages
# with fewer where nothing purer leaves a comparison free.
_PURE_PAIRS, _MOST_PAIRS = 40, 400
_UNSEEN_MATCHES = 5.0  # pseudo-count of matches, spread evenly over a comparison's levels
_UNSEEN_RANDOM = 0.5  # pseudo-count of random pairs for a level that the sample never saw


@dataclass(frozen=True)
class TrainingRule:
    """Columns that a run of EM blocks on, and the pairs that makes."""

    columns: tuple[str, ...]
    pairs: int
    complete: float  # share of both sides' units that have all the columns


@dataclass
class TrainingReport:
    """What a model was trained on: counts, no values."""

    random_pairs: int = 0
    rules: list[dict[str, Any]] = field(default_factory=list)
    prior: float = 0.0
    warnings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)


def train(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    *,
    seed: int = 2026,
    progress: Callable[[str], None] | None = None,
) -> tuple[Model, TrainingReport]:
    """Estimate a model's probabilities on two sides' units.

    Args:
        model: comparisons and blocking rules; what m and u it has are where estimation starts.
        left, right: unit_id and the model's columns.
        seed: of the samples.

    Raises:
        LeoError: no rule makes enough pairs to learn from, for example because the sides share no value.
    """
    say = progress or (lambda _: None)
    report = TrainingReport()
    raw = deepcopy(model.raw)
    sizes = engine.count(left), engine.count(right)
    # EM starts from the odds that half of the smaller side has a match; from much higher odds it takes a whole block
    # for matches and never comes back.
    raw["probability_two_random_records_match"] = 0.5 / max(*sizes, 2)
    say(f"u from {RANDOM_PAIRS:,} random pairs")
    _set_probabilities(raw, "u_probability", _random_u(engine, model, left, right, seed, report))
    say("blocks to train m on")
    rules = training_rules(engine, model, left, right)
    runs = []
    for rule in rules:
        say(f"m from pairs that agree on {' and '.join(rule.columns)}")
        runs.append(_expectation_maximisation(engine, raw, rule, left, right, report))
    _set_probabilities(raw, "m_probability", _combined(model, runs, report))
    prior = _prior(raw, runs, sizes[0] * sizes[1])
    raw["probability_two_random_records_match"] = report.prior = _steady(prior)
    return from_dict(raw), report


def training_rules(engine: Engine, model: Model, left: Table, right: Table) -> list[TrainingRule]:
    """The blocks that EM learns from: few enough pairs that matches are not lost in them, and no column in all rules.

    Raises:
        LeoError: nothing to block on makes pairs.
    """
    exact = _equality_columns(model)
    smaller = min(engine.count(left), engine.count(right))
    candidates = []
    samples = [_counting_sample(engine, table, exact) for table in (left, right)]
    sets = [(a,) for a in exact] + [(a, b) for i, a in enumerate(exact) for b in exact[i + 1 :]]
    for names in [s for s in sets if _PERSONAL & set(s)] or sets:
        rule = _count_pairs(engine, names, samples)
        known = max(smaller * rule.complete, 1.0)
        if rule.pairs >= max(0.02 * known, 30) and rule.pairs <= _MOST_PAIRS * known:
            candidates.append((rule, rule.pairs / known > _PURE_PAIRS))
    if not candidates:
        raise LeoError(
            f"nothing to train on: no column or pair of columns makes between 0.02 and {_MOST_PAIRS} pairs a unit\n"
            "  give a trained model (train = false), or map more columns"
        )
    chosen: list[TrainingRule] = []
    waiting = {comparison.name: set(comparison.columns) for comparison in model.comparisons}
    while waiting:
        # A run of EM says nothing of a comparison that reads what it blocks on, so several runs share the work.
        rule, _ = min(
            candidates, key=lambda c: (-len(_free(waiting, c[0])), -round(c[0].complete, 1), c[1], c[0].pairs)
        )
        free = _free(waiting, rule)
        if not free:
            break
        chosen.append(rule)
        waiting = {name: used for name, used in waiting.items() if name not in free}
    return chosen


def _free(waiting: dict[str, set[str]], rule: TrainingRule) -> set[str]:
    """Comparisons that a run of EM on a rule would estimate."""
    return {name for name, used in waiting.items() if not used & set(rule.columns)}


def _equality_columns(model: Model) -> list[str]:
    """Columns that a comparison has an exact level on."""
    found = []
    for comparison in model.comparisons:
        for level in comparison.levels:
            for column in comparison.columns:
                plain = (level.condition or "").replace('"', "").replace(" ", "").lower()
                if (
                    plain in (f"{column}_l={column}_r".lower(), f"{column}_r={column}_l".lower())
                    and column not in found
                ):
                    found.append(column)
    return found


def _counting_sample(engine: Engine, table: Table, names: Sequence[str]) -> tuple[Table, float]:
    """Some units with the columns named, and their share of all: enough to count what a rule would make."""
    units = engine.count(table)
    share = min(_COUNTED_ROWS / max(units, 1), 1.0)
    kept = share_condition("cast(unit_id as varchar)", share, 2)
    sample = engine.sql(f"select {columns(names)} from {{t}} where {kept}", t=table, store=True)
    return sample, engine.count(sample) / max(units, 1)


def _count_pairs(engine: Engine, names: Sequence[str], samples: Sequence[tuple[Table, float]]) -> TrainingRule:
    (left, left_share), (right, right_share) = samples
    listed = columns(names)
    known = " and ".join(f"{quote(name)} is not null" for name in names)
    counted = engine.sql(
        f"""
        with of_left as (
            select {listed}, count(*) as units from {{left}} where {known} group by {listed}
        ),
        of_right as (
            select {listed}, count(*) as units from {{right}} where {known} group by {listed}
        )
        select coalesce((
                   select sum(l.units * r.units) from of_left as l join of_right as r using ({listed})
               ), 0) as pairs,
               coalesce((select sum(units) from of_left), 0) as known_left,
               coalesce((select sum(units) from of_right), 0) as known_right
        """,
        left=left,
        right=right,
    )
    found = one(engine, counted)
    complete = min(
        int(found["known_left"]) / max(engine.count(left), 1), int(found["known_right"]) / max(engine.count(right), 1)
    )
    pairs = round(int(found["pairs"]) / max(left_share * right_share, 1e-12))
    return TrainingRule(tuple(names), pairs, complete)


def _sample(engine: Engine, model: Model, table: Table, condition: str) -> pa.Table:
    """Units for which a condition holds, with the model's columns alone."""
    wanted = columns(["unit_id", *model.columns])
    return engine.arrow(engine.sql(f"select {wanted} from {{units}} where {condition}", units=table))


def _random_u(
    engine: Engine, model: Model, left: Table, right: Table, seed: int, report: TrainingReport
) -> dict[tuple[int, int], float]:
    sides = []
    for table in (left, right):
        share = _SAMPLE_ROWS / max(engine.count(table), 1)
        sides.append(_sample(engine, model, table, share_condition("cast(unit_id as varchar)", share, seed)))
    pairs = min(RANDOM_PAIRS, sides[0].num_rows * sides[1].num_rows)
    with _linker(model.raw, sides) as linker:
        linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=seed)
        found = _probabilities(linker.misc.save_model_to_json(), "u_probability")
    report.random_pairs = int(pairs)
    unseen = _UNSEEN_RANDOM / max(pairs, 1)
    fixed = _probabilities(model.raw, "u_probability")
    return {key: max(found.get(key) or fixed.get(key) or 0.0, unseen) for key in _graded_keys(model.raw)}


def _expectation_maximisation(
    engine: Engine, raw: dict[str, Any], rule: TrainingRule, left: Table, right: Table, report: TrainingReport
) -> dict[str, Any]:
    """One run of EM on the blocks of a rule: Splink's m for every comparison that the rule does not block on."""
    model = from_dict(raw)
    larger = max(engine.count(left), engine.count(right), 1)
    share = min(BLOCK_PAIRS / max(rule.pairs, 1), _BLOCK_ROWS / larger)
    value = " || '|' || ".join(f"cast({quote(name)} as varchar)" for name in rule.columns)
    condition = share_condition(value, share, 0)
    sides = [_sample(engine, model, table, condition) for table in (left, right)]
    inside = deepcopy(raw)
    _set_probabilities(inside, "u_probability", block_u(engine, model, rule.columns, sides))
    found, share_of_matches, iterations = _em(inside, rule, sides, _ITERATIONS)
    if iterations >= _ITERATIONS[0]:
        report.warnings.append(f"EM on {', '.join(rule.columns)} stopped at its limit of {iterations} iterations")
    sampled = int(rule.pairs * min(share, 1.0))
    report.rules.append(
        {
            "columns": list(rule.columns),
            "pairs": sampled,
            "matches": round(share_of_matches * sampled),
            "iterations": iterations,
        }
    )
    return {
        "columns": rule.columns,
        "m": found,
        "matches": share_of_matches * sampled,
        "matches_in_all": share_of_matches * rule.pairs,
    }


def _em(
    raw: dict[str, Any], rule: TrainingRule, sides: Sequence[pa.Table], limits: Sequence[int]
) -> tuple[dict[str, list[float | None]], float, int]:
    """m of each comparison's levels, the share of matches, and iterations used.

    A level that no match shows shrinks at each iteration until Splink refuses it as too small; then a lower limit of
    iterations stops before that, with all that matters long settled.
    """
    from splink import block_on

    with _linker({**raw, "max_iterations": limits[0]}, sides) as linker:
        try:
            session = linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule.columns), estimate_without_term_frequencies=True
            )
        except ValueError as error:
            if len(limits) == 1:
                raise LeoError(
                    f"nothing learnt from pairs that agree on {' and '.join(rule.columns)}: Splink's EM does not end\n"
                    "  give a trained model (train = false), or map more columns"
                ) from error
            return _em(raw, rule, sides, limits[1:])
        trained = session.core_model_settings
        found = {
            comparison.output_column_name: [
                None if level.is_null_level else level.m_probability for level in comparison.comparison_levels
            ]
            for comparison in trained.comparisons
        }
        return found, float(trained.probability_two_random_records_match), len(session._core_model_settings_history) - 1


def _combined(model: Model, runs: Sequence[dict[str, Any]], report: TrainingReport) -> dict[tuple[int, int], float]:
    """The median over the runs, as Splink combines them, with a pseudo-count for what no match showed."""
    combined: dict[tuple[int, int], float] = {}
    for index, comparison in enumerate(model.comparisons):
        graded = [position for position, level in enumerate(comparison.levels) if level.value >= 0]
        seen = [run for run in runs if comparison.name in run["m"]]
        if not seen:
            report.warnings.append(
                f"comparison '{comparison.name}' was blocked on in every run: its m is not estimated"
            )
        for position in graded:
            start = comparison.levels[position].m
            estimates = [run["m"][comparison.name][position] for run in seen]
            known = [float(m) for m in estimates if isinstance(m, int | float) and not math.isnan(m)]
            matches = statistics.mean(run["matches"] for run in seen) if seen else 0.0
            expected = start if start is not None else 1 / len(graded)
            estimate = statistics.median(known) if known else (0.0 if seen else expected)
            combined[index, position] = (estimate * matches + expected * _UNSEEN_MATCHES) / (matches + _UNSEEN_MATCHES)
        total = sum(combined[index, position] for position in graded)
        for position in graded:
            combined[index, position] /= total
    return combined


def _prior(raw: dict[str, Any], runs: Sequence[dict[str, Any]], all_pairs: int) -> float:
    """Share of all pairs that match: those EM found in a block, over the share of matches that agree on the block."""
    model = from_dict(raw)
    found = []
    for run in runs:
        agree = 1.0
        for comparison in model.comparisons:
            if set(comparison.columns) & set(run["columns"]):
                agree *= max(level.m or 0.0 for level in comparison.levels if level.value > 0)
        found.append(run["matches_in_all"] / max(agree, 0.05))
    return float(min(max(statistics.mean(found), 1.0) / max(all_pairs, 2), 0.5))


def _linker(raw: dict[str, Any], sides: Sequence[pa.Table]) -> Any:
    return _Linker(raw, sides)


class _Linker:
    """A Splink linker on two samples, quiet, gone with its database."""

    def __init__(self, raw: dict[str, Any], sides: Sequence[pa.Table]) -> None:
        self._settings = {
            **deepcopy(raw),
            "link_type": "link_only",
            "unique_id_column_name": "unit_id",
            "additional_columns_to_retain": [],  # the samples hold the compared columns alone
        }
        self._tables = splink_tables({"side_left": sides[0], "side_right": sides[1]})

    def __enter__(self) -> Any:
        from splink import Linker

        warnings.filterwarnings("ignore", module="splink")
        try:
            return Linker(self._tables.__enter__(), self._settings, log_level="ERROR", validate_settings=False)
        except (TypeError, ValueError, KeyError) as error:
            self._tables.__exit__(None, None, None)
            raise ConfigError(f"Splink does not take the model: {error}") from error

    def __exit__(self, *exc: Any) -> None:
        logging.getLogger("splink").setLevel(logging.ERROR)
        self._tables.__exit__(*exc)


def _graded_keys(raw: dict[str, Any]) -> list[tuple[int, int]]:
    return [
        (index, position)
        for index, comparison in enumerate(raw["comparisons"])
        for position, level in enumerate(comparison["comparison_levels"])
        if not level.get("is_null_level")
    ]


def _probabilities(raw: dict[str, Any], key: str) -> dict[tuple[int, int], float]:
    """m or u of each level that has one, by comparison and position."""
    return {
        (index, position): float(value)
        for index, position in _graded_keys(raw)
        if (value := raw["comparisons"][index]["comparison_levels"][position].get(key)) is not None
    }


def _set_probabilities(raw: dict[str, Any], key: str, found: dict[tuple[int, int], float]) -> None:
    fixed = "fix_m_probability" if key == "m_probability" else "fix_u_probability"
    for (index, position), value in found.items():
        level = raw["comparisons"][index]["comparison_levels"][position]
        if not (level.get(fixed) and level.get(key) is not None):
            level[key] = _steady(value)


def _steady(value: float) -> float:
    """Without the last digits, in which sums over threads differ from run to run, so that a model is the same again."""
    return float(f"{value:.12g}")
