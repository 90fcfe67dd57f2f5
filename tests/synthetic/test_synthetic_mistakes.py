"""What a registration writes down: one kind of error at a time, made certain, with the names that must come of it."""

from typing import Any

import numpy as np
import pytest

from synthetic.base import odds
from synthetic.base.dates import parts
from synthetic.base.draws import Draws
from synthetic.base.odds import Odds
from synthetic.base.reference import reference
from synthetic.people.people import People, people
from synthetic.recording.registration import ERROR_KINDS, Registrations

COUNT = 12_000
PRESET = odds.load("realistic")


def only(**sections: dict[str, float]) -> Odds:
    """The realistic preset without any error but the given ones, and with everybody alike."""
    changed = {}
    for name in ("forename", "middle_names", "surname", "dob", "sex"):
        section = getattr(PRESET, name)
        changed[name] = section.model_copy(
            update=dict.fromkeys(type(section).model_fields, 0.0) | sections.get(name, {})
        )
    even = {"person_spread": 0.0, "provider_spread": 0.0, "renamed": 1.0, "disadvantaged": 1.0}
    return PRESET.model_copy(update=changed | {"quality": PRESET.quality.model_copy(update=even)})


def dealt(preset: Odds, source: str = "npd") -> tuple[People, Registrations, dict[str, Any]]:
    """A registration with each of a crowd, and the names that came of it, with the true ones."""
    figures = reference()
    crowd = people(Draws(8), figures, preset, np.arange(1, COUNT + 1))
    no = np.zeros(COUNT, np.int64)
    registrations = Registrations(source, Draws(8), figures, preset, crowd, np.arange(COUNT), no, no)
    forename, middle, before, _ = registrations.names()
    names = np.array([*figures.forenames.to_pylist(), None], object)
    known = crowd.names
    text = {
        "forename": np.array(forename.to_pylist(), object),
        "middle": np.array(middle.to_pylist(), object),
        "surname": np.array(before.plain().to_pylist(), object),
        "true forename": names[known.forename],
        "true middle": names[known.middle],
        "true surname": np.array(known.surname_values.to_pylist(), object)[known.surname[:, 0]],
    }
    return crowd, registrations, text


def kind(registrations: Registrations, field: str, name: str) -> np.ndarray:
    return registrations.kinds[field] == ERROR_KINDS.index(name)


def test_without_mistakes_names_are_true() -> None:
    _, registrations, text = dealt(only())
    assert (text["forename"] == text["true forename"]).all()
    assert (text["surname"] == text["true surname"]).all()
    assert not any(found.any() for found in registrations.kinds.values())


def test_names_in_another_order_are_second_and_first() -> None:
    crowd, registrations, text = dealt(only(forename={"other_order": 0.5}))
    rows = kind(registrations, "forename", "other order")
    assert 0.01 < rows.mean() < 0.2
    assert (rows == kind(registrations, "surname", "other order")).all()
    assert (text["forename"][rows] == text["true middle"][rows, 0]).all()
    assert (text["surname"][rows] == text["true forename"][rows]).all()
    assert (text["forename"][~rows] == text["true forename"][~rows]).all()
    ordered = np.array([origin.facts.get("name_order", 1) > 1 for origin in reference().origins])
    assert ordered[crowd.origin[rows]].all()


def test_who_has_no_forename_has_no_middle_name_either() -> None:
    _, registrations, text = dealt(only(forename={"missing": 0.3}))
    rows = kind(registrations, "forename", "missing")
    assert rows.mean() == pytest.approx(0.3, abs=0.02)
    assert {*text["forename"][rows], *text["middle"][rows]} == {None}
    assert (kind(registrations, "middle_names", "omitted") == (rows & (text["true middle"][:, 0] != None))).all()  # noqa: E711


def test_a_body_may_know_a_person_by_the_name_of_another_parent() -> None:
    crowd, registrations, text = dealt(only(surname={"known_as": 0.3}))
    rows = kind(registrations, "surname", "known as")
    values = np.array(crowd.names.surname_values.to_pylist(), object)
    assert rows.mean() == pytest.approx(0.3, abs=0.02)
    assert (text["surname"][rows] == values[crowd.names.other_surname[rows]]).all()
    siblings = np.flatnonzero(crowd.family[1:] == crowd.family[:-1])
    assert (crowd.names.other_surname[siblings] == crowd.names.other_surname[siblings + 1]).all()


def test_forename_and_surname_change_places() -> None:
    _, registrations, text = dealt(only(forename={"swapped": 0.02}))
    rows = kind(registrations, "forename", "swapped")
    assert (text["forename"][rows] == text["true surname"][rows]).all()
    assert (text["surname"][rows] == text["true forename"][rows]).all()


def test_both_names_of_another_script_are_spelt_anew_by_one_draw_and_seldom_of_those_born_here() -> None:
    again = {"transliteration": 0.3, "transliteration_born_here": 0.03}
    crowd, registrations, _ = dealt(only(forename=again, surname=again))
    first, last = (kind(registrations, field, "transliteration") for field in ("forename", "surname"))
    assert first[crowd.foreign_born].mean() > 5 * first[~crowd.foreign_born].mean()
    assert last[first].mean() > 5 * last[~first].mean()


def test_some_sources_are_read_from_paper() -> None:
    scanned = {"scanned": 0.05}
    rate = {
        source: kind(dealt(only(surname=scanned), source)[1], "surname", "scanned").mean() for source in ("npd", "cis")
    }
    assert rate["npd"] == pytest.approx(0.05 * PRESET.source["npd"].scanned, rel=0.2)
    assert rate["cis"] == pytest.approx(0.05 * PRESET.source["cis"].scanned, rel=0.1)


def test_mistakes_in_both_names_meet_in_the_same_people() -> None:
    """Both names wrong 3.9 times as often as chance would have it (CRATE, Cardinal and others 2023)."""
    figures, many = reference(), np.arange(1, 60_001)
    crowd = people(Draws(8), figures, PRESET, many)
    no = np.zeros(len(many), np.int64)
    both = [Registrations(s, Draws(8), figures, PRESET, crowd, np.arange(len(many)), no, no) for s in ("npd", "ilr")]
    for registrations in both:
        registrations.names()
    first, last = ((both[0].kinds[f] > 0) | (both[1].kinds[f] > 0) for f in ("forename", "surname"))
    assert (first & last).mean() > 3 * first.mean() * last.mean()


@pytest.mark.parametrize("part", ["day", "month", "year", "several"])
def test_the_log_says_which_part_of_a_birth_date_is_wrong(part: str) -> None:
    """A month that lacks the day moves that too: 31 January a month late is 28 February, of which two parts are wrong."""
    crowd, registrations, _ = dealt(only(dob={part: 0.5, "off_by_one": 0.5}))
    true, written = crowd.birth, registrations.birth_dates()
    differs = np.stack([a != b for a, b in zip(parts(true), parts(written), strict=True)])
    said = np.stack([kind(registrations, "dob", name) for name in ("year", "month", "day")])
    several = kind(registrations, "dob", "several parts")
    assert 0.4 < (said.any(axis=0) | several).mean() < 0.6
    assert (several == (differs.sum(axis=0) > 1)).all()
    assert (said == (differs & ~several)).all()


def test_of_a_hyphenated_name_that_is_cut_short_the_first_is_left_whole() -> None:
    preset = only(surname={"hyphen_dropped": 1.0})
    people = preset.people.model_copy(update={"hyphen_at_birth": 1.0})
    _, registrations, text = dealt(preset.model_copy(update={"people": people}))
    rows = kind(registrations, "surname", "hyphen dropped")
    true, written = text["true surname"][rows], text["surname"][rows]
    assert any(" " in name.split("-")[0] for name in true)
    assert all(short in (name.split("-")[0], name.replace("-", " ")) for name, short in zip(true, written, strict=True))
