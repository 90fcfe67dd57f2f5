"""The compiled scorer gives Splink's match weight, for every comparison of Splink's
library, on every pair.
"""

import math
from typing import Any

import pyarrow as pa
import pytest
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import ColumnExpression

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_candidates, score_given, term_frequencies
from linkage.model import from_dict
from tests.model.people import both_sides
from tests.model.splink_results import splink_weights, with_probabilities

LEFT, RIGHT = both_sides(70, 60)
CLOSE = 1e-6

LIBRARY = {
    "exact": cl.ExactMatch("sex"),
    "exact adjusted for frequency": cl.ExactMatch("surname").configure(
        term_frequency_adjustments=True
    ),
    "name": cl.NameComparison("forename"),
    "name of an expression": cl.NameComparison(
        ColumnExpression("forename").substr(1, 4)
    ),
    "forename and surname": cl.ForenameSurnameComparison("forename", "surname"),
    "forename and surname in one column": cl.ForenameSurnameComparison(
        "forename", "surname", forename_surname_concat_col_name="full_name"
    ),
    "birth date as text": cl.DateOfBirthComparison(
        "dob", input_is_string=True, datetime_format="%Y-%m-%d"
    ),
    "birth date": cl.DateOfBirthComparison("born", input_is_string=False),
    "postcode": cl.PostcodeComparison("postcode"),
    "postcode with places": cl.PostcodeComparison(
        "postcode", lat_col="lat", long_col="lon", km_thresholds=[2, 10]
    ),
    "email": cl.EmailComparison("email"),
    "Jaro-Winkler": cl.JaroWinklerAtThresholds("surname", [0.95, 0.8]).configure(
        term_frequency_adjustments=True
    ),
    "Levenshtein": cl.LevenshteinAtThresholds("surname", [1, 3]),
    "Damerau-Levenshtein": cl.DamerauLevenshteinAtThresholds("forename", [1, 2]),
    "Jaccard": cl.JaccardAtThresholds("surname", [0.9, 0.5]),
    "cosine": cl.CosineSimilarityAtThresholds("direction", [0.99, 0.9]),
    "array intersection": cl.ArrayIntersectAtSizes("names", [2, 1]),
    "difference of dates as text": cl.AbsoluteDateDifferenceAtThresholds(
        "dob",
        input_is_string=True,
        metrics=["day", "month", "year"],
        thresholds=[1, 1, 5],
    ),
    "difference of dates": cl.AbsoluteDateDifferenceAtThresholds(
        "born", input_is_string=False, metrics=["day", "year"], thresholds=[30, 5]
    ),
    "distance": cl.DistanceInKMAtThresholds("lat", "lon", [1, 5]),
    "pairs of names in lists": cl.PairwiseStringDistanceFunctionAtThresholds(
        "names", "jaro_winkler", [0.95, 0.85]
    ),
    "edits between names in lists": cl.PairwiseStringDistanceFunctionAtThresholds(
        "names", "levenshtein", [1]
    ),
    "a named function": cl.DistanceFunctionAtThresholds(
        "surname", "levenshtein", [1, 4], higher_is_more_similar=False
    ),
}


SURNAME = {"tf_adjustment_column": "surname"}
OF_OUR_OWN = {
    "adjusted at half weight with a floor": cl.CustomComparison(
        output_column_name="surname",
        comparison_levels=[
            cll.NullLevel("surname"),
            cll.ExactMatchLevel("surname").configure(
                **SURNAME, tf_adjustment_weight=0.5, tf_minimum_u_value=0.05
            ),
            cll.JaroWinklerLevel("surname", 0.9).configure(
                **SURNAME, tf_adjustment_weight=0.3
            ),
            cll.ElseLevel(),
        ],
    ),
    "adjusted without an exact level": cl.CustomComparison(
        output_column_name="surname",
        comparison_levels=[
            cll.NullLevel("surname"),
            cll.JaroWinklerLevel("surname", 0.95).configure(
                **SURNAME, disable_tf_exact_match_detection=True
            ),
            cll.ElseLevel(),
        ],
    ),
    "adjusted for a column that may be unknown": cl.CustomComparison(
        output_column_name="person",
        comparison_levels=[
            cll.NullLevel("forename"),
            cll.CustomLevel("forename_l = forename_r AND sex_l = sex_r").configure(
                **SURNAME, disable_tf_exact_match_detection=True
            ),
            cll.ExactMatchLevel("surname"),
            cll.ElseLevel(),
        ],
    ),
    "a swap before the exact level": cl.CustomComparison(
        output_column_name="surname",
        comparison_levels=[
            cll.NullLevel("surname"),
            cll.CustomLevel("surname_l = forename_r"),
            cll.ExactMatchLevel("surname").configure(tf_adjustment_column="surname"),
            cll.ElseLevel(),
        ],
    ),
    "an exact level in brackets and capitals": cl.CustomComparison(
        output_column_name="surname",
        comparison_levels=[
            cll.NullLevel("surname"),
            cll.CustomLevel("(SURNAME_L = SURNAME_R)").configure(
                tf_adjustment_column="surname"
            ),
            cll.ElseLevel(),
        ],
    ),
    "null level after others": cl.CustomComparison(
        output_column_name="postcode",
        comparison_levels=[
            cll.CustomLevel("postcode_l = postcode_r"),
            cll.NullLevel("postcode"),
            cll.CustomLevel("substr(postcode_l, 1, 3) = substr(postcode_r, 1, 3)"),
            cll.CustomLevel(
                "substr(postcode_l, 1, 3) = substr(postcode_r, 1, 3) or "
                "length(postcode_l) = 7"
            ),
            cll.ElseLevel(),
        ],
    ),
    "logical compositions": cl.CustomComparison(
        output_column_name="names",
        comparison_levels=[
            cll.And(cll.NullLevel("forename"), cll.NullLevel("surname")),
            cll.And(
                cll.JaroWinklerLevel("forename", 0.9),
                cll.Not(cll.ExactMatchLevel("surname")),
            ),
            cll.Or(
                cll.LevenshteinLevel("surname", 1),
                cll.ColumnsReversedLevel("forename", "surname"),
            ),
            cll.ElseLevel(),
        ],
    ),
    "a choice inside a level": cl.CustomComparison(
        output_column_name="sex",
        comparison_levels=[
            cll.CustomLevel(
                "case when sex_l is null then true else sex_r is null end"
            ).configure(is_null_level=True),
            cll.CustomLevel(
                "case when sex_l = 'M' then sex_r = 'M' when sex_l = 'F' then sex_r = "
                "'F' end"
            ),
            cll.ElseLevel(),
        ],
    ),
}
"""Levels of our own: weights and floors of the adjustment, several columns, and a null
level further down.
"""


def _rows(
    engine: Engine,
    settings: dict[str, Any],
    left: pa.Table,
    right: pa.Table,
    floor: float,
) -> dict[Any, Any]:
    model = from_dict(settings)
    sides = engine.from_arrow(left), engine.from_arrow(right)
    frequencies = term_frequencies(engine, model, *sides)
    pairs = score_candidates(engine, model, *sides, frequencies, floor).pairs
    rows = engine_rows(engine, pairs)
    by_pair = {(row["left_id"], row["right_id"]): row for row in rows}
    assert len(by_pair) == len(rows), "a pair stands twice"
    return by_pair


def _assert_same(
    rows: dict[Any, Any], splink_rows: dict[Any, dict[str, float]]
) -> None:
    assert rows.keys() == splink_rows.keys()
    for pair, expected in splink_rows.items():
        for name, value in expected.items():
            assert math.isclose(rows[pair][name], value, rel_tol=0, abs_tol=CLOSE), (
                pair,
                name,
            )


@pytest.mark.parametrize("name", LIBRARY)
def test_every_pair_has_splinks_weight(name: str, engine: Engine) -> None:
    settings = from_dict(
        with_probabilities([LIBRARY[name]])
    ).raw  # Splink's own lambdas do not run on DuckDB 2
    splink_rows = splink_weights(settings, LEFT, RIGHT)
    assert len(splink_rows) == LEFT.num_rows * RIGHT.num_rows
    assert len({round(row["match_weight"], 6) for row in splink_rows.values()}) > 1
    _assert_same(_rows(engine, settings, LEFT, RIGHT, -1e9), splink_rows)


@pytest.mark.parametrize("name", OF_OUR_OWN)
def test_levels_of_our_own_have_splinks_weight(name: str, engine: Engine) -> None:
    settings = with_probabilities([OF_OUR_OWN[name]])
    _assert_same(
        _rows(engine, settings, LEFT, RIGHT, -1e9),
        splink_weights(settings, LEFT, RIGHT),
    )


@pytest.mark.parametrize(
    "name", ["adjusted without an exact level", "adjusted at half weight with a floor"]
)
def test_a_rare_value_lifts_a_pair_over_the_floor(name: str, engine: Engine) -> None:
    """How rare a value is shows last of all: the bound must leave room for it."""
    settings = with_probabilities([OF_OUR_OWN[name]])
    splink_rows = splink_weights(settings, LEFT, RIGHT)
    for floor in sorted({row["match_weight"] - 1e-9 for row in splink_rows.values()})[
        -3:
    ]:
        heavy_pairs = {
            pair for pair, row in splink_rows.items() if row["match_weight"] >= floor
        }
        assert _rows(engine, settings, LEFT, RIGHT, floor).keys() == heavy_pairs


WHOLE = [
    LIBRARY[name]
    for name in (
        "forename and surname",
        "birth date as text",
        "postcode",
        "email",
        "exact",
        "array intersection",
    )
]
RULES = [
    {"blocking_rule": 'l."dob" = r."dob"', "sql_dialect": "duckdb"},
    {
        "blocking_rule": 'l."names" = r."names" AND l."sex" = r."sex"',
        "sql_dialect": "duckdb",
        "arrays_to_explode": ["names"],
    },
    {"blocking_rule": "levenshtein(l.email, r.email) <= 2", "sql_dialect": "duckdb"},
    {
        "blocking_rule": "l.postcodes = r.postcodes AND l.names = r.names",
        "sql_dialect": "duckdb",
        "arrays_to_explode": ["postcodes", "names"],
    },
]


@pytest.fixture(scope="module")
def full_model() -> tuple[
    dict[str, Any], pa.Table, pa.Table, dict[tuple[int, int], dict[str, float]]
]:
    """A model of six comparisons on four rules, two of them over lists, and what Splink
    says of its pairs.
    """
    left, right = both_sides(250, 200, seed=11)
    settings = with_probabilities(WHOLE, rules=RULES)
    return settings, left, right, splink_weights(settings, left, right)


def test_a_whole_model_makes_splinks_pairs_and_weights(
    full_model: Any, engine: Engine
) -> None:
    settings, left, right, splink_rows = full_model
    assert 1000 < len(splink_rows) < 250 * 200
    _assert_same(_rows(engine, settings, left, right, -1e9), splink_rows)


@pytest.mark.parametrize("floor", [-12.0, -3.0, 0.0, 8.0])
def test_a_floor_keeps_the_pairs_that_reach_it_and_no_other(
    floor: float, full_model: Any, engine: Engine
) -> None:
    settings, left, right, splink_rows = full_model
    heavy_pairs = {
        pair: scores
        for pair, scores in splink_rows.items()
        if scores["match_weight"] >= floor
    }
    assert 0 < len(heavy_pairs) < len(splink_rows)
    rows = _rows(engine, settings, left, right, floor)
    _assert_same(
        {pair: row for pair, row in rows.items() if row["match_weight"] >= floor},
        heavy_pairs,
    )
    assert rows.keys() == heavy_pairs.keys()


def test_pairs_named_elsewhere_are_scored_whatever_they_weigh(
    full_model: Any, engine: Engine
) -> None:
    settings, left, right, splink_rows = full_model
    model = from_dict(settings)
    keys = sorted(splink_rows)[::50]
    pairs = engine.from_arrow(
        pa.table({"left_id": [a for a, _ in keys], "right_id": [b for _, b in keys]})
    )
    sides = engine.from_arrow(left), engine.from_arrow(right)
    frequencies = term_frequencies(engine, model, *sides)
    rows = engine_rows(engine, score_given(engine, model, *sides, frequencies, pairs))
    _assert_same(
        {(row["left_id"], row["right_id"]): row for row in rows},
        {pair: splink_rows[pair] for pair in keys},
    )


def test_splink_reads_back_what_a_model_saves(tmp_path: Any, full_model: Any) -> None:
    settings, left, right, splink_rows = full_model
    import json

    from_dict(settings).save(tmp_path / "model.json")
    weights = splink_weights(
        json.loads((tmp_path / "model.json").read_text()), left, right
    )
    _assert_same(weights, splink_rows)
