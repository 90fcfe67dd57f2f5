"""Probabilities beside truth: exact numbers on pairs that can be counted by eye."""

from collections.abc import Callable
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine, Table
from quality.definitions import load
from quality.disclosure import Disclosure
from quality.disclosure import load as profile
from quality.reliability import reliability
from quality.report.names import Names
from quality.report.sections.reliability import reliability_section

JUDGED = """
    method        | decision | match_probability:float | verdict
    deterministic | accepted | 0.96                    | true
    deterministic | accepted | 0.98                    | true
    probabilistic | accepted | 0.94                    | false
    probabilistic | review   | 0.55                    | true
    probabilistic | rejected | 0.05                    | false
    probabilistic | rejected | 0.5                     | unknown
    probabilistic | rejected | -                       | false
"""


@pytest.fixture
def found(engine: Engine, world: Callable[[str], Table]) -> dict[str, dict[str, Any]]:
    return {row["group"]: row for row in reliability(engine, world(JUDGED), load())}


def test_groups_are_all_pairs_the_links_and_each_method(found: dict[str, dict[str, Any]]) -> None:
    assert {name: row["pairs"] for name, row in found.items()} == {
        "all": 5,
        "accepted": 3,
        "deterministic": 2,
        "probabilistic": 3,
    }
    assert list(found)[:2] == ["all", "accepted"]


def test_a_band_has_what_was_said_and_what_is_true(found: dict[str, dict[str, Any]]) -> None:
    bands = [
        (row["from"], row["to"], row["pairs"], row["mean_probability"], row["share_true"]["value"])
        for row in found["all"]["bands"]
    ]
    assert [band[:3] for band in bands] == [(0.0, 0.1, 1), (0.5, 0.6, 1), (0.9, 0.95, 1), (0.95, 0.99, 2)]
    assert [band[3] for band in bands] == pytest.approx([0.05, 0.55, 0.94, 0.97])
    assert [band[4] for band in bands] == [0.0, 1.0, 0.0, 1.0]


def test_the_errors_are_those_of_their_definitions(found: dict[str, dict[str, Any]]) -> None:
    everything = found["all"]
    assert everything["expected"] == pytest.approx(3.48)
    assert everything["calibration_error"] == pytest.approx((0.05 + 0.45 + 0.94 + 2 * 0.03) / 5)
    assert everything["brier"] == pytest.approx((0.04**2 + 0.02**2 + 0.94**2 + 0.45**2 + 0.05**2) / 5)
    assert found["deterministic"]["calibration_error"] == pytest.approx(0.03)


def test_nothing_is_said_of_pairs_without_a_probability(engine: Engine, world: Callable[[str], Table]) -> None:
    judged = world("method | decision | match_probability:float | verdict\np | accepted | - | true")
    assert reliability(engine, judged, load()) == []


def test_a_handful_of_pairs_is_not_shown(found: dict[str, dict[str, Any]]) -> None:
    step = {"step": "a-b", "left": "npd", "right": "cis", "reliability": list(found.values())}
    d = Disclosure(profile("leo_publication"))
    section = reliability_section({"steps": [step]}, Names(shipped()), d)
    assert section is not None
    figure = section.blocks[1]
    assert figure.summary == "Too few pairs to show."  # type: ignore[union-attr]
    shown = {cell.mark for row in figure.table.rows for cell in row[1:]}  # type: ignore[union-attr]
    assert shown == {"suppressed"}
