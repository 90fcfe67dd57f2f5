"""Counts of pairs that share totals are released together."""

from typing import Any

from quality.report.pairs import pairs
from quality.report.sections.making import weights_section

from linkage.catalogue import shipped
from quality.disclosure import Disclosure, load
from quality.report.names import Names
from quality.report.page import Figure


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


def test_the_share_made_by_fixed_rules_does_not_tell_a_pass_that_is_hidden() -> None:
    """154 links: 50 by a pass, 100 by a rule and 4 by another. The 4 take one of their own method with them."""
    given = step([(12, "accepted", 154)], [(None, None)])
    made = [("probabilistic", "rule 1", 100), ("deterministic", "nino", 50), ("probabilistic", "rule 2", 4)]
    given["passes"] = [{"method": method, "pass": name, "links": links} for method, name, links in made]
    shown = pairs(given, Disclosure(load()))
    assert [cell.text for cell, _ in shown.passes.values()] == ["c", "50", "c"]
    assert shown.ruled.text == "32.5"
    given["passes"][1:] = [{"method": "deterministic", "pass": "nino", "links": 46}] + [
        {"method": method, "pass": method, "links": 4} for method in ("override", "clerical")
    ]
    shown = pairs(given, Disclosure(load()))
    assert shown.links.text == "155"
    assert [cell.text for cell, _ in shown.passes.values()].count("c") >= 2


def test_what_people_alone_made_beside_fixed_rules_hides_the_share_of_these() -> None:
    given = step([(12, "accepted", 154)], [(None, None)])
    given["passes"] = [
        {"method": "deterministic", "pass": name, "links": links} for name, links in (("a", 90), ("b", 60))
    ]
    given["passes"].append({"method": "override", "pass": "override", "links": 4})
    shown = pairs(given, Disclosure(load()))
    assert [cell.text for cell, _ in shown.passes.values()] == ["90", "c", "c"]
    assert shown.ruled.mark == "suppressed"


def test_pairs_that_rules_kept_do_not_tell_how_few_are_for_review() -> None:
    """250 by a pass, 520 kept by two rules, 700 accepted and 66 rejected: four are left for people."""
    given = step([(12, "accepted", 700), (6, "review", 4), (2, "rejected", 66)], [(None, None)])
    made = [("deterministic", "nino", 250), ("probabilistic", "rule 1", 400), ("probabilistic", "rule 2", 50)]
    given["passes"] = [{"method": method, "pass": name, "links": links} for method, name, links in made]
    rules = [{"pairs": 9_000, "new_pairs": 8_000, "pairs_kept": kept} for kept in (420, 100)]
    given["blocking"] = {"passes": [{"pass": "nino", "pairs": 300, "accepted": 250}], "rules": rules}
    shown = pairs(given, Disclosure(load()))
    kept = [cells[2].mark for cells in shown.by_rule]
    told = [shown.decisions[name].mark for name in ("accepted", "rejected")] + [shown.ruled.mark, *kept]
    assert shown.decisions["review"].mark == "suppressed"
    assert "suppressed" in told


def test_bins_at_the_ends_say_that_they_hold_what_lies_beyond() -> None:
    given = step([(-30, "rejected", 40), (12, "accepted", 500), (60, "accepted", 90)], [(None, None)])
    given |= {"step": "a-b", "left": "npd", "right": "cis"}
    shown, evaluation = {"a-b": pairs(given, Disclosure(load()))}, {"steps": [given], "weight_range": [-30, 60]}
    section = weights_section(evaluation, shown, {"a-b": []}, Names(shipped()))
    assert section is not None
    (drawn,) = [block for block in section.blocks if isinstance(block, Figure)]
    assert [row[1] for row in drawn.table.rows] == ["12 to under 13", "60 and over", "under −29"]
