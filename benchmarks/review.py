"""Whether the intervals of a clerical review cover the truth: 500 simulated reviews of populations that are known.

python -m benchmarks review                          # populations drawn from their probabilities, right and wrong
python -m benchmarks review --run RUN --step STEP    # and the pairs of a run that has truth

Each review draws a stratified sample by Neyman's allocation, answers it by the truth, and estimates precision and
recall. So does a review of the next release, with the labels of the last one (benchmarks/review_carried.py). An
interval of 95 % should hold the truth in 93 to 97 of 100 reviews.

What an imagined population has of errors is drawn from its rates anew for each review. Of one population again and
again, with its 34 errors or 35, a sample can see only so many numbers of them, and the share covered jumps with that
number by three points either way: a reader's population is any of them.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import RESULTS, facts
from benchmarks.review_carried import WAYS, Known, Releases, answered_in
from linkage.engine import connect, rows
from quality.definitions import load
from quality.review import Answers, Stratum, allot, estimate, frame, stratify

REVIEWS = 500
SIZES = (200, 400, 800)
_MEASURES = ("precision", "recall")
World = Callable[[np.random.Generator], Known]  # a population, made for a review

# Links by weight, heaviest first, then other pairs: how many, and the share of each that is not as decided.
_LINKS = {
    9000: 1e-5, 4000: 1e-4, 2500: 5e-4, 1500: 2e-3, 800: 8e-3, 400: 0.03, 200: 0.08, 120: 0.2, 60: 0.4,
}  # fmt: skip
_OTHERS = {80: 0.35, 250: 0.12, 600: 0.03, 2000: 0.004}
_WORLDS = {
    "probabilities are right": lambda share: share,
    "twice as many errors, and one more in a thousand": lambda share: np.minimum(2 * share + 0.001, 0.6),
    "a third of the errors": lambda share: share / 3,
    "1 % of errors everywhere alike": lambda share: np.full_like(share, 0.01),
    "3 % of errors everywhere alike": lambda share: np.full_like(share, 0.03),
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks review", description=__doc__.split("\n")[0])
    parser.add_argument("--run", type=Path, help="a finished run that has truth")
    parser.add_argument("--step", help="one of its steps")
    parser.add_argument("--true-pairs", type=Path, help="Parquet of its true pairs: left_id, right_id")
    parser.add_argument("--reviews", type=int, default=REVIEWS)
    options = parser.parse_args(arguments)
    worlds: dict[str, World] = {name: _imagined(shift) for name, shift in _WORLDS.items()}
    if options.run:
        of_run = _of_run(options.run, options.step, options.true_pairs)
        worlds[f"links of {options.step}"] = lambda _: of_run
    measured = [
        {"population": name, "size": size, **_covered(world, size, options.reviews)}
        for name, world in worlds.items()
        for size in SIZES
    ]
    for name in (next(iter(_WORLDS)), "3 % of errors everywhere alike"):
        measured += [
            {
                "population": f"next release, {way}: {name}",
                "size": size,
                **_carried(worlds[name], way, size, options.reviews),
            }
            for way in WAYS
            for size in SIZES
        ]
    found = {**facts(), "reviews": options.reviews, "measured": measured}
    (RESULTS / "review.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "review.md").write_text(_page(measured, options.reviews), encoding="utf-8")
    print(_page(measured, options.reviews))


def _imagined(shift: Any) -> World:
    """A population whose pairs are wrong as often as `shift` makes of what their strata say."""

    def drawn(rng: np.random.Generator) -> Known:
        strata, matches = [], {}
        for accepted, sizes in ((True, _LINKS), (False, _OTHERS)):
            pairs = np.array(list(sizes))
            events = rng.binomial(pairs, shift(np.array(list(sizes.values()))))
            for place, (count, said, found) in enumerate(zip(pairs, sizes.values(), events, strict=True)):
                name = f"{'links' if accepted else 'other pairs'}|rule 1|{place}"
                expected = 1 - said if accepted else said
                strata.append(Stratum(name, accepted, "rule 1", None, None, int(count), expected))
                matches[name] = int(count - found if accepted else found)
        return Known(strata, matches)

    return drawn


def _of_run(run: Path, step: str, true_pairs: Path) -> Known:
    definitions = load()
    with connect("duckdb", memory_limit="2GB") as engine:
        (links,) = run.glob(f"stages/*-link-{step}/links/{step}.parquet")
        stratified = stratify(engine, engine.read(links), definitions)
        counted = engine.sql(
            """
            select s.stratum, count(t.left_id) as matches
            from {stratified} as s
            left join {true_pairs} as t on t.left_id = s.left_id and t.right_id = s.right_id
            group by s.stratum
            """,
            stratified=stratified,
            true_pairs=engine.read(true_pairs),
        )
        matches = {row["stratum"]: int(row["matches"]) for row in rows(engine, counted)}
        return Known(frame(engine, stratified, definitions), matches)


def _covered(world: World, size: int, reviews: int) -> dict[str, Any]:
    """Shares of reviews whose interval holds the truth, or lies above or below it; mean width and estimate."""
    rng = np.random.default_rng(size)
    held, looked_at = _Held(), []
    for number in range(reviews):
        known, answers = world(rng), {}
        allotted = allot(known.strata, size)
        for stratum in known.strata:
            right = known.matches[stratum.name]
            drawn = allotted[stratum.name]
            found = int(rng.hypergeometric(right, stratum.pairs - right, drawn))
            answers[stratum.name] = Answers(found, drawn - found)
        held.take(estimate(known.strata, answers, seed=number), known.truth)
        looked_at.append(sum(allotted.values()))
    return {"looked_at": round(np.mean(looked_at)), "carried": None, **held.shares()}


def _carried(world: World, way: str, size: int, reviews: int) -> dict[str, Any]:
    """As `_covered`, of the next release; carried: how many of the answers were given of the last one."""
    rng = np.random.default_rng(size)
    held, looked_at, carried = _Held(), [], []
    for number in range(reviews):
        last = world(rng)
        known, answers, old = answered_in(Releases.following(last.strata, last.matches, rng), way, size, rng)
        held.take(estimate(known.strata, answers, seed=number), known.truth)
        looked_at.append(sum(said.given for said in answers.values()))
        carried.append(old)
    return {"looked_at": round(np.mean(looked_at)), "carried": round(np.mean(carried)), **held.shares()}


class _Held:
    """Intervals of reviews beside the truth of each."""

    def __init__(self) -> None:
        self._ends: dict[str, list[tuple[float, ...]]] = {name: [] for name in _MEASURES}

    def take(self, said: Mapping[str, Any], truth: Mapping[str, float]) -> None:
        for name in _MEASURES:
            share = said[name]["middle"]
            self._ends[name].append((share["low"], share["high"], share["value"], truth[name]))

    def shares(self) -> dict[str, Any]:
        return {name: self._of(ends) for name, ends in self._ends.items()}

    @staticmethod
    def _of(ends: Sequence[tuple[float, ...]]) -> dict[str, float]:
        low, high, value, true = (np.array(column) for column in zip(*ends, strict=True))
        return {
            "truth": float(np.mean(true)),
            "covered": float(np.mean((low <= true + 1e-12) & (true <= high + 1e-12))),
            "interval_below": float(np.mean(high < true - 1e-12)),
            "interval_above": float(np.mean(low > true + 1e-12)),
            "mean_width": float(np.mean(high - low)),
            "mean_estimate": float(np.mean(value)),
        }


def _page(measured: Sequence[Mapping[str, Any]], reviews: int) -> str:
    lines = [
        "# Do the intervals of a clerical review cover the truth?",
        "",
        f"`python -m benchmarks review`, {reviews} reviews each. 95 % intervals; in {reviews} reviews chance alone",
        f"moves the share covered by {196 * (0.95 * 0.05 / reviews) ** 0.5:.1f} points either way.",
        "",
        "| population | pairs looked at | of the last release | measure | truth, % | covered, % | too low, % | "
        "too high, % | mean width, points | mean estimate, % |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in measured:
        for name in _MEASURES:
            found = row[name]
            numbers = (
                f"{100 * found['truth']:.3f} | {100 * found['covered']:.1f} | {100 * found['interval_below']:.1f} | "
                f"{100 * found['interval_above']:.1f} | {100 * found['mean_width']:.2f} | "
                f"{100 * found['mean_estimate']:.3f}"
            )
            old = row["carried"] if row["carried"] is not None else ""
            lines.append(f"| {row['population']} | {row['looked_at']} | {old} | {name} | {numbers} |")
    return "\n".join(lines) + "\n"
