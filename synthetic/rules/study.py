"""What configs/synthetic/study/ says of colleges and universities, checked, with unknown keys refused."""

import functools
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthetic.rules.settings import Share, Strict, settings

Shares = dict[str, Share]


class Visitors(Strict):
    """People who come from abroad to study."""

    why: str
    stay: Share
    first_degree: Share
    taught: Share
    research: Share
    go_on: Share
    share: Shares  # by origin group, of those who came as adults
    nino: Shares  # by origin group: ever get a number


class Home(Strict):
    """What universities know of a student."""

    nino_given: Share
    uln_given: Share
    name_at_16: Share
    term_address: Share
    ethnic_unknown: Share
    ethnic_refused: Share
    husid_kept: Share
    same_university: Share
    completes: Share
    writing_up: Share
    dormant: Share
    exit_award: Share


class PartTime(Strict):
    """Share of courses taken part time."""

    young_first: Share
    mature_first: Share
    other_undergraduate: Share
    research: Share


class Next(Strict):
    """What graduates take next."""

    diploma: Share
    research_years: Annotated[int, Field(ge=2)]
    research: Share


class Kinds(Strict):
    """What undergraduates take."""

    foundation_young: Share
    foundation_mature: Share
    foundation_leavers: Share
    certificate_leavers: Share
    sandwich: Share
    next: Next


class Universities(Strict):
    """All of universities.toml."""

    visitors: Visitors
    domicile: dict[str, Shares]  # origin group to countries
    home: Home
    part_time: PartTime
    kind: Kinds
    classes: dict[int, tuple[Share, Share, Share, Share]] = Field(alias="class")  # by the year of the award


class Unclassified(Strict):
    """First degrees without a class."""

    subjects: tuple[str, ...]


class Subjects(Strict):
    """All of subjects.toml, by code of the common aggregation hierarchy."""

    integrated: tuple[str, ...]
    lean: dict[str, float]
    jacs: dict[str, tuple[str, ...]]
    unclassified: Unclassified


class Learner(Strict):
    """What learners do, and what colleges know of them."""

    other_college: Share
    same_provider: Share
    again: Share
    ethnic_unknown: Share
    lldd: Share
    lldd_unknown: Share


class Uln(Strict):
    """Where the unique learner number is not known."""

    known_before_2008: Share
    unknown: Annotated[float, Field(ge=0, le=20)]


class Blank(Strict):
    """Community learners without a name."""

    blank: Share


class Short(Strict):
    """Courses that are too short to count."""

    longest: Annotated[int, Field(ge=2, le=110)]
    kinds: Shares


class Adult(Strict):
    """Adult learning that counts."""

    kinds: Shares
    courses: tuple[Share, ...]


class Programmes(Strict):
    """Programmes at 16 to 19."""

    traineeship: Share
    two_years: Share
    sixth_form_college: Share


class Finish(Strict):
    """How aims end."""

    no_end_date: Share
    break_: Share = Field(alias="break")
    transfer: Share
    withdrawn: Shares
    achieved: Shares


class Areas(Strict):
    """Weights of sector subject areas."""

    m: dict[str, float]
    f: dict[str, float]


class Colleges(Strict):
    """All of colleges.toml."""

    nino: Shares
    uln: Uln
    names: Blank
    learner: Learner
    short: Short
    adult: Adult
    study: Programmes
    finish: Finish
    standards: dict[int, Share]  # by year
    apprenticeships: dict[int, tuple[Share, Share, Share]]
    levy: dict[int, Share]
    area: dict[str, Areas]


def of_year(table: Mapping[int, Any], years: NDArray[Any]) -> NDArray[np.float64]:
    """For each year the entry of the last year named up to it, or the first one before all."""
    known = sorted(table)
    place = np.searchsorted(known, years, side="right") - 1
    out: NDArray[np.float64] = np.array([table[year] for year in known], np.float64)[np.maximum(place, 0)]
    return out


@functools.cache
def universities() -> Universities:
    """The shipped configs/synthetic/study/universities.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("study/universities.toml", Universities)


@functools.cache
def colleges() -> Colleges:
    """The shipped configs/synthetic/study/colleges.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("study/colleges.toml", Colleges)


@functools.cache
def subjects() -> Subjects:
    """The shipped configs/synthetic/study/subjects.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("study/subjects.toml", Subjects)
