"""Matches that were not scored, estimated from those that were: capture-recapture by
latent classes, without truth.

A match is captured when some blocking rule makes its pair and its match weight reaches
the floor. Captured matches are counted in cells: what every field shows (it agrees in
full, partly, not, or is not known). The other cells are not seen. Matches belong to
classes (people who moved, careless records); within a class fields err independently,
between classes they do not, so rules that ask for different fields may fail together
(Goodman, Biometrika 61, 1974; for capture-recapture Stanghellini and van der Heijden,
Biometrics 60, 2004). Classes are fitted by EM, with the matches in cells that are not
seen as missing data (Dempster, Laird and Rubin, JRSS B 39, 1977).

Whether classes are one or two cannot be told from cells that are seen, since the
difference lies in the others (Link, Biometrics 59, 2003). Both models count the same,
and the variance between them is part of the interval (Buckland, Burnham and Augustin,
Biometrics 53, 1997).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CLASSES = (1, 2)  # of the models that are averaged
_PRIOR_MATCHES = 1.0
"""Matches that each class has before any is seen, as fields show of all matches: no
probability becomes zero.
"""
_ROUNDS = 300  # of EM
_CONVERGED = 1e-3  # rise of the log likelihood in a round
_TILT, _SEED = 0.8, 2026  # of the classes' start: log odds, normal around all matches


def fit_classes(counts: Numbers, is_seen: Flags, classes: int) -> Numbers:
    """Expected matches of every cell by a model of so many latent classes.

    Args:
        counts: matches by cell, an axis a field; what stands in other cells is ignored.
        is_seen: of each cell, whether its matches are captured.
    """
    seen_counts = np.where(is_seen, counts, 0.0)
    matches = float(seen_counts.sum())
    margins = [_margin(seen_counts, axis) + 0.5 for axis in range(counts.ndim)]
    shares = [margin / margin.sum() for margin in margins]
    weights = np.full(classes, 1 / classes)
    tables = [_start(share, classes) for share in shares]
    likelihood = -math.inf
    for _ in range(_ROUNDS):
        parts = [_cells(weights, tables, number) for number in range(classes)]
        whole = np.maximum(np.sum(parts, axis=0), 1e-300)
        share_seen = float(whole[is_seen].sum())
        before, likelihood = (
            likelihood,
            float((seen_counts[is_seen] * np.log(whole[is_seen] / share_seen)).sum()),
        )
        if likelihood - before < _CONVERGED:
            break
        # Matches for each unit of probability: in cells that are not seen, as expected.
        completed = np.where(is_seen, seen_counts / whole, matches / share_seen)
        members = [part * completed for part in parts]
        sizes = np.array([part.sum() for part in members])
        weights = sizes / sizes.sum()
        tables = [_table(members, axis, share) for axis, share in enumerate(shares)]
    return np.asarray(whole * matches / share_seen)


def _margin(cells: Numbers, axis: int) -> Numbers:
    """Sums over all other axes."""
    others = tuple(other for other in range(cells.ndim) if other != axis)
    return np.asarray(cells.sum(axis=others), dtype=np.float64)


def _start(share: Numbers, classes: int) -> Numbers:
    """What a field shows in each class before the first round; a row a class."""
    if classes == 1:
        return share[None, :]
    draws = np.random.default_rng([_SEED, len(share)])
    odds = share * np.exp(draws.normal(0.0, _TILT, (classes, len(share))))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _cells(weights: Numbers, tables: Sequence[Numbers], number: int) -> Numbers:
    """Probability of each cell and of one class."""
    cells: Numbers = np.asarray(weights[number])
    for table in tables:
        cells = np.multiply.outer(cells, table[number])
    return cells


def _table(members: Sequence[Numbers], axis: int, share: Numbers) -> Numbers:
    """What a field shows in each class, from its members; a row a class."""
    counts = np.stack([_margin(part, axis) for part in members])
    counts += _PRIOR_MATCHES * share
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Averaged:
    """The mean of several models' estimates of a number of matches.

    Attributes:
        log_sd: standard deviation of the logarithm, between the models.
    """

    matches: float
    log_sd: float


def average(estimates: Iterable[float]) -> Averaged:
    """The geometric mean, with half a match added: models that differ by less agree."""
    logs = np.log(np.array(list(estimates)) + 0.5)
    return Averaged(max(float(np.exp(logs.mean())) - 0.5, 0.0), float(logs.std()))
