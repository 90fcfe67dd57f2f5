"""What journeys say of university, completed: the courses of those who come from abroad to study."""

import dataclasses

import numpy as np

from synthetic.drawn.draws import Draws
from synthetic.education.journeys import LAST_YEAR, Journeys
from synthetic.people.people import VISITOR, People
from synthetic.people.visitors import FIRST_DEGREE, visits
from synthetic.reference_tables import Reference


def studying(draws: Draws, reference: Reference, people: People, journey: Journeys) -> Journeys:
    """Journeys in which visitors study what they came for."""
    comes = people.kind == VISITOR
    visit = visits(draws, reference.origins, people.ids, comes, people.origin, people.birth)
    first = comes & (visit.level == FIRST_DEGREE)
    later = np.where(visit.goes_on, visit.start + visit.years, np.where(first, 0, visit.start))
    taken = journey.postgraduate_years
    return dataclasses.replace(
        journey,
        degree_start=np.where(first, visit.start, journey.degree_start),
        degree_years=np.where(first, visit.years, journey.degree_years),
        graduates=np.where(first, visit.start + visit.years <= LAST_YEAR + 1, journey.graduates),
        postgraduate_start=np.where(comes, later, journey.postgraduate_start),
        postgraduate_years=np.where(comes, np.where(visit.goes_on, 1, np.where(first, 0, visit.years)), taken),
    )
