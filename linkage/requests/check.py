"""Every fault of a request at once, each with its rule and its remedy."""

import datetime
import functools
from collections.abc import Iterable

from linkage.catalogue import Catalogue, shipped, standard_extract
from linkage.catalogue.packages import load_packages, shipped_packages
from linkage.requests import data_asked, particulars
from linkage.requests.asked import Asked
from linkage.requests.request import Fault, Request
from linkage.requests.rules import PARAMETERS, Rule, load_rules

KINDS = {**particulars.KINDS, **data_asked.KINDS}


@functools.cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rules that come with the package, read once."""
    return load_rules({name: needs for name, (_, needs) in KINDS.items()})


def asked_of(request: Request, catalogue: Catalogue, today: datetime.date) -> Asked:
    """A request beside the catalogue and its packages."""
    if catalogue is shipped():
        return Asked(request, catalogue, shipped_packages(), today, standard_extract())
    return Asked(request, catalogue, load_packages(catalogue), today)


def faults_of(
    asked: Asked, form: Iterable[Fault] = (), *, rules: Iterable[Rule] | None = None, leaving: bool = False
) -> list[Fault]:
    """What is wrong with a request.

    Args:
        form: faults of its form, as `read_request` gives them; what only follows from one is not told.
        rules: those that are checked; the shipped ones when None.
        leaving: only rules that are checked again whenever data leave.
    """
    form = list(form)
    unread = tuple(fault.place for fault in form)
    found = list(form)
    for rule in shipped_rules() if rules is None else rules:
        if leaving and not rule.always:
            continue
        check, _ = KINDS[rule.kind]
        given = {name: getattr(rule, name) for name in PARAMETERS}
        for place, facts in check(rule, asked):
            if place not in unread:
                texts = {**given, **facts, "place": place}
                found.append(Fault(rule.name, place, _said(rule.says, texts), rule.why, _said(rule.remedy, texts)))
    return found


def told(faults: Iterable[Fault]) -> list[str]:
    """Faults as a terminal shows them: three lines each."""
    return [
        line
        for fault in faults
        for line in (
            f"{fault.place}: {fault.says}",
            f"    {fault.rule}: {fault.why}",
            f"    remedy: {fault.remedy}",
        )
    ]


def _said(text: str, facts: dict[str, object]) -> str:
    """A rule's text with what was found; braces of TOML in it stay."""
    for name, value in facts.items():
        text = text.replace("{" + name + "}", str(value))
    return text
