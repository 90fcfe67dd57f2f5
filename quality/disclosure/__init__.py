"""Disclosure control: thresholds, rounding, secondary suppression, dominance, DfE's
symbols.

Reports, dashboards, metadata and tables of results show `Cell`s, which only this
package makes. A rule set is a profile, a TOML file in configs/disclosure/. Numbers that
sums connect are released together, and the published ones do not disclose a hidden one:
`attack` solves for it.
"""

from quality.disclosure.attack import Interval, disclosed, intervals, is_consistent
from quality.disclosure.bounds import AttackerBounds, ProtectionLevel, Sum, exact_bounds
from quality.disclosure.cells import Cell, Disclosure, Mark
from quality.disclosure.dominance import broken_rule, level_of
from quality.disclosure.profiles import Dominance, Profile, Symbols, exact, load, names
from quality.disclosure.secondary import Unprotectable, protect, suppress

__all__ = [
    "AttackerBounds",
    "Cell",
    "Disclosure",
    "Dominance",
    "Interval",
    "Mark",
    "Profile",
    "ProtectionLevel",
    "Sum",
    "Symbols",
    "Unprotectable",
    "broken_rule",
    "disclosed",
    "exact",
    "exact_bounds",
    "intervals",
    "is_consistent",
    "level_of",
    "load",
    "names",
    "protect",
    "suppress",
]
