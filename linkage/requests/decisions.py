"""What a panel decides of a request, and whether a decision covers what is
requested.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from linkage.catalogue.definitions import rating_of
from linkage.catalogue.years import Years
from linkage.errors import ConfigError
from linkage.extract.project import ApprovedTable, organisation_key
from linkage.requests.application import Application, derived_of, of_whom, tables_of
from linkage.requests.register import Entry, append, read_register
from linkage.requests.request import Request

Outcome = Literal["approved", "approved-with-conditions", "rejected"]


@dataclass(frozen=True)
class Ruling:
    """A decision as the panel gives it.

    Attributes:
        expires: the last day that it is in force; the request's date of retention when
            None.
        conditions: what an approval is bound to, in words that may be published.
        without: "table.variable" that is not approved, or "table" for all of it.
        reason: why a request is rejected; not published.
        amends: reference of the approval that this one amends: pseudonyms stay. Any
            other approval makes a new key.
    """

    outcome: Outcome
    reference: str
    date: datetime.date
    expires: datetime.date | None = None
    conditions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    reason: str = ""
    amends: str = ""


@dataclass(frozen=True)
class Standing:
    """Where a request is: in one word, in a sentence, and under which entry."""

    state: Literal[
        "draft",
        "submitted",
        "approved",
        "rejected",
        "withdrawn",
        "expired",
        "to come",
        "not covered",
    ]
    reasons: tuple[str, ...]
    entry: Entry | None = None


def submit(register: Path, application: Application) -> Entry:
    """Record that a request has been handed to the panel.

    Raises:
        ConfigError: its id is another organisation's.
        GateError: the register does not hold.
    """
    content = {
        **_about(application),
        "event": "submitted",
        "date": application.today.isoformat(),
    }
    return append(
        register,
        content,
        see=lambda entries: _refuse(_id_faults(entries, application.request)),
    )


def decide(register: Path, application: Application, ruling: Ruling) -> Entry:
    """Record a decision.

    Raises:
        ConfigError: the decision contradicts itself or the request, or its reference
            was given before: all at once.
        GateError: the register does not hold.
    """
    expires = ruling.expires or application.request.retention
    scope = list(_scope(tables_of(application.grants), ruling.without))
    faults = list(_ruling_faults(application, ruling, expires, scope))
    entries = read_register(register) if register.exists() else []
    _refuse([*faults, *_entry_faults(entries, application.request, ruling)])
    content: dict[str, Any] = {
        "event": ruling.outcome,
        "date": ruling.date.isoformat(),
        "reference": ruling.reference,
    }
    if ruling.outcome == "rejected":
        content |= {"reason": ruling.reason}
    else:
        content |= {
            "expires": str(expires),
            "conditions": list(ruling.conditions),
            "scope": scope,
        }
        content |= {
            "without": list(ruling.without),
            **({"amends": ruling.amends} if ruling.amends else {}),
        }
    return append(
        register,
        {**_about(application), **content},
        # once more, for entries of others who decided at the same time
        see=lambda entries: _refuse(
            _entry_faults(entries, application.request, ruling)
        ),
    )


def _entry_faults(
    entries: Sequence[Entry], request: Request, ruling: Ruling
) -> list[str]:
    """What the register's entries do not allow: an id of another organisation, a used
    reference, a wrong amendment.
    """
    faults = _id_faults(entries, request)
    if any(entry.content.get("reference") == ruling.reference for entry in entries):
        faults.append(
            f"--reference: {ruling.reference} was given to a decision before; each has "
            "its own"
        )
    amendable = [
        e["reference"] for e in entries if e.is_approval and e["request"] == request.id
    ]
    amendable = [
        reference for reference in amendable if reference not in withdrawals(entries)
    ]
    if ruling.amends and ruling.amends not in amendable:
        known = ", ".join(amendable) or "none"
        faults.append(
            f"--amends: '{request.id}' has no approval {ruling.amends} that can be "
            f"amended; there are: {known}"
        )
    return faults


def _id_faults(entries: Iterable[Entry], request: Request) -> list[str]:
    """An id belongs to the organisation of its first entry for good, whatever became of
    it.
    """
    owner = next(
        (
            e["public"]["organisation"]
            for e in entries
            if e["request"] == request.id and "public" in e.content
        ),
        "",
    )
    if not owner or organisation_key(owner) == organisation_key(request.organisation):
        return []
    return [
        f"id: '{request.id}' belongs to {owner} for good; give the request another id"
    ]


def first_approval(entries: Iterable[Entry], approval: Entry) -> Entry:
    """The approval that a chain of amendments begins with: pseudonyms belong to it."""
    for entry in sorted(
        entries, key=lambda entry: -entry.number
    ):  # an amendment follows what it amends
        if entry.is_approval and entry["reference"] == approval.content.get("amends"):
            approval = entry
    return approval


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise ConfigError(
            "nothing is recorded\n" + "\n".join(f"  {fault}" for fault in faults)
        )


def withdraw(register: Path, reference: str, date: datetime.date, reason: str) -> Entry:
    """Record that an approval ends before its time.

    Raises:
        ConfigError: the register has no approval of that reference, or it was withdrawn
            before.
        GateError: the register does not hold.
    """
    entries = read_register(register)
    approval = next(
        (e for e in entries if e.is_approval and e["reference"] == reference), None
    )
    if approval is None:
        known = ", ".join(e["reference"] for e in entries if e.is_approval) or "none"
        raise ConfigError(
            f"{register}: no approval has the reference {reference}\n  there are: "
            f"{known}"
        )

    def see(latest: Sequence[Entry]) -> None:
        if reference in withdrawals(latest):
            raise ConfigError(
                f"{register}: {reference} was withdrawn before\n  nothing is extracted "
                "under it any more"
            )

    see(entries)
    content = {
        "event": "withdrawn",
        "date": date.isoformat(),
        "withdraws": reference,
        "request": approval["request"],
    }
    return append(register, {**content, "reason": reason}, see=see)


def standing(entries: Sequence[Entry], application: Application) -> Standing:
    """Where a request is on a day, and whether its data may leave: only in the state
    "approved".

    The last approval of a project counts. It must be in force, and cover the request:
    the same purpose and people, and no table, variable, year or row beyond what was
    approved. A rejection counts for the very request it was about, and until the next
    approval: that it was handed in once more takes nothing of it back.
    """
    request = application.request
    own_entries = [entry for entry in entries if entry["request"] == request.id]
    last = next((entry for entry in reversed(own_entries) if entry.is_approval), None)
    same = [
        entry
        for entry in own_entries
        if entry.content.get("request_sha256") == request.digest
    ]
    waits = bool(same) and same[-1].event == "submitted"
    refusal = next(
        (entry for entry in reversed(same) if entry.event == "rejected"), None
    )
    if refusal and last and last.number > refusal.number:
        refusal = None
    decision = (
        _of_approval(entries, last, application) if last and not refusal else None
    )
    if decision and decision.state == "approved":
        return decision
    if waits:
        return Standing(
            "submitted",
            (f"on {same[-1]['date']}; the panel has not decided yet",),
            same[-1],
        )
    if refusal:
        return Standing(
            "rejected",
            (f"{refusal['reference']} of {refusal['date']}: {refusal['reason']}",),
            refusal,
        )
    return decision or Standing(
        "draft", ("it is in no register yet: leo request submit",)
    )


def _of_approval(
    entries: Sequence[Entry], last: Entry, application: Application
) -> Standing:
    subject, ends = f"{last['reference']} of {last['date']}", withdrawals(entries)
    match state_of(last, ends, application.today):
        case "withdrawn":
            end = ends[last["reference"]]
            return Standing(
                "withdrawn",
                (f"{subject} was withdrawn on {end['date']}: {end['reason']}",),
                last,
            )
        case "to come":
            return Standing("to come", (f"{subject} is still to come",), last)
        case "expired":
            return Standing(
                "expired",
                (f"{subject} ended on {last['expires']}; ask the panel to renew it",),
                last,
            )
    if excess := tuple(
        not_covered(last, application.request, tables_of(application.grants))
    ):
        return Standing("not covered", (f"{subject} does not cover it", *excess), last)
    return Standing(
        "approved", (f"{subject}, until {last['expires']}", *last["conditions"]), last
    )


def state_of(
    approval: Entry, withdrawn: Mapping[str, Entry], day: datetime.date
) -> str:
    """Where an approval is on a day: withdrawn, expired, to come or in force."""
    if (
        approval["reference"] in withdrawn
        and withdrawn[approval["reference"]].day("date") <= day
    ):
        return "withdrawn"
    if approval.day("expires") < day:
        return "expired"
    return "to come" if approval.day("date") > day else "in force"


def not_covered(
    approval: Entry, request: Request, tables: Iterable[ApprovedTable]
) -> Iterator[str]:
    """What a request has that an approval has not."""
    if request.purpose_digest != approval["purpose_sha256"]:
        yield (
            "its purpose, people, population or retention are not those that were "
            "decided on; "
            "put them back, or have the panel decide"
        )
    for table in tables:
        parts = [part for part in approval["scope"] if part["table"] == table.name]
        known = {name for part in parts for name in part["variables"]}
        excess = [
            name
            for name in table.variables
            if not any(_covers(part, name, table) for part in parts)
        ]
        for names, advice in (
            (
                [name for name in excess if name not in known],
                "not approved; leave it out, or have the panel decide",
            ),
            (
                [name for name in excess if name in known],
                "not approved for these years and rows; ask for fewer",
            ),
        ):
            if names:
                yield f"{table.name}: {', '.join(names)}: {advice}"


def _covers(part: dict[str, Any], name: str, table: ApprovedTable) -> bool:
    years, rows, only = part["years"], part["only"], table.only
    return (
        name in part["variables"]
        and (
            years is None
            or bool(table.years and Years.parse(years).covers(Years.parse(table.years)))
        )
        and (
            rows is None
            or (
                only is not None
                and only.column == rows["column"]
                and set(only.values) <= set(rows["values"])
            )
        )
    )


def _scope(
    tables: Iterable[ApprovedTable], excluded_names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """What may leave, as the register keeps it: no table of which nothing is left."""
    for table in tables:
        variables = [
            name
            for name in table.variables
            if not {table.name, f"{table.name}.{name}"} & set(excluded_names)
        ]
        if variables:
            restriction = table.only.model_dump(mode="json") if table.only else None
            yield {
                "table": table.name,
                "variables": variables,
                "years": table.years,
                "only": restriction,
            }


def _ruling_faults(
    application: Application,
    ruling: Ruling,
    expires: datetime.date | None,
    scope: list[dict[str, Any]],
) -> Iterator[str]:
    retention = application.request.retention
    if not ruling.reference.strip():
        yield "--reference: give the number under which the panel's minutes have it"
    if ruling.outcome == "rejected":
        if not ruling.reason.strip():
            yield "--reason: say why it is rejected, so that it can be corrected"
        return
    if expires is None or expires < ruling.date:
        yield f"--expires: give a day on or after {ruling.date}"
    elif retention and expires > retention:
        yield (
            f"--expires: {expires} is after the day on which the data are "
            "destroyed, "
            f"{retention}"
        )
    if ruling.outcome == "approved" and (ruling.conditions or ruling.without):
        yield (
            "--condition, --exclude: an approval with conditions is recorded as "
            "such: decide REQUEST conditions"
        )
    if ruling.outcome == "approved-with-conditions" and not (
        ruling.conditions or ruling.without
    ):
        yield (
            "--condition: say what the approval is bound to, or --exclude what it "
            "leaves out"
        )
    names = {t.name for t in tables_of(application.grants)}
    names |= {
        f"{t.name}.{variable}"
        for t in tables_of(application.grants)
        for variable in t.variables
    }
    yield from (
        f"--exclude: {name} is not requested"
        for name in ruling.without
        if name not in names
    )
    if not scope:
        yield "--exclude: nothing is left; reject the request"


def _about(application: Application) -> dict[str, Any]:
    """What the register keeps of a request: no name of a person."""
    request = application.request
    roles = [person.role for person in request.person]
    of_request = request.model_dump(
        mode="json",
        include={
            "title",
            "organisation",
            "organisation_type",
            "aims",
            "benefit",
            "lawful_basis",
            "special_basis",
        }
        | {"audience", "outputs", "setting", "retention"},
    )
    return {
        "request": request.id,
        "request_sha256": request.digest,
        "purpose_sha256": request.purpose_digest,
        "public": {
            **of_request,
            "people": {role: roles.count(role) for role in sorted(set(roles))},
            "packages": [
                package.model_dump(include={"name", "phases", "years"}, mode="json")
                for package in request.package
            ],
            "rating": rating_of(variable for _, variable in application.items()),
            "population": of_whom(request.population),
            **derived_of(application),
        },
    }


def withdrawals(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Reference of an approval to the entry that ended it."""
    return {
        entry["withdraws"]: entry for entry in entries if entry.event == "withdrawn"
    }
