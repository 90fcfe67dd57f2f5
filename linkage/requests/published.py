"""What of a register is public: every approval, what it is for and which data it gives;
no person, no rejection.
"""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from linkage.requests.check import shipped_rules
from linkage.requests.decisions import state_of, withdrawals
from linkage.requests.register import Entry


def published_rows(
    entries: Sequence[Entry], day: datetime.date
) -> list[dict[str, str]]:
    """A row for each approval, the newest first. An organisation's rejected request is
    not held against it in public.

    Returns:
        reference, date, expires, state (in force, ended, withdrawn, to come, replaced),
        project, title, organisation, organisation_type, aims, benefit, lawful_basis,
        special_basis, audience, outputs, setting, retention, people, packages, amends
        (reference of the approval that it amends), derived_years, link_metadata,
        population (empty where it was decided before that was kept), tables with their
        years, variables (how many), rating, conditions; withdrawn (the day) and
        withdrawal_reason of one that was ended before its time.
    """
    ends = withdrawals(entries)
    last = {entry["request"]: entry.number for entry in entries if entry.is_approval}
    approvals = [entry for entry in entries if entry.is_approval]
    return [_row(entry, day, ends, last) for entry in reversed(approvals)]


def rejected_count(entries: Iterable[Entry]) -> int:
    """How many requests were rejected."""
    return sum(entry.event == "rejected" for entry in entries)


def _row(
    entry: Entry, day: datetime.date, ends: dict[str, Entry], last: dict[str, int]
) -> dict[str, str]:
    public, scope = entry["public"], entry["scope"]
    state = state_of(entry, ends, day)
    state = {
        "expired": "ended",
        "in force": "in force"
        if last[entry["request"]] == entry.number
        else "replaced",
    }.get(state, state)
    withdrawal = ends[entry["reference"]] if state == "withdrawn" else None
    texts = ["title", "organisation", "organisation_type", "aims", "benefit"]
    texts += ["lawful_basis", "special_basis", "setting"]
    return {
        **{name: entry[name] for name in ("reference", "date", "expires")},
        "state": state,
        "project": entry["request"],
        **{name: _in_words(name, " ".join(public[name].split())) for name in texts},
        "audience": "; ".join(public["audience"]),
        "outputs": "; ".join(public["outputs"]),
        "retention": public["retention"],
        "people": str(sum(public["people"].values())),
        "packages": "; ".join(_package(package) for package in public["packages"]),
        "population": public.get("population", ""),
        "tables": "; ".join(
            dict.fromkeys(
                f"{part['table']} {part['years'] or ''}".strip() for part in scope
            )
        ),
        "variables": str(
            len({(part["table"], name) for part in scope for name in part["variables"]})
        ),
        "rating": public["rating"],
        "conditions": "; ".join(
            [condition.rstrip(". ") for condition in entry["conditions"]]
            + [f"without {name}" for name in entry["without"]]
        ),
        "derived_years": "; ".join(
            f"{name}: {years}"
            for name, years in public.get("derived_years", {}).items()
        ),
        "link_metadata": ", ".join(public.get("link_metadata", ())),
        "amends": entry.content.get("amends", ""),
        "withdrawn": withdrawal["date"] if withdrawal else "",
        "withdrawal_reason": " ".join(withdrawal["reason"].split())
        if withdrawal
        else "",
    }


def _in_words(field: str, value: str) -> str:
    """A code with its meaning, where the rules know it; else as it is."""
    meanings = next(
        (
            rule.values
            for rule in shipped_rules()
            if rule.values and rule.field == field
        ),
        {},
    )
    return f"{value} ({meanings[value]})" if value in meanings else value


def _package(package: dict[str, Any]) -> str:
    phases = f" ({', '.join(package['phases'])})" if package["phases"] else ""
    return f"{package['name']}{phases} {package['years']}"
