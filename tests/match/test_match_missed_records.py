"""Another record of somebody whom a pass has linked meets nobody: how many there are is told from what is left."""

from collections.abc import Sequence
from typing import Any

import pytest

from linkage.engine import Engine, one
from linkage.match.missed_records import MissedRecords, missed_records
from linkage.match.other_records import share_of
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
    return missed_records(engine, _model(), {"left": world("\n".join([header, *lines]))}, 0.0, {"left": share}, PASSED)


@pytest.mark.both_engines
def test_the_share_is_of_those_whom_passes_have_linked(engine: Engine, world: Any) -> None:
    found = _told(engine, world, [*[(60.0, 1, 1)] * 300, *[(60.0, 1, 0)] * 4, (-60.0, 0, 0)])
    assert found.expected == pytest.approx(304)
    assert found.shares["left"] == pytest.approx(share_of(304, PASSED))


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
    found = _told(engine, world, [(60.0, 1, 1), (60.0, 1, 0)] * 10)
    pair = world("""
        gamma_forename:int | gamma_surname:int
        0                  | 0
    """)
    more = one(engine, engine.sql(f"select 2 ** ({found.more('p')}) as times from {{pair}} as p", pair=pair))
    assert float(more["times"]) == pytest.approx((0.01 * 50 + 10) / 70 / 0.01)


def test_where_no_pass_has_linked_the_kept_pairs_speak_for_all(engine: Engine) -> None:
    found = missed_records(engine, _model(), {}, 0.0, {"left": 0.1}, 0)
    assert (found.expected, found.shares, found.more("p")) == (0.0, {"left": 0.1}, "0e0")
