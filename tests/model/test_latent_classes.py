"""Latent classes of matches, fitted to the cells that are seen."""

import numpy as np
import pytest

from linkage.model.blocking.latent_classes import Numbers, average, fit_classes


def cells(size: float, *shares: float) -> Numbers:
    """Matches whose fields differ with these shares, independently; 0: it agrees."""
    table: Numbers = np.array(size)
    for share in shares:
        table = np.multiply.outer(table, np.array([1 - share, share]))
    return table


def test_one_class_predicts_cells_of_independent_fields() -> None:
    counts = cells(100_000, 0.1, 0.2, 0.05)
    is_seen = np.ones(counts.shape, dtype=bool)
    is_seen[1, 1, :] = False
    expected = fit_classes(counts, is_seen, 1)
    assert expected == pytest.approx(counts, rel=0.01)


def test_two_classes_predict_cells_in_which_fields_differ_together() -> None:
    """One person in ten has moved: the address and the telephone differ."""
    stayed = cells(90_000, 0.05, 0.05, 0.02, 0.03, 0.03)
    moved = cells(10_000, 0.05, 0.05, 0.9, 0.8, 0.03)
    counts = stayed + moved
    is_seen = np.ones(counts.shape, dtype=bool)
    is_seen[1, :, 1, 1, :] = False
    truth = counts[~is_seen].sum()
    two = fit_classes(counts, is_seen, 2)[~is_seen].sum()
    assert two == pytest.approx(truth, rel=0.1)
    one = fit_classes(counts, is_seen, 1)[~is_seen].sum()
    assert one < 0.7 * truth
    mean = average([one, two])
    assert mean.matches < truth < mean.matches * np.exp(2 * mean.log_sd)


def test_models_that_agree_have_no_spread() -> None:
    assert average([12.0, 12.0]).matches == pytest.approx(12.0)
    assert average([12.0, 12.0]).log_sd == 0.0
    assert average([5.0, 20.0]).log_sd > 0.5
    assert average([0.0, 0.1]).log_sd < 0.1


def test_what_stands_in_cells_that_are_not_seen_changes_nothing() -> None:
    counts = cells(1_000, 0.1, 0.2, 0.05)
    is_seen = counts > 5
    other = np.where(is_seen, counts, 77.0)
    assert fit_classes(counts, is_seen, 2) == pytest.approx(
        fit_classes(other, is_seen, 2), abs=0
    )


def test_no_probability_becomes_zero() -> None:
    """Ten matches that agree in everything may differ elsewhere."""
    counts = cells(10, 0.0, 0.0)
    is_seen = np.array([[True, True], [True, False]])
    assert 0 < fit_classes(counts, is_seen, 1)[1, 1] < 1
