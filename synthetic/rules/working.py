"""What configs/synthetic/life/working.toml says of work and benefits."""

import functools

from synthetic.rules.settings import Share, Strict, settings


class Lasting(Strict):
    """How long a deviate stays with a person."""

    lasting: Share
    from_year: Share


class Student(Strict):
    """Work beside study."""

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


class Rules(Strict):
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
def working() -> Rules:
    """The shipped configs/synthetic/life/working.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("life/working.toml", Rules)
