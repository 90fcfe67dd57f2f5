"""python -m synthetic.fitting FOLDER [STEP ...]: see synthetic.fitting."""

import sys
from pathlib import Path

import numpy as np

from synthetic.education.pathways import path_odds, with_entry
from synthetic.education.traits import with_qualification
from synthetic.figures.reference import FOLDER
from synthetic.fitting.activity import fit_cut, wanted
from synthetic.fitting.earnings import fit_medians
from synthetic.fitting.education import fit_entries
from synthetic.fitting.industry import write_sections
from synthetic.fitting.margins import Design
from synthetic.fitting.paths import fit_paths
from synthetic.fitting.sample import Sample
from synthetic.fitting.tables import write_table
from synthetic.fitting.targets import YEARS, Target, activity_targets, earnings_targets
from synthetic.rules.learning import ENTRIES, PATHS, learning

STEPS = ("entries", "paths", "adults", "uncaptured", "work", "pay", "sections")

SAMPLE, SAMPLE_OF_OTHERS = {"WBRI": 300_000, "CHNE": 8_000_000}, 2_000_000
"""People among whom pupils are taken, by ethnic group and of all others."""


def main(source: Path, steps: list[str]) -> None:
    """Fit the tables, each upon those before it."""
    targets = activity_targets(source)
    sample = Sample(SAMPLE, SAMPLE_OF_OTHERS)
    if "entries" in steps:
        design = Design(sample.traits(), sample.weight())
        found = fit_entries(design, sample.entry_odds(), sample.present(), targets, learning())
        write_table(FOLDER / "life_entries.csv", design, ENTRIES, found)
    if "paths" in steps:
        first, qualified = sample.university()
        design = Design(with_entry(with_qualification(sample.traits(), qualified), first), sample.weight())
        found = fit_paths(design, path_odds(first), qualified, targets)
        write_table(FOLDER / "life_paths.csv", design, PATHS, found)
    if "adults" in steps:
        _adults(sample, targets)
    if "uncaptured" in steps:
        _uncaptured(sample, targets)
    if "work" in steps:
        _work(sample, targets)
    if "pay" in steps:
        _pay(sample, [t for t in earnings_targets(source) if _moves(t)])
    if "sections" in steps:
        write_sections(source, FOLDER / "life_sections.csv")


def _adults(sample: Sample, targets: list[Target]) -> None:
    """Adult learning: of those at no university, more often after college."""
    state = sample.lives()
    columns = []
    for year in range(3, YEARS + 1):
        at = state.in_year(year)
        design = Design(at.person, at.weight)
        after = learning().adults.after_college
        more = after[year - 3] if year - 3 < len(after) else 0.0
        shares = wanted(targets, ("Other Education", "Adult FE"), year)
        given = more * at.was_at_college.astype(float)
        columns.append(fit_cut(design, targets, at.qualified, shares, ~at.university & at.here, given=given))
    names = tuple(map(str, range(3, YEARS + 1)))
    write_table(FOLDER / "life_adults.csv", design, names, np.hstack(columns))


def _uncaptured(sample: Sample, targets: list[Target]) -> None:
    """No trace: of those whom no study shows; all of those who are away."""
    state = sample.lives()
    columns = []
    for year in range(1, YEARS + 1):
        at = state.in_year(year)
        design = Design(at.person, at.weight)
        shares = wanted(targets, ("Activity not captured",), year)
        away = at.away & ~at.studies
        columns.append(fit_cut(design, targets, at.qualified, shares, ~at.seen & ~at.away, already=away))
    write_table(FOLDER / "life_uncaptured.csv", design, tuple(map(str, range(1, YEARS + 1))), np.hstack(columns))


def _work(sample: Sample, targets: list[Target]) -> None:
    """Benefits, then unsettled years too: of those who neither study nor are out of sight."""
    state = sample.lives()
    claims, both = [], []
    for year in range(1, YEARS + 1):
        at = state.in_year(year)
        design = Design(at.person, at.weight)
        rest = ~at.studies & ~at.uncaptured
        shares = wanted(targets, ("Out of work benefits",), year)
        claims.append(fit_cut(design, targets, at.qualified, shares, rest))
        shares = shares + wanted(targets, ("No sustained activity",), year)
        # Where study and absence leave more or less than is published, unsettled years and steady work share the odds.
        left = design.members(targets, at.qualified) @ rest.astype(float)
        shares = (shares + left - wanted(targets, ("Employment",), year)) / 2
        both.append(fit_cut(design, targets, at.qualified, shares, rest))
    names = tuple(map(str, range(1, YEARS + 1)))
    write_table(FOLDER / "life_claims.csv", design, names, np.hstack(claims))
    write_table(FOLDER / "life_unsettled.csv", design, names, np.hstack(both))


def _pay(sample: Sample, targets: list[Target]) -> None:
    """Pay of those in work all year."""
    state = sample.lives()
    columns = []
    for year in range(1, YEARS + 1):
        at = state.in_year(year)
        design = Design(at.person.at(np.flatnonzero(at.works)), at.weight[at.works])
        columns.append(fit_medians(design, targets, year, at.qualified[at.works], np.log(at.pay[at.works])))
    write_table(FOLDER / "life_pay.csv", design, tuple(map(str, range(1, YEARS + 1))), np.hstack(columns), places=4)


def _moves(target: Target) -> bool:
    """Whether a target is about a trait of all, or about what people reach, by sex at most."""
    return len(target.qualified) == 3 or target.trait in ("", "sex")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(STEPS))
