"""What is expected to be missed of a group is the least of it, wherever it stands, and what it leaves out is said."""

from typing import Any

from quality.report.sections.error_parts import in_no_group
from quality.report.sections.expected import expected_section

from linkage.catalogue import shipped
from quality import disclosure
from quality.report.names import Names
from quality.report.page import Fold, Table, Text
from quality.report.released import side
from quality.report.sections.bias import LET_GO, LET_GO_NOTE, bias_section

SAID = "NPD to CIS: 60.00% of what is expected to be missed is in no group."


def _unreached(evaluation: dict[str, Any], matches: float) -> dict[str, Any]:
    """Of the crowd's pairs 30 of a probability of 0.6 were let go: 18 matches."""
    evaluation["steps"][0]["estimated_error"]["missed_unreached"] = matches
    return evaluation


def test_the_share_in_no_group_by_hand(without_truth: dict[str, Any]) -> None:
    d, names = disclosure.Disclosure(disclosure.load()), Names(shipped())
    (step,) = _unreached(without_truth, 27.0)["steps"]
    assert in_no_group(step, names, d) == SAID
    step["estimated_error"]["missed_unreached"] = 0.0
    assert in_no_group(step, names, d) == ""
    assert in_no_group({**step, "expected": None}, names, d) == ""


def test_of_a_step_of_links_alone_and_of_few_nothing_is_said(without_truth: dict[str, Any]) -> None:
    d, names = disclosure.Disclosure(disclosure.load()), Names(shipped())
    (step,) = _unreached(without_truth, 27.0)["steps"]
    few = {**step, "expected": {**step["estimated_error"], "missed_kept": 1.0, "missed_unreached": 3.0}}
    blind = {**step, "expected": {**step["estimated_error"], "recall": {"value": None}}}
    assert (in_no_group(few, names, d), in_no_group(blind, names, d)) == ("", "")


def test_it_stands_beside_the_figures(without_truth: dict[str, Any]) -> None:
    d, names = disclosure.Disclosure(disclosure.load()), Names(shipped())
    (step,) = _unreached(without_truth, 27.0)["steps"]
    sections = (
        bias_section(without_truth, {step["step"]: {"left": side(step, "left", d)}}, None, names, d),
        expected_section(without_truth, names, d),
    )
    for section in sections:
        assert section is not None
        folded = [block for fold in section.blocks if isinstance(fold, Fold) for block in fold.blocks]
        said = " ".join(block.text for block in [*section.blocks, *folded] if isinstance(block, Text))
        assert (said.count(LET_GO_NOTE), said.count(SAID)) == (1, 1)
        heads = [head for table in folded if isinstance(table, Table) for head in table.columns if "et go" in head]
        assert heads
        assert set(heads) <= {LET_GO, "Let go beside 1,000 links, at least"}
