"""The HESA student record: a record a student and academic year, and the qualifications awarded."""

import numpy as np

from synthetic.mistakes.written_down import Dealings
from synthetic.sources.hesa.courses import courses, university_of, years_of
from synthetic.sources.hesa.qualifications import qualifications
from synthetic.sources.hesa.students import husids, students
from synthetic.world.world import Tables, World


def hesa(world: World) -> Tables:
    """Students and qualifications."""
    every = courses(world)
    years = years_of(world, every)
    # Only courses with a record in these years are dealings; the others are needed to know where a student was before.
    kept, place = np.unique(years.course, return_inverse=True)
    university, of = university_of(world, every)[kept], every.take(kept)
    dealings = Dealings("hesa", world.draws, world.reference, world.odds, world.people, of.person, of.event, university)
    husid = husids(world, every)[kept]
    out = Tables()
    out.tables["hesa_students"] = students(world, of, years, place, dealings, husid, out)
    if not world.identities_only:
        out.tables["hesa_qualifications"] = qualifications(world, of, years, place, dealings, husid)
    return out
