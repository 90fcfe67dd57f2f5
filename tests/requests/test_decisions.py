"""Nothing leaves without a decision in force that covers it."""

import datetime
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.errors import ConfigError, GateError
from linkage.requests import decisions
from linkage.requests.application import Application, scope_of
from linkage.requests.approved import approved_project, project_of
from linkage.requests.check import application_of
from linkage.requests.decisions import Ruling, decide, standing, submit, withdraw
from linkage.requests.published import published_rows
from linkage.requests.register import read_register
from linkage.requests.request import request_of
from tests.requests.faulty import TODAY, good

DAY, SHORT = datetime.date(2026, 5, 1), datetime.date(2026, 12, 31)
Change = Callable[[dict[str, Any]], None]


def apply(
    change: Change = lambda raw: None, *, today: datetime.date = TODAY
) -> Application:
    raw = good()
    change(raw)
    request, form = request_of(raw)
    assert form == []
    return application_of(request, shipped(), today)


def approve(
    register: Path, of: Application | None = None, reference: str = "D-1", **fields: Any
) -> None:
    decide(
        register,
        of or apply(),
        Ruling(
            **{"outcome": "approved", "reference": reference, "date": DAY, **fields}
        ),
    )


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return tmp_path / "register.jsonl"


def state(register: Path, of: Application | None = None) -> str:
    return standing(read_register(register), of or apply()).state


def test_the_states_of_a_request(register: Path) -> None:
    assert standing([], apply()).state == "draft"
    submit(register, apply())
    assert state(register) == "submitted"
    decide(
        register,
        apply(),
        Ruling("rejected", "D-1", DAY, reason="Too much is asked for."),
    )
    status = standing(read_register(register), apply())
    assert (status.state, status.reasons) == (
        "rejected",
        ("D-1 of 2026-05-01: Too much is asked for.",),
    )
    submit(register, apply(_leave_out_meals))
    assert state(register, apply(_leave_out_meals)) == "submitted"
    approve(register, apply(_leave_out_meals), "D-2")
    assert state(register, apply(_leave_out_meals)) == "approved"
    withdraw(register, "D-2", TODAY, "The project has ended.")
    assert state(register, apply(_leave_out_meals)) == "withdrawn"


def _leave_out_meals(raw: dict[str, Any]) -> None:
    raw["table"][0]["variables"].remove("FSMeligible")


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (datetime.date(2026, 4, 30), "to come"),
        (datetime.date(2026, 5, 1), "approved"),
        (datetime.date(2027, 1, 1), "approved"),
        (datetime.date(2027, 1, 2), "expired"),
    ],
)
def test_a_decision_is_in_force_on_its_days(
    register: Path, today: datetime.date, expected: str
) -> None:
    approve(register, expires=datetime.date(2027, 1, 1))
    assert state(register, apply(today=today)) == expected


def _set(key: str, value: Any) -> Change:
    return lambda raw: raw.update({key: value})


def _table(number: int, key: str, value: Any) -> Change:
    return lambda raw: raw["table"][number].update({key: value})


def _package(number: int, key: str, value: Any) -> Change:
    return lambda raw: raw["package"][number].update({key: value})


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: None,
        _leave_out_meals,
        _set("formats", ["csv"]),
        _table(1, "years", "2012/13-2015/16"),
        _table(0, "justification", "Said in other words, which change nothing."),
        _package(0, "phases", ["secondary"]),
        lambda raw: raw["package"].pop(),
    ],
)
def test_a_request_for_no_more_than_was_approved_is_covered(
    register: Path, change: Change
) -> None:
    approve(register)
    assert state(register, apply(change)) == "approved"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            _set(
                "aims",
                "Something else is learned from the data now, for which nobody has "
                "asked the panel.",
            ),
            "its purpose",
        ),
        (
            _set("retention", datetime.date(2030, 1, 2)),
            "its purpose, people, population or retention",
        ),
        (_set("population", {}), "its purpose, people, population"),
        (
            lambda raw: raw["person"].append(dict(raw["person"][1])),
            "its purpose, people",
        ),
        (_set("link_metadata", True), "its purpose"),
        (
            _table(1, "variables", ["TaxYear", "Earnings", "Num_SIC"]),
            "leo.earnings: Num_SIC: not approved; leave it out",
        ),
        (
            _table(1, "years", "2009/10-2020/21"),
            "leo.earnings: TaxYear, Earnings: not approved for these years and rows",
        ),
        (_package(1, "years", "2015/16-2016/17"), "leo.geography: TaxYear, "),
        (_package(0, "phases", ["secondary", "post-16"]), "npd.ks5: ACADYR, "),
    ],
)
def test_a_request_for_more_than_was_approved_is_not_covered(
    register: Path, change: Change, reason: str
) -> None:
    approve(register)
    status = standing(read_register(register), apply(change))
    assert status.state == "not covered"
    assert any(line.startswith(reason) for line in status.reasons), status.reasons


def test_a_rejected_amendment_leaves_the_approval_in_force(register: Path) -> None:
    approve(register, apply(_leave_out_meals))
    decide(register, apply(), Ruling("rejected", "D-2", DAY, reason="Not needed."))
    assert state(register) == "rejected"
    assert state(register, apply(_leave_out_meals)) == "approved"


def test_a_rejection_after_an_approval_stays_in_force_when_submitted_again(
    register: Path,
) -> None:
    approve(register)
    decide(
        register,
        apply(),
        Ruling("rejected", "D-2", DAY, reason="It was approved by mistake."),
    )
    assert state(register) == "rejected"
    submit(register, apply())
    assert state(register) == "submitted"
    approve(register, apply(_leave_out_meals), "D-3")
    assert state(register, apply(_leave_out_meals)) == "approved"
    assert state(register) == "submitted", "the amendment's approval does not cover it"


def test_variables_that_a_condition_excludes_are_not_covered(register: Path) -> None:
    approve(
        register,
        outcome="approved-with-conditions",
        conditions=("Results are shown to the department first.",),
        without=("npd.census.PrimarySENtype",),
    )
    status = standing(read_register(register), apply())
    assert status.reasons[1:] == (
        "npd.census: PrimarySENtype: not approved; leave it out, or have the panel "
        "decide",
    )

    def leave_out(raw: dict[str, Any]) -> None:
        raw["table"][0]["variables"].remove("PrimarySENtype")

    status = standing(read_register(register), apply(leave_out))
    assert status.state == "approved"
    assert status.reasons[1:] == ("Results are shown to the department first.",)


@pytest.mark.parametrize(
    ("ruling", "fault"),
    [
        ({"reference": " "}, "--reference: give the number"),
        ({"reference": "D-0"}, "--reference: D-0 was given to a decision before"),
        (
            {"amends": "D-9"},
            "--amends: 'study' has no approval D-9 that can be amended; there are: D-0",
        ),
        (
            {"expires": datetime.date(2026, 4, 30)},
            "--expires: give a day on or after 2026-05-01",
        ),
        (
            {"expires": datetime.date(2030, 1, 2)},
            "after the day on which the data are destroyed, 2030-01-01",
        ),
        ({"conditions": ("One.",)}, "an approval with conditions is recorded as such"),
        ({"outcome": "approved-with-conditions"}, "say what the approval is bound to"),
        (
            {"outcome": "approved-with-conditions", "without": ("npd.ks9",)},
            "--exclude: npd.ks9 is not requested",
        ),
        ({"outcome": "rejected"}, "--reason: say why it is rejected"),
    ],
)
def test_a_decision_that_contradicts_itself_is_not_recorded(
    register: Path, ruling: dict[str, Any], fault: str
) -> None:
    approve(register, reference="D-0")
    before = register.read_bytes()
    with pytest.raises(ConfigError, match="nothing is recorded") as error:
        approve(register, **ruling)
    assert fault in str(error.value)
    assert register.read_bytes() == before


def test_only_an_approval_is_withdrawn_and_only_once(register: Path) -> None:
    approve(register)
    with pytest.raises(
        ConfigError, match="no approval has the reference D-2\n  there are: D-1"
    ):
        withdraw(register, "D-2", TODAY, "Ended.")
    withdraw(register, "D-1", TODAY, "Ended.")
    with pytest.raises(ConfigError, match="was withdrawn before"):
        withdraw(register, "D-1", TODAY, "Ended.")


def record_between(
    monkeypatch: pytest.MonkeyPatch, other: Callable[[], object]
) -> None:
    """Let another process record something after a decision was checked, and before it
    is written.
    """
    append = decisions.append

    def append_late(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(decisions, "append", append)
        other()
        return append(*arguments, **options)

    monkeypatch.setattr(decisions, "append", append_late)


def test_two_decisions_at_once_do_not_have_one_reference(
    register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_between(monkeypatch, lambda: approve(register))
    with pytest.raises(ConfigError, match="D-1 was given to a decision before"):
        approve(register)
    record_between(monkeypatch, lambda: withdraw(register, "D-1", TODAY, "Ended."))
    with pytest.raises(ConfigError, match="D-1 was withdrawn before"):
        withdraw(register, "D-1", TODAY, "Ended, too.")
    assert [entry.event for entry in read_register(register)] == [
        "approved",
        "withdrawn",
    ]


def test_a_register_holds_no_name_of_a_person(register: Path) -> None:
    submit(register, apply())
    approve(register)
    text = register.read_text()
    assert "AR-1" not in text
    assert "Person" not in text
    assert '"people":{"lead":1,"researcher":1,"supervisor":1}' in text


REQUEST = """
id = "study"
title = "A study"
organisation = "A university"
aims = "To learn."
[[person]]
name = "Secret Name"
role = "lead"
accredited_until = 2027-01-01
[[table]]
name = "leo.earnings"
years = "2013/14-2014/15"
variables = ["TaxYear", "Earnings"]
"""


def test_an_approved_request_becomes_a_project(register: Path) -> None:
    path = register.with_name("study.toml")
    path.write_text(REQUEST)
    with pytest.raises(ConfigError, match="no such register"):
        approved_project(path, shipped(), today=TODAY)
    submit(register, apply())
    with pytest.raises(ConfigError, match="nothing may leave for 'study'") as error:
        approved_project(path, shipped(), today=TODAY)
    assert "no decision in force covers it" in str(error.value)
    request, _ = request_of(tomllib.loads(REQUEST))
    expires = datetime.date(2028, 1, 1)
    ruling = Ruling("approved-with-conditions", "D-1", DAY, expires, ("Ask first.",))
    decide(register, application_of(request, shipped(), DAY), ruling)
    project = approved_project(path, shipped(), today=TODAY)
    assert project.purpose == "To learn."
    assert project.decision is not None
    assert (project.decision.reference, project.decision.conditions) == (
        "D-1",
        ("Ask first.",),
    )
    assert [(t.name, t.variables, t.years) for t in project.table] == [
        ("leo.earnings", ("TaxYear", "Earnings"), "2013/14-2014/15")
    ]
    assert "Secret" not in project.model_dump_json()
    with pytest.raises(
        ConfigError,
        match="person 1, accredited_until: the accreditation ended on 2027-01-01",
    ) as error:
        approved_project(path, shipped(), today=datetime.date(2027, 1, 2))
    assert "Secret" not in str(error.value)
    register.write_bytes(register.read_bytes().replace(b"Earnings", b"earnings"))
    with pytest.raises(GateError, match="was changed"):
        approved_project(path, shipped(), today=TODAY)


def test_rows_of_another_phase_are_not_covered(register: Path) -> None:
    def demographics(phase: str) -> Change:
        return lambda raw: raw["package"][0].update(
            {"name": "demographics", "phases": [phase]}
        )

    approve(register, apply(demographics("secondary")))
    assert state(register, apply(demographics("secondary"))) == "approved"
    assert state(register, apply(demographics("primary"))) == "not covered"


def test_the_last_approval_counts(register: Path) -> None:
    approve(register)
    approve(register, apply(_leave_out_meals), "D-2")
    assert state(register, apply(_leave_out_meals)) == "approved"
    assert state(register) == "not covered"


def test_an_id_belongs_to_one_organisation_for_good(register: Path) -> None:
    submit(register, apply())
    other = apply(_set("organisation", "Mallory Consulting Ltd"))
    before = register.read_bytes()
    with pytest.raises(
        ConfigError, match=f"id: '{other.request.id}' belongs to .* for good"
    ):
        submit(register, other)
    with pytest.raises(ConfigError, match="belongs to"):
        approve(register, other)
    assert register.read_bytes() == before
    approve(
        register,
        apply(_set("organisation", f"  {apply().request.organisation.upper()}")),
    )


def test_a_change_is_a_new_key_or_a_recorded_amendment(register: Path) -> None:
    def identity(reference: str) -> tuple[str, ...]:
        entries = read_register(register)
        approval = next(
            e for e in entries if e.is_approval and e["reference"] == reference
        )
        return project_of(apply(), approval, entries).identity

    approve(register)
    approve(register, reference="D-2", amends="D-1")
    approve(register, reference="D-3", amends="D-2")
    approve(register, reference="D-4")
    assert identity("D-1") == identity("D-2") == identity("D-3")
    assert identity("D-4")[:2] == identity("D-1")[:2]
    assert identity("D-4")[2] != identity("D-1")[2]
    withdraw(register, "D-4", TODAY, "Ended.")
    with pytest.raises(ConfigError, match="no approval D-4 that can be amended"):
        approve(register, reference="D-5", amends="D-4")


def test_a_register_can_be_pinned_and_one_user_for_both_duties_is_known(
    register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = register.with_name("study.toml")
    path.write_text(REQUEST)
    request, _ = request_of(tomllib.loads(REQUEST))
    entry = decide(
        register,
        application_of(request, shipped(), DAY),
        Ruling("approved", "D-1", DAY, SHORT),
    )
    decision = approved_project(
        path, shipped(), published=entry.sha256[:12], today=TODAY
    ).decision
    assert decision is not None
    assert (decision.register_hash, decision.approval, decision.same_user) == (
        entry.sha256,
        entry.sha256,
        True,
    )
    with pytest.raises(GateError, match="no entry has the published hash 0000"):
        approved_project(path, shipped(), published="0" * 12, today=TODAY)
    monkeypatch.setattr("linkage.requests.approved.account", lambda: "another")
    decision = approved_project(path, shipped(), today=TODAY).decision
    assert decision is not None
    assert not decision.same_user


def test_panel_and_register_see_derived_years_and_link_metadata(register: Path) -> None:
    def change(raw: dict[str, Any]) -> None:
        years, variables = "2015/16-2016/17", ["definition", "cohort_year"]
        raw["table"].append(
            {
                "name": "leo.outcomes",
                "years": years,
                "variables": variables,
                "justification": "Why.",
            }
        )
        raw["link_metadata"] = True

    scope = scope_of(apply(change))
    assert scope["derived_years"]["leo.outcomes.cohort_year, ks4"] == "2008/09-2010/11"
    assert (
        scope["derived_years"]["leo.outcomes.cohort_year, fe"]
        == "all years held of ilr.aims"
    )
    assert scope["link_metadata"] == ["cis", "npd"]
    approve(register, apply(change))
    row = published_rows(read_register(register), TODAY)[0]
    assert row["link_metadata"] == "cis, npd"
    assert "leo.outcomes.cohort_year, ks4: 2008/09-2010/11" in row["derived_years"]
