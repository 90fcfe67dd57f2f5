"""Charts say what their numbers are: axes, ends of bars, labels that differ."""

from typing import Any

import pytest

vl_convert = pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from quality.report import charts  # noqa: E402


def _trend(*values: float) -> list[dict[str, Any]]:
    return [
        {"label": f"run {place}", "group": "Wales", "value": value, "low": None, "high": None, "shown": str(value)}
        for place, value in enumerate(values)
    ]


@pytest.mark.parametrize(("value", "said"), [(0.46, "0.46"), (0.73, "0.73"), (15_273.0, "15,273"), (2.4, "2.4")])
def test_runs_that_are_equal_stand_at_their_figure(value: float, said: str) -> None:
    drawn = vl_convert.vegalite_to_svg(charts.trend(_trend(value, value), charts.WIDE, y="Difference"))
    assert f">{said}</text>" in drawn


@pytest.mark.parametrize("weights", [(16.8, -23.9), (-3.0, -23.9), (16.8, 0.5)])
def test_bars_of_weights_end_inside_the_plot(weights: tuple[float, ...]) -> None:
    values = [{"label": f"level {w}", "group": "Date of birth", "weight": w, "shown": str(w)} for w in weights]
    low, high = charts.weights(values, charts.NARROW)["spec"]["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert low < min(0, *weights)
    assert high > max(0, *weights)
