"""Pairs are made from those who meet anybody where few do: the same pairs, and the same who met."""

import pytest

from linkage.engine import Engine, Table, rows
from linkage.match.candidates import meeting
from linkage.match.candidates.meeting import met_only, those_who_meet
from linkage.model import BlockingRule
from tests.conftest import parse
from tests.match.scored_sides import of_whole_sides, scored, told

_RULES = [BlockingRule("l.surname = r.surname"), BlockingRule("l.postcode = r.postcode")]
_SIDE_A = parse("""
    unit_id | surname | postcode
          1 | khan    | ls11aa
          2 | jones   | ls11aa
          3 | brown   | yo11aa
          4 |         | yo11aa
""")
_SIDE_B = parse("""
    unit_id | surname | postcode
         11 | khan    | m11aa
         12 | patel   |
         13 | evans   | yo11aa
""")


def _ids(engine: Engine, table: Table) -> list[int]:
    return sorted(row["unit_id"] for row in rows(engine, table))


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("large", "leftovers", "found"),
    [
        (0, True, {"left": [1, 3, 4], "right": [11, 13]}),
        (4, True, {"left": [1, 3, 4]}),  # the smaller side is read as it is
        (0, False, {}),  # neither side is many times the other
        (100, True, {}),
    ],
)
def test_those_who_meet_are_found_by_any_rule(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, large: int, leftovers: bool, found: dict[str, list[int]]
) -> None:
    monkeypatch.setattr(meeting, "LARGE", large)
    sides = {"left": engine.from_arrow(_SIDE_A), "right": engine.from_arrow(_SIDE_B)}
    meet = those_who_meet(engine, _RULES, sides, leftovers=leftovers)
    assert {side: _ids(engine, table) for side, table in meet.items()} == found


@pytest.mark.both_engines
def test_a_side_many_times_the_other_is_cut_though_nothing_is_left_over(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "LARGE", 0)
    sides = {"left": engine.from_arrow(_SIDE_A), "right": engine.from_arrow(_SIDE_B.slice(0, 1))}
    meet = those_who_meet(engine, _RULES, sides, leftovers=False)
    assert {side: _ids(engine, table) for side, table in meet.items()} == {"left": [1]}


@pytest.mark.both_engines
def test_whoever_meets_and_has_no_pair_is_told_whether_the_side_was_cut_or_not(engine: Engine) -> None:
    sides = {"left": engine.from_arrow(_SIDE_A), "right": engine.from_arrow(_SIDE_B)}
    pairs = engine.from_arrow(
        parse("""
        left_id | right_id
              1 |       11
    """)
    )
    found = rows(engine, met_only(engine, _RULES, sides, pairs, []))
    assert sorted((row["side"], row["unit_id"]) for row in found) == [("left", 3), ("left", 4), ("right", 13)]
    cut = _cut(engine, sides)
    again = rows(engine, met_only(engine, _RULES, {**sides, **cut}, pairs, list(cut)))
    assert sorted((row["side"], row["unit_id"]) for row in again) == [("left", 3), ("left", 4), ("right", 13)]


@pytest.mark.both_engines
def test_the_others_whom_few_without_a_pair_meet_are_looked_for_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the left two units have no pair and meet somebody, beside whom the right is as large as is asked for here."""
    sides = {"left": engine.from_arrow(_SIDE_A), "right": engine.from_arrow(_SIDE_B)}
    pairs = engine.from_arrow(parse("left_id | right_id\n1 | 11"))
    monkeypatch.setattr(meeting, "LARGE", 0)
    monkeypatch.setattr(meeting, "_TIMES", 0)
    found = rows(engine, met_only(engine, _RULES, sides, pairs, []))
    assert sorted((row["side"], row["unit_id"]) for row in found) == [("left", 3), ("left", 4), ("right", 13)]


def _cut(engine: Engine, sides: dict[str, Table]) -> dict[str, Table]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meeting, "LARGE", 0)
        return dict(those_who_meet(engine, _RULES, sides, leftovers=True))


@pytest.mark.both_engines
def test_pairs_and_meetings_are_those_of_the_whole_sides(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's rules open a list too."""
    whole = of_whole_sides(engine)
    monkeypatch.setattr(meeting, "LARGE", 0)
    cut = told(engine, scored(engine, leftovers=True))
    assert cut.pairs == whole.pairs
    assert cut.met == whole.met != set()
