"""Charts say what their numbers are: axes, ends of bars, labels that differ."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

vl_convert = pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from quality.dashboard.outcomes import charts as outcomes  # noqa: E402
from quality.population import charts as population  # noqa: E402
from quality.report import charts  # noqa: E402
from quality.report.sections.coverage import from_first_to_last  # noqa: E402

_MEASURED = {"group": "Wales", "value": 50.0, "low": 40.0, "high": 60.0, "shown": "50.0", "said": 45.0}
_ROWS = [{**_MEASURED, "label": label} for label in ("Sex", "A label that has to be broken over two lines")]
_BIN = {"bin": 10, "bin_end": 11, "group": "Accepted", "value": None, "shown": "c"}
_LEVEL = {"label": "Equal", "group": "Sex", "weight": -3.0, "kind": "u, among non-matches", "value": 0.02, "shown": "-"}
_OUTCOME = [{**row, "category": row["label"], "of": "", "link_low": 49.0, "link_high": 51.0} for row in _ROWS]
_YEAR = {"at": 2019, "year": 2019, "group": "Female", "sex": "Female", "value": 12.0, "place": 0}


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize(
    "chart",
    [
        lambda width: charts.dots(_ROWS, width, x="Per cent"),
        lambda width: charts.dots(_ROWS, width, x="Per cent", facet=True),
        lambda width: charts.differences(_ROWS, width, x="Difference"),
        lambda width: charts.line(_ROWS, width, x="Year", y="Per cent"),
        lambda width: charts.trend(_ROWS, width, y="Per cent"),
        lambda width: charts.calibration(_ROWS, width, x="Said", y="True"),
        lambda width: charts.bars(_ROWS, width, x="People"),
        lambda width: charts.bars(_ROWS, width, x="People", facet=True),
        lambda width: charts.histogram([_BIN, {**_BIN, "value": 650.0}], width, low=10, high=12),
        lambda width: charts.weights([_LEVEL], width),
        lambda width: charts.probabilities([_LEVEL], width),
        lambda width: outcomes.quartiles(_OUTCOME, width, x="Pounds"),
        lambda width: population.births([_YEAR], width),
        lambda width: population.lines([_YEAR], width, x="Year", y="Pounds", form=",d", colours=population.SEXES),
        lambda width: population.stacked([_YEAR], width, x="Year", colours=population.SEXES),
        lambda width: population.by_year([_YEAR], width),
    ],
)
def test_what_is_written_is_vega_lite(chart: Callable[[int], dict[str, Any]], width: int) -> None:
    """By its schema, which Altair carries; the drawing passes over what it does not know.

    Shares of outcomes are not among these: a legend of two constants is more than the schema has, though it is drawn.
    """
    altair = pytest.importorskip("altair", reason="altair comes with great-expectations")
    altair.Chart.from_dict(chart(width), validate=True)
    assert "<path" in vl_convert.vegalite_to_svg(chart(width))


def _trend(*values: float) -> list[dict[str, Any]]:
    return [
        {"label": f"run {place}", "group": "Wales", "value": value, "low": None, "high": None, "shown": str(value)}
        for place, value in enumerate(values)
    ]


@pytest.mark.parametrize(("value", "said"), [(0.46, "0.46"), (0.73, "0.73"), (15_273.0, "15,273"), (2.4, "2.4")])
def test_runs_that_are_equal_stand_at_their_figure(value: float, said: str) -> None:
    drawn = vl_convert.vegalite_to_svg(charts.trend(_trend(value, value), charts.WIDE, y="Difference"))
    assert f">{said}</text>" in drawn


def _drawn_from(values: list[dict[str, Any]], step: float = 0.0) -> list[dict[str, Any]]:
    (rows,) = charts.trend(values, charts.WIDE, y="Links", step=step)["datasets"].values()
    return list(rows)


def test_a_step_of_rounding_is_no_fall_to_the_ground() -> None:
    """Of 3,795 and 3,790 links the strip reaches from 3,600 to 3,900, and not from one to the other."""
    near, far = (_drawn_from(_trend(3_795, to)) for to in (3_790, 2_000))
    assert all(row["from"] < 3_710 and row["upto"] > 3_880 for row in near)
    assert {(row["from"], row["upto"]) for row in far} == {(None, None)}
    assert [(row["from"], row["upto"]) for row in _drawn_from(_trend(15, 10), 5)] == [(2.5, 22.5)] * 2
    bounded = [{**row, "low": row["value"] - 1, "high": row["value"] + 1} for row in _trend(3_795, 3_790)]
    assert {row["from"] for row in _drawn_from(bounded)} == {None}


def test_of_whole_numbers_no_half_is_on_the_axis() -> None:
    drawn = [
        vl_convert.vegalite_to_svg(charts.trend(_trend(*two), charts.WIDE, y="Groups")) for two in ((7, 6), (1, 0))
    ]
    assert [re.findall(r">([\d.]+)</text>", one) for one in drawn] == [["5", "6", "7", "8"], ["0", "1", "2", "3"]]


def test_bins_of_one_bit_are_not_halved_on_the_axis() -> None:
    bins = [{"bin": at, "bin_end": at + 1, "group": "Accepted", "value": 20.0, "shown": "20"} for at in range(13, 20)]
    drawn = vl_convert.vegalite_to_svg(charts.histogram(bins, charts.WIDE, low=13, high=20))
    assert re.findall(r">(1[\d.]+|20)</text>", drawn)[:8] == ["13", "14", "15", "16", "17", "18", "19", "20"]


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


_LONG = "People to HESA: match weights, beside the run before"
_ALIKE = [
    {
        **_LEVEL,
        "label": f"postcode {how} equal: surname Jaro-Winkler {least} or more",
        "group": "Surname among postcode",
    }
    for how in ("", "nearly")
    for least in (0.92, 0.85, 0.7)
]


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("chart", [charts.weights, charts.probabilities, lambda v, w: charts.bars(v, w, x="Pairs")])
def test_labels_that_begin_alike_keep_a_row_each(chart: Callable[..., dict[str, Any]], width: int) -> None:
    """A row is known by what is written beside it: cut to the same text, six levels would be drawn over each other."""
    (held,) = chart(_ALIKE, width)["datasets"].values()
    assert len({row["label"] for row in held}) == len(_ALIKE)


def test_runs_whose_names_begin_alike_keep_a_place_each() -> None:
    runs = [{**row, "label": f"leo-national-release-of-2025-0{n}"} for n, row in enumerate(_trend(1.0, 2.0, 3.0))]
    text = json.dumps(charts.trend(runs, charts.NARROW, y="Links"))
    assert all(f"2025-0{n}" in text.replace("\\n", "") for n in range(3))
    assert len({row["label"] for row in next(iter(json.loads(text)["datasets"].values()))}) == 3


@pytest.mark.parametrize(
    "chart",
    [
        charts.weights([{**_LEVEL, "label": "same initial, one of them short", "group": _LONG}], charts.NARROW),
        charts.probabilities([{**_LEVEL, "kind": kind} for kind in charts._KINDS], charts.NARROW),
        charts.trend([{**_MEASURED, "label": "1", "group": _LONG}], charts.NARROW, y="Links"),
    ],
)
def test_a_narrow_chart_has_no_part_that_is_wider_than_a_telephone(chart: dict[str, Any]) -> None:
    """The widest part, a legend or the name of a strip, decides how small all the rest is drawn."""
    found = re.search(r'<svg [^>]*width="([\d.]+)"', vl_convert.vegalite_to_svg(chart))
    assert found
    assert float(found[1]) <= 320
