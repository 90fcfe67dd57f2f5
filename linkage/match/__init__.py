"""One link step: score candidate pairs, resolve them to links, diagnose what is not
linked.
"""

from linkage.match.inputs import StepInputs
from linkage.match.passes import load as load_passes
from linkage.match.step import StepResult, link_step
from linkage.match.units import Units, from_sources

__all__ = [
    "StepInputs",
    "StepResult",
    "Units",
    "from_sources",
    "link_step",
    "load_passes",
]
