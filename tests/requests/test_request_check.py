"""A request is right first time: each fault is reported with its rule and remedy, all
at once, and no other.
"""

import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.catalogue.packages import shipped_packages
from linkage.config.resources import config_file
from linkage.errors import ConfigError
from linkage.extract import Project, check_project
from linkage.requests.application import tables_of
from linkage.requests.check import (
    KINDS,
    application_of,
    as_lines,
    faults_of,
    shipped_rules,
)
from linkage.requests.request import Fault, read_request, request_of
from linkage.requests.rules import load_rules
from tests.requests.faulty import TODAY, WAYS, as_toml, good, request_with_faults

REQUESTS = 200


def faults(raw: dict[str, Any], *, leaving: bool = False) -> list[Fault]:
    request, form = request_of(raw)
    return faults_of(application_of(request, shipped(), TODAY), form, leaving=leaving)


def test_a_request_without_a_fault_passes() -> None:
    assert faults(good()) == []
    request, form = read_request(config_file("projects/graduate-earnings.toml"))
    assert faults_of(application_of(request, shipped(), TODAY), form) == []


@pytest.mark.parametrize(
    "number", range(len(WAYS)), ids=lambda number: "-".join(sorted(WAYS[number].parts))
)
def test_each_fault_is_reported_and_no_other(number: int) -> None:
    raw, way = good(), WAYS[number]
    way.spoil(raw)
    reports = faults(raw)
    assert {(fault.rule, fault.place) for fault in reports} == way.expected
    assert len(reports) == len(way.expected)


def test_in_two_hundred_faulty_files_exactly_the_faults_are_found(
    tmp_path: Path,
) -> None:
    number_expected = number_missed = number_wrong = 0
    for seed in range(REQUESTS):
        raw, expected = request_with_faults(seed)
        path = tmp_path / f"{seed}.toml"
        path.write_text(as_toml(raw), encoding="utf-8")
        request, form = read_request(path)
        reports = [
            (fault.rule, fault.place)
            for fault in faults_of(application_of(request, shipped(), TODAY), form)
        ]
        assert len(reports) == len(set(reports)), seed
        number_expected += len(expected)
        number_missed += len(expected - set(reports))
        number_wrong += len(set(reports) - expected)
    assert (number_missed, number_wrong) == (0, 0)
    assert number_expected > 300


def test_every_rule_is_broken_by_some_way() -> None:
    """A rule that no test breaks might never be."""
    rules_broken = {rule for way in WAYS for rule, _ in way.expected}
    assert {rule.name for rule in shipped_rules()} == rules_broken - {"form"}


def test_every_text_is_filled_in() -> None:
    """No name in braces is left in a message, and the remedy of a TOML table keeps its
    braces.
    """
    lines = [line for way in WAYS for line in as_lines(faults(faulty_request(way)))]
    assert [
        line
        for line in lines
        if "{" in line.replace("reasons = { ", "").replace("exemptions = { ", "")
    ] == []
    assert any('reasons = { Gender = "..." }' in line for line in lines)


def faulty_request(way: Any) -> dict[str, Any]:
    raw = good()
    way.spoil(raw)
    return raw


def test_no_name_of_a_person_is_in_a_fault() -> None:
    raw = good()
    for person in raw["person"]:
        person |= {
            "role": "Secret Name",
            "accreditation": "",
            "reason": "",
            "extra": "Secret Name",
        }
    raw["person"][0]["accredited_until"] = "Secret Name"
    lines = as_lines(faults(raw))
    assert len(lines) > 20
    assert "Secret" not in " ".join(lines)


def test_near_names_are_given() -> None:
    raw = good()
    raw["table"][0]["variables"].append("EthnicGroupM")
    (fault,) = faults(raw)
    assert fault.remedy.startswith(
        "nearest: EthnicGroupMinor, EthnicGroupMajor; leo catalogue show"
    )


def test_rules_that_depend_on_the_day_are_checked_again_when_data_leave() -> None:
    raw = good()
    raw["person"][0]["accredited_until"] = datetime.date(2026, 5, 31)
    raw["aims"] = "Short."
    assert {fault.rule for fault in faults(raw, leaving=True)} == {
        "accreditation-expired"
    }


def test_packages_become_tables_by_phase_and_year() -> None:
    """Key stage 2 of pupils of primary age, and that of pupils of secondary age five
    years before: no year between.
    """
    request, _ = request_of(good())
    tables = [
        (t.name, t.years, t.part)
        for t in tables_of(application_of(request, shipped(), TODAY).grants)
    ]
    assert tables == [
        ("npd.census", "2005/06-2010/11", None),
        ("leo.earnings", "2010/11-2020/21", None),
        ("leo.person", None, None),
        ("npd.ks2", "2008/09-2010/11", None),
        ("npd.ks2", "2003/04-2005/06", "attainment"),
        ("npd.ks4", "2008/09-2010/11", None),
        ("leo.geography", "2015/16", None),
    ]


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ("2010/11", [("2010/11", None), ("2005/06", "attainment")]),
        (
            "2007/08-2011/12",
            [("2002/03-2011/12", None)],
        ),  # the earlier years end where the others begin
        ("2006/07-2012/13", [("2001/02-2012/13", None)]),
    ],
)
def test_no_year_is_included_that_no_phase_asks_for(
    years: str, expected: list[tuple[str, str | None]]
) -> None:
    package = {"name": "attainment", "phases": ["primary", "secondary"], "years": years}
    request, _ = request_of({"package": [package]})
    tables = tables_of(application_of(request, shipped(), TODAY).grants)
    assert [(t.years, t.part) for t in tables if t.name == "npd.ks2"] == expected


@pytest.mark.parametrize(
    "years", ["2001/02", "2008/09-2010/11", "2001/02-2020/21", "2019/20-2020/21"]
)
def test_the_tables_of_a_package_may_leave(years: str) -> None:
    """Every package, phase by phase and by all of them: no variable or year that an
    extract would refuse.
    """
    decision = {"reference": "D", "date": "2026-01-01", "expires": "2027-01-01"}
    about = {
        "id": "study",
        "title": "",
        "organisation": "",
        "purpose": "",
        "decision": decision,
    }
    for name, package in shipped_packages().items():
        for phases in [*((phase,) for phase in package.phases), package.phases]:
            request, _ = request_of(
                {"package": [{"name": name, "phases": phases, "years": years}]}
            )
            tables = tables_of(application_of(request, shipped(), TODAY).grants)
            if tables:  # a package that is not held in these years opens to none
                check_project(
                    Project.model_validate({**about, "table": tables}),
                    shipped(),
                    today=TODAY,
                )
            else:
                assert "years-held" in {
                    fault.rule
                    for fault in faults_of(application_of(request, shipped(), TODAY))
                }


def test_a_table_with_other_rows_or_years_is_listed_again() -> None:
    """Two packages on one census, of other phases: no row leaves that neither
    asks for.
    """
    raw = good()
    justification = "The background of pupils is compared between schools."
    raw["package"] = [
        {
            "name": "demographics",
            "phases": ["secondary"],
            "years": "2008/09",
            "justification": justification,
        },
        {
            "name": "sensitive",
            "phases": ["primary"],
            "years": "2008/09",
            "justification": justification,
        },
    ]
    request, _ = request_of(raw)
    tables = [
        t
        for t in tables_of(application_of(request, shipped(), TODAY).grants)
        if t.name == "npd.census"
    ]
    assert [(t.part, t.only.values if t.only else None) for t in tables] == [
        (None, None),
        ("demographics", ("7", "8", "9", "10", "11")),
        ("sensitive", ("R", "0", "1", "2", "3", "4", "5", "6")),
    ]


RULE = 'name = "a"\nmessage = "s"\nremedy = "r"\nwhy = "w"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'[[rule]]\n{RULE}kind = "word"\n', "rule a: no kind 'word'; there are accre"),
        (
            f'[[rule]]\n{RULE}kind = "words"\nfield = "aims"\n',
            "rule a: a rule of kind words needs words",
        ),
        (
            f'[[rule]]\n{RULE}kind = "some"\nfield = "aims"\nyears = 1\n',
            "a rule of kind some takes no years",
        ),
        (
            f'[[rule]]\n{RULE}kind = "something"\n[[rule]]\n{RULE}kind = "something"\n',
            "there are two of this name",
        ),
        (
            f'[[rule]]\n{RULE}kind = "something"\nalwys = true\n',
            "no such key; nearest: always",
        ),
        ("[[rule]", "x.toml: "),
    ],
)
def test_faults_of_a_rule_file_are_named(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(ConfigError, match="the rules of requests have faults") as error:
        load_rules({name: needs for name, (_, needs) in KINDS.items()}, tmp_path)
    assert message.removesuffix("accre") in str(error.value)


def test_form_faults_come_all_at_once() -> None:
    raw = tomllib.loads(
        'id = 5\naim = "x"\nretention = "2030"\nformats = ["xls"]\nperson = '
        '["me"]\n[[table]]\nvariables = 5'
    )
    _, form = request_of(raw)
    assert {fault.place for fault in form} == {
        "id",
        "aim",
        "retention",
        "formats 1",
        "person 1",
        "table 1, variables",
    }


def test_files_that_are_not_requests(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_request(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("id = ")
    with pytest.raises(ConfigError, match="not TOML"):
        read_request(tmp_path / "bad.toml")
