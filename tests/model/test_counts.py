"""How often non-matches share an older value is counted, not guessed from a sample in
which none does.
"""

import datetime
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from linkage.engine import Engine
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.sampling import drawn
from linkage.model.training.blocks import count_blocks
from linkage.model.training.counts import Layout, Patterns, count_patterns, overlaps
from linkage.model.training.evidence import Evidence, OverlapCount
from linkage.model.training.u import estimate_u

LEFT = [(1, "A", ["A", "B"]), (2, "B", ["B"]), (3, "C", ["C", "D", "E"]), (4, None, [])]
RIGHT = [(1, "B", ["A", "B"]), (2, "E", ["D", "E"]), (3, "C", ["C", "A"])]
DAY = datetime.date(2020, 1, 1)


def _model(*, dated: bool = False) -> Model:
    postcode = comparison("postcode", "postcode", history=True, dated=dated)
    return from_dict(
        settings(
            [postcode, comparison("forename", "name")], ['l."forename" = r."forename"']
        )
    )


def _side(rows: Sequence[tuple[int, str | None, list[str]]], days: int) -> pa.Table:
    """Each value is held for ten days, from so many days after the day on which the one
    before it began.
    """
    histories = [
        [
            {
                "held_value": value,
                "held_from": DAY + n * days * DAYS,
                "held_to": DAY + (n * days + 10) * DAYS,
            }
            for n, value in enumerate(values)
        ]
        for _, _, values in rows
    ]
    ids, newest, values = zip(*rows, strict=True)
    lists = pa.array(values, pa.list_(pa.string()))
    columns = {
        "unit_id": ids,
        "forename": ["ANN"] * len(ids),
        "postcode": newest,
        "postcode_all": lists,
    }
    return pa.table(
        {**columns, "postcode_sector_all": lists, "postcode_held": histories}
    )


DAYS = datetime.timedelta(days=1)


def _overlap_counts(engine: Engine, model: Model) -> dict[str, tuple[int, float]]:
    """Pairs seen at the levels of overlaps, by their labels, and the share of all that
    one is.
    """
    layout = Layout(model)
    columns = list(
        dict.fromkeys(column for c in model.comparisons for column in c.columns)
    )
    files = [engine.from_arrow(_side(LEFT, 100)), engine.from_arrow(_side(RIGHT, 0))]
    sides = drawn(engine, files, columns, most=100, seed=1)
    shares = {
        block.columns[0]: block.known
        for block in count_blocks(engine, layout, sides)
        if len(block.columns) == 1
    }
    patterns = overlaps(layout, shares, sides)
    tables = count_patterns(
        engine, layout, [overlap.pairs for overlap in patterns], sides
    )
    return {
        layout.levels[level].label: (round(table.level_counts()[level]), overlap.share)
        for overlap, table in zip(patterns, tables, strict=True)
        for level in overlap.levels
    }


def test_a_pair_that_shares_older_values_counts_once_and_not_where_the_newest_are_equal(
    engine: Engine,
) -> None:
    # 1-1 share A and B, 1-3 share A, 3-2 share D and E; 2-1 and 3-3 have equal newest
    # ones; 4 knows none.
    assert _overlap_counts(engine, _model()) == {
        "postcode: agrees at another time": (3, 1 / 9)
    }


def test_pairs_that_held_a_value_at_one_time_are_distinguished(engine: Engine) -> None:
    # All of the right began on the first day, of the left what comes first.
    assert _overlap_counts(engine, _model(dated=True)) == {
        "postcode: agrees at overlapping dates": (2, 1 / 9),
        "postcode: agrees at another time": (1, 1 / 9),
    }


@pytest.mark.parametrize(
    ("pairs", "u"), [(20, 2e-8), (0, 0.5e-9)], ids=["seen", "never seen"]
)
def test_u_of_an_overlap_is_its_counted_share(pairs: int, u: float) -> None:
    layout = Layout(_model())
    number = next(
        n
        for n, level in enumerate(layout.levels)
        if level.label == "postcode: agrees at another time"
    )
    differs = next(
        n for n, level in enumerate(layout.levels) if level.label == "postcode: differs"
    )
    levels = [[float(n == differs) for n in range(len(layout.places))]]
    random = Patterns(np.array([50_000]), np.array(levels))
    evidence = Evidence(
        layout, (1000, 2000), (), (OverlapCount(number, pairs, 1e-9),), random, ()
    )
    estimates = estimate_u(evidence)
    assert estimates[number] == pytest.approx(u)
    assert estimates[differs] == pytest.approx(1, abs=1e-4)
