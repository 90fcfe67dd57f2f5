"""What configs/synthetic/study/ says of colleges and universities, checked, with unknown keys refused."""

import functools
import tomllib
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.errors import ConfigError
from linkage.resources import configs_dir

Share = Annotated[float, Field(ge=0, le=1)]
Shares = dict[str, Share]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Visitors(_Strict):
    """People who come from abroad to study."""

    why: str
    stay: Share
    first_degree: Share
    taught: Share
    research: Share
    go_on: Share
    share: Shares  # by origin group, of those who came as adults
    nino: Shares  # by origin group: ever get a number


class Home(_Strict):
    """What universities know of a student."""

    nino_given: Share
    uln_given: Share
    name_at_16: Share
    ethnic_unknown: Share
    ethnic_refused: Share
    husid_kept: Share
    same_university: Share
    writing_up: Share
    dormant: Share


class PartTime(_Strict):
    """Share of courses taken part time."""

    young_first: Share
    mature_first: Share
    other_undergraduate: Share
    taught: Share
    pgce: Share
    research: Share


class Next(_Strict):
    """What graduates take next."""

    pgce: Share
    diploma: Share
    research_years: int


class Kinds(_Strict):
    """What undergraduates take."""

    foundation_young: Share
    foundation_mature: Share
    certificate_mature: Share
    top_up: Share
    next: Next


class Universities(_Strict):
    """All of universities.toml."""

    visitors: Visitors
    domicile: dict[str, Shares]  # origin group to countries
    home: Home
    part_time: PartTime
    kind: Kinds
    classes: dict[int, tuple[Share, Share, Share, Share]] = Field(alias="class")  # by the year of the award


class Unclassified(_Strict):
    """First degrees without a class."""

    subjects: tuple[str, ...]


class Subjects(_Strict):
    """All of subjects.toml, by code of the common aggregation hierarchy."""

    lean: dict[str, float]
    jacs: dict[str, tuple[str, ...]]
    unclassified: Unclassified


Rules = TypeVar("Rules", bound=BaseModel)


@functools.cache
def universities() -> Universities:
    """The shipped configs/synthetic/study/universities.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return _load("universities", Universities)


@functools.cache
def subjects() -> Subjects:
    """The shipped configs/synthetic/study/subjects.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return _load("subjects", Subjects)


def _load(name: str, rules: type[Rules]) -> Rules:
    path = configs_dir() / "synthetic" / "study" / f"{name}.toml"
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return rules.model_validate(found)
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigError("\n".join([f"configs/synthetic/study/{path.name} has faults", *faults])) from None
