"""Weights that no data support: levels in the wrong order, and comparisons on which
matches agree no more than others.
"""

import random
from copy import deepcopy

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, Table
from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training import TrainingReport, train
from linkage.model.training.counts import Layout
from linkage.model.training.estimates import monotone
from tests.model import known_errors

NAME = Layout(from_dict(settings([comparison("name", "name", swapped_with="other")])))


@pytest.mark.parametrize(
    ("kind", "chain"),
    [
        (
            "name",
            [
                "equal",
                "Jaro-Winkler 0.92 or more",
                "Jaro-Winkler 0.85 or more",
                "Jaro-Winkler 0.7 or more",
                "differs",
            ],
        ),
        (
            "date",
            ["equal", "one character differs", "two characters differ", "differs"],
        ),
        ("code", ["equal", "one edit apart", "two edits apart", "differs"]),
        (
            "age",
            ["equal", "differs"],
        ),  # files of other years: matches gather at one of the levels
        ("category", ["equal", "differs"]),
    ],
)
def test_levels_of_one_distance_are_ordered(kind: str, chain: list[str]) -> None:
    layout = Layout(from_dict(settings([comparison("x", kind)])))
    assert [
        [layout.levels[n].label.removeprefix("x: ") for n in numbers]
        for numbers in layout.ordered
    ] == [chain]


def test_m_that_the_model_fixes_is_in_no_order() -> None:
    for place, levels in ((1, [[1]]), (2, [])):
        raw = settings([comparison("x", "category")])
        raw["comparisons"][0]["comparison_levels"][place]["fix_m_probability"] = True
        layout = Layout(from_dict(raw))
        assert [len(numbers) for numbers in layout.ordered] == [1]
        assert [list(numbers) for numbers in layout.free_levels] == levels


def test_two_levels_in_the_wrong_order_have_the_weight_of_both_together() -> None:
    layout = Layout(from_dict(settings([comparison("x", "code")])))
    m, u = np.array([0.9, 0.01, 0.05, 0.04]), np.array([0.01, 0.02, 0.03, 0.94])
    assert monotone(layout, m, u) == pytest.approx(
        [0.9, 0.06 * 2 / 5, 0.06 * 3 / 5, 0.04]
    )


SHARES = st.lists(st.floats(1e-6, 1.0), min_size=7, max_size=7).map(
    lambda values: np.array(values) / sum(values)
)


@given(SHARES, SHARES)
def test_a_level_that_agrees_better_never_weighs_less(
    m: np.ndarray, u: np.ndarray
) -> None:
    (chain,), fit = NAME.ordered, monotone(NAME, m, u)
    ratios = fit[chain] / u[chain]
    others = np.setdiff1d(np.arange(7), chain)
    assert (np.diff(ratios) <= 1e-9 * ratios[:-1]).all()
    assert fit.sum() == pytest.approx(1)
    is_kept = fit[others] == m[others]
    assert is_kept[m[others] / u[others] > ratios[-1] * (1 + 1e-9)].all(), (
        "swapped names, and an initial, are grades of nothing else"
    )
    assert (fit[others] / u[others] >= ratios[-1] * (1 - 1e-9)).all(), (
        "but they agree better than no agreement"
    )
    assert monotone(NAME, fit, u) == pytest.approx(fit)
    if (np.diff(m[chain] / u[chain]) <= 0).all() and (
        m[others] / u[others] >= m[chain[-1]] / u[chain[-1]]
    ).all():
        assert (fit == m).all()


def test_a_level_that_matches_hardly_show_weighs_no_less_than_none() -> None:
    m, u = (
        np.array([0.9, 1e-6, 0.03, 0.03, 0.02, 0.01, 0.01 - 1e-6]),
        np.array([0.01] * 6 + [0.94]),
    )
    fit = monotone(NAME, m, u)
    assert fit[[1, 6]] / u[[1, 6]] == pytest.approx([0.01 / 0.95] * 2)
    assert (fit[2:6] == m[2:6]).all()


@pytest.fixture(scope="module")
def rows() -> tuple[list[dict[str, object]], ...]:
    """Two files of known people, with fields that say nothing, and one that next to
    nobody has.
    """
    draw = random.Random(4)

    def further(row: dict[str, object]) -> dict[str, object]:
        is_known = draw.random() < 0.05
        return {
            **row,
            "constant": "00000",
            "nearly": "00000"
            if draw.random() < 0.999
            else f"{draw.randrange(10**5):05}",
            "noise": draw.choice("ABC"),
            "unknown": None,
            "sparse": row["surname"] if is_known else None,
        }

    return tuple(
        [further(row) for row in side.to_pylist()] for side in known_errors.two_files()
    )


def trained_weights(
    engine: Engine, rows: tuple[list[dict[str, object]], ...], *kinds: tuple[str, str]
) -> tuple[dict[str, list[float]], TrainingReport]:
    """Weights of the levels of each field, of a model with further fields."""
    raw = deepcopy(known_errors.model().raw)
    raw["comparisons"] += [comparison(name, kind) for name, kind in kinds]
    sides: list[Table] = [
        engine.from_arrow(
            pa.Table.from_pylist(
                side,
                pa.schema(
                    [
                        (n, pa.int64() if n == "unit_id" else pa.string())
                        for n in side[0]
                    ]
                ),
            )
        )
        for side in rows
    ]
    model, report = train(engine, from_dict(raw), *sides, seed=5)
    return {
        c.name: [level.weight for level in c.levels if level.value >= 0]
        for c in model.comparisons
    }, report


def test_columns_without_information_have_no_weight_and_change_no_other(
    engine: Engine, rows: tuple[list[dict[str, object]], ...]
) -> None:
    plain_weights, _ = trained_weights(engine, rows)
    silent_fields = [
        ("constant", "text"),
        ("nearly", "postcode"),
        ("noise", "category"),
    ]
    weights, report = trained_weights(engine, rows, *silent_fields, ("unknown", "text"))
    for name, _ in silent_fields:
        assert weights[name] == pytest.approx([0.0] * len(weights[name])), name
        assert any(
            line.startswith(f"comparison '{name}' has no weight")
            for line in report.warnings
        )
    for name, levels in plain_weights.items():
        assert weights[name][0] == pytest.approx(levels[0], abs=0.1), name
        assert weights[name][-1] == pytest.approx(levels[-1], abs=0.3), name
    assert report.faults == []


def test_a_column_that_few_records_have_weighs_what_these_show(
    engine: Engine, rows: tuple[list[dict[str, object]], ...]
) -> None:
    weights, report = trained_weights(engine, rows, ("sparse", "name"))
    assert weights["sparse"][0] > 5
    assert weights["sparse"][-1] < 0
    assert report.warnings == report.faults == []


def test_a_column_in_other_codes_is_named_and_does_no_harm(
    engine: Engine, rows: tuple[list[dict[str, object]], ...]
) -> None:
    """One file writes M for what the other writes F for."""
    left, right = rows
    recoded = [{**row, "sex": {"M": "F", "F": "M"}[str(row["sex"])]} for row in right]
    weights, report = trained_weights(engine, (left, recoded))
    assert weights["sex"] == pytest.approx([0.0, 0.0])
    assert ["'sex' has no weight" in line for line in report.warnings] == [True]
