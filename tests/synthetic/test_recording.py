"""Slips that change a name or a date: which spellings a name may take, and
which dates.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.base import odds
from synthetic.base.dates import day, parts
from synthetic.base.draws import Draws
from synthetic.base.reference import reference
from synthetic.base.rules import Table
from synthetic.people.people import People, people
from synthetic.recording.corruption import (
    DAY,
    MONTH,
    SEVERAL,
    YEAR,
    misdated,
    misheard,
    misread,
    rules,
    spellings,
)
from synthetic.recording.registration import ERROR_KINDS, Registrations

PRESET = odds.load("realistic")


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("phonetic", "PHILIP", {"FILIP", "PHYLIP", "PHILLIP"}),
        ("phonetic", "MCKENZIE", {"MACKENZIE", "MCKENZY", "MKENZIE"}),
        ("phonetic", "KAY", {"CAY", "KAI"}),
        ("scanned", "BARNES", {"BAMES", "BARNFS", "RARNES"}),
        ("scanned", "OLIVER", {"QLIVER", "OLLVER", "OUVER"}),
    ],
)
def test_a_name_may_be_heard_or_read_for_another(
    kind: str, name: str, expected: set[str]
) -> None:
    possible = {spelling for spelling, _ in spellings(kind, name)}
    assert expected <= possible
    assert name not in possible


def test_rules_hold_at_their_place_alone() -> None:
    assert {s for s, _ in spellings("phonetic", "WRYYWR")} >= {"RYYWR"}
    assert "WRYYR" not in {
        s for s, _ in spellings("phonetic", "WRYYWR")
    }  # WR is silent at the start alone
    assert "ANNA-MARI" not in {s for s, _ in spellings("phonetic", "ANNE-MARIA")}
    assert "ANN-MARIA" in {
        s for s, _ in spellings("phonetic", "ANNE-MARIA")
    }  # each part of a double name has an end


def test_every_rule_changes_letters_and_has_a_weight() -> None:
    assert {kind: len(group) > 30 for kind, group in rules().items()} == {
        "phonetic": True,
        "scanned": True,
    }
    for rule in [rule for group in rules().values() for rule in group]:
        assert rule.old
        assert rule.old != rule.new
        assert rule.weight > 0
        assert rule.where in ("any", "start", "inside", "end")


@given(
    st.lists(
        st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ'- ", min_size=1, max_size=20),
        min_size=1,
        max_size=30,
    )
)
def test_an_error_depends_on_its_own_registration_alone_and_leaves_a_name(
    names: list[str],
) -> None:
    ids, event = np.arange(len(names)), np.zeros(len(names), np.int64)
    for corrupt in (misheard, misread):
        texts = corrupt(Draws(3), "x", ids, event, pa.array(names))
        last = corrupt(Draws(3), "x", ids[-1:], event[-1:], pa.array(names[-1:]))
        assert texts[-1] == last[0]
        assert all(texts.to_pylist())


@given(
    st.integers(day(1960, 1, 1), day(2015, 12, 31)),
    st.sampled_from([DAY, MONTH, YEAR, SEVERAL]),
    st.floats(0, 0.999),
    st.floats(0, 0.999),
)
def test_the_named_part_of_a_date_is_wrong_and_no_other(
    birth: int, part: int, uniform: float, choice: float
) -> None:
    true = np.array([birth], np.int32)
    misdated_days = misdated(
        true, np.array([part]), PRESET.dob, np.array([uniform]), np.array([choice])
    )
    (y, m, d), (wy, wm, wd) = (
        [int(p[0]) for p in parts(x)] for x in (true, misdated_days)
    )
    differing = {
        name
        for name, a, b in (("year", y, wy), ("month", m, wm), ("day", d, wd))
        if a != b
    }
    if part == SEVERAL:
        assert "year" not in differing
    elif part == DAY:
        assert differing == {"day"}
    # a month without the day, or a year without 29 February, has another last day
    else:
        assert differing - {"day"} == {"month" if part == MONTH else "year"}
        assert wd == d or wd < d


COUNT = 12_000


def preset_with(**sections: dict[str, float]) -> Table:
    """The realistic preset without any error but the given ones, and with everybody
    alike.
    """
    fields = ("forename", "middle_names", "surname", "dob", "sex")
    errors = {
        name: dict.fromkeys(PRESET[name], 0.0) | sections.get(name, {})
        for name in fields
    }
    even = {
        "person_spread": 0.0,
        "provider_spread": 0.0,
        "renamed": 1.0,
        "disadvantaged": 1.0,
    }
    return PRESET.but(**errors, quality=even)


def recorded_crowd(
    preset: Table, source: str = "npd"
) -> tuple[People, Registrations, dict[str, Any]]:
    """A registration of each person of a crowd, the names written in it, and the true
    ones.
    """
    figures = reference()
    crowd = people(Draws(8), figures, preset, np.arange(1, COUNT + 1))
    zeros = np.zeros(COUNT, np.int64)
    registrations = Registrations(
        source, Draws(8), figures, preset, crowd, np.arange(COUNT), zeros, zeros
    )
    forename, middle, before, _ = registrations.names()
    names = np.array([*figures.forenames.to_pylist(), None], object)
    true_names = crowd.names
    text = {
        "forename": np.array(forename.to_pylist(), object),
        "middle": np.array(middle.to_pylist(), object),
        "surname": np.array(before.plain().to_pylist(), object),
        "true forename": names[true_names.forename],
        "true middle": names[true_names.middle],
        "true surname": np.array(true_names.surname_values.to_pylist(), object)[
            true_names.surname[:, 0]
        ],
    }
    return crowd, registrations, text


def kind(registrations: Registrations, field: str, name: str) -> np.ndarray:
    return registrations.kinds[field] == ERROR_KINDS.index(name)


def test_without_errors_names_are_true() -> None:
    _, registrations, text = recorded_crowd(preset_with())
    assert (text["forename"] == text["true forename"]).all()
    assert (text["surname"] == text["true surname"]).all()
    assert not any(errors.any() for errors in registrations.kinds.values())


def test_names_in_another_order_are_second_and_first() -> None:
    crowd, registrations, text = recorded_crowd(
        preset_with(forename={"other_order": 0.5})
    )
    rows = kind(registrations, "forename", "other order")
    assert 0.01 < rows.mean() < 0.2
    assert (rows == kind(registrations, "surname", "other order")).all()
    assert (text["forename"][rows] == text["true middle"][rows, 0]).all()
    assert (text["surname"][rows] == text["true forename"][rows]).all()
    assert (text["forename"][~rows] == text["true forename"][~rows]).all()
    has_order = np.array(
        [origin.facts.get("name_order", 1) > 1 for origin in reference().origins]
    )
    assert has_order[crowd.origin[rows]].all()


def test_who_has_no_forename_has_no_middle_name_either() -> None:
    _, registrations, text = recorded_crowd(preset_with(forename={"missing": 0.3}))
    rows = kind(registrations, "forename", "missing")
    assert rows.mean() == pytest.approx(0.3, abs=0.02)
    assert {*text["forename"][rows], *text["middle"][rows]} == {None}
    assert (
        kind(registrations, "middle_names", "omitted")
        == (rows & (text["true middle"][:, 0] != None))  # noqa: E711
    ).all()


def test_a_body_may_know_a_person_by_the_name_of_another_parent() -> None:
    crowd, registrations, text = recorded_crowd(preset_with(surname={"known_as": 0.3}))
    rows = kind(registrations, "surname", "known as")
    values = np.array(crowd.names.surname_values.to_pylist(), object)
    assert rows.mean() == pytest.approx(0.3, abs=0.02)
    assert (text["surname"][rows] == values[crowd.names.other_surname[rows]]).all()
    siblings = np.flatnonzero(crowd.family[1:] == crowd.family[:-1])
    assert (
        crowd.names.other_surname[siblings] == crowd.names.other_surname[siblings + 1]
    ).all()


def test_forename_and_surname_change_places() -> None:
    _, registrations, text = recorded_crowd(preset_with(forename={"swapped": 0.02}))
    rows = kind(registrations, "forename", "swapped")
    assert (text["forename"][rows] == text["true surname"][rows]).all()
    assert (text["surname"][rows] == text["true forename"][rows]).all()


@pytest.mark.parametrize("part", ["day", "month", "year", "several"])
def test_the_log_says_which_part_of_a_birth_date_is_wrong(part: str) -> None:
    """A month that lacks the day moves that too: 31 January a month late is 28
    February, of which two parts are wrong.
    """
    crowd, registrations, _ = recorded_crowd(
        preset_with(dob={part: 0.5, "off_by_one": 0.5})
    )
    true, entry = crowd.birth, registrations.birth_dates()
    differs = np.stack([a != b for a, b in zip(parts(true), parts(entry), strict=True)])
    is_logged = np.stack(
        [kind(registrations, "dob", name) for name in ("year", "month", "day")]
    )
    is_several = kind(registrations, "dob", "several parts")
    assert 0.4 < (is_logged.any(axis=0) | is_several).mean() < 0.6
    assert (is_several == (differs.sum(axis=0) > 1)).all()
    assert (is_logged == (differs & ~is_several)).all()


def test_of_a_hyphenated_name_that_is_cut_short_the_first_is_left_whole() -> None:
    preset = preset_with(surname={"hyphen_dropped": 1.0})
    _, registrations, text = recorded_crowd(preset.but(people={"hyphen_at_birth": 1.0}))
    rows = kind(registrations, "surname", "hyphen dropped")
    true, entry = text["true surname"][rows], text["surname"][rows]
    assert any(" " in name.split("-")[0] for name in true)
    assert all(
        short in (name.split("-")[0], name.replace("-", " "))
        for name, short in zip(true, entry, strict=True)
    )
