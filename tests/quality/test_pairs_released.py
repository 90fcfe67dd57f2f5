"""Counts of pairs that share totals are released together."""

from typing import Any

from quality.disclosure import Disclosure, load
from quality.report.pairs import pairs


def step(bins: list[tuple[int, str, int]], bands: list[tuple[float | None, float | None]]) -> dict[str, Any]:
    """A step whose decisions and bands follow from its bins."""
    decided: dict[str, int] = {}
    for _, decision, count in bins:
        decided[decision] = decided.get(decision, 0) + count
    inside = [
        [row for row in bins if (low is None or row[0] >= low) and (high is None or row[0] < high)]
        for low, high in bands
    ]
    return {
        "decisions": [{"decision": name, "pairs": count} for name, count in decided.items()],
        "passes": [{"method": "probabilistic", "pass": "rule", "links": decided.get("accepted", 0)}],
        "weights": [{"bin": start, "decision": decision, "pairs": count} for start, decision, count in bins],
        "bands": [
            {
                "from": low,
                "to": high,
                "pairs": sum(row[2] for row in rows),
                "accepted": sum(row[2] for row in rows if row[1] == "accepted"),
            }
            for (low, high), rows in zip(bands, inside, strict=True)
        ],
    }


def test_a_small_band_does_not_follow_from_the_decisions() -> None:
    """Four pairs between 15 and 20: bands and decisions show all others, so one more must go."""
    given = step(
        [(12, "accepted", 500), (16, "accepted", 4), (22, "accepted", 900), (2, "rejected", 60)],
        [(None, 5.0), (5.0, 15.0), (15.0, 20.0), (20.0, None)],
    )
    shown = pairs(given, Disclosure(load()))
    hidden = [everything.mark == "suppressed" for everything, _ in shown.bands]
    assert hidden[2]
    assert sum(hidden) >= 2
    assert shown.bins[("accepted", 16)].mark == "suppressed"
    assert shown.links.text == "1,405"


def test_what_is_large_is_all_shown() -> None:
    given = step([(12, "accepted", 500), (2, "rejected", 60)], [(None, 5.0), (5.0, None)])
    shown = pairs(given, Disclosure(load()))
    assert [cell.text for cell in shown.decisions.values()] == ["500", "0", "60"]
    assert [(everything.text, accepted.text) for everything, accepted in shown.bands] == [("60", "0"), ("500", "500")]
    assert [(cell.text, share.text) for cell, share in shown.passes.values()] == [("500", "100.0")]
