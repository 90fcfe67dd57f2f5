"""LEO's tables: spells, earnings, benefits, geography and derived outcomes, from attributes and the spine's lookups."""

from linkage.longitudinal.benefits import benefits
from linkage.longitudinal.build import build
from linkage.longitudinal.definitions import OutcomeDefinitions
from linkage.longitudinal.definitions import load as load_definitions
from linkage.longitudinal.earnings import earnings
from linkage.longitudinal.employment import employment
from linkage.longitudinal.geography import geography
from linkage.longitudinal.months import active_months
from linkage.longitudinal.outcomes import outcomes
from linkage.longitudinal.people import holders
from linkage.longitudinal.person import person
from linkage.longitudinal.self_assessment import self_assessment
from linkage.longitudinal.set_aside import set_aside
from linkage.longitudinal.spells import merge_spells

__all__ = [
    "OutcomeDefinitions", "active_months", "benefits", "build", "earnings", "employment", "geography",
    "holders", "load_definitions", "merge_spells", "outcomes", "person", "self_assessment",
    "set_aside",
]  # fmt: skip
