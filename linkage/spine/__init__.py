"""Links become people: joined entities, person ids, and LEO's lookups between keys."""

from linkage.spine.build import Spine, build
from linkage.spine.people import each_alone, join_people

__all__ = ["Spine", "build", "each_alone", "join_people"]
