"""Cells that no rule reaches, from how fields differ together in the others."""

import itertools
import math
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pytest

from linkage.model.blocking.recall import Fit, fit_log_linear

Counts = npt.NDArray[np.float64]

CELLS = np.array(list(itertools.product((0, 1), repeat=4)))  # 1: the field differs
DIFFERS = (0.05, 0.08, 0.02, 0.3)
EVERY = dict.fromkeys(itertools.combinations(range(4), 2), 3.0)


def world(size: float, odds: Mapping[tuple[int, int], float]) -> Counts:
    """How many matches a cell holds, whose fields differ as often as DIFFERS says and
    together as odds ratios do.
    """
    logs: Counts = np.array(
        [
            sum(
                math.log(rate / (1 - rate)) * cell[place]
                for place, rate in enumerate(DIFFERS)
            )
            + sum(math.log(ratio) * cell[a] * cell[b] for (a, b), ratio in odds.items())
            for cell in CELLS
        ]
    )
    return size * np.exp(logs) / np.exp(logs).sum()


def fit_without(counts: Counts, missing_cells: Collection[tuple[int, ...]]) -> Fit:
    is_counted = np.array([tuple(cell) not in missing_cells for cell in CELLS.tolist()])
    return fit_log_linear(CELLS, [2] * 4, np.where(is_counted, counts, 0), is_counted)


def differing(*fields: int) -> npt.NDArray[np.bool_]:
    """The cells in which these fields differ."""
    return np.array([all(cell[field] for field in fields) for cell in CELLS])


def test_odds_of_many_matches_predict_the_missing_cells() -> None:
    counts = world(5_000_000, EVERY | {(0, 1): 12.0, (2, 3): 0.8})
    assert fit_without(
        counts, [(1, 1, 1, 0), (1, 1, 0, 1), (1, 1, 1, 1)]
    ).expected == pytest.approx(counts, rel=0.03)


def test_two_fields_never_seen_to_differ_together_have_the_odds_of_the_others() -> None:
    counts, mask = world(5_000_000, EVERY), differing(2, 3)
    fit = fit_without(counts, [tuple(cell) for cell in CELLS[mask].tolist()])
    assert fit.expected[mask].sum() == pytest.approx(counts[mask].sum(), rel=0.2)
    assert fit.log_sd(mask) > 5 * fit.log_sd(differing(0, 1) & ~mask)


def test_few_matches_differ_together_as_the_prior_odds_say() -> None:
    """Of 300 matches almost none differs in two fields: errors come together more often
    than independent ones.
    """
    counts, mask = world(300, {}), differing(2, 3)
    fit = fit_without(counts, [(1, 1, 1, 1)])
    assert 1 < fit.expected[mask].sum() / counts[mask].sum() < math.e
    assert fit.log_sd(mask) > 0.25


def test_a_field_that_is_not_known_has_odds_of_its_kind() -> None:
    cells = np.array(
        list(itertools.product(range(3), range(2)))
    )  # 2: the first field is not known
    counts = np.array([90_000.0, 3_000, 3_000, 900, 2_000, 66])
    is_counted = np.array([True, True, True, True, True, False])
    estimate = fit_log_linear(
        cells, [2, 2], np.where(is_counted, counts, 0), is_counted
    ).expected[5]
    assert estimate == pytest.approx(
        2_000 * 3_000 / 90_000 * math.exp(0.5), rel=0.05
    ), "the prior of one not known"
