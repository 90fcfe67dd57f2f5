"""Formats of weights and probabilities, the waterfall, and pages of explanations
without a value.
"""

from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.cli.results import show_explanation as show
from quality.explain.page import render_explanation, statement, title
from quality.explain.person import contradictions, without
from quality.report.names import Names
from quality.report.waterfall import bars, likelihood, signed, waterfall


def comparison(
    name: str, level: str, weight: float, adjustment: float | None = None
) -> dict[str, Any]:
    return {
        "comparison": name,
        "level": level,
        "known": True,
        "m": 0.9,
        "u": 0.1,
        "weight": weight,
        "adjusted": adjustment is not None,
        "adjustment": adjustment or 0.0,
    }


def pair(cardinality: float = 3.0, *, passes: bool = True) -> dict[str, Any]:
    weight = -8.0 + 6.0 + 2.0 - 3.0
    return {
        "run": "r",
        "kind": "pair",
        "step": {
            "name": "npd-cis",
            "left": "npd",
            "right": "cis",
            "cardinality": "one-to-one",
            "one_file": False,
        },
        "units": {
            side: {"unit_id": n, "entities": [{"entity_id": n, "source": source}]}
            for side, n, source in (("left", 4, "npd"), ("right", 124, "cis"))
        },
        "outcome": {
            "decision": "rejected",
            "reason": "below threshold",
            "in_words": ["Match weight −3.00."],
        },
        "made_by": "rule 1",
        "probability": 0.2,
        "weight": {
            "prior": -8.0,
            "comparisons": [
                comparison("surname", "equal", 6.0, 2.0),
                comparison("postcode", "different", -3.0),
            ],
            "match_weight": weight,
            "cardinality_adjustment": cardinality,
            "total": weight + cardinality,
            "probability": 0.3,
        },
        "thresholds": {
            "accept": 1.0,
            "review": -1.0,
            "floor": -9.0,
            "accept_total": 4.0,
            "review_total": 2.0,
        },
        "competing": [
            {
                "side": "left",
                "unit_id": 7,
                "match_weight": 2.0,
                "lead": -5.0,
                "decision": "accepted",
            }
        ],
        "reach": {
            "passes": [] if passes else None,
            "rules": [
                {
                    "rule": 1,
                    "conditions": [{"condition": "dob", "result": "agrees"}],
                    "holds": True,
                }
            ],
        },
        "changes": [
            {
                "comparison": "postcode",
                "level": "equal",
                "weight": 7.0,
                "changed_by": 10.0,
                "match_weight": 7.0,
                "would_be": "accepted",
                "crosses": True,
            }
        ],
    }


def test_each_bar_starts_where_the_one_before_ended() -> None:
    bars_of_pair = bars(pair()["weight"], Names(shipped()))
    assert [(bar.start, bar.end) for bar in bars_of_pair] == [
        (0.0, -8.0),
        (-8.0, -2.0),
        (-2.0, 0.0),
        (0.0, -3.0),
        (0.0, -3.0),
        (-3.0, 0.0),
        (0.0, 0.0),
    ]
    assert [bar.is_sum for bar in bars_of_pair].count(True) == 2
    assert not any(
        "Cardinality" in bar.name for bar in bars(pair(0.0)["weight"], Names(shipped()))
    )


def test_a_waterfall_fits_its_width_and_shows_signs_by_form() -> None:
    chart = waterfall(pair(), Names(shipped()))
    assert all(row.x >= 0 and row.x + row.width <= 100.5 for row in chart.rows)
    assert [row.kind for row in chart.rows[:4]] == ["against", "for", "for", "against"]
    assert len(chart.lines) == 2


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.5, "0.50"),
        (0.95, "0.95"),
        (0.999, "0.999"),
        (0.99987, "0.9999"),
        (1.0, "over 0.999999999999"),
        (0.0, "under 0.000000000001"),
    ],
)
def test_a_probability_shows_as_many_nines_as_it_has(
    probability: float, text: str
) -> None:
    assert likelihood(probability).startswith(text[:5])


def test_a_weight_has_its_sign() -> None:
    assert [signed(value) for value in (1.0, -1.0, 0.001)] == ["+1.00", "−1.00", "0.00"]
    assert signed(1.0, plus=False) == "1.00"


def test_the_parts_of_a_person_without_a_link() -> None:
    links = [{"left": [1], "right": [2]}, {"left": [2], "right": [3]}]
    assert without(links, links[1], [1, 2, 3]) == [[1, 2], [3]]
    assert without([*links, {"left": [1], "right": [3]}], links[1], [1, 2, 3]) == []


def test_contradictions_are_in_identifiers_of_one_value_only() -> None:
    values = {
        1: {"dob": {"a"}, "surname": {"x"}},
        2: {"dob": {"b"}, "surname": {"y"}},
        3: {"dob": {"a", "b"}},
    }
    assert contradictions(values) == [{"what": "no dob in common", "entities": [1, 2]}]


@pytest.mark.parametrize("passes", [True, False])
def test_a_page_and_a_terminal_show_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], passes: bool
) -> None:
    content = pair(passes=passes)
    page = render_explanation(content, tmp_path / "pair.html").read_text()
    show(content, [("surname", "SMITH", "SMYTH")], {("left", 4): "A0004"})
    output = capsys.readouterr().out
    for text in (
        title(content),
        "Cardinality",
        "Accepted at",
        "1 of 1 changes of one comparison",
    ):
        assert text in page
        assert text in output
    assert statement(content).startswith(
        "Step npd-cis, left record 4 and right record 124: not linked."
    )
    assert "SMYTH" in output
    assert "SMYTH" not in page
    assert "<script" not in page
