"""Links become people: joined entities, person ids, and LEO's lookups between keys."""

from linkage.spine.build import Spine, band_labels, build
from linkage.spine.conflicts import most_records, without_conflicts
from linkage.spine.people import initial_membership, join_people
from linkage.spine.releases import Release, known_again

__all__ = [
    "Release",
    "Spine",
    "band_labels",
    "build",
    "initial_membership",
    "join_people",
    "known_again",
    "most_records",
    "without_conflicts",
]
