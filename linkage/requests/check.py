"""Every fault of a request at once, each with its rule and its remedy."""

import datetime
import functools
from collections.abc import Iterable
from pathlib import Path

from linkage.catalogue import Catalogue, shipped, standard_extract
from linkage.catalogue.packages import load_packages, shipped_packages
from linkage.errors import ConfigError
from linkage.requests.application import Application
from linkage.requests.kinds import KINDS
from linkage.requests.request import Fault, Request, read_request
from linkage.requests.rules import PARAMETERS, Rule, load_rules


@functools.cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rules that come with the package, read once."""
    return load_rules({name: needs for name, (_, needs) in KINDS.items()})


def application_of(
    request: Request, catalogue: Catalogue, today: datetime.date
) -> Application:
    """A request with the catalogue and packages that it is checked against."""
    if catalogue is shipped():
        return Application(
            request, catalogue, shipped_packages(), today, standard_extract()
        )
    return Application(request, catalogue, load_packages(catalogue), today)


def faults_of(
    application: Application,
    form: Iterable[Fault] = (),
    *,
    rules: Iterable[Rule] | None = None,
    leaving: bool = False,
) -> list[Fault]:
    """What is wrong with a request.

    Args:
        form: faults of its form, as `read_request` gives them; what only follows from
            one is left out.
        rules: those that are checked; the shipped ones when None.
        leaving: only rules that are checked again whenever data leave.
    """
    faults = list(form)
    faulty_places = tuple(fault.place for fault in faults)
    for rule in shipped_rules() if rules is None else rules:
        if leaving and not rule.always:
            continue
        check, _ = KINDS[rule.kind]
        parameters = {name: getattr(rule, name) for name in PARAMETERS}
        for place, facts in check(rule, application):
            if place not in faulty_places:
                texts = {**parameters, **facts, "place": place}
                message, remedy = (
                    _filled(rule.message, texts),
                    _filled(rule.remedy, texts),
                )
                faults.append(Fault(rule.name, place, message, rule.why, remedy))
    return faults


def as_lines(faults: Iterable[Fault]) -> list[str]:
    """Faults as a terminal shows them: three lines each."""
    return [
        line
        for fault in faults
        for line in (
            f"{fault.place}: {fault.message}",
            f"    {fault.rule}: {fault.why}",
            f"    remedy: {fault.remedy}",
        )
    ]


def _filled(text: str, facts: dict[str, object]) -> str:
    """A rule's text with what was found; braces of TOML in it stay."""
    for name, value in facts.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def read_application(
    path: Path, today: datetime.date, *, only_form: bool = False
) -> Application:
    """A request from its file, without a fault.

    Args:
        only_form: a request whose form is right is read whatever rules it breaks.

    Raises:
        ConfigError: all its faults.
    """
    request, form = read_request(path)
    application = application_of(request, shipped(), today)
    if faults := form if only_form else faults_of(application, form):
        count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
        raise ConfigError(
            f"{path}: {count}\n" + "\n".join(f"  {line}" for line in as_lines(faults))
        )
    return application
