"""What the report says of a model that is not to be trusted as it stands."""

from typing import Any

from quality.report.sections.facts import methods_section, to_be_known

from linkage.catalogue import shipped
from quality.disclosure import Disclosure, load
from quality.report.names import Names
from quality.report.page import Table

FAULT = "comparison 'sex': full agreement ('Sex') weighs -2.00, which speaks against a match"


def _manifest(counted: dict[str, Any], **counts: Any) -> dict[str, Any]:
    return {"stages": [{"name": f"link-{counted['steps'][0]['step']}", "counts": counts}]}


def _of_files(**counts: Any) -> dict[str, Any]:
    """As leo link writes it."""
    return {"counts": counts}


def _known(counted: dict[str, Any], manifest: dict[str, Any]) -> list[str]:
    return to_be_known(counted, manifest, Names(shipped()), Disclosure(load()))


def test_a_model_that_learnt_nothing_here_is_told_of_first(counted: dict[str, Any]) -> None:
    for training in ({"learnt": False}, {"taken_as_given": "nothing to train on"}):
        for manifest in (_manifest(counted, training=training), _of_files(training=training)):
            (said,) = _known(counted, manifest)
            assert said.startswith("The model of NPD to CIS learnt nothing from the matches of these data")
    assert _known(counted, _of_files(training={"learnt": True, "prior": 0.1})) == []
    assert _known(counted, {}) == []


def test_links_that_strangers_explain_are_a_share_under_disclosure_control(counted: dict[str, Any]) -> None:
    (said,) = _known(counted, _of_files(strangers={"links": 400, "strangers": 100.2, "many": True}))
    assert "25.0% of the links would be of two people" in said
    assert _known(counted, _of_files(strangers={"links": 400, "strangers": 1.0, "many": True})) == []
    assert _known(counted, _of_files(strangers={"links": 400, "strangers": 100.2, "many": False})) == []
    assert _known(counted, _of_files(strangers={})) == []


def test_faults_and_warnings_of_a_training_stand_under_the_models(counted: dict[str, Any]) -> None:
    training = {"faults": [FAULT], "warnings": ["comparison 'town': ..."]}
    section = methods_section(counted, _of_files(training=training), Names(shipped()), Disclosure(load()))
    (table,) = [b for b in section.blocks if isinstance(b, Table) and b.caption == "What training says of a model"]
    assert table.rows == [["NPD to CIS", FAULT], ["NPD to CIS", "comparison 'town': ..."]]
    calm = methods_section(counted, _of_files(training={}), Names(shipped()), Disclosure(load()))
    assert not [b for b in calm.blocks if isinstance(b, Table) and b.caption == "What training says of a model"]
