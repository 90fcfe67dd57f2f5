"""The tuning page's histogram of weights: where its lines stand."""

import re

from quality.tune.app import Bin
from quality.tune.app.drawing import histogram

BINS = [Bin(float(low), 10, 2, 1) for low in range(-4, 62, 2)]


def lines_and_ends(limits: list[tuple[str, float]]) -> tuple[list[float], list[str]]:
    drawn = histogram(BINS, limits, 2.0)
    lines = [float(x) for x in re.findall(r'<path d="M([\d.]+) \d+V\d+" class="limit"/>', drawn)]
    return lines, re.findall(r'class="small">(−?[\d.]+)</text>', drawn)


def test_a_threshold_below_all_pairs_stands_where_it_is():
    """The line of −5.55 stood at −4, where the first pairs lie."""
    lines, ends = lines_and_ends([("to people from", -5.55), ("linked from", -1.3)])
    assert ends == ["−6.00", "62.00"]
    assert lines[0] == round(4 + 712 * (6 - 5.55) / 68, 1)


def test_a_threshold_that_is_far_off_does_not_press_the_bars_together():
    lines, ends = lines_and_ends([("linked from", -900.0)])
    assert (lines, ends) == ([4.0], ["−4.00", "62.00"])
