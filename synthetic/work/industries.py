"""Industries that people work in, by what they studied."""

import csv
import functools

import numpy as np
from numpy.typing import NDArray

from linkage.catalogue import shipped
from synthetic.drawn.draws import Draws, Floats, Ints, Slots
from synthetic.reference_tables import FOLDER
from synthetic.rules.working import working

# Section, how its name begins in the figures, divisions of SIC 2007, share of young people's jobs (estimate).
SECTIONS = (
    ("A", "Agriculture", 1, 3, 0.8), ("C", "Manufacturing", 10, 33, 7.5), ("F", "Construction", 41, 43, 5.0),
    ("G", "Wholesale", 45, 47, 19.0), ("H", "Transport", 49, 53, 4.0), ("I", "Accommodation", 55, 56, 11.0),
    ("J", "Information", 58, 63, 5.0), ("K", "Financial", 64, 66, 5.0), ("L", "Real estate", 68, 68, 1.3),
    ("M", "Professional", 69, 75, 8.0), ("N", "Administrative", 77, 82, 9.5), ("O", "Public", 84, 84, 4.0),
    ("P", "Education", 85, 85, 8.0), ("Q", "Human health", 86, 88, 12.0), ("R", "Arts", 90, 93, 3.0),
    ("S", "Other service", 94, 96, 2.5),
)  # fmt: skip

_OWN = 99
"""The event of the draw of a person's own section: beyond the numbers of jobs."""


@functools.cache
def _everybody() -> Slots:
    return Slots(np.array([share for *_, share in SECTIONS]))


@functools.cache
def _by_subject() -> NDArray[np.int32]:
    """(2, subjects, slots): places in SECTIONS of graduates' early and later jobs, by the catalogue's subjects.

    Early jobs lie beyond the published shares of the first year, in which some graduates still hold one of before the
    degree and others have a later one already, and later jobs beyond those of the third, in which many still hold an
    early one.
    """
    subjects, letters = list(shipped().frames["cah2"].values()), [letter for letter, *_ in SECTIONS]
    shares = np.zeros((2, len(subjects), len(SECTIONS)))
    with (FOLDER / "life_sections.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["subject"] in subjects:
                place = subjects.index(row["subject"]), letters.index(row["section"])
                shares[:, *place] = float(row["one"]), float(row["three"])
    whole = np.maximum(shares.sum(axis=2, keepdims=True), 1e-9)
    first, third = shares / whole
    everybody = np.array([share for *_, share in SECTIONS]) / sum(share for *_, share in SECTIONS)
    rules = working().jobs
    early = first + rules.early_beyond * (first - everybody) - rules.already_settled * (third - first)
    shares[0] = np.clip(early, 0, None) * whole[0]
    shares[1] = np.clip(third + rules.settled_beyond * (third - first), 0, None) * whole[1]
    shares += shares.sum(axis=1, keepdims=True) * 1e-6  # a subject that the figures leave out is like all of them
    return np.array([[Slots(row).table for row in year] for year in shares])


def sections(drawn: Floats, subject: Ints, settled: NDArray[np.bool_]) -> Ints:
    """Places in SECTIONS for uniform draws.

    Args:
        subject: of the degree, -1 for anyone who is no graduate.
        settled: whether the job is a later one of a graduate.
    """
    table = _by_subject()
    slot = (drawn * table.shape[2]).astype(np.int64)
    graduates = table[settled.astype(np.int64), np.maximum(subject, 0), slot]
    return np.where(subject < 0, _everybody().at(drawn), graduates).astype(np.int64)


def section_of_jobs(
    draws: Draws, ids: Ints, number: Ints, subject: Ints, settled: NDArray[np.bool_], stays: float
) -> Ints:
    """The section of each job: that of the person as a rule, else another.

    Args:
        ids: person of each job.
        number: of the job among the person's.
        subject: of the degree that the person has when the job begins, -1 for none.
        settled: whether the job is a later one of a graduate.
        stays: share of jobs in the person's own section.
    """
    kept = draws.chance("job.section.stays", ids, stays, number)
    return sections(draws.uniform("job.section", ids, np.where(kept, _OWN, number)), subject, settled)
