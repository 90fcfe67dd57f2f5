"""EM in a block of millions of pairs may end at something else than persons: no more of them than there are records."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from linkage.model.training.counts.patterns import Floats, Layout
from linkage.model.training.em.evidence import Run
from linkage.model.training.em.no_persons import no_persons, refuse_all

from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training import NobodyInBothError
from linkage.model.training.counts.rules import Agreement

LAYOUT = Layout(from_dict(settings([comparison("surname", "name"), comparison("dob", "date")])))
UNITS = (20_000, 15_000)


def _run(
    matches: float,
    surname_agrees: float,
    blocked: str = "dob",
    kept: bool = True,
    layout: Layout = LAYOUT,
    strangers: tuple[None, ...] = (),
) -> Run:
    """A run that looked at a tenth of its block's pairs; of its matches so many agree on the surname, or the first."""
    surname = [n for n in range(len(layout.levels)) if layout.owner[n] == 0]
    m = np.full((1, len(layout.levels)), 0.1)
    m[0, surname] = 0.0
    m[0, surname[0]], m[0, surname[-1]] = surname_agrees, 1 - surname_agrees
    block = SimpleNamespace(rule=Agreement((blocked,), 200_000, 1.0, (0, 0)), share=0.1, strangers=strangers)
    found = SimpleNamespace(block=block, estimate=SimpleNamespace(m=m), matches=np.array([matches]), kept=kept)
    return cast(Run, found)


def _u(layout: Layout = LAYOUT) -> Floats:
    u = np.full((1, len(layout.levels)), 0.01)
    u[0, [n for n, level in enumerate(layout.levels) if level.value == 0]] = 0.95
    return u


@pytest.mark.parametrize(
    ("matches", "surname_agrees", "blocked", "none"),
    [
        (3_000, 0.04, "dob", True),  # of all pairs 30,000, where 20,000 records have a partner each at most
        (1_900, 0.04, "dob", False),  # women who married may well differ in the surname
        (3_000, 0.9, "dob", False),  # events of one person meet each other
        (3_000, 0.04, "surname", False),  # a block on the surname says nothing of it
    ],
)
def test_more_matches_than_records_that_mostly_differ_in_a_name_are_no_persons(
    matches: float, surname_agrees: float, blocked: str, none: bool
) -> None:
    assert no_persons(LAYOUT, _run(matches, surname_agrees, blocked), _u(), UNITS) is none


@pytest.mark.parametrize(
    ("matches", "births_agree", "strangers", "none"),
    [
        (20, 0.04, (None, None), True),  # of all pairs 200, where the smaller file has 150 records
        (14, 0.04, (None, None), False),  # who is in both may have another birth date there
        (20, 0.9, (None, None), False),
        (20, 0.04, (), False),  # a file that holds people several times: its pairs are shown as no strangers
    ],
)
def test_more_matches_than_the_smaller_file_has_records_that_mostly_differ_in_the_birth_date_are_no_persons(
    matches: float, births_agree: float, strangers: tuple[None, ...], none: bool
) -> None:
    run = _run(matches, 0.9, "surname", strangers=strangers)
    births = [n for n in range(len(LAYOUT.levels)) if LAYOUT.owner[n] == 1]
    run.estimate.m[0, births] = 0.0
    run.estimate.m[0, births[0]], run.estimate.m[0, births[-1]] = births_agree, 1 - births_agree
    assert no_persons(LAYOUT, run, _u(), (150, 20_000)) is none


@pytest.mark.parametrize(("kind", "none"), [("words", True), ("text", False)])
def test_nor_are_songs_of_one_album_that_mostly_differ_in_the_title(kind: str, none: bool) -> None:
    layout = Layout(from_dict(settings([comparison("title", kind), comparison("album", "text")])))
    assert no_persons(layout, _run(3_000, 0.04, "album", layout=layout), _u(layout), UNITS) is none


def test_files_in_which_no_run_finds_persons_are_refused() -> None:
    refuse_all([_run(1, 1, kept=False), _run(1, 1)])
    with pytest.raises(NobodyInBothError, match="no persons"):
        refuse_all([_run(1, 1, kept=False)])
