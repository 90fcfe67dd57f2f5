"""python -m benchmarks review: do the intervals of a clerical review hold the truth?
500 simulated reviews each.

python -m benchmarks review

Each review draws a stratified sample by Neyman's allocation, answers it by the truth,
and estimates precision and recall. A 95 % interval should hold the truth in 93 to 97 of
100 reviews. The errors of a population are drawn from its rates for each review: a
fixed population with 34 errors allows a sample few outcomes only, and the coverage
jumps with that number.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.results import facts, save
from quality.review.estimate import Answers, estimate
from quality.review.strata import Stratum, allot

_REVIEWS = 500
_SIZES = (200, 400, 800)  # pairs of a sample
# Links by weight, heaviest first, then other pairs: pairs of a stratum to the share
# decided wrongly.
_LINKS = {
    9000: 1e-5,
    4000: 1e-4,
    2500: 5e-4,
    1500: 2e-3,
    800: 8e-3,
    400: 0.03,
    200: 0.08,
    120: 0.2,
    60: 0.4,
}
_OTHERS = {80: 0.35, 250: 0.12, 600: 0.03, 2000: 0.004}
_POPULATIONS: dict[str, Callable[[Any], Any]] = {
    "probabilities are right": lambda share: share,
    "twice as many errors, plus 0.1 %": lambda share: np.minimum(
        2 * share + 0.001, 0.6
    ),
    "a third of the errors": lambda share: share / 3,
    "1 % of errors in every stratum": lambda share: np.full_like(share, 0.01),
    "3 % of errors in every stratum": lambda share: np.full_like(share, 0.03),
}
"""Name to the true share of errors, given the share that the model states."""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks review", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--reviews", type=int, default=_REVIEWS)
    options = parser.parse_args(arguments)
    rows = [
        {"population": name, **_coverage(true_share, size, options.reviews)}
        for name, true_share in _POPULATIONS.items()
        for size in _SIZES
    ]
    save("review", rows, facts())


def _population(
    true_share: Callable[[Any], Any], rng: np.random.Generator
) -> tuple[list[Stratum], dict[str, int]]:
    """Strata, and the matches of each."""
    strata, matches = [], {}
    for is_link, sizes in ((True, _LINKS), (False, _OTHERS)):
        errors = rng.binomial(
            np.array(list(sizes)), true_share(np.array(list(sizes.values())))
        )
        for place, ((pairs, share), error_count) in enumerate(
            zip(sizes.items(), errors, strict=True)
        ):
            name = f"{'links' if is_link else 'other pairs'}|rule 1|{place}"
            strata.append(
                Stratum(
                    name,
                    is_link,
                    "rule 1",
                    None,
                    None,
                    pairs,
                    1 - share if is_link else share,
                )
            )
            matches[name] = int(pairs - error_count if is_link else error_count)
    return strata, matches


def _truth(strata: list[Stratum], matches: dict[str, int]) -> dict[str, float]:
    correct = sum(matches[stratum.name] for stratum in strata if stratum.accepted)
    links = sum(stratum.pairs for stratum in strata if stratum.accepted)
    return {"precision": correct / links, "recall": correct / sum(matches.values())}


def _coverage(
    true_share: Callable[[Any], Any], size: int, reviews: int
) -> dict[str, Any]:
    """pairs (mean sample), and of both measures covered and width, in per cent."""
    rng = np.random.default_rng(size)
    hits: dict[str, list[bool]] = {"precision": [], "recall": []}
    widths: dict[str, list[float]] = {"precision": [], "recall": []}
    pairs = []
    for number in range(reviews):
        strata, matches = _population(true_share, rng)
        sizes = allot(strata, size)
        answers = {}
        for stratum in strata:
            count, true = sizes[stratum.name], matches[stratum.name]
            matches_found = int(rng.hypergeometric(true, stratum.pairs - true, count))
            answers[stratum.name] = Answers(matches_found, count - matches_found, 0)
        estimates = estimate(strata, answers, seed=number)
        for name, value in _truth(strata, matches).items():
            interval = estimates[name]["middle"]
            hits[name].append(
                interval["low"] - 1e-12 <= value <= interval["high"] + 1e-12
            )
            widths[name].append(interval["high"] - interval["low"])
        pairs.append(sum(sizes.values()))
    row: dict[str, Any] = {"pairs": round(float(np.mean(pairs)))}
    for name in hits:
        row |= {f"{name}_covered": 100 * float(np.mean(hits[name]))}
        row |= {f"{name}_width": 100 * float(np.mean(widths[name]))}
    return row
