"""Matches among the pairs that rules made and the step let go: those of a world that can be added up by eye."""

import pytest

from linkage.engine import Engine
from tests.match.test_match_step import LEFT, linked
from tests.match.whole_step import whole_step


def said(weight: float) -> float:
    return 1 / (1 + 2**-weight)


@pytest.mark.both_engines
def test_pairs_under_the_floor_count_by_their_weight(engine: Engine) -> None:
    """Forename and postcode make 5-16 (5 - 5 - 8 + 1 + 7 - 10) and 8-17 (5 - 4 + 7 - 10), too light to be kept."""
    summary = whole_step(engine).summary
    gain = summary["thresholds"]["gain"]
    assert summary["not_kept"] == {
        "looked_at_one_in": 1,
        "expected_missed": pytest.approx(said(gain - 10) + said(gain - 2), abs=2e-3),
    }


def test_who_is_linked_leaves_a_rival_only_to_be_another_record(engine: Engine) -> None:
    """17 is 9's for certain: 8-17 weighs what it did, against the share of linked units that have another record."""
    alone = whole_step(engine).summary["not_kept"]["expected_missed"]
    summary = linked(engine, left=LEFT + "    9       | ELLA     | ROSSI   | 1997-01-02 | M   | P8       | -\n").summary
    gain, share = summary["thresholds"]["gain"], summary["other_records"]["missed"]["left"]["share"]
    odds = share * 2 ** (gain - 2)
    assert summary["not_kept"]["expected_missed"] == pytest.approx(said(gain - 10) + odds / (1 + odds), abs=2e-3)
    assert summary["not_kept"]["expected_missed"] < alone / 10


def test_of_many_units_some_stand_for_all(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eight left units every second is looked at: 8 is one of them, 5 is not."""
    monkeypatch.setattr("linkage.match.likelihood.not_kept.MOST_UNITS", 4)
    summary = linked(engine).summary
    assert summary["not_kept"] == {
        "looked_at_one_in": 2,
        "expected_missed": pytest.approx(2 * said(summary["thresholds"]["gain"] - 2), abs=2e-3),
    }
