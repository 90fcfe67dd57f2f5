"""The rules that a request is checked by: data, with what each is for and what to do
where it is broken.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from linkage.catalogue.packages import Selection
from linkage.config import Name
from linkage.config.resources import config_files
from linkage.config.toml_file import Frozen, check, toml_of
from linkage.errors import ConfigError

Text = Annotated[str, Field(min_length=1)]


class Rule(Frozen):
    """One rule: a kind of check with its parameters.

    `message` and `remedy` may hold {place}, {name}, {near}, {held}, {given}, {listed}
    and the rule's own parameters; which of them a kind fills in is documented where the
    kind is defined.
    """

    name: Name
    kind: Text
    message: Text
    remedy: Text
    why: Text
    always: bool = (
        False  # checked again whenever data leave, since it may come to be broken
    )
    field: str | None = (
        # a field of the request, "aims"; of its people, tables or packages,
        # "person.role"
        None
    )
    words: int | None = None
    count: int | None = None
    years: int | None = None
    value: str | None = None
    values: dict[str, str] | None = None
    which: Selection | None = None
    other: Selection | None = None


class _File(Frozen):
    rule: tuple[Rule, ...]


PARAMETERS = ("field", "words", "count", "years", "value", "values", "which", "other")


def load_rules(
    needs: dict[str, frozenset[str]], folder: Path | None = None
) -> tuple[Rule, ...]:
    """Every rule of configs/requests/, in the order of the files.

    Args:
        needs: kind to the parameters that it takes.

    Raises:
        ConfigError: all that is wrong with a file: keys, kinds, parameters that a kind
            lacks or does not take, names used twice.
    """
    result: list[Rule] = []
    faults: list[str] = []
    for path in (
        sorted(folder.glob("*.toml"))
        if folder
        else config_files("requests/*.toml").values()
    ):
        try:
            rules = check(_File, toml_of(path), path.name).rule
        except ConfigError as error:
            faults.append(str(error))
            continue
        for rule in rules:
            place = f"{path.name}: rule {rule.name}"
            if any(rule.name == other.name for other in result):
                faults.append(f"{place}: there are two of this name")
            if rule.kind not in needs:
                faults.append(
                    f"{place}: no kind '{rule.kind}'; there are "
                    f"{', '.join(sorted(needs))}"
                )
                continue
            parameters = {
                name for name in PARAMETERS if getattr(rule, name) is not None
            }
            subject, accepts = f"{place}: a rule of kind {rule.kind}", needs[rule.kind]
            faults += [
                f"{subject} needs {name}" for name in sorted(accepts - parameters)
            ]
            faults += [
                f"{subject} takes no {name}" for name in sorted(parameters - accepts)
            ]
            result.append(rule)
    if faults:
        raise ConfigError(
            "the rules of requests have faults\n"
            + "\n".join(f"  {fault}" for fault in faults)
        )
    return tuple(result)
