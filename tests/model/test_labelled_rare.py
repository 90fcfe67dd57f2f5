"""Levels so rare that a few hundred labelled matches cannot show them keep what the model knew."""

import pytest

from linkage.cli.model import labelled_lines
from linkage.model.labelled import Labelled, m_from_labels
from linkage.model.training import fewest_matches
from tests.model.test_labelled import model_of, said


def test_a_rare_level_that_no_label_shows_stays_about_what_it_was() -> None:
    """One match in a thousand: 400 labels that show none of it made it eighty times rarer, 6 bits less."""
    model, report = m_from_labels(model_of(0.949, 0.05, 0.001), [Labelled((2,), "match")] * 400, seen=10_000)
    # A share that varies by half of itself is worth (1 - m) / (m / 4) matches, here 3,996; at one level in ten it is not.
    firm, loose = 0.001 * 3996 / (400 + 3996), 0.001 * 5 / (400 + 5)
    assert said(model)[2] == pytest.approx(0.9 * firm + 0.1 * loose, rel=0.05)
    assert report.unseen == ["subs", "ELSE"]
    assert report.as_dict()["unseen"] == report.unseen
    assert labelled_lines(report)[-1].startswith("no label shows: subs; ELSE. ")


def test_labels_that_contradict_the_model_outweigh_it() -> None:
    """Twelve of 400 where one in a thousand was said: m of 4,000 matches would leave it at a third of one in a hundred."""
    pairs = [Labelled((2,), "match")] * 388 + [Labelled((0,), "match")] * 12
    model, _ = m_from_labels(model_of(0.949, 0.05, 0.001), pairs, seen=10_000)
    assert said(model)[2] == pytest.approx(12 / 400, rel=0.05)
    model, _ = m_from_labels(
        model_of(0.949, 0.05, 0.001), [*pairs[:388], Labelled((0,), "match"), *pairs[:11]], seen=10_000
    )
    assert said(model)[2] < 0.0015  # one alone is chance


def test_what_labels_show_outweighs_what_was_seen_of_fewer_matches() -> None:
    """The model learnt from 100 matches, so that 1 of 400 at its rare level counts as one among 500."""
    pairs = [Labelled((2,), "match")] * 399 + [Labelled((0,), "match")]
    model, _ = m_from_labels(model_of(0.949, 0.05, 0.001), pairs, seen=100)
    assert said(model)[2] == pytest.approx((1 + 0.001 * 100) / 500, rel=0.05)


def test_m_of_a_comparison_add_up_to_one() -> None:
    model, _ = m_from_labels(model_of(0.9, 0.09, 0.01), [Labelled((1,), "match", 3.0)] * 9, seen=5_000)
    assert sum(said(model)) == pytest.approx(1)


def test_matches_that_a_model_rests_on_are_those_of_its_poorest_run() -> None:
    rules = [{"matches": 900}, {"matches": 300, "used": True}, {"matches": 20, "used": False}]
    assert fewest_matches({"rules": rules}) == 300
    assert fewest_matches({}) is None
