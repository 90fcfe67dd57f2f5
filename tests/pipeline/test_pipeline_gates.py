"""Gates by their figures, and a run that becomes a release only when they hold."""

import json
import re
import shutil
from typing import Any

import pytest

from linkage.config import Gates
from linkage.errors import ConfigError, GateError, InputError
from linkage.pipeline.gates import failed, figures_of, hold, not_checked, unlinked
from linkage.pipeline.publishing import publish


def share(value: float, low: float, high: float, by: str = "truth") -> dict[str, Any]:
    return {"by": by, "value": value, "low": low, "high": high}


def figures_with(**parts: Any) -> dict[str, Any]:
    return {"precision": {}, "unlinked": {}, "falls": [], "changes": [], **parts}


def fall(change: float) -> dict[str, Any]:
    return {
        "step": "a-b",
        "source": "npd",
        "title": "Sex",
        "label": "Female",
        "change": change,
        "low": change - 0.01,
        "high": change + 0.01,
    }


@pytest.mark.parametrize(
    ("gates", "figures", "message"),
    [
        (
            {"min_precision": 0.99},
            {"precision": {"a-b": share(0.97, 0.96, 0.98)}},
            "gate min_precision: step 'a-b' has precision 0.9700 by truth (with 95 % "
            "confidence at most 0.9800), at least 0.99",
        ),
        (
            {"min_precision": 0.99},
            {"precision": {"a-b": share(0.97, 0.96, 0.98, "probabilities")}},
            "gate min_precision: step 'a-b' has precision 0.9700 by probabilities "
            "(with 95 % confidence at most 0.9800)",
        ),
        (
            {"precision_lower_bound": 0.97},
            {"precision": {"a-b": share(0.98, 0.96, 0.99, "review")}},
            "gate precision_lower_bound: step 'a-b' has precision 0.9800 by review, "
            "with 95 % confidence at least 0.9600;",
        ),
        (
            {"max_unlinked": 0.1},
            {"unlinked": {"a-b": 0.2}},
            "gate max_unlinked: step 'a-b' leaves 0.2000 of its smaller side unlinked, "
            "at most 0.1",
        ),
        (
            {"max_rate_fall": 0.02},
            {"falls": [fall(-0.035)]},
            "gate max_rate_fall: step 'a-b', npd, sex Female: the link rate fell by "
            "3.50 points (95 % 2.50 to 4.50), "
            "at most 2 are allowed",
        ),
        (
            {"max_count_change": 0.05},
            {
                "changes": [
                    {
                        "count": "people on the spine",
                        "before": 100,
                        "after": 94,
                        "change": -0.06,
                    }
                ]
            },
            "gate max_count_change: people on the spine changed by -6.0 % since the "
            "last release, at most 5 %",
        ),
    ],
)
def test_a_failed_gate_is_named_with_its_figures(
    gates: dict[str, Any], figures: dict[str, Any], message: str
) -> None:
    with pytest.raises(GateError, match=re.escape(message)):
        hold(Gates(**gates), figures_with(**figures))
    hold(Gates(), figures_with(**figures))  # a gate that was not asked for holds


@pytest.mark.parametrize(
    ("gates", "figures", "message"),
    [
        (
            {"min_precision": 0.99},
            {"precision": {"a-b": share(0.98, 0.97, 0.989996)}},
            "at most 0.989996), at least 0.99 ",
        ),
        (
            {"precision_lower_bound": 0.98999},
            {"precision": {"a-b": share(0.99, 0.98997, 1)}},
            "at least 0.98997; 0.98999",
        ),
        ({"max_unlinked": 0.1}, {"unlinked": {"a-b": 0.100004}}, "leaves 0.100004 of"),
        (
            {"max_rate_fall": 0.07},
            {"falls": [fall(-0.0700004)]},
            "fell by 7.00004 points",
        ),
        (
            {"max_count_change": 0.05},
            {"changes": [{"count": "people", "change": 0.0501}]},
            "changed by +5.01 %",
        ),
    ],
)
def test_a_figure_just_below_its_gate_is_not_rounded_up_to_it(
    gates: dict[str, Any], figures: dict[str, Any], message: str
) -> None:
    """'has at most 0.9900, at least 0.99 is asked for' says that the gate
    should hold.
    """
    with pytest.raises(GateError, match=re.escape(message)):
        hold(Gates(**gates), figures_with(**figures))


def test_many_small_falls_of_one_step_do_not_hide_a_large_one_of_another() -> None:
    """Older releases list falls in the order of their steps."""
    drift = {
        "rates": [fall(-0.015)] * 60 + [fall(-0.2) | {"step": "b-c"}],
        "counts": [],
    }
    with pytest.raises(GateError, match="gate max_rate_fall: step 'b-c'"):
        hold(Gates(max_rate_fall=0.02), figures_of({"steps": []}, drift))


def test_a_count_that_rises_from_zero_fails_its_gate() -> None:
    """The change from 0 to 500 has no share; the gate skipped it without a word."""
    rise = {"count": "links of a-b", "before": 0, "after": 500, "change": None}
    new = {"count": "rows of benefits", "before": None, "after": 700, "change": None}
    gates = Gates(max_count_change=0.05)
    figures = figures_of({"steps": []}, {"rates": [], "counts": [rise, new]})
    with pytest.raises(
        GateError,
        match="max_count_change: links of a-b rose from 0 to 500 since the last",
    ) as error:
        hold(gates, figures)
    assert "benefits" not in str(
        error.value
    )  # the last release had no such table: nothing of it changed
    assert not_checked(gates, {"steps": []}, {"rates": [], "counts": [rise, new]}) == [
        "max_count_change: the last release does not count rows of benefits"
    ]
    new_counts = [new | {"count": f"rows of t{number}"} for number in range(7)]
    assert not_checked(gates, {"steps": []}, {"rates": [], "counts": new_counts})[
        0
    ].endswith("rows of t4 and 2 more")


def test_a_report_names_failed_gates_without_figures() -> None:
    steps = [
        {
            "step": name,
            "accuracy": {
                "precision": {"of": 200, "value": 0.97, "low": 0.96, "high": 0.98}
            },
            "sides": [{"units": 100, "linked": 80}],
        }
        for name in ("a-b", "b-c")
    ]
    results = [
        {"severity": severity, "success": False} for severity in ("critical", "warning")
    ]
    gates = Gates(min_precision=0.99, max_unlinked=0.3)
    assert failed(gates, {"steps": steps}, None, results) == [
        "min_precision",
        "critical_contracts",
    ]
    assert (
        failed(Gates(critical_contracts=False), {"steps": steps}, None, results) == []
    )


def test_a_gate_without_a_figure_is_named() -> None:
    precision = {"precision": {"of": 200, "value": 0.97, "low": 0.96, "high": 0.98}}
    steps = [
        {"step": "a-b", "accuracy": None, "expected": precision, "sides": []},
        {"step": "b-c", "accuracy": None, "expected": None, "sides": []},
    ]
    gates = Gates(
        min_precision=0.98,
        precision_lower_bound=0.98,
        max_rate_fall=0.02,
        max_count_change=0.05,
    )
    assert [
        line.partition(":")[0] for line in not_checked(gates, {"steps": steps}, None)
    ] == [
        "min_precision",
        "precision_lower_bound",
        "max_rate_fall",
        "max_count_change",
    ]
    truth_steps = [{**step, "accuracy": precision} for step in steps]
    rates = [{"step": step["step"], "high": 0.01} for step in steps]
    assert (
        not_checked(gates, {"steps": truth_steps}, {"rates": rates, "counts": []}) == []
    )
    empty_steps = [
        {
            **truth_steps[0],
            "sides": [{"units": 120, "linked": 0}, {"units": 0, "linked": 0}],
        }
    ]
    assert not_checked(Gates(max_unlinked=0.2), {"steps": empty_steps}, None) == [
        "max_unlinked: a side of a-b has no people"
    ]
    mixed_steps = [truth_steps[0], steps[1]]
    drift = {"rates": rates[:1], "counts": []}
    assert not_checked(
        Gates(min_precision=0.98, max_rate_fall=0.02), {"steps": mixed_steps}, drift
    ) == [
        "min_precision: nothing is known of the links of b-c",
        "max_rate_fall: no group of b-c has a hundred people in both releases",
    ]
    assert not_checked(Gates(), {"steps": steps}, None) == []


def test_the_unlinked_gate_counts_eligible_people_as_the_report_does() -> None:
    """Of 120 people 100 are old enough to be in the other file, and 95 of them linked:
    5 % are not, and not 21 %.
    """
    step = {
        "step": "a-b",
        "eligible": {"target": "b"},
        "sides": [
            {"side": "left", "units": 120, "linked": 96},
            {"side": "right", "units": 150, "linked": 96},
        ],
        "totals": [
            {"side": "left", "all": 120, "eligible": 100, "linked": 95},
            {"side": "right", "all": 150, "eligible": 150, "linked": 96},
        ],
    }
    assert unlinked({"steps": [step]}) == {"a-b": pytest.approx(0.05)}
    assert unlinked({"steps": [{**step, "totals": []}]}) == {"a-b": pytest.approx(0.2)}
    totals = [{**step["totals"][0], "eligible": 0, "linked": 0}, step["totals"][1]]  # type: ignore[index]
    evaluation = {"steps": [{**step, "accuracy": None, "totals": totals}]}
    assert unlinked(evaluation) == {}
    (line,) = not_checked(Gates(max_unlinked=0.2), evaluation, None)
    assert line == "max_unlinked: a side of a-b has no people in the calculation"


def test_gates_that_hold_say_nothing() -> None:
    gates = Gates(
        min_precision=0.99,
        precision_lower_bound=0.96,
        max_unlinked=0.2,
        max_rate_fall=0.04,
        max_count_change=0.06,
    )
    figures = figures_with(
        precision={
            "a-b": share(0.97, 0.96, 0.99),
            "b-c": share(0.98, 0.97, 0.99, "probabilities"),
        },
        unlinked={"a-b": 0.2},
        falls=[fall(-0.035)],
        changes=[{"count": "people", "before": 100, "after": 106, "change": 0.06}],
    )
    hold(gates, figures)
    for limit in (
        {"precision_lower_bound": 0.961},
        {"max_unlinked": 0.19},
        {"max_count_change": 0.059},
    ):
        with pytest.raises(GateError, match=f"gate {next(iter(limit))}"):
            hold(gates.model_copy(update=limit), figures)


def test_precision_comes_from_truth_else_review_else_probabilities() -> None:
    precision = {"of": 10, "value": 0.9, "low": 0.8, "high": 1.0}
    step = {
        "step": "a",
        "sides": [],
        "accuracy": {"precision": precision},
        "estimated_error": {"precision": {**precision, "low": 0.5}},
    }
    readings = {
        "low": {**precision, "low": 0.6, "high": 0.8},
        "middle": precision,
        "high": {**precision, "low": 0.85, "high": 0.95},
    }
    review = [{"step": "a", "precision": readings}]

    def reading(**changes: Any) -> tuple[str, float, float]:
        share = figures_of({"steps": [step | changes]}, None, review)["precision"]["a"]
        return share["by"], share["low"], share["high"]

    assert reading() == ("truth", 0.8, 1.0)
    assert reading(accuracy=None) == (
        "review",
        0.6,
        0.95,
    )  # whatever uncertain answers leave open
    assert (
        figures_of({"steps": [step | {"accuracy": None}]}, None)["precision"]["a"]["by"]
        == "probabilities"
    )


def test_a_fall_since_the_last_release_withholds_everything(village, output, tmp_path):
    """Of the last release's evaluation a rate is raised: this release has fallen from
    it.
    """
    last = tmp_path / "last"
    shutil.copytree(village.root, last)
    path = last / "quality/evaluation.json"
    evaluation = json.loads(path.read_text())
    for row in evaluation["steps"][0]["totals"]:
        row["linked"] = row["eligible"]
    path.write_text(json.dumps(evaluation))
    village.change("[run]", f'[run]\nprevious = "{last}"')
    village.change("min_precision = 0.98", "max_rate_fall = 0.02")
    message = output(
        3,
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
    )
    assert "gate max_rate_fall: step 'npd-cis'" in message
    assert not (village.root / "extracts/village-study").exists()
    assert 'id="drift"' in (village.root / "report/index.html").read_text()
    message = output(3, "publish", village.root, "--to", tmp_path / "releases")
    assert "\n  gate max_rate_fall" in message
    assert "change [gates]" in message
    assert village.root.is_dir()
    assert not (tmp_path / "releases").exists()


def test_a_run_that_passed_moves_to_the_releases_whole(village, output, tmp_path):
    before = {
        path.relative_to(village.root): path.stat().st_size
        for path in village.root.rglob("*")
        if path.is_file()
    }
    latest = tmp_path / "latest"
    latest.symlink_to(village.root)
    text = output(0, "publish", latest, "--to", tmp_path / "releases", "--name", "2026")
    release = tmp_path / "releases/2026"
    assert not release.is_symlink(), "the run moves, and not the link that leads to it"
    assert f"published  {release}" in text
    assert not village.root.exists()
    after = {
        path.relative_to(release): path.stat().st_size
        for path in release.rglob("*")
        if path.is_file()
    }
    assert {
        name: size
        for name, size in after.items()
        if name.name not in ("release.json", ".lock")
    } == {name: size for name, size in before.items() if name.name != ".lock"}
    assert json.loads((release / "release.json").read_text())["release"] == "2026"
    assert "it is a release already" in output(
        2, "publish", release, "--to", tmp_path / "releases", "--name", "2027"
    )
    assert release.exists()
    manifest = json.loads((release / "manifest.json").read_text())
    assert all(
        re.fullmatch("[0-9a-f]{64}", h)
        for h in (*manifest["register_hash"].values(), manifest["definitions_hash"])
    )
    message = output(
        2,
        "run",
        village.config,
        "--out",
        release,
        "--key",
        village.key,
        "--no-progress",
    )
    assert "is a published release, which no run may change" in message
    assert json.loads((release / "manifest.json").read_text()) == manifest


def test_an_incomplete_run_or_a_taken_name_is_not_published(village, tmp_path):
    (tmp_path / "releases/taken").mkdir(parents=True)
    with pytest.raises(ConfigError, match="there is a release of that name"):
        publish(village.root, tmp_path / "releases", "taken")
    (village.root / "stages/spine").joinpath("spine.parquet").unlink()
    with pytest.raises(InputError, match="spine is gone or altered"):
        publish(village.root, tmp_path / "releases", "new")
    assert not (tmp_path / "releases/new").exists()
    assert not (village.root / "release.json").exists()
