"""What several runs of EM found is combined by how many matches each saw."""

import numpy as np
import pytest

from linkage.model.training.em.evidence import as_counted
from linkage.model.training.em.middle import ENOUGH_MATCHES, middle
from linkage.model.training.estimates.estimation import estimated
from tests.model.test_model_training_em import TABLE, _evidence

MANY = ENOUGH_MATCHES


def of(found: list[float], matches: list[float]) -> float:
    return float(middle(np.array(found), np.array(matches)))


@pytest.mark.parametrize("found", [[0.9], [0.9, 0.5], [0.2, 0.9, 0.5], [0.2, 0.9, 0.5, 0.4]])
def test_runs_that_saw_enough_are_combined_by_their_median(found: list[float]) -> None:
    seen = [MANY * (n + 1) for n in range(len(found))]
    assert of(found, seen) == pytest.approx(np.median(found))


def test_a_run_of_few_matches_says_as_little() -> None:
    """Five stand at 2.5 of 1,005 and a thousand at 505; half is at 502.5, so 500 of the 502.5 between them."""
    assert of([0.5, 0.0], [5, MANY]) == pytest.approx(0.5 * (1 - 500 / 502.5))
    assert of([0.0, 0.5], [MANY, 5]) == of([0.5, 0.0], [5, MANY])


def test_a_run_that_says_nothing_has_no_say() -> None:
    assert of([np.nan, 0.4, 0.6], [np.nan, 50, 50]) == pytest.approx(0.5)
    assert of([0.4, 0.6], [0, 0]) == pytest.approx(0.5)


def test_each_draw_and_level_has_its_own() -> None:
    found = np.array([[[0.1, 0.2]], [[0.3, np.nan]]])
    assert middle(found, np.full(found.shape, 10.0)) == pytest.approx(np.array([[0.2, 0.2]]))


def test_a_tiny_block_neither_teaches_what_matches_show_nor_how_many_there_are() -> None:
    """Of its sixteen matches most differ in b; of the other's 808 next to none do."""
    alone = _evidence(TABLE)
    both = _evidence(TABLE, {"==": 5, "=≠": 15, "≠≠": 40})
    one, two = (estimated(evidence, as_counted(evidence)) for evidence in (alone, both))
    assert two.runs[1].matches[0] == pytest.approx(15.6, abs=0.1)
    assert two.runs[1].estimate.m[0, 2] < 0.4
    assert two.m[0, 2] == pytest.approx(one.m[0, 2], abs=0.02)
    assert two.prior[0] == pytest.approx(one.prior[0], rel=0.02)
