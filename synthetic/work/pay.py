"""Pay of a full year: the medians that DfE published by years after key stage 4 and trait, and a spread around them."""

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Draws, Floats, Ints
from synthetic.education.deviates import Deviates, by_year, deviates
from synthetic.education.journeys import YEARS, Journeys
from synthetic.education.traits import odds_table, with_qualification
from synthetic.people.people import People
from synthetic.rules.working import working

_LAST_COHORT = 1990  # of the published figures


def full_pay(draws: Draws, people: People, journey: Journeys, age: Floats) -> Deviates:
    """(people, YEARS): pounds for a year without a break."""
    since = YEARS[None, :] - people.cohort[:, None] - 17
    log = table_pay(people, journey)
    log += spread(draws, people.ids, people.female, age)
    log += later(people.cohort, since)
    log += studying(journey)
    np.exp(log, out=log)
    return log


def table_pay(people: People, journey: Journeys) -> Deviates:
    """(people, YEARS): log of the pounds that the fitted table gives."""
    person = with_qualification(journey.traits, journey.qualified)
    return by_year(odds_table("life_pay"), person, YEARS[None, :] - people.cohort[:, None] - 17)


def spread(draws: Draws, ids: Ints, female: NDArray[np.bool_], age: Floats) -> Deviates:
    """(people, YEARS): log of pay over the median: a lasting and a passing part, short hours, and a long upper tail."""
    rules = working().pay
    drawn = deviates(draws, "pay", ids, YEARS, rules.lasting, rules.from_year)
    tail = np.float32(rules.tail_from)
    out = drawn * np.float32(rules.spread)
    out += np.maximum(drawn - tail, 0) * np.float32(rules.tail)
    short = draws.uniform("pay.short", ids)[:, None]
    grown = age > rules.grown_up
    share = np.where(female[:, None], np.where(grown, rules.short_women, rules.short_young), rules.short_men)
    out += np.where(short < share, np.float32(rules.short_hours), np.float32(0))
    return out


def later(cohort: Ints, since: Ints) -> Deviates:
    """(people, YEARS): log of what later cohorts earn more, and of what people earn more beyond the published years."""
    rules = working().pay
    out = rules.a_cohort * np.maximum(cohort - _LAST_COHORT, 0)[:, None] + rules.a_year * np.clip(since - 15, 0, 12)
    return out.astype(np.float32)


def studying(journey: Journeys) -> Deviates:
    """(people, YEARS): log of what work beside study pays of a full year's pay."""
    rules = working().pay
    out = np.zeros(journey.college.shape, np.float32)
    out[journey.university() | journey.sixth_form | journey.college] = np.log(rules.beside_study)
    further = journey.postgraduate_start[:, None]
    out[journey.university() & (further > 0) & (further <= YEARS)] = np.log(rules.beside_further_study)
    out[journey.apprentices()] = np.log(rules.apprentice)
    return out
