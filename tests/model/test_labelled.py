"""m from labels: Splink's where every label counts once, weighted up where labels were
drawn.
"""

import math
import random
from typing import Any

import pyarrow as pa
import pytest
import splink.comparison_library as cl
from splink import Linker

from linkage.cli.model import labelled_lines
from linkage.engine import connect, rows
from linkage.errors import InputError
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.labelled import Labelled, m_from_labels
from tests.model.splink_results import splink_tables, with_probabilities

NAMES = ["ANNA", "ANNE", "BERT", "BERTA", "CARL", "CARLA", None]


def model_of(*shares: float) -> Model:
    """One comparison with levels 2, 1 and 0 of these m; u is a third of each."""
    conditions = [
        '"name_l" = "name_r"',
        'substr("name_l", 1, 1) = substr("name_r", 1, 1)',
        "ELSE",
    ]
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": '"name_l" IS NULL OR "name_r" IS NULL',
            "label_for_charts": "null",
            "is_null_level": True,
        }
    ]
    levels += [
        {
            "sql_condition": c,
            "label_for_charts": c[:4],
            "m_probability": m,
            "u_probability": 1 / 3,
        }
        for c, m in zip(conditions, shares, strict=True)
    ]
    comparison = {"output_column_name": "name", "comparison_levels": levels}
    return from_dict({"link_type": "link_only", "comparisons": [comparison]})


def m_of(model: Model) -> list[float]:
    return [level.m or 0.0 for level in model.comparisons[0].levels if level.value >= 0]


def test_m_from_labels_equals_splinks() -> None:
    """Equal weights and no pseudo-counts: the share of labelled matches at each level,
    of those without NULL.
    """
    chance = random.Random(5)

    def file(first: int) -> list[dict[str, Any]]:
        return [
            {
                "unit_id": first + n,
                "forename": chance.choice(NAMES),
                "sex": chance.choice("FM"),
            }
            for n in range(80)
        ]

    schema = pa.schema(
        [("unit_id", pa.int64()), ("forename", pa.string()), ("sex", pa.string())]
    )
    left, right = (pa.Table.from_pylist(file(first), schema) for first in (1, 1001))
    settings = with_probabilities(
        [cl.JaroWinklerAtThresholds("forename", [0.9]), cl.ExactMatch("sex")]
    )
    pairs = pa.table(
        {"left_id": pa.array(range(1, 61)), "right_id": pa.array(range(1001, 1061))}
    )
    with splink_tables({"side_left": left, "side_right": right}) as tables:
        linker = Linker(
            tables, dict(settings), log_level="ERROR", validate_settings=False
        )
        labels = [
            {
                "source_dataset_l": "side_left",
                "unit_id_l": a,
                "source_dataset_r": "side_right",
                "unit_id_r": b,
            }
            for a, b in zip(
                *(pairs[name].to_pylist() for name in pairs.column_names), strict=True
            )
        ]
        linker.training.estimate_m_from_pairwise_labels(
            linker.table_management.register_table(
                pa.Table.from_pylist(labels), "labels"
            )
        )
        expected = from_dict(linker.misc.save_model_to_json())
    model = from_dict(settings)
    with connect("duckdb", threads=1) as engine:
        sides = engine.from_arrow(left), engine.from_arrow(right)
        scored_rows = rows(
            engine,
            score_given(
                engine,
                model,
                *sides,
                term_frequencies(engine, model, *sides),
                engine.from_arrow(pairs),
            ),
        )
    names = [f"gamma_{comparison.name}" for comparison in model.comparisons]
    labelled_model, report = m_from_labels(
        model,
        [Labelled(tuple(row[name] for name in names), "match") for row in scored_rows],
        pseudo=0.0,
    )
    assert report.answers == {"match": 60, "no match": 0, "uncertain": 0}
    our_m, splink_m = (
        [
            level.m
            for c in source.comparisons
            for level in c.levels
            if level.value >= 0 and level.m and level.m > 1e-5
        ]
        for source in (labelled_model, expected)
    )
    assert len(our_m) >= 4
    assert our_m == pytest.approx(splink_m)


def test_a_sampled_pair_counts_with_its_weight() -> None:
    """One in ten of the strong pairs was looked at, every weak one."""
    pairs = [Labelled((2,), "match", 10.0, "strong")] * 9 + [
        Labelled((0,), "match", 1.0, "weak")
    ] * 10
    model, report = m_from_labels(model_of(0.5, 0.3, 0.2), pairs, pseudo=0.0)
    assert m_of(model) == pytest.approx([0.9, 0.0, 0.1])
    assert report.matches == 100.0
    assert report.effective == pytest.approx(100**2 / (9 * 100 + 10))


def test_an_uncertain_pair_is_a_match_as_often_as_its_stratum() -> None:
    """Three in four decided pairs of its stratum are matches; in the other stratum none
    is.
    """
    pairs = [
        *[Labelled((2,), "match", 1.0, "a")] * 3,
        Labelled((1,), "no match", 1.0, "a"),
        Labelled((0,), "uncertain", 4.0, "a"),
        Labelled((1,), "no match", 1.0, "b"),
        Labelled((1,), "uncertain", 50.0, "b"),
    ]
    model, report = m_from_labels(model_of(0.5, 0.3, 0.2), pairs, pseudo=0.0)
    assert m_of(model) == pytest.approx([0.5, 0.0, 0.5])
    assert report.answers == {"match": 3, "no match": 2, "uncertain": 2}


def test_a_level_without_labels_keeps_its_m() -> None:
    """Fifteen matches next to five that show 0.5, 0.3, 0.2; the error is of fifteen."""
    model, report = m_from_labels(
        model_of(0.5, 0.3, 0.2), [Labelled((2,), "match")] * 15
    )
    assert m_of(model) == pytest.approx([17.5 / 20, 1.5 / 20, 1.0 / 20])
    m = 17.5 / 20
    assert report.levels[0].error == pytest.approx(
        math.sqrt((1 - m) / (m * 15)) / math.log(2)
    )
    assert report.levels[1].error is None


def test_a_missing_value_gives_no_evidence() -> None:
    model, _ = m_from_labels(model_of(0.5, 0.3, 0.2), [Labelled((-1,), "match")] * 3)
    assert m_of(model) == pytest.approx([0.5, 0.3, 0.2])


def test_without_a_match_there_is_nothing_to_learn() -> None:
    with pytest.raises(InputError, match="no pair is labelled a match"):
        m_from_labels(
            model_of(0.5, 0.3, 0.2),
            [Labelled((2,), "no match"), Labelled((2,), "uncertain")],
        )


def test_a_rare_level_without_labels_about_keeps_its_m() -> None:
    """One match in a thousand: 400 labels that show none of it made it eighty times
    rarer, 6 bits less.
    """
    model, report = m_from_labels(
        model_of(0.949, 0.05, 0.001), [Labelled((2,), "match")] * 400, seen=10_000
    )
    # A share that varies by half of itself is worth (1 - m) / (m / 4) matches, here
    # 3,996; at one level in ten it is not.
    firm, loose = 0.001 * 3996 / (400 + 3996), 0.001 * 5 / (400 + 5)
    assert m_of(model)[2] == pytest.approx(0.9 * firm + 0.1 * loose, rel=0.05)
    assert report.unseen == ["subs", "ELSE"]
    assert report.as_dict()["unseen"] == report.unseen
    assert labelled_lines(report)[-1].startswith("no label shows: subs; ELSE. ")


def test_labels_that_contradict_the_model_outweigh_it() -> None:
    """Twelve of 400 where one in a thousand was said: m of 4,000 matches would leave it
    at a third of one in a hundred.
    """
    pairs = [Labelled((2,), "match")] * 388 + [Labelled((0,), "match")] * 12
    model, _ = m_from_labels(model_of(0.949, 0.05, 0.001), pairs, seen=10_000)
    assert m_of(model)[2] == pytest.approx(12 / 400, rel=0.05)
    model, _ = m_from_labels(
        model_of(0.949, 0.05, 0.001),
        [*pairs[:388], Labelled((0,), "match"), *pairs[:11]],
        seen=10_000,
    )
    assert m_of(model)[2] < 0.0015  # one alone is chance


def test_m_of_a_comparison_add_up_to_one() -> None:
    model, _ = m_from_labels(
        model_of(0.9, 0.09, 0.01), [Labelled((1,), "match", 3.0)] * 9, seen=5_000
    )
    assert sum(m_of(model)) == pytest.approx(1)
