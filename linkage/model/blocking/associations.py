"""How fields of matches differ together: a log-linear model of cells of which some are not seen.

A cell is what every field of a match shows: it agrees, it differs, it is not known. The logarithm of a cell's count is
a sum: a part for what each field shows, and one for what each two show together, the logarithm of their odds ratio
(Bishop, Fienberg and Holland, Discrete Multivariate Analysis, 1975; Fienberg, Biometrika 59, 1972, for cells that
cannot be seen). Of some two fields thousands of matches show how often they differ together, of others five; and where
no rule reaches a match whose birth date and postcode both differ, none does. So odds ratios of one kind are taken to be
alike as far as those that are seen are: normal around their mean, with a spread that the cells say too (partial
pooling; Laird, Biometrika 65, 1978). Or they are taken to be about what another step has found of the same fields,
where both were known: what is left out is a matter of the form that asked. The fit has one maximum for each mean and
spread, and is there in some rounds of Newton's method.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from linkage.model.differing import Odds, Together

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "not known"
"""What a field shows; anything else is what of it agrees where the whole differs."""


class _Kind(NamedTuple):
    """Log odds that are taken to be alike: their mean, and how well it is known before any cell is seen."""

    usual: float
    within: float


_KINDS = (_Kind(1.0, 1.0), _Kind(0.5, 0.5), _Kind(0.0, 0.1), _Kind(0.0, 0.3))
"""By how many of the two fields are not known. Errors come together, e times as often as by chance, but it may be not
at all, or seven times. Who leaves out a field writes the others with less care too. Which fields are left out together
may go either way: a form asks for all of a name or for none, and of two numbers for one. And last of two fields of
which matches agree on one next to never: a pupil's class is another every year, which is nobody's error."""
_CHANGES = 3
_SELDOM = 0.1  # share of the matches that agree on a field, below which to differ is no error
_AS_MODEL = 0.5  # standard deviation of the log odds that a field differs where no match shows it, beside the model's m
_SPREAD, _SPREAD_WORTH = 0.5, 2.0  # of log odds around their mean, beforehand, and for how many odds that counts
_FROM_STEP_TO_STEP = 0.5  # standard deviation of a log odds ratio between steps of one run (decision 0083)
_FLAT = 1e-4  # precision of what is left to the cells
_ROUNDS, _NEWTON = 100, 60
_SAME, _STILL = 1e-3, 1e-5  # change of means and spreads, and of parts, at which a round is the last
_MOST = 40.0  # logarithm of a count


@dataclass(frozen=True)
class Fit:
    """What the model says.

    Attributes:
        expected: matches in every cell, whether it is seen or not.
        together: log odds of what two fields show together.
        terms: a row a cell, a column a part of the sum.
        covariance: of the parts.
    """

    expected: Numbers
    together: Mapping[Together, Odds]
    terms: Numbers
    covariance: Numbers

    def spread(self, cells: Flags) -> float:
        """Standard deviation of the logarithm of the matches in some cells together (delta method)."""
        whole = float(self.expected[cells].sum())
        if whole <= 0:
            return 0.0
        slope = self.expected[cells] @ self.terms[cells] / whole
        return float(np.sqrt(slope @ self.covariance @ slope))


def fitted(
    fields: Sequence[str],
    shows: Sequence[Sequence[str]],
    cells: npt.NDArray[np.int64],
    matches: Numbers,
    kept: Numbers,
    known: Mapping[Together, Odds] | None = None,
    unseen: Mapping[tuple[str, str], float] | None = None,
) -> Fit:
    """The model of cells, from those that are seen.

    Args:
        fields: names.
        shows: of each field what it may show, the fullest agreement first; each is seen of a match, or in `unseen`.
        cells: a row a cell, a column a field: the place of what it shows.
        matches: how many were counted in a cell.
        kept: the share of a cell's matches that can be counted; none of one that is not seen.
        known: log odds from elsewhere; those of what is not known are not looked at.
        unseen: a field and what no match can be seen to show of it, to the log odds of that against full agreement.
    """
    terms, names = _terms(fields, shows, cells)
    alone = [(field, what) for field, shown in zip(fields, shows, strict=True) for what in shown[1:]]
    prior = _Prior.of(names, known or {}, _changing(fields, cells, matches)).leaning(alone, unseen or {})
    seen = kept > 0
    over, counted, offset = terms[seen], matches[seen], np.log(kept[seen])
    parts = np.zeros(terms.shape[1])
    parts[0] = np.log(max(float(counted.max(initial=1.0)), 1.0))
    covariance = np.zeros((len(parts), len(parts)))
    for _ in range(_ROUNDS):
        parts, covariance = _most_likely(over, counted, offset, prior, parts)
        before, prior = prior, prior.given(parts, np.diag(covariance))
        if prior.near(before):
            break
    sds = np.sqrt(np.diag(covariance))
    together = {
        name: Odds(float(part), float(sd)) for name, part, sd in zip(names, parts, sds, strict=True) if name is not None
    }
    return Fit(np.exp(np.clip(terms @ parts, -_MOST, _MOST)), together, terms, covariance)


def _changing(fields: Sequence[str], cells: npt.NDArray[np.int64], matches: Numbers) -> set[str]:
    """Fields on which next to no match agrees."""
    agreeing = [float(matches[cells[:, place] == 0].sum()) for place in range(len(fields))]
    return {field for field, agree in zip(fields, agreeing, strict=True) if agree < _SELDOM * matches.sum()}


def _terms(
    fields: Sequence[str], shows: Sequence[Sequence[str]], cells: npt.NDArray[np.int64]
) -> tuple[Numbers, list[Together | None]]:
    """A column for all, one for each thing a field shows but agreement, and one for each two such of two fields."""
    columns, names = [np.ones(len(cells))], list[Together | None]([None])
    single = [
        [(what, (cells[:, place] == value).astype(np.float64)) for value, what in enumerate(shown) if value > 0]
        for place, shown in enumerate(shows)
    ]
    for of_field in single:
        columns += [column for _, column in of_field]
        names += [None] * len(of_field)
    for one, other in itertools.combinations(range(len(fields)), 2):
        for (what, column), (with_what, with_column) in itertools.product(single[one], single[other]):
            columns.append(column * with_column)
            names.append((fields[one], what, fields[other], with_what))
    return np.stack(columns, axis=1), names


@dataclass(frozen=True)
class _Prior:
    """What is known of each part before the cells are seen.

    Attributes:
        mean, precision: of a part.
        alike: of each kind, the parts that it says that of.
        around, spread: of each kind, mean and standard deviation of its log odds.
    """

    mean: Numbers
    precision: Numbers
    alike: tuple[Flags, ...]
    around: tuple[float, ...]
    spread: tuple[float, ...]

    @classmethod
    def of(cls, names: Sequence[Together | None], known: Mapping[Together, Odds], changing: set[str]) -> "_Prior":
        mean, precision = np.zeros(len(names)), np.full(len(names), _FLAT)
        kinds = np.full(len(names), -1)
        for place, name in enumerate(names):
            if name is None:
                continue
            not_known = (name[1], name[3]).count(UNKNOWN)
            if name in known and not not_known:
                mean[place] = known[name].log
                precision[place] = 1 / (known[name].sd ** 2 + _FROM_STEP_TO_STEP**2)
            else:
                kinds[place] = _CHANGES if not not_known and {name[0], name[2]} & changing else not_known
        alike = tuple(kinds == kind for kind in range(len(_KINDS)))
        return cls(mean, precision, alike, (), ())._around([kind.usual for kind in _KINDS], [1.0] * len(_KINDS))

    def leaning(self, alone: Sequence[tuple[str, str]], unseen: Mapping[tuple[str, str], float]) -> "_Prior":
        """The same, with what is known beforehand of what fields show: the parts after the first one."""
        mean, precision = self.mean.copy(), self.precision.copy()
        for place, shown in enumerate(alone, 1):
            if shown in unseen:
                mean[place], precision[place] = unseen[shown], 1 / _AS_MODEL**2
        return replace(self, mean=mean, precision=precision)

    def given(self, parts: Numbers, variances: Numbers) -> "_Prior":
        """The same once parts are estimated (a round of EM)."""
        around, spread = [], []
        for kind, of_kind, before in zip(_KINDS, self.alike, self.spread, strict=True):
            held, worth, each = parts[of_kind], 1 / kind.within**2, 1 / before**2
            mean = float((held.sum() * each + kind.usual * worth) / (len(held) * each + worth))
            squares = float(((held - mean) ** 2 + variances[of_kind]).sum())
            around.append(mean)
            spread.append(math.sqrt((squares + _SPREAD_WORTH * _SPREAD**2) / (len(held) + _SPREAD_WORTH)))
        return self._around(around, spread)

    def near(self, other: "_Prior") -> bool:
        """Whether two say the same."""
        both = zip((*self.around, *self.spread), (*other.around, *other.spread), strict=True)
        return max(abs(one - two) for one, two in both) < _SAME

    def _around(self, around: Sequence[float], spread: Sequence[float]) -> "_Prior":
        mean, precision = self.mean.copy(), self.precision.copy()
        for of_kind, middle, width in zip(self.alike, around, spread, strict=True):
            mean[of_kind], precision[of_kind] = middle, 1 / width**2
        return _Prior(mean, precision, self.alike, tuple(around), tuple(spread))


def _most_likely(
    terms: Numbers, counted: Numbers, offset: Numbers, prior: _Prior, parts: Numbers
) -> tuple[Numbers, Numbers]:
    """The likeliest parts, counts being Poisson, and their covariance there (Newton's method, halving steps)."""

    def worth(tried: Numbers) -> float:
        logs = np.clip(terms @ tried + offset, -_MOST, _MOST)
        return float(counted @ logs - np.exp(logs).sum() - 0.5 * (prior.precision * (tried - prior.mean) ** 2).sum())

    for _ in range(_NEWTON):
        expected = np.exp(np.clip(terms @ parts + offset, -_MOST, _MOST))
        curvature = (terms * expected[:, None]).T @ terms + np.diag(prior.precision)
        slope = terms.T @ (counted - expected) - prior.precision * (parts - prior.mean)
        step, now, size = np.linalg.solve(curvature, slope), worth(parts), 1.0
        while worth(parts + size * step) < now - 1e-9 and size > 1e-6:
            size /= 2
        parts = parts + size * step
        if np.abs(size * step).max() < _STILL:
            break
    expected = np.exp(np.clip(terms @ parts + offset, -_MOST, _MOST))
    curvature = (terms * expected[:, None]).T @ terms + np.diag(prior.precision)
    return parts, np.linalg.inv(curvature).astype(np.float64)
