"""From a request to the project that may be extracted: only under a decision in force
that covers it.
"""

import datetime
from collections.abc import Sequence
from pathlib import Path

from linkage.catalogue import Catalogue
from linkage.errors import ConfigError
from linkage.extract.project import Decision, Project
from linkage.requests.application import Application, tables_of
from linkage.requests.check import application_of, as_lines, faults_of
from linkage.requests.decisions import Standing, first_approval, standing
from linkage.requests.register import NAME, Entry, account, read_register
from linkage.requests.request import read_request


def register_of(request: Path, register: Path | None = None) -> Path:
    """The register that a request's decisions are in: the one that is named, else the
    one in its folder.
    """
    return register or request.parent / NAME


def approved_project(
    path: Path,
    catalogue: Catalogue,
    *,
    register: Path | None = None,
    published: str | None = None,
    today: datetime.date | None = None,
) -> Project:
    """What a request may have, as its panel decided.

    Args:
        path: the request's TOML file.
        register: the register of decisions; `register.jsonl` in its folder when None.
        published: a hash that the register must hold, as of `read_register`.
        today: the day that the decision must be in force on; this day when None.

    Raises:
        ConfigError: no decision in force covers the request, or it has come to break a
            rule since: all faults at once.
        GateError: the register was changed.
    """
    request, form = read_request(path)
    application = application_of(request, catalogue, today or datetime.date.today())
    register_file = register_of(path, register)
    faults = as_lines(faults_of(application, form, leaving=True))
    if faults:
        faults.append("    show all that is wrong: leo request check")
    entries = read_register(register_file, published=published)
    result = standing(entries, application)
    if result.state != "approved" or result.entry is None:
        faults += _refusal(result, register_file)
    if faults or result.entry is None:
        raise ConfigError(
            f"{path}: nothing may leave for '{request.id}'\n"
            + "\n".join(f"  {line}" for line in faults)
        )
    return project_of(application, result.entry, entries)


def project_of(
    application: Application, approval: Entry, entries: Sequence[Entry]
) -> Project:
    """A request under its approval, as extracts take it.

    Args:
        entries: the register's.
    """
    request = application.request
    return Project(
        id=request.id,
        title=request.title,
        organisation=request.organisation,
        purpose=request.aims,
        decision=Decision(
            reference=approval["reference"],
            date=approval.day("date"),
            expires=approval.day("expires"),
            conditions=tuple(approval["conditions"]),
            approval=first_approval(entries, approval).sha256,
            register_hash=entries[-1].sha256,
            same_user=approval.content.get("recorded_by") == account(),
        ),
        link_metadata=request.link_metadata,
        link_samples=request.link_samples,
        formats=request.formats,
        analysis=request.analysis,
        max_change=request.max_change,
        population=request.population,
        table=tuple(tables_of(application.grants)),
    )


def _refusal(result: Standing, register: Path) -> list[str]:
    state = (
        "no decision in force covers it"
        if result.state in ("draft", "submitted")
        else result.state
    )
    return [
        f"decision ({register}): {state}",
        *(f"    {line}" for line in result.reasons),
    ]
