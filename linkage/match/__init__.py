"""Two sides of a step become links: deterministic passes, candidate pairs, scores and resolution."""

from linkage.match.candidates.passes import load as load_passes
from linkage.match.candidates.units import Units, from_sources
from linkage.match.step import StepResult, link_step

__all__ = ["StepResult", "Units", "from_sources", "link_step", "load_passes"]
