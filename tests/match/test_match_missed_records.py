"""Another record of somebody whom a pass has linked meets nobody: how many there are is told from what is left."""

from collections.abc import Sequence
from typing import Any

import pytest

from linkage.engine import Engine, one
from linkage.match.further.further_records import Further, share_of
from linkage.match.further.missed_records import MissedRecords, missed_records
from linkage.model import Model, from_dict

PASSED = 1_000


def _model() -> Model:
    return from_dict(
        {
            "comparisons": [
                {
                    "output_column_name": name,
                    "comparison_levels": [
                        {"sql_condition": f"{name}_l = {name}_r", "m_probability": 0.99, "u_probability": 0.01},
                        {"sql_condition": "ELSE", "m_probability": 0.01, "u_probability": 0.99},
                    ],
                }
                for name in ("forename", "surname")
            ]
        }
    )


def _told(engine: Engine, world: Any, pairs: Sequence[tuple[float, int, int]], *, share: float = 0.1) -> MissedRecords:
    """Of left units with units that a pass has linked, pairs by their weight and their levels of forename and surname.

    Args:
        pairs: weight, and of either level 1 where it agrees, 0 where it differs.
        share: of linked units that have another record, as the kept pairs say.
    """
    header = "left_id | right_id | match_weight:float | gamma_forename:int | gamma_surname:int"
    lines = [f"{n} | {n} | {weight} | {forename} | {surname}" for n, (weight, forename, surname) in enumerate(pairs)]
    taken = {"left": world("\n".join([header, *lines]))}
    return missed_records(engine, _model(), taken, {"left": Further(share, 0.0)}, PASSED)


@pytest.mark.both_engines
def test_the_share_is_of_those_whom_passes_have_linked(engine: Engine, world: Any) -> None:
    found = _told(engine, world, [*[(60.0, 1, 1)] * 300, *[(60.0, 1, 0)] * 4, (-60.0, 0, 0)])
    assert found.expected == pytest.approx(304)
    assert found.further["left"].share == pytest.approx(share_of(304, PASSED))


def test_a_pair_counts_by_its_weight_and_the_share_of_those_kept(engine: Engine, world: Any) -> None:
    """Half of linked people have another record: a pair of no weight is one in three, of one bit one in two."""
    found = _told(engine, world, [(0.0, 1, 1)] * 3 + [(1.0, 1, 1)] * 2, share=0.5)
    assert found.expected == pytest.approx(3 / 3 + 2 / 2, rel=0.02)  # a surname that agrees is learnt to do so


def test_another_surname_is_learnt_from_those_that_leave_no_doubt(engine: Engine, world: Any) -> None:
    """Half of the sure ones have another surname, where one match in a hundred has: so have pairs of four bits."""
    sure, light = [(30.0, 1, 1), (30.0, 1, 0)] * 20, 20
    found = {
        name: _told(engine, world, [*sure, *[(0.0, *levels)] * light]).expected - len(sure)
        for name, levels in {"surname": (1, 0), "forename": (0, 1)}.items()
    }
    assert found["surname"] > 5 * found["forename"], "a forename does not change in life"


@pytest.mark.both_engines
def test_what_a_level_weighs_more_is_the_same_in_sql(engine: Engine, world: Any) -> None:
    """The model's m counts as 50 matches, one in a hundred of another surname; ten of twenty such records have one."""
    found = _told(engine, world, [(60.0, 1, 1), (60.0, 1, 0)] * 10).further["left"]
    pair = world("""
        gamma_forename:int | gamma_surname:int | match_weight:float
        0                  | 0                 | -4.0
    """)
    odds = float(one(engine, engine.sql(f"select {found.odds('p')} as odds from {{pair}} as p", pair=pair))["odds"])
    assert odds == pytest.approx(found.share / 16 * (0.01 * 50 + 10) / 70 / 0.01)
    levels = {"gamma_forename": 0, "gamma_surname": 0}
    assert found.probability(-4.0, levels) == pytest.approx(odds / (1 + odds))
    kept = Further.from_json(found.to_json())
    assert kept.probability(-4.0, levels) == pytest.approx(found.probability(-4.0, levels), rel=1e-3)


def test_where_no_pass_has_linked_the_kept_pairs_speak_for_all(engine: Engine) -> None:
    kept = {"left": Further(0.1, 0.0)}
    assert missed_records(engine, _model(), {}, kept, 0) == MissedRecords(kept, 0.0)


@pytest.mark.both_engines
def test_where_the_step_has_looked_what_it_found_counts(engine: Engine, world: Any) -> None:
    """1 was looked at beside both records of the person; 2 was not, and is as likely as its pair is; 3 is no pair."""
    taken = world("""
        left_id | right_id | match_weight:float | gamma_forename:int | gamma_surname:int
        1       | 11       | 30.0               | 1                  | 1
        2       | 12       | 0.0                | 1                  | 1
    """)
    refused = world("""
        left_id | right_id | probability:float
        1       | 11       | 0.25
        3       | 13       | 0.5
    """)
    kept = {"left": Further(0.1, 1.0, {"gamma_surname": {0: 1.0, 1: 2.0}})}
    found = missed_records(engine, _model(), {"left": taken}, kept, PASSED, known=refused, searched=True)
    odds = 0.1 * 2 * 2
    assert found.expected == pytest.approx(0.25 + odds / (1 + odds))
    assert found.further == kept
