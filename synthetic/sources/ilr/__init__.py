"""The Individualised Learner Record: colleges, apprenticeships, adults who learn; a record a provider and year."""

import numpy as np

from synthetic.mistakes.written_down import Dealings
from synthetic.sources.ilr.aims import aims
from synthetic.sources.ilr.enrolments import enrolments, providers
from synthetic.sources.ilr.learners import learners, numbered
from synthetic.world.world import Tables, World


def ilr(world: World) -> Tables:
    """Learners and aims."""
    rows = enrolments(world)
    _, first, place = np.unique(rows.person * 64 + rows.event, return_index=True, return_inverse=True)
    of = rows.take(first)
    dealings = Dealings(
        "ilr", world.draws, world.reference, world.odds, world.people, of.person, of.event, providers(world, of)
    )
    keys = numbered(world, dealings, of)
    out = Tables()
    out.tables["ilr_learners"] = learners(world, rows, of, place, dealings, keys, out)
    if not world.identities_only:
        out.tables["ilr_aims"] = aims(world, rows, place, dealings, keys)
    return out
