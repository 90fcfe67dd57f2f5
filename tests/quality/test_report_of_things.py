"""Of firms and songs the report and `leo dedupe` speak as of things."""

import json
from pathlib import Path
from typing import Any

import pytest

from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.linked import Linked, write_evaluation
from linkage.catalogue import shipped
from quality.disclosure import Disclosure, load
from quality.report import headlines, pairs, released
from quality.report.names import Names
from quality.report.page import Figure
from quality.report.sections import coverage, facts, statement

FIRMS, PUPILS = {"organisation": "text", "town": "text"}, {"surname": "name", "dob": "date"}


@pytest.mark.parametrize(("fields", "of_things"), [(FIRMS, True), (PUPILS, False)])
def test_what_is_compared_tells_whether_records_are_of_persons(
    fields: dict[str, str], of_things: bool, tmp_path: Path
) -> None:
    """Of 1,264 records of firms it was said that they are 1,044 people."""
    write_evaluation(tmp_path, {"steps": []}, fields)
    written = json.loads((tmp_path / "quality" / "evaluation.json").read_text())
    assert written == {"steps": [], "of_things": of_things}
    assert Linked(Columns({}, {}, None, None), fields).of_persons is not of_things


def test_a_text_is_said_of_what_the_records_are_of() -> None:
    things, people = Names(shipped(), of_things=True), Names(shipped())
    text = "People of two files: of one person, or of two people; a personal word stays"
    assert things.of(text) == "Things of two files: of one thing, or of two things; a personal word stays"
    assert people.of(text) == text
    assert (things.of("nobody", "nothing"), people.of("nobody", "nothing")) == ("nothing", "nobody")
    assert (things.people("a.csv"), people.people("a.csv")) == ("things in a.csv", "people in a.csv")


def test_the_report_of_things_speaks_of_no_person(counted: dict[str, Any]) -> None:
    counted = {**counted, "of_things": True, "spine": None}
    d, names = Disclosure(load()), Names(shipped(), counted["steps"], of_things=True)
    step = counted["steps"][0]
    sides = {step["step"]: {side: released.side(step, side, d) for side in ("left", "right")}}
    shown = {step["step"]: pairs.pairs(step, d)}
    subject = sides[step["step"]]["left"]
    reasons = coverage.reasons_section(sides, subject, names)
    assert reasons is not None
    assert reasons.title == "Why things are not linked"
    flow = coverage.flow_section(counted, shown, subject, names, d)
    texts = [
        *(block.title + block.summary for block in flow.blocks if isinstance(block, Figure)),
        *(text for block in facts.glossary_section(names, d).blocks[:1] for _, text in block.pairs),
    ]
    assert not [text for text in texts if "people" in text.lower() or "person" in text.lower()]
    assert headlines(counted)[0][0] != "People"
    said = statement._linked(counted, shown, {step["step"]: None}, names, d)[1]
    assert "somebody" not in said.text
