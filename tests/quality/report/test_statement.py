"""The linkage quality statement, and the parts that the report stands in."""

import re
from typing import Any

import pytest
from quality.report.parts import arranged

from linkage.catalogue import shipped
from linkage.engine import Engine
from quality.disclosure import Disclosure, load
from quality.measures.evaluation import Inputs, evaluate
from quality.report import pairs, released
from quality.report.names import Names
from quality.report.page import Figure, Headline, Part, Section, Table, Text
from quality.report.sections import coverage, summary
from quality.report.sections.statement import error_of, statement_part

Evaluation = dict[str, Any]


def alike(share: dict[str, Any]) -> dict[str, Any]:
    """What a review says of a measure whose answers are all sure."""
    return dict.fromkeys(("low", "middle", "high"), share)


def _statement(
    evaluation: Evaluation, reviews: Any = (), *, has_last_release: bool = False, failed: tuple[str, ...] = ()
) -> Part:
    d, names = Disclosure(load()), Names(shipped())
    sides = {
        step["step"]: {side: released.side(step, side, d) for side in ("left", "right")} for step in evaluation["steps"]
    }
    shown = {step["step"]: pairs.pairs(step, d) for step in evaluation["steps"]}
    subject = summary.subject_of(evaluation, d)
    told = {"reviews": reviews, "has_last_release": has_last_release, "failed_gates": failed}
    return statement_part(evaluation, sides, subject, shown, names, d, **told)


def test_a_run_that_may_not_be_published_says_so_first(counted: Evaluation) -> None:
    part = _statement(counted, failed=("max_rate_fall",))
    assert part.sections[0].name == "not-to-be-published"
    assert (
        "the fall of a group's link rate since the last release (max_rate_fall). Nothing of it is published"
        in _words(part, "not-to-be-published")
    )


def _words(part: Part, name: str) -> str:
    section = next(section for section in part.sections if section.name == name)
    return " ".join(block.text for block in section.blocks if isinstance(block, Text))


def test_it_answers_in_order(counted: Evaluation) -> None:
    part = _statement(counted)
    assert [section.name for section in part.sections] == [
        "who-is-in",
        "what-was-linked",
        "for-whom-worse",
        "what-to-do",
        "not-known",
    ]
    who = _words(part, "who-is-in")
    could = re.sub(r" on \d+ \w+ \d{4},", " on that day,", who)
    assert (
        "Of 600 people in NPD, 600, aged 16 or over on that day, are in the calculation of links to CIS, and 540 are matched."
        in could
    )
    table = next(block for block in part.sections[1].blocks if isinstance(block, Table))
    said = [value if isinstance(value, str) else value.text for value in table.rows[0]]
    assert said[:4] == ["NPD to CIS", "540", "30", "98.15"]
    assert said[5] == "88.33"
    assert said[-1] == "truth"


def test_what_to_do_follows_from_the_figures(counted: Evaluation) -> None:
    """The interval of 98.15 per cent begins below 99; without bias nobody is told to weight."""
    assert "repeat the main result on links of match probability 0.99" in _words(_statement(counted), "what-to-do")
    assert "of two files leo link --samples draws some" in _words(_statement(counted), "what-to-do")
    step = counted["steps"][0]
    step["accuracy"]["precision"] = {"of": 540_000, "count": 539_900.0, "value": 0.9998, "low": 0.9997, "high": 0.9999}
    step["bias"] = []
    part = _statement(counted)
    assert "repeat the main result" not in _words(part, "what-to-do")
    assert "weight the linked" not in _words(part, "what-to-do")
    assert "knows no characteristic" in _words(part, "for-whom-worse")


def test_the_groups_that_are_found_least_are_named(counted: Evaluation) -> None:
    groups = counted["steps"][0]["bias"][0]["groups"]
    for place, group in enumerate(groups):
        worse = {"difference": -0.3 if place == 0 else 0.2, "low": -0.4, "high": -0.2, "flagged": True, "certain": True}
        group["found_missed"] = worse
        group["in_both"] = max(group["in_both"], 100)
    part = _statement(counted)
    (table,) = [block for block in part.sections[2].blocks if isinstance(block, Table)]
    assert [row[1] for row in table.rows] == [groups[0]["labels"][0]]
    assert "weight the linked" in _words(part, "what-to-do")


def test_error_is_told_by_the_best_that_is_known(counted: Evaluation) -> None:
    step = counted["steps"][0]
    share = {"of": 400, "count": 396.0, "value": 0.99, "low": 0.98, "high": 1.0}
    strata = [{"accepted": True, "pairs": 400, "looked_at": 9}, {"accepted": False, "pairs": 30, "looked_at": 20}]
    review = {"step": "npd-cis", "precision": alike(share), "recall": alike(share), "strata": strata}
    assert error_of(step, [review])[0] == "truth"  # type: ignore[index]
    blind = {**step, "accuracy": None}
    assert error_of(blind, [review])[0] == "review"  # type: ignore[index]
    counted["steps"][0] |= {"accuracy": None}
    (table,) = [block for block in _statement(counted, [review]).sections[1].blocks if isinstance(block, Table)]
    assert [cell.text for cell in table.rows[0][3:7]] == ["c"] * 4  # nine links were looked at  # type: ignore[union-attr]
    strata[0]["looked_at"] = 10
    (table,) = [block for block in _statement(counted, [review]).sections[1].blocks if isinstance(block, Table)]
    assert [cell.text for cell in table.rows[0][3:7]] == ["99.00", "98.00 to 100.00"] * 2  # type: ignore[union-attr]
    assert error_of({**blind, "expected": None}, []) is None
    counted["steps"][0] |= {"accuracy": None, "expected": None}
    assert "nothing says how many links are false" in _words(_statement(counted), "not-known")


def test_whose_recall_is_not_known_and_why(counted: Evaluation) -> None:
    """One step has its links' probabilities alone; of the other reviewers looked at links and at nothing else."""
    (step,) = counted["steps"]
    share = {"of": 540, "count": 535.0, "value": 0.99, "low": 0.98, "high": 1.0}
    nothing = {"of": 0, "count": 0, "value": None, "low": None, "high": None}
    counted["steps"] = [
        {**step, "step": name, "accuracy": None, "expected": {"precision": share, "recall": share}}
        for name in ("first", "second")
    ]
    strata = [{"accepted": True, "pairs": 540, "looked_at": 100}, {"accepted": False, "pairs": 30, "looked_at": 0}]
    review = {"step": "second", "precision": alike(share), "recall": alike(nothing), "strata": strata}
    said = _words(_statement(counted, [review]), "not-known")
    assert "How many matches were missed is not known of some steps: reviewers looked at links alone." in said
    assert "asked for links alone" not in said
    counted["steps"][0]["estimated_error"]["recall"] = nothing
    assert "not known of some steps: they were asked for links alone." in _words(_statement(counted), "not-known")


def test_a_run_without_truth_and_without_weights_points_to_none(counted: Evaluation) -> None:
    d, names, step = Disclosure(load()), Names(shipped()), counted["steps"][0]
    for weights, said in (
        (step["weights"], "measure error by; the match weights below say"),
        ([], "measure error by."),
    ):
        bare = {**step, "accuracy": None, "weights": weights}
        assert said in summary.statement(released.side(bare, "left", d), names, d)


def test_where_all_or_none_are_matched_nobody_is_said_to_be_matched_less(counted: Evaluation) -> None:
    for row in counted["steps"][0]["bias"]:
        for group in row["groups"]:
            group["found_missed"] = group["matched_unmatched"] = None
    assert "there is nothing to compare" in _words(_statement(counted), "for-whom-worse")


def test_what_is_not_known_depends_on_a_last_release(counted: Evaluation) -> None:
    assert "no last release" in _words(_statement(counted), "not-known")
    assert "no last release" not in _words(_statement(counted, has_last_release=True), "not-known")


def test_a_section_without_a_part_is_an_error() -> None:
    with pytest.raises(KeyError, match="lost"):
        arranged({"lost": Section("lost", "Lost", [])})


def test_all_is_told_from_the_spine(counted: Evaluation) -> None:
    """600 before the step, 580 after it: some of them are two records of one person."""
    counted["steps"][0]["left"], counted["spine"] = "people", {"people": 580, "by_source": [], "cuts": []}
    who = _words(_statement(counted), "who-is-in")
    assert "Linked together they are 580 people." in who
    assert "Of 600 people before the step People to CIS (two whom it links to one record are one on the spine)" in who
    d, names = Disclosure(load()), Names(shipped())
    subject = released.side(counted["steps"][0], "left", d)
    shown = {step["step"]: pairs.pairs(step, d) for step in counted["steps"]}
    drawn = coverage.flow_section(counted, shown, subject, names, d).blocks[0]
    assert isinstance(drawn, Figure)
    assert "There are 600 in all, before this step." in drawn.summary


def test_sources_that_the_spine_holds_in_part_are_named(counted: Evaluation) -> None:
    """A spine of NPD's people: whom ILR and CIS alone hold is not on it, though those of ILR are met by the step."""
    counted["steps"][0]["left"] = "people"
    counted["sources"] = [{**counted["sources"][0], "source": name, "entities": 600} for name in ("npd", "ilr", "cis")]
    on_spine = [{"source": name, "people": n, "entities": n} for name, n in (("npd", 600), ("ilr", 400), ("cis", 540))]
    counted["spine"] = {"people": 600, "by_source": on_spine, "cuts": []}
    who = _words(_statement(counted), "who-is-in")
    assert "Linked together they are 600 people, without those of ILR and CIS who are linked to none of them." in who
    assert "are one on the spine; those of ILR who are linked to nobody on it are not)" in who
    on_spine[1]["entities"] = on_spine[2]["entities"] = 600
    assert "Linked together they are 600 people." in _words(_statement(counted), "who-is-in")


def test_figures_of_one_step_among_several_name_it(counted: Evaluation) -> None:
    d, names, step = Disclosure(load()), Names(shipped()), counted["steps"][0]
    subject, shown = released.side(step, "left", d), pairs.pairs(step, d)

    def notes(evaluation: Evaluation) -> list[str]:
        return [line.note for line in summary.headlines(evaluation, subject, shown, names, d)]

    assert notes(counted)[2] == "of the links are right"
    assert notes({**counted, "steps": [step, step]})[1:] == [
        "of people in NPD in the calculation, NPD to CIS",
        "of the links are right, NPD to CIS",
        "of the true pairs are linked, NPD to CIS",
        "pairs too close to call, NPD to CIS",
    ]


def test_a_comparison_that_is_given_others_is_called_by_whole_words() -> None:
    assert Names(shipped()).column("dob_given_surname_postcode") == "Date of birth given surname postcode"
    assert Names(shipped()).column("mother_name") == "Mother name"


def test_a_symbol_is_explained_where_it_is_met_first(engine: Engine, pupils_and_learners: Inputs) -> None:
    """The list of symbols is the last thing in the report, and paper shows no title of an abbreviation."""
    d, evaluation = Disclosure(load()), evaluate(engine, pupils_and_learners)
    table = next(block for block in _statement(evaluation).sections[1].blocks if isinstance(block, Table))
    assert "c" in [value.text for value in table.rows[0] if not isinstance(value, str)]
    said = "“c” stands for confidential: a small number, or one from which a small number could be had."
    assert said in table.note
    few, many = (Headline("For review", cell, "", "pairs") for cell in (d.marked("suppressed"), d.count(540)))
    assert summary.explained(few, d).note == f"pairs. {said}"
    assert summary.explained(many, d) == many
