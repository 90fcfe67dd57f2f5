"""LEO's tables: spells, earnings, benefits, geography and derived outcomes, from
attributes and the spine's lookups.
"""

from linkage.longitudinal.build import build
from linkage.longitudinal.definitions import OutcomeDefinitions
from linkage.longitudinal.definitions import load as load_definitions

__all__ = ["OutcomeDefinitions", "build", "load_definitions"]
