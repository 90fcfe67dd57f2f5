"""The promise of the generator: on 200,000 people every published figure is within its tolerance."""

import pytest

from synthetic import synthesise
from synthetic.calibration import check, in_words

NOT_REACHED: dict[str, str] = {}
"""What the generator misses, with how. docs/calibration.md shows them as outside and the command ends with 1 for them."""


@pytest.mark.slow
def test_every_figure_is_within_its_tolerance_but_those_that_are_known_to_be_missed(tmp_path):
    out = tmp_path / "population"
    synthesise(out, 200_000, workers=2, chunk=50_000)
    checked = check(out)
    assert [in_words(one) for one in checked.outside if one.figure.id not in NOT_REACHED] == []
    assert checked.count("within") > 780
    assert checked.count("nobody") == 0
