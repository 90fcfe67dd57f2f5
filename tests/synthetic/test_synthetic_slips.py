"""Slips that change a name or a date: which spellings a name may take, and which dates."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.base import odds
from synthetic.base.dates import day, parts
from synthetic.base.draws import Draws
from synthetic.base.reference import reference
from synthetic.recording.corruption import (
    DAY,
    MONTH,
    SEVERAL,
    YEAR,
    misdated,
    misheard,
    misread,
    mistyped,
    rules,
    spellings,
)

PRESET = odds.load("realistic")


@pytest.mark.parametrize(
    ("kind", "name", "some"),
    [
        ("phonetic", "PHILIP", {"FILIP", "PHYLIP", "PHILLIP"}),
        ("phonetic", "MCKENZIE", {"MACKENZIE", "MCKENZY", "MKENZIE"}),
        ("phonetic", "KAY", {"CAY", "KAI"}),
        ("scanned", "BARNES", {"BAMES", "BARNFS", "RARNES"}),
        ("scanned", "OLIVER", {"QLIVER", "OLLVER", "OUVER"}),
    ],
)  # fmt: skip
def test_a_name_may_be_heard_or_read_for_another(kind: str, name: str, some: set[str]) -> None:
    possible = {spelling for spelling, _ in spellings(kind, name)}
    assert some <= possible
    assert name not in possible


def test_rules_hold_at_their_place_alone() -> None:
    assert {s for s, _ in spellings("phonetic", "WRYYWR")} >= {"RYYWR"}
    assert "WRYYR" not in {s for s, _ in spellings("phonetic", "WRYYWR")}  # WR is silent at the start alone
    assert "ANNA-MARI" not in {s for s, _ in spellings("phonetic", "ANNE-MARIA")}
    assert "ANN-MARIA" in {s for s, _ in spellings("phonetic", "ANNE-MARIA")}  # each part of a double name has an end


def test_every_rule_changes_letters_and_has_a_weight() -> None:
    assert {kind: len(found) > 30 for kind, found in rules().items()} == {"phonetic": True, "scanned": True}
    for rule in [rule for found in rules().values() for rule in found]:
        assert rule.old
        assert rule.old != rule.new
        assert rule.weight > 0
        assert rule.where in ("any", "start", "inside", "end")


@given(st.lists(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ'- ", min_size=1, max_size=20), min_size=1, max_size=30))
def test_a_slip_depends_on_its_own_dealing_alone_and_leaves_a_name(names: list[str]) -> None:
    ids, event = np.arange(len(names)), np.zeros(len(names), np.int64)
    for corrupt in (misheard, misread):
        whole = corrupt(Draws(3), "x", ids, event, pa.array(names))
        last = corrupt(Draws(3), "x", ids[-1:], event[-1:], pa.array(names[-1:]))
        assert whole[-1] == last[0]
        assert all(whole.to_pylist())


def test_few_slips_of_the_keyboard_fall_on_the_first_letter() -> None:
    ids = np.arange(4000)
    slipped = mistyped(Draws(1), "x", ids, ids, pa.array(["ALEXANDRA"] * 4000)).to_pylist()
    assert "ALEXANDRA" not in slipped
    assert 0.03 < sum(name[0] != "A" for name in slipped) / 4000 < 0.10


@given(
    st.integers(day(1960, 1, 1), day(2015, 12, 31)), st.sampled_from([DAY, MONTH, YEAR, SEVERAL]),
    st.floats(0, 0.999), st.floats(0, 0.999),
)  # fmt: skip
def test_the_named_part_of_a_date_is_wrong_and_no_other(born: int, part: int, drawn: float, how: float) -> None:
    true = np.array([born], np.int32)
    wrong = misdated(true, np.array([part]), PRESET.dob, np.array([drawn]), np.array([how]))
    (y, m, d), (wy, wm, wd) = ([int(p[0]) for p in parts(x)] for x in (true, wrong))
    differing = {name for name, a, b in (("year", y, wy), ("month", m, wm), ("day", d, wd)) if a != b}
    if part == SEVERAL:
        assert "year" not in differing
    elif part == DAY:
        assert differing == {"day"}
    else:  # a month without the day, or a year without 29 February, has another last day
        assert differing - {"day"} == {"month" if part == MONTH else "year"}
        assert wd == d or wd < d


def test_dates_are_one_off_or_turned_as_often_as_the_preset_says() -> None:
    n = 60_000
    rng = (np.arange(n) + 0.5) / n
    born = np.full(n, day(1990, 5, 12), np.int32)
    doms = parts(misdated(born, np.full(n, DAY), PRESET.dob, rng * 7919 % 1, rng))[2]
    assert np.isin(doms, (11, 13)).mean() == pytest.approx(PRESET.dob.off_by_one, abs=0.01)
    assert (doms == 21).mean() == pytest.approx(PRESET.dob.turned + (1 - 0.37) / 18, abs=0.015)
    both = parts(misdated(born, np.full(n, SEVERAL), PRESET.dob, rng * 7919 % 1, rng))
    assert ((both[1] == 12) & (both[2] == 5)).mean() == pytest.approx(PRESET.dob.exchanged + (1 - 0.37) / 18, abs=0.015)


def test_spellings_of_another_script_are_picked_by_their_weight() -> None:
    figures = reference()
    names = figures.forenames.to_pylist()
    code = np.full(6000, names.index("Mohammed"), np.int32)
    picked = figures.transliterations.pick(code, (np.arange(6000) + 0.5) / 6000)
    found = {names[c]: n / 6000 for c, n in zip(*np.unique(picked, return_counts=True), strict=True)}
    assert found["Muhammad"] == pytest.approx(0.5 / (0.5 + 1 / 3 + 0.25 + 0.2 + 1 / 6 + 1 / 7 + 0.125), abs=0.01)
    assert set(found) == {"Muhammad", "Mohammad", "Mohamed", "Muhammed", "Mohamad", "Mohamud", "Md"}
    none = np.array([names.index("Chloe")], np.int32)
    assert figures.transliterations.pick(none, np.array([0.4])).tolist() == none.tolist()
