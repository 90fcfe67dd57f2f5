"""Rules of the generator: files of configs/synthetic/, checked, with unknown keys refused."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.catalogue import TableDef
from linkage.config.resources import config_file
from linkage.errors import ConfigError
from synthetic.base.draws import Floats, Slots

Share = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """A part of a file, whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Rules = TypeVar("Rules", bound=BaseModel)


def settings(name: str, rules: type[Rules]) -> Rules:
    """A file by its path below configs/synthetic/, for example "releases/deliveries.toml".

    Raises:
        ConfigError: it is no TOML, or has faults; all are named at once.
    """
    path = config_file(f"synthetic/{name}")
    return checked(path, toml(path), rules)


def toml(path: Path) -> dict[str, Any]:
    """What a file of TOML says, unchecked.

    Raises:
        ConfigError: it is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def checked(path: Path, raw: dict[str, Any], rules: type[Rules]) -> Rules:
    """What a file says, as its rules.

    Raises:
        ConfigError: it has faults; all are named at once.
    """
    try:
        return rules.model_validate(raw)
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigError("\n".join([f"{path} has faults", *faults])) from None


class NationShares(Strict):
    """A share for each nation next to England."""

    scotland: Share
    wales: Share


class Crossing(Strict):
    """Families whose first move leads across a border."""

    families: Share
    to_scotland: Share
    number_kept: Share


class Deprivation(Strict):
    """Where the tenths of families by deprivation end."""

    tenths: tuple[Share, ...]


class Nations(Strict):
    """All of nations.toml."""

    shares: NationShares
    crossing: Crossing
    leaving: NationShares
    deprivation: Deprivation


@functools.cache
def nations() -> Nations:
    """The shipped file.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("schools/nations.toml", Nations)


def tenth(poor_children: NDArray[np.float64]) -> NDArray[np.int64]:
    """The tenth of families by deprivation, 1 the most deprived, of shares of poor children around the home."""
    edges: Any = np.array(nations().deprivation.tenths[::-1])
    return 10 - np.searchsorted(edges, poor_children, side="right")


ENTRIES = (
    "degree 2", "degree 3", "degree 4", "degree 5", "degree 7", "degree 9", "degree 12",
    "other 2", "other 3", "other 4", "other 5", "other 7", "other 9", "other 11", "other 13", "other 15",
    "level 3", "level 2",
)  # fmt: skip
"""Of higher education: whether it ends in a degree, and in which year after key stage 4 it begins; or none of it, and
what else is reached. An entry lasts until the next of its kind: "degree 5" is year 5 or 6. Columns of
reference/life_entries.csv."""

PATHS = ("ssn", "sss", "sso", "son", "soo", "snn", "oon", "ooo", "onn", "noo", "non", "nno", "nnn")
"""The years 0, 1 and 2 after key stage 4: s at a school's sixth form, o in other education, n in neither. Columns of
reference/life_paths.csv."""


class Degree(Strict):
    """First degrees."""

    years: dict[int, Share]
    transfer: Share


class Other(Strict):
    """Higher education without a degree."""

    years: dict[int, Share]


class Postgraduate(Strict):
    """Courses of graduates."""

    share: Share
    years: dict[int, Share]
    gap: tuple[Share, ...]


class Trend(Strict):
    """Change of the log odds of higher education by cohort."""

    a_year_before: float
    a_year: float
    a_year_meals: float
    centre: float


class Apprentices(Strict):
    """Apprenticeships."""

    of_college: Share
    of_adults: Share
    years: dict[int, Share]


class Adults(Strict):
    """Learning after 19, on the scale of a normal deviate."""

    lasting: Share
    from_year: Share
    after_college: tuple[float, ...]  # what a third year at college adds in the years after
    short: Share


class LearningRules(Strict):
    """All of learning.toml."""

    degree: Degree
    other: Other
    postgraduate: Postgraduate
    trend: Trend
    apprentices: Apprentices
    adults: Adults


@functools.cache
def learning() -> LearningRules:
    """The shipped configs/synthetic/life/learning.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("life/learning.toml", LearningRules)


@functools.cache
def years_of(kind: str) -> Slots:
    """Lengths of "degree", "other", "postgraduate" or "apprentices" as a table to draw from."""
    shares = getattr(learning(), kind).years
    return Slots(np.array(list(shares.values())), 12, np.array(list(shares)))


@functools.cache
def gaps() -> Slots:
    """Years between a degree and the next course."""
    return Slots(np.array(learning().postgraduate.gap), 12)


def begins(entry: str) -> tuple[int, int]:
    """The first and the last year after key stage 4 that an entry stands for."""
    kind, _, first = entry.partition(" ")
    later = [int(e.split()[1]) for e in ENTRIES if e.split()[0] == kind and int(e.split()[1]) > int(first)]
    return int(first), min(later, default=int(first) + 1) - 1


def lean(outcomes: tuple[str, ...]) -> Floats:
    """How much a standard deviation in results at 16, among equals, moves the log odds of each entry (estimate)."""
    by_kind = {"degree": 0.5, "other": 0.2, "level 3": 0.35}
    early = {"degree 2": 0.9, "degree 3": 0.8}
    return np.array([early.get(o, by_kind.get(o, by_kind.get(o.split()[0], 0.0))) for o in outcomes])


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
def university_rules() -> Universities:
    """The shipped configs/synthetic/study/universities.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("study/universities.toml", Universities)


@functools.cache
def college_rules() -> Colleges:
    """The shipped configs/synthetic/study/colleges.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("study/colleges.toml", Colleges)


@functools.cache
def subject_rules() -> Subjects:
    """The shipped configs/synthetic/study/subjects.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("study/subjects.toml", Subjects)


class Lasting(Strict):
    """How long a deviate stays with a person."""

    lasting: Share
    from_year: Share


class Student(Strict):
    """Work next to study."""

    all_year: Share
    part_of_year: Share


class Jobs(Strict):
    """Employers."""

    leaves_ages: tuple[float, ...]
    leaves: tuple[Share, ...]
    leaves_graduates: Share
    second: Share
    same_section: Share
    early_beyond: float
    already_settled: float
    settled_days: int
    settled_beyond: float
    goes_on: Share
    no_start: Share
    no_end: Share


class Pay(Strict):
    """How pay spreads around its median; logs of a year's pay unless said otherwise."""

    spread: float
    lasting: Share
    from_year: Share
    tail_from: float
    tail: float
    short_hours: float
    grown_up: float
    short_women: Share
    short_young: Share
    short_men: Share
    beside_study: Share
    beside_further_study: Share
    apprentice: Share
    a_cohort: float
    a_year: float


class WorkingRules(Strict):
    """All of working.toml."""

    uncaptured: Lasting
    work: Lasting
    student: dict[str, Student]
    unsettled_work: Share
    claimant_work: Share
    eased: Share
    jobs: Jobs
    pay: Pay


@functools.cache
def working() -> WorkingRules:
    """The shipped configs/synthetic/life/working.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("life/working.toml", WorkingRules)


SmallShare = Annotated[float, Field(ge=0, le=0.5)]


class Amended(Strict):
    """Shares of a dataset's records that arrive a delivery late, and that are withdrawn in a year."""

    late: SmallShare
    withdrawn: SmallShare


class Dated(Strict):
    """Columns that date a row: of years, and of days."""

    years: tuple[str, ...]
    days: tuple[str, ...]


class Delivered(Strict):
    """How a table comes."""

    together: tuple[str, ...] = ()  # rows of equal values here are late or withdrawn as one
    years: str | None = None  # the column that dates a row, where it has another name than the usual ones
    days: str | None = None
    ends: tuple[str, ...] = ()
    while_open: dict[str, str] = Field(default_factory=dict)


class Deliveries(Strict):
    """All of deliveries.toml."""

    why: str
    corrected: dict[str, SmallShare]  # by name of the draw (synthetic.errors.written_down)
    dataset: dict[str, Amended]
    dated: Dated
    table: dict[str, Delivered]

    def amended(self, table: str) -> Amended:
        """The shares of a table's dataset; those of "other" where it has none of its own."""
        return self.dataset.get(table.split("_", 1)[0], self.dataset["other"])

    def delivered(self, table: str, definition: TableDef) -> Delivered:
        """How a table comes, with the column that dates its rows and those that its rows are amended by.

        Raises:
            ConfigError: nothing dates the table's rows.
        """
        rule, columns = self.table.get(table, Delivered()), definition.variables
        if not rule.together:
            rule = rule.model_copy(update={"together": definition.entity_key[-1]})
        if rule.years or rule.days:
            return rule
        years = next((name for name in self.dated.years if name in columns), None)
        days = next((name for name in self.dated.days if name in columns), None)
        if not (years or days):
            raise ConfigError(
                f"configs/synthetic/releases/deliveries.toml: nothing dates the rows of '{table}'\n"
                f"  add [table.{table}] with years or days, the name of a column"
            )
        return rule.model_copy(update={"years": years} if years else {"days": days})


@functools.cache
def deliveries() -> Deliveries:
    """The shipped file.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("releases/deliveries.toml", Deliveries)
