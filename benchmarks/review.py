"""Whether the intervals of a clerical review cover the truth: 500 simulated reviews of populations that are known.

python -m benchmarks review                          # populations drawn from their probabilities, right and wrong
python -m benchmarks review --run RUN --step STEP    # and the pairs of a run that has truth
python -m benchmarks review --only uncertain         # of these alone, beside what was measured before

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
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import RESULTS, facts
from benchmarks.review_carried import WAYS, Known, Releases, answered_in
from linkage.engine import connect, rows
from quality.measures.definitions import load
from quality.review import Answers, Stratum, allot, estimate, frame, stratify

REVIEWS = 500
SIZES = (200, 400, 800)
_MEASURES = ("precision", "recall")
_MIDDLE, _WHOLE = "the middle reading", "from the low reading's low end to the high one's high end"
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


_HESITATION = {
    "of the wrong decisions three in ten are uncertain, of the right ones one in fifty": (0.3, 0.02),
    "of all pairs one in twenty is uncertain": (0.05, 0.05),
}
"""Reviewers who cannot tell, and how often where the step is wrong and where it is right."""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks review", description=__doc__.split("\n")[0])
    parser.add_argument("--run", type=Path, help="a finished run that has truth")
    parser.add_argument("--step", help="one of its steps")
    parser.add_argument("--true-pairs", type=Path, help="Parquet of its true pairs: left_id, right_id")
    parser.add_argument("--reviews", type=int, default=REVIEWS)
    parser.add_argument(
        "--only", default="", help="populations whose name holds this; the others' rows stay as they are"
    )
    options = parser.parse_args(arguments)
    worlds: dict[str, World] = {name: _imagined(shift) for name, shift in _WORLDS.items()}
    if options.run:
        of_run = _of_run(options.run, options.step, options.true_pairs)
        worlds[f"links of {options.step}"] = lambda _: of_run
    page = RESULTS / "review.json"
    before = json.loads(page.read_text(encoding="utf-8"))["measured"] if options.only else []
    kept = [row for row in before if options.only not in row["population"]]
    asked = [measure for name, measure in _asked(worlds).items() if options.only in name]
    measured = kept + [row for measure in asked for size in SIZES for row in measure(size, options.reviews)]
    said = {**facts(), "reviews": options.reviews, "measured": measured}
    page.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    page.with_suffix(".md").write_text(_page(measured, options.reviews), encoding="utf-8")
    print(_page(measured, options.reviews))


def _asked(worlds: Mapping[str, World]) -> dict[str, Callable[[int, int], list[dict[str, Any]]]]:
    """Each population, and what makes its rows: of a size of sample and a number of reviews."""

    def alone(name: str, size: int, reviews: int) -> list[dict[str, Any]]:
        return [{"population": name, "size": size, **_covered(worlds[name], size, reviews)}]

    def hesitating(name: str, how: str, size: int, reviews: int) -> list[dict[str, Any]]:
        said = _in_readings(worlds[name], size, reviews, _HESITATION[how])
        return [{"population": f"{name}; {how}: {reading}", "size": size, **row} for reading, row in said.items()]

    def carried(name: str, way: str, size: int, reviews: int) -> list[dict[str, Any]]:
        row = _carried(worlds[name], way, size, reviews)
        return [{"population": f"next release, {way}: {name}", "size": size, **row}]

    found: dict[str, Callable[[int, int], list[dict[str, Any]]]] = {name: partial(alone, name) for name in worlds}
    for name in (next(iter(_WORLDS)), "3 % of errors everywhere alike"):
        found |= {f"{name}; {how}": partial(hesitating, name, how) for how in _HESITATION}
        found |= {f"next release, {way}: {name}": partial(carried, name, way) for way in WAYS}
    return found


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
    return _in_readings(world, size, reviews, (0.0, 0.0))[_MIDDLE]


def _in_readings(world: World, size: int, reviews: int, hesitates: tuple[float, float]) -> dict[str, dict[str, Any]]:
    """The same of the middle reading, and of all that the readings leave open together.

    Args:
        hesitates: share of the pairs that are called uncertain where the step is wrong, and where it is right.
    """
    rng = np.random.default_rng(size)
    held, looked_at = {reading: _Held(reading) for reading in (_MIDDLE, _WHOLE)}, []
    for number in range(reviews):
        known = world(rng)
        allotted = allot(known.strata, size)
        answers = {
            stratum.name: _answered(stratum, known.matches[stratum.name], allotted[stratum.name], hesitates, rng)
            for stratum in known.strata
        }
        said = estimate(known.strata, answers, seed=number)
        for each in held.values():
            each.take(said, known.truth)
        looked_at.append(sum(allotted.values()))
    looked = {"looked_at": round(np.mean(looked_at)), "carried": None}
    return {reading: {**looked, **each.shares()} for reading, each in held.items()}


def _answered(
    stratum: Stratum, matches: int, drawn: int, hesitates: tuple[float, float], rng: np.random.Generator
) -> Answers:
    """What a reviewer says of so many pairs of a stratum."""
    found = int(rng.hypergeometric(matches, stratum.pairs - matches, drawn))
    wrong, right = hesitates
    of_matches, of_others = (right, wrong) if stratum.accepted else (wrong, right)
    open_matches, open_others = (
        int(rng.binomial(pairs, share)) if share else 0
        for pairs, share in ((found, of_matches), (drawn - found, of_others))
    )
    return Answers(found - open_matches, drawn - found - open_others, open_matches + open_others)


def _carried(world: World, way: str, size: int, reviews: int) -> dict[str, Any]:
    """As `_covered`, of the next release; carried: how many of the answers were given of the last one."""
    rng = np.random.default_rng(size)
    held, looked_at, carried = _Held(_MIDDLE), [], []
    for number in range(reviews):
        last = world(rng)
        known, answers, old = answered_in(Releases.following(last.strata, last.matches, rng), way, size, rng)
        held.take(estimate(known.strata, answers, seed=number), known.truth)
        looked_at.append(sum(said.given for said in answers.values()))
        carried.append(old)
    return {"looked_at": round(np.mean(looked_at)), "carried": round(np.mean(carried)), **held.shares()}


class _Held:
    """Intervals of reviews beside the truth of each."""

    def __init__(self, reading: str) -> None:
        self._from, self._to = ("low", "high") if reading == _WHOLE else ("middle", "middle")
        self._ends: dict[str, list[tuple[float, ...]]] = {name: [] for name in _MEASURES}

    def take(self, said: Mapping[str, Any], truth: Mapping[str, float]) -> None:
        for name in _MEASURES:
            low, high = said[name][self._from]["low"], said[name][self._to]["high"]
            self._ends[name].append((low, high, said[name]["middle"]["value"], truth[name]))

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
