"""Crowds of units that all want one another."""

import time

import numpy as np
import pytest

from linkage.match.likelihood.matchings import Pairs, probabilities


def test_a_crowd_that_all_want_one_another_takes_seconds() -> None:
    """Three hundred payments of one sum and payee in either file: 90,000 pairs, none likelier than another."""
    left, right = (side.ravel() for side in np.mgrid[:300, :300])
    began = time.process_time()
    likely = probabilities(Pairs(left, right, np.full(len(left), 4.0)))
    assert time.process_time() - began < 20  # it was minutes
    assert likely == pytest.approx(np.full(len(left), likely[0]))
    assert 0.9 / 300 < likely[0] < 1 / 300
