"""A request: what a project is for, who works on it, and which data it asks for and
why. One TOML file.
"""

import copy
import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from linkage.config import Name
from linkage.config.toml_file import Frozen, fault_text, toml_of
from linkage.errors import ConfigError
from linkage.extract.project import AnalysisTable, Format, Population


class Person(Frozen):
    """Somebody who will see the data. Names stay in the request's file: no register,
    page or message holds them.
    """

    name: str = Field("", description="Name of the person.")
    role: str = Field("", description="Role in the project.")
    accreditation: str = Field(
        "", description="Number of the accreditation (UK Statistics Authority)."
    )
    accredited_until: datetime.date | None = Field(
        None, description="Last day of the accreditation."
    )
    reason: str = Field("", description="Why the person needs the data.")


class RequestedTable(Frozen):
    """Variables of one table, requested one by one."""

    name: str = Field("", description="Table as dataset.table: `npd.ks4`.")
    variables: tuple[str, ...] = Field(
        (), description="Variables, as the catalogue names them."
    )
    years: str | None = Field(None, description="Academic years, `2005/06-2014/15`.")
    justification: str = Field("", description="What the table is needed for.")
    reasons: dict[str, str] = Field(
        {},
        description="Variable to what it is needed for; sensitive ones need a reason.",
    )
    exemptions: dict[str, str] = Field(
        {}, description="Variable to the reference of its exemption."
    )


class RequestedPackage(Frozen):
    """A data package, for some phases and years."""

    name: str = Field(
        "", description="Name of the package; `leo catalogue packages` lists them."
    )
    phases: tuple[str, ...] = Field((), description="Phases of education.")
    years: str | None = Field(None, description="Academic years, `2005/06-2014/15`.")
    justification: str = Field("", description="What the package is needed for.")
    reasons: dict[str, str] = Field(
        {}, description="Variable to what it is needed for."
    )


_CAME_LATER = ("analysis", "max_change", "link_samples")


class Request(Frozen):
    """All that a panel decides on. What is missing is reported by the rules, together
    with all that is wrong.
    """

    id: Name = Field(
        "", description="Short name of the project; pseudonyms depend on it."
    )
    title: str = Field("", description="Title of the project.")
    organisation: str = Field("", description="Organisation that is given the data.")
    organisation_type: str = Field(
        "", description="Kind of organisation, `university`."
    )
    aims: str = Field("", description="Research questions.")
    benefit: str = Field("", description="Public benefit.")
    lawful_basis: str = Field(
        "", description="Lawful basis under UK GDPR article 6, `public-task`."
    )
    special_basis: str = Field(
        "",
        description="Condition of article 9, where special categories are requested.",
    )
    audience: tuple[str, ...] = Field((), description="Readers of the results.")
    outputs: tuple[str, ...] = Field((), description="Planned outputs.")
    setting: str = Field("", description="Secure setting where the data are used.")
    retention: datetime.date | None = Field(
        None, description="Day on which the data are deleted."
    )
    link_metadata: bool = Field(
        False, description="Add the quality band and the pass of each link."
    )
    link_samples: bool = Field(
        False,
        description="Add link draws, to carry linkage uncertainty into estimates.",
    )
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = Field(
        ("parquet",), description="Formats of tables."
    )
    analysis: tuple[AnalysisTable, ...] = Field(
        (), description="Analysis tables made from the approved ones."
    )
    max_change: float | None = Field(
        None, ge=0, description="Largest relative change of a figure since the last."
    )
    person: tuple[Person, ...] = Field((), description="People who will see the data.")
    population: Population = Field(
        Population(), description="People whose rows are given; all by default."
    )
    package: tuple[RequestedPackage, ...] = Field((), description="Data packages.")
    table: tuple[RequestedTable, ...] = Field(
        (), description="Tables, variable by variable."
    )

    @property
    def purpose_digest(self) -> str:
        """SHA-256 of what the data are for and who may see them: all but which data,
        and how they are laid out.
        """
        return digest(
            self._content({"package", "table", "formats", "analysis", "max_change"})
        )

    @property
    def digest(self) -> str:
        """SHA-256 of all that the request says, however its file is laid out."""
        return digest(self._content(set()))

    def _content(self, excluded_keys: set[str]) -> dict[str, Any]:
        """What it says; keys that came later only where they are used, so that
        decisions taken before still hold.
        """
        unused_keys = {
            name
            for name in _CAME_LATER
            if getattr(self, name) == type(self).model_fields[name].default
        }
        return self.model_dump(mode="json", exclude=excluded_keys | unused_keys)


@dataclass(frozen=True)
class Fault:
    """Something wrong with a request.

    Attributes:
        rule: the name of the rule that it breaks.
        place: where in the request, as a person finds it: "table npd.ks4, variable
            UPN".
        message: what is wrong; no value of a person.
        why: what the rule is for, and its source.
        remedy: what to do.
    """

    rule: str
    place: str
    message: str
    why: str
    remedy: str


FORM = "form"
"""The rule that keys are known and values are of their type."""


def digest(content: Any) -> str:
    """SHA-256 of a value as JSON in one form."""
    return hashlib.sha256(canonical(content).encode("utf-8")).hexdigest()


def canonical(content: Any) -> str:
    """JSON in one form: keys sorted, no blanks."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def read_request(path: Path) -> tuple[Request, list[Fault]]:
    """A request and what is wrong with the form of its file; what is wrong is left out
    of the request.

    Raises:
        ConfigError: no such file, or not TOML.
    """
    try:
        raw = toml_of(path)
    except (FileNotFoundError, IsADirectoryError):
        raise ConfigError(
            f"{path}: no such file\n  name a request's TOML file"
        ) from None
    return request_of(raw)


def request_of(raw: Mapping[str, Any]) -> tuple[Request, list[Fault]]:
    """A request from the content of its file, as `read_request` gives it."""
    content: Any = copy.deepcopy(dict(raw))
    faults: list[Fault] = []
    while True:
        try:
            return Request.model_validate(content), faults
        except ValidationError as error:
            for fault in _innermost(
                error.errors(include_url=False, include_input=False)
            ):
                reason = (
                    "a request says what the panel asks, in one form, so that "
                    "nothing is overlooked"
                )
                remedy = "remove the key, or write its value in this form"
                faults.append(
                    Fault(
                        FORM,
                        place_of(raw, fault["loc"]),
                        fault_text(Request, fault),
                        reason,
                        remedy,
                    )
                )
                _strike_out(content, fault)


def _innermost(faults: list[Any]) -> list[Any]:
    """Without those of a list that is only too short for an entry that is wrong."""
    return [
        fault
        for fault in faults
        if not any(
            other["loc"][: len(fault["loc"])] == fault["loc"] != other["loc"]
            for other in faults
        )
    ]


def place_of(raw: Mapping[str, Any], loc: tuple[str | int, ...]) -> str:
    """A place in a request's file in words: tables and packages by name, people by
    number.
    """
    if len(loc) > 1 and isinstance(loc[1], int):
        part = raw[str(loc[0])][loc[1]]
        name = (
            part.get("name")
            if isinstance(part, dict) and loc[0] in ("table", "package")
            else None
        )
        first = f"{loc[0]} {name or loc[1] + 1}"
        return ", ".join([first, *(str(step) for step in loc[2:3])])
    return ".".join(str(step + 1 if isinstance(step, int) else step) for step in loc)


def _strike_out(content: Any, fault: Any) -> None:
    """Leave out what is wrong: a key, or the list that an entry is in, so that others
    keep their numbers.
    """
    steps = list(fault["loc"])
    if fault["type"] == "missing":
        steps.pop()
    while steps and isinstance(steps[-1], int):
        steps.pop()
    part = content
    for step in steps[:-1]:
        if not (isinstance(part, list) or step in part):
            return  # left out with an earlier fault
        part = part[step]
    part.pop(steps[-1], None)
