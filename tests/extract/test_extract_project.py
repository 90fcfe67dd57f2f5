"""What a project is refused for: every fault at once, each with its place and its remedy."""

import datetime
from collections.abc import Callable

import pytest

from linkage.catalogue import Catalogue, shipped
from linkage.catalogue.years import Years
from linkage.config.resources import config_file
from linkage.errors import ConfigError
from linkage.extract import Project, check_project
from linkage.requests.approved import approved_project

TODAY = datetime.date(2026, 6, 1)


def refusal(project: Project, catalogue: Catalogue) -> str:
    with pytest.raises(ConfigError) as refused:
        check_project(project, catalogue, today=TODAY)
    return str(refused.value)


def test_an_approved_project_passes(make_project: Callable[..., Project], catalogue: Catalogue) -> None:
    check_project(make_project(), catalogue, today=TODAY)


def test_the_shipped_project_passes_the_shipped_catalogue() -> None:
    project = approved_project(config_file("projects/graduate-earnings.toml"), shipped(), today=TODAY)
    check_project(project, shipped(), today=TODAY)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"name": "npd.ks5", "variables": ["A"]}, "no table 'npd.ks5'; nearest: npd.ks4"),
        ({"variables": ["Grad"]}, "no variable 'Grad'; nearest: Grade"),
        ({"variables": ["UPN"]}, "npd.ks4.UPN: its identifiability is 1"),
        ({"variables": ["Birth"]}, "npd.ks4.Birth: its identifiability is 2"),
        ({"variables": ["PMR"]}, "npd.ks4.PMR: it is an identifier"),
        ({"name": "leo.employment", "variables": ["EDUKEY"]}, "leo.employment.EDUKEY: it is a number of a person"),
        ({"variables": ["Late"]}, "npd.ks4.Late: not held in 2011/12-2012/13; it is held in 2014/15"),
        ({"variables": ["Grade", "Grade"]}, "npd.ks4.Grade: named twice"),
        ({"years": "2009/10-2012/13"}, "not all of 2009/10-2012/13 is held; it is held in 2010/11-2014/15"),
        ({"only": {"column": "Phase", "values": ["1"]}}, "npd.ks4: no variable 'Phase' to choose rows by"),
        ({"years": None}, "npd.ks4: years are missing"),
    ],
)
def test_a_table_that_may_not_be_given(
    make_project: Callable[..., Project], catalogue: Catalogue, table: dict[str, object], says: str
) -> None:
    asked = {"name": "npd.ks4", "years": "2011/12-2012/13", "variables": ["Grade"], **table}
    assert says in refusal(make_project(table=[asked]), catalogue)


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        (None, "decision: there is none"),
        ({"reference": "D", "date": "2025-01-01", "expires": "2026-05-31"}, "ended on 2026-05-31"),
        ({"reference": "D", "date": "2026-06-02", "expires": "2027-01-01"}, "in the future"),
        ({"reference": "D", "date": "2026-01-01", "expires": "2025-01-01"}, "before the decision itself"),
    ],
)
def test_nothing_leaves_without_a_decision_in_force(
    make_project: Callable[..., Project], catalogue: Catalogue, decision: object, says: str
) -> None:
    assert says in refusal(make_project(decision=decision), catalogue)


def test_all_faults_are_told_at_once(make_project: Callable[..., Project], catalogue: Catalogue) -> None:
    project = make_project(
        decision=None,
        population={"sources": ["ndp"], "cohort": [{"table": "leo.employment", "years": "2012/13"}]},
        table=[
            {"name": "npd.ks4", "years": "2011/12", "variables": ["UPN", "Grad"]},
            {"name": "npd.ks4", "years": "2011/12", "variables": ["Grade"]},
        ],
    )
    said = refusal(project, catalogue)
    assert said.startswith("project 'study': 6 faults\n")
    for part in ("decision", "no source 'ndp'; nearest: npd", "no year to choose", "named twice", "UPN", "Grad"):
        assert part in said


@pytest.mark.parametrize("text", ["2012/14", "2012", "2013/14-2012/13", "201213", ""])
def test_what_is_no_range_of_years(text: str) -> None:
    with pytest.raises(ValueError):
        Years.parse(text)
