"""How many matches no blocking rule reaches, from those that rules reach: capture and recapture by latent classes.

Rules are lists on which a match may stand, and what they share is no secret: they read the same few fields. So matches
are counted by which fields agree, differ or are not known. Cells that no rule reaches are not seen, and of cells whose
pairs weigh little only those that were kept. If fields erred independently, next to nothing would be in them; but
errors come together: a record that was written carelessly, or one without any name, differs in several fields at once.
A few classes of matches, fields independent within each, describe that; they are found by EM from the cells that are
seen, and say what the others hold (Stanghellini and van der Heijden, Biometrics 60, 2004; Sanathanan, Annals of
Mathematical Statistics 43, 1972, for the part that is not seen). The number of classes is the one of least AIC (Akaike
1974), as is the custom where what counts is the part that is not seen: BIC takes too few, and with them errors for
independent. Nothing is learned from truth.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.model.blocking.expected import State, by_field, events_of, implies
from linkage.model.splink_json import BlockingRule, Comparison, Model

Pattern = tuple[int, ...]
Numbers = npt.NDArray[np.float64]

FEWEST = 200
"""Matches below which classes cannot be told apart."""

_MOST_CLASSES = 4
_STARTS = 2  # of each number of classes; EM ends in the likelier of several maxima
_ROUNDS = 1_000
_MOST_CELLS = 7_000  # eight fields of three states; EM over more of them takes minutes
_STILL = 1e-8  # change in the share that is seen at which EM ends
_BEFOREHAND = 1.0
"""Matches as all of them are, given to each class beforehand: a class of a few matches, none of which a rule reaches by
a field, would else say that this field never agrees, and that any number of matches may hide there."""


def reached_share(
    model: Model,
    rules: Sequence[BlockingRule],
    patterns: Mapping[Pattern, float],
    made_of: Mapping[str, str],
    dropped: Mapping[Pattern, float] | None = None,
) -> float | None:
    """The share of all matches that some rule reaches; None where that cannot be told or rules ask for too many fields.

    Args:
        patterns: levels of the model's comparisons to the number of matches that show them, of pairs that were kept.
        made_of: columns that are made of others: postcode_sector to postcode.
        dropped: the same of pairs that rules made and that weigh too little to be kept. What a cell shows of kept pairs
            is then a part of it alone.
    """
    asked = [rule for rule in map(events_of, rules) if rule is not None]
    seen = _cells(model, asked, patterns, dropped or {}, made_of)
    if seen is None or seen.matches.sum() < FEWEST or seen.reached.all():
        return None
    fits = [_best_of(seen, classes) for classes in range(1, _MOST_CLASSES + 1)]
    return min(fits, key=lambda fit: fit.aic).reached


@dataclass(frozen=True)
class _Cells:
    """Every combination of what fields can show.

    Attributes:
        states: a row a cell, a column a field: the state of the field.
        sizes: how many states each field has.
        reached: whether a rule reaches the cell.
        kept: the share of its matches that is kept; none where no rule reaches.
        matches: how many were kept; none where no rule reaches.
    """

    states: npt.NDArray[np.int64]
    sizes: Sequence[int]
    reached: npt.NDArray[np.bool_]
    kept: Numbers
    matches: Numbers


@dataclass(frozen=True)
class _Fit:
    reached: float
    aic: float


def _cells(
    model: Model,
    asked: Sequence[State],
    patterns: Mapping[Pattern, float],
    dropped: Mapping[Pattern, float],
    made_of: Mapping[str, str],
) -> _Cells | None:
    fields = by_field(model, asked, made_of)
    if not fields:
        return None
    shown: list[dict[int, State | None]] = [
        {
            level.value: None
            if level.value == -1
            else frozenset(e for e in events if implies(level.condition, e, made_of))
            for level in comparison.levels
        }
        for comparison, events in fields.items()
    ]
    states = [list(dict.fromkeys([None, *levels.values()])) for levels in shown]
    if math.prod(map(len, states)) > _MOST_CELLS:
        return None
    cells = list(itertools.product(*(range(len(of_field)) for of_field in states)))
    agreeing = [
        frozenset().union(*(of_field[place] or () for of_field, place in zip(states, cell, strict=True)))
        for cell in cells
    ]
    reached = np.array([any(rule <= events for rule in asked) for events in agreeing])
    place_of = {cell: place for place, cell in enumerate(cells)}
    at = [_place(model, comparison) for comparison in fields]
    counted = np.zeros((2, len(cells)))
    for row, table in enumerate((patterns, dropped)):
        for pattern, count in table.items():
            cell = tuple(
                of_field.index(levels[pattern[place]])
                for of_field, levels, place in zip(states, shown, at, strict=True)
            )
            counted[row, place_of[cell]] += count
    matches, under = np.where(reached, counted, 0.0)
    tiny = np.finfo(float).tiny
    kept = np.where(reached, (matches + tiny) / (matches + under + tiny), 0.0)
    return _Cells(np.array(cells), [len(of_field) for of_field in states], reached, kept, matches)


def _place(model: Model, comparison: Comparison) -> int:
    return next(place for place, other in enumerate(model.comparisons) if other is comparison)


def _best_of(cells: _Cells, classes: int) -> _Fit:
    """The likeliest of some starts, which are the same whenever they are asked for."""
    starts = range(1 if classes == 1 else _STARTS)
    likelihood, reached = max(_by_em(cells, classes, np.random.default_rng(start)) for start in starts)
    free = classes - 1 + classes * sum(size - 1 for size in cells.sizes)
    return _Fit(reached, 2 * free - 2 * likelihood)


def _by_em(cells: _Cells, classes: int, rng: np.random.Generator) -> tuple[float, float]:
    """Log-likelihood of what was kept, given that it was, and the share of the matches that rules reach."""
    weights = rng.dirichlet(np.full(classes, 3.0))
    shown = [np.eye(size)[cells.states[:, field]] for field, size in enumerate(cells.sizes)]
    every = np.concatenate(shown, axis=1)  # all fields are counted by one product: there are hundreds of rounds
    ends = np.cumsum(cells.sizes)[:-1]
    overall = [_normal((cells.matches @ of_field)[None, :] + 0.5) for of_field in shown]
    shares = [_normal(share * rng.uniform(0.3, 3.0, (classes, share.shape[1]))) for share in overall]
    total, before, kept = float(cells.matches.sum()), -1.0, 1.0
    expected = np.zeros(len(cells.matches))
    for _ in range(_ROUNDS):
        by_class = weights[:, None]
        for field, share in enumerate(shares):
            by_class = by_class * share[:, cells.states[:, field]]
        expected = by_class.sum(axis=0)
        kept = float(expected @ cells.kept)
        if abs(kept - before) < _STILL:
            break
        before = kept
        filled = cells.matches + total / kept * expected * (1 - cells.kept)
        belongs = by_class / np.maximum(expected, np.finfo(float).tiny) * filled
        weights = belongs.sum(axis=1) / belongs.sum()
        counted = np.split(belongs @ every, ends, axis=1)
        shares = [_normal(of + _BEFOREHAND * share) for of, share in zip(counted, overall, strict=True)]
    said = np.log(np.maximum((expected * cells.kept)[cells.reached] / kept, np.finfo(float).tiny))
    return float(cells.matches[cells.reached] @ said), float(expected[cells.reached].sum())


def _normal(shares: Numbers) -> Numbers:
    found: Numbers = shares / shares.sum(axis=1, keepdims=True)
    return found
