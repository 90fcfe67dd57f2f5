"""Cells that are not seen, from how fields of the others differ together."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from linkage.model.blocking.recall import AGREES, UNKNOWN, FieldPair, Fit, fit_associations

Counts = npt.NDArray[np.float64]

FIELDS = ("forename", "surname", "dob", "postcode")
CELLS = np.array(list(itertools.product((0, 1), repeat=4)))
SHOWS = [[AGREES, "differs"]] * 4
DIFFERS = (0.05, 0.08, 0.02, 0.3)


def world(many: float, odds: Mapping[tuple[int, int], float]) -> Counts:
    """How many matches a cell holds, whose fields differ as often as DIFFERS says and together as odds ratios do."""
    logs: Counts = np.array(
        [
            sum(math.log(rate / (1 - rate)) * cell[place] for place, rate in enumerate(DIFFERS))
            + sum(math.log(ratio) * cell[one] * cell[other] for (one, other), ratio in odds.items())
            for cell in CELLS
        ]
    )
    shares: Counts = np.exp(logs) / np.exp(logs).sum()
    return many * shares


def _fit(
    counts: Counts,
    hidden: Sequence[tuple[int, ...]],
) -> Fit:
    seen = np.array([tuple(cell) not in hidden for cell in CELLS])
    return fit_associations(FIELDS, SHOWS, CELLS, np.where(seen, counts, 0), seen)


def _differ(one: int, other: int) -> FieldPair:
    return FIELDS[one], "differs", FIELDS[other], "differs"


def _at(*places: int) -> tuple[int, ...]:
    return tuple(int(place in places) for place in range(4))


EVERY = dict.fromkeys(itertools.combinations(range(4), 2), 3.0)


def test_odds_of_many_matches_are_found_and_say_what_is_not_seen() -> None:
    odds = EVERY | {(0, 1): 12.0, (2, 3): 0.8}
    counts, hidden = world(5_000_000, odds), [_at(0, 1, 2), _at(0, 1, 3), _at(0, 1, 2, 3)]
    fit = _fit(counts, hidden)
    assert {pair: math.exp(fit.associations[_differ(*pair)].log) for pair in odds} == pytest.approx(odds, rel=0.03)
    assert fit.expected == pytest.approx(counts, rel=0.03)


def test_two_fields_of_which_nobody_sees_both_differ_are_as_the_others() -> None:
    counts = world(5_000_000, EVERY)
    fit = _fit(counts, [cell for cell in map(tuple, CELLS) if cell[2] and cell[3]])
    seen, unseen = fit.associations[_differ(0, 1)], fit.associations[_differ(2, 3)]
    assert math.exp(unseen.log) == pytest.approx(3.0, rel=0.2)
    assert unseen.sd > 5 * seen.sd
    both = np.array([bool(cell[2] and cell[3]) for cell in CELLS])
    assert fit.log_sd(both) == pytest.approx(unseen.sd, rel=0.25)


def test_few_matches_differ_together_as_the_odds_beforehand_say() -> None:
    """Of 300 matches next to none differs in two fields: errors come together, as they mostly do."""
    fit = _fit(world(300, {}), [_at(0, 1, 2, 3)])
    log = fit.associations[_differ(2, 3)].log
    assert 0 < log < 1
    assert fit.associations[_differ(2, 3)].sd > 0.25


def test_a_field_that_is_not_known_has_odds_of_its_kind() -> None:
    shows = [[AGREES, "differs", UNKNOWN], [AGREES, "differs"]]
    cells = np.array(list(itertools.product(range(3), range(2))))
    counts = np.array([90_000.0, 3_000, 3_000, 900, 2_000, 66])
    fit = fit_associations(("surname", "postcode"), shows, cells, counts, np.ones(6, bool))
    assert fit.associations[("surname", "differs", "postcode", "differs")].log == pytest.approx(math.log(9), abs=0.05)
    assert fit.associations[("surname", UNKNOWN, "postcode", "differs")].log == pytest.approx(math.log(0.99), abs=0.12)
