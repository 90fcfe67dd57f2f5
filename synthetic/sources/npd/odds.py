"""What configs/synthetic/schools/england.toml says, checked, with unknown keys refused."""

import functools

from synthetic.base.rules import Share, Strict, settings

Shares = dict[str, Share]


class Registration(Strict):
    """Which schools pupils go to and what their records say."""

    second_school: Share
    schools_changed: tuple[Share, Share, Share]
    own_school: Share
    learner_number: Share
    former_number_told: Share
    ethnic_not_obtained: Share
    ethnic_refused: Share
    meals_taken_up: Share


class SpecialNeeds(Strict):
    """Pupils with special educational needs."""

    poor: Share
    others: Share
    plan: Share


class Behaviour(Strict):
    """Weights of a pupil's liability to be sent away from lessons."""

    ability: float
    poor: float
    special_needs: float
    male: float
    own: float


class Exclusions(Strict):
    """Suspensions and permanent exclusions."""

    suspended: tuple[Share, ...]  # by year of school from reception
    again: Share
    permanent: Share
    days: float
    reasons: Shares


class Absence(Strict):
    """Sessions missed; weights are of the log of the rate."""

    possible: int
    median: Share
    poor: float
    special_needs: float
    ability: float
    older: float
    lasting: float
    passing: float
    unauthorised: Share
    persistent: Share


class Alternative(Strict):
    """Places outside schools."""

    ever: Share
    after_exclusion: Share
    alone: Share
    kinds: Shares


class Needs(Strict):
    """Weights of a family's liability to meet children's services."""

    poor: float
    deprivation: float
    special_needs: float
    family: float


class InNeed(Strict):
    """Episodes of need."""

    ever: Share
    second: Share
    years: float
    no_action: Share
    conference: Share
    disabled: Share
    needs: Shares
    sources: Shares
    closures: Shares
    abuse: Shares


class LookedAfter(Strict):
    """Periods of care."""

    of_in_need: Share
    years: float
    asylum: Share
    needs: Shares
    legal: Shares
    placements: Shares


class Attainment(Strict):
    """Tests; shares that reach the expected level by the year in which the academic year began."""

    key_stage_2_noise: float
    spread: float
    subject_noise: float
    english: dict[int, Share]
    maths: dict[int, Share]
    writing: dict[int, Share]
    last_tests: int
    level_3: float


class England(Strict):
    """All of england.toml."""

    registration: Registration
    special_needs: SpecialNeeds
    behaviour: Behaviour
    exclusions: Exclusions
    absence: Absence
    alternative: Alternative
    needs: Needs
    in_need: InNeed
    looked_after: LookedAfter
    attainment: Attainment


@functools.cache
def england() -> England:
    """The shipped file, read once.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("schools/england.toml", England)
