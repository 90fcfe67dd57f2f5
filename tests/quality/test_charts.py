"""Charts say what their numbers are: axes, ends of bars, labels that differ."""

from typing import Any

import pytest

vl_convert = pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from quality.outcomes import charts as outcomes  # noqa: E402
from quality.report import charts  # noqa: E402
from quality.report.coverage import from_first_to_last  # noqa: E402


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


def _shares(*rows: tuple[str, str]) -> list[dict[str, Any]]:
    numbers = {"value": 50.0, "low": 40.0, "high": 60.0, "link_low": 49.0, "link_high": 51.0, "shown": "50.0"}
    return [{"label": ", ".join(filter(None, row)), "category": row[0], "of": row[1], **numbers} for row in rows]


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_rows_of_institutions_are_told_apart_by_their_whole_code(width: int) -> None:
    """Codes that begin alike: a label that is cut off at its end would be two rows'."""
    subject = "Mass communications and documentation"
    found = outcomes.shares(_shares(("", "University 10007773"), (subject, "University 10007774")), width, x="Per cent")
    drawn = vl_convert.vegalite_to_svg(found)
    assert "10007773" in drawn
    assert "10007774" in drawn
    assert "…" not in drawn


def test_both_kinds_of_interval_are_in_the_legend() -> None:
    values = _shares(("", "Everyone"))
    drawn = vl_convert.vegalite_to_svg(outcomes.shares(values, charts.NARROW, x="Per cent"))
    assert ">Sample, 95%</text>" in drawn
    assert ">Links, 95%</text>" in drawn
    alone = [{**values[0], "link_low": None, "link_high": None}]
    assert ">Sample, 95%</text>" not in vl_convert.vegalite_to_svg(outcomes.shares(alone, charts.NARROW, x="Per cent"))


def test_a_withheld_bin_is_dotted_and_no_gap() -> None:
    rows = [(10, 650.0, "650"), (11, None, "c"), (12, 645.0, "645")]
    values = [
        {"bin": low, "bin_end": low + 1, "group": "Accepted", "value": value, "shown": shown}
        for low, value, shown in rows
    ]
    drawn = vl_convert.vegalite_to_svg(charts.histogram(values, charts.WIDE, low=10, high=13))
    assert drawn.count('stroke-dasharray="2,2"') == 1
    assert 'stroke-dasharray="2,2"' not in vl_convert.vegalite_to_svg(
        charts.histogram([values[0], values[2]], charts.WIDE, low=10, high=13)
    )


@pytest.mark.parametrize(("floor", "marked"), [(5e-9, [1e-9, 1e-6, 1e-3, 1.0]), (0.02, [0.01, 0.1, 1.0])])
def test_powers_of_ten_have_room_on_a_telephone(floor: float, marked: list[float]) -> None:
    values = [
        {"label": "Equal", "group": "Sex", "kind": "u, among non-matches", "value": floor, "shown": str(floor)},
    ]
    spec = charts.probabilities(values, charts.NARROW)
    assert spec["spec"]["encoding"]["x"]["axis"]["values"] == pytest.approx(marked)


def test_an_axis_of_years_begins_with_the_first_that_is_shown() -> None:
    years = [{"label": str(1970 + n), "value": value} for n, value in enumerate([None, 97.0, None, 98.0, None])]
    assert [row["label"] for row in from_first_to_last(years)] == ["1971", "1972", "1973"]
