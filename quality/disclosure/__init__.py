"""The one door for numbers that leave: thresholds, rounding, secondary suppression, dominance, DfE's symbols.

Reports, dashboards, metadata and tables of results show `Cell`s, and only this room makes them. A rule set is a
profile, a TOML file in configs/disclosure/. Numbers that are tied by sums are released together, and no hidden one of
them can be had from those shown: `attack` solves for it.
"""

from quality.disclosure.attack import Interval, exposed, intervals, possible, recovered
from quality.disclosure.cells import Cell, Disclosure, Mark
from quality.disclosure.complement import Unprotectable, protect
from quality.disclosure.magnitudes import Dominated, broken, dominated, room_of
from quality.disclosure.profiles import Dominance, Profile, Symbols, load, names
from quality.disclosure.sums import Known, Need, Sum, exactly
from quality.disclosure.suppression import suppress

__all__ = [
    "Cell",
    "Disclosure",
    "Dominance",
    "Dominated",
    "Interval",
    "Known",
    "Mark",
    "Need",
    "Profile",
    "Sum",
    "Symbols",
    "Unprotectable",
    "broken",
    "dominated",
    "exactly",
    "exposed",
    "intervals",
    "load",
    "names",
    "possible",
    "protect",
    "recovered",
    "room_of",
    "suppress",
]
