"""Published shares and earnings by years after key stage 4, in the levels that synthetic.education.traits knows."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from synthetic.drawn.draws import Floats

YEARS = 15
ACTIVITIES = (
    "KS5", "Other Education", "Adult FE", "Higher education", "Out of work benefits", "No sustained activity",
    "Employment", "Activity not captured",
)  # fmt: skip

# DfE's characteristic and level to a trait and its levels, and how much a pupil there counts in the fit.
LEVELS: dict[tuple[str, str], tuple[str, tuple[str, ...], float]] = {
    ("Gender", "Male"): ("sex", ("M",), 1),
    ("Gender", "Female"): ("sex", ("F",), 1),
    ("FSM eligibility", "Not eligible for FSM"): ("meals", ("no",), 1),
    ("FSM eligibility", "Eligible for FSM"): ("meals", ("yes",), 1),
    ("KS4 attainment", "Did not achieve 5 A*-C GCSE (inc. equiv.)"): ("grades", ("below",), 1),
    ("KS4 attainment", "Achieved 5 A*-C GCSE (inc. equiv.)"): ("grades", ("reached",), 1),
    ("IDACI quintile", "Lower quintile (least deprived)"): ("idaci", ("least",), 0.5),
    ("IDACI quintile", "Interquintile region"): ("idaci", ("middle",), 0.5),
    ("IDACI quintile", "Upper quintile (most deprived)"): ("idaci", ("most",), 0.5),
    ("School type", "Independent schools"): ("school", ("independent",), 0.7),
    ("Major ethnic group", "White"): ("ethnic", ("WBRI", "WIRI", "WIRT", "WOTH", "WROM"), 2),
    ("Major ethnic group", "Mixed"): ("ethnic", ("MOTH", "MWAS", "MWBA", "MWBC"), 2),
    ("Major ethnic group", "Asian"): ("ethnic", ("ABAN", "AIND", "AOTH", "APKN"), 2),
    ("Major ethnic group", "Black"): ("ethnic", ("BAFR", "BCRB", "BOTH"), 2),
    ("Major ethnic group", "Chinese"): ("ethnic", ("CHNE",), 2),
    ("Minor ethnic group", "Asian | Bangladeshi"): ("ethnic", ("ABAN",), 0.2),
    ("Minor ethnic group", "Asian | Indian"): ("ethnic", ("AIND",), 0.2),
    ("Minor ethnic group", "Asian | Pakistani"): ("ethnic", ("APKN",), 0.2),
    ("Minor ethnic group", "Black | African"): ("ethnic", ("BAFR",), 0.2),
    ("Minor ethnic group", "Black | Caribbean"): ("ethnic", ("BCRB",), 0.2),
    ("Minor ethnic group", "Mixed | White Asian"): ("ethnic", ("MWAS",), 0.2),
    ("Minor ethnic group", "Mixed | White Black African"): ("ethnic", ("MWBA",), 0.2),
    ("Minor ethnic group", "Mixed | White Black Caribbean"): ("ethnic", ("MWBC",), 0.2),
    ("Minor ethnic group", "White | British"): ("ethnic", ("WBRI",), 0.2),
    ("Minor ethnic group", "White | Non-British"): ("ethnic", ("WIRI", "WIRT", "WOTH", "WROM"), 0.2),
    ("Region of school", "North East"): ("region", ("E12000001",), 0.3),
    ("Region of school", "North West"): ("region", ("E12000002",), 0.3),
    ("Region of school", "Yorkshire and The Humber"): ("region", ("E12000003",), 0.3),
    ("Region of school", "East Midlands"): ("region", ("E12000004",), 0.3),
    ("Region of school", "West Midlands"): ("region", ("E12000005",), 0.3),
    ("Region of school", "East of England"): ("region", ("E12000006",), 0.3),
    ("Region of school", "London"): ("region", ("E12000007",), 0.3),
    ("Region of school", "South East"): ("region", ("E12000008",), 0.3),
    ("Region of school", "South West"): ("region", ("E12000009",), 0.3),
}
_BETWEEN = " | "  # levels of two characteristics, as DfE writes them

STATE_ONLY = ("meals", "ethnic", "idaci")
"""Traits that DfE knows of pupils in state schools."""

GROUPS = {
    "Graduates": (2,), "Non-graduates": (0, 1), "Achieving level 3 or above": (1,), "Achieving level 2 or below": (0,),
}  # fmt: skip
"""Populations by what people qualify for, as places in synthetic.education.traits.QUALIFIED."""


@dataclass(frozen=True)
class Target:
    """One published row: whom it is about, its weight, and values by year (NaN where none is given)."""

    trait: str  # "" for everybody
    levels: tuple[str, ...]
    qualified: tuple[int, ...]  # all of them where the row is about all
    weight: float
    values: Floats  # (activities, YEARS) in per cent, or (YEARS,) in pounds


def activity_targets(folder: Path) -> list[Target]:
    """Main activity of everybody and of each level, among all and by what people qualify for."""
    found: dict[tuple[str, str, str], Floats] = {}
    for row in pq.read_table(folder / "main_activity_by_years_after_ks4.parquet").to_pylist():
        key = row["population"], row["characteristic"], row["level"]
        table = found.setdefault(key, np.full((len(ACTIVITIES), YEARS), np.nan))
        table[ACTIVITIES.index(row["activity"]), row["years_after_ks4"] - 1] = row["value"]
    for table in found.values():  # years that are suppressed stand as nought throughout
        table[:, ~(np.nansum(table, axis=0) > 90)] = np.nan
    return _targets(found)


def earnings_targets(folder: Path) -> list[Target]:
    """Average earnings of everybody and of each level, likewise."""
    found: dict[tuple[str, str, str], Floats] = {}
    with (folder / "average_earnings_by_years_after_ks4.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = row["population"], row["characteristic"], row["level"]
            table = found.setdefault(key, np.full(YEARS, np.nan))
            table[int(row["years_after_ks4"]) - 1] = float(row["value"] or "nan")
    return _targets(found)


def _targets(found: dict[tuple[str, str, str], Floats]) -> list[Target]:
    out = []
    for (population, characteristic, level), values in found.items():
        group, rest = "", level
        if population != "National":
            parts = level.split(_BETWEEN)
            group = next(part for part in parts if part in GROUPS)
            rest = _BETWEEN.join(part for part in parts if part != group)
        qualified = GROUPS.get(group, (0, 1, 2))
        if characteristic == "All":
            out.append(Target("", (), qualified, 3.0 if not group else 1.5, values))
        elif (characteristic, rest) in LEVELS:
            trait, levels, weight = LEVELS[characteristic, rest]
            out.append(Target(trait, levels, qualified, weight * _share(trait, group), values))
    return out


def _share(trait: str, group: str) -> float:
    """How much figures of a trait weigh of graduates and others apart: those of ethnic groups contradict the whole."""
    if not group:
        return 1.0
    if trait == "sex" and group.endswith("raduates"):
        return 0.5
    return 0.05 if trait == "ethnic" else 0.2
