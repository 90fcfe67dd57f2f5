"""The functions that Spark borrows from rapidfuzz give DuckDB's values, here without
Spark.
"""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import connect, rows
from linkage.engine.similarity import FUNCTIONS

TEXTS = st.text(alphabet="ABCDEMNORST '-É", min_size=1, max_size=12)
PAIRS = st.lists(
    st.tuples(st.none() | TEXTS, st.none() | TEXTS), min_size=1, max_size=40
)
ON_DUCKDB = {
    "leo_jaro_winkler": "jaro_winkler_similarity",
    "leo_jaro": "jaro_similarity",
    "leo_damerau_levenshtein": "damerau_levenshtein",
    "leo_jaccard": "jaccard",
}


@pytest.mark.parametrize("name", sorted(ON_DUCKDB))
@given(pairs=PAIRS)
def test_any_two_texts_have_the_similarity_of_duckdb(name, pairs):
    left, right = (
        pa.array([pair[side] for pair in pairs], pa.string()) for side in (0, 1)
    )
    ascii_only = pa.array(
        [all(text is None or text.isascii() for text in pair) for pair in pairs]
    )
    scores = FUNCTIONS[name][0](left, right)
    with connect("duckdb", threads=1) as engine:
        table = engine.from_arrow(
            pa.table(
                {
                    "n": list(range(len(pairs))),
                    "l": left,
                    "r": right,
                    "ascii": ascii_only,
                }
            )
        )
        query = f"select {ON_DUCKDB[name]}(l, r) as score from {{t}} order by n"
        duckdb_scores = [
            row["score"] for row in rows(engine, engine.sql(query, t=table))
        ]
    for similarity, expected, is_ascii in zip(
        scores.to_pylist(), duckdb_scores, ascii_only.to_pylist(), strict=True
    ):
        # texts in tables are ASCII; beyond it DuckDB counts bytes in some of these
        # functions
        if is_ascii:
            assert similarity == (
                None if expected is None else pytest.approx(expected, abs=1e-12)
            )


@pytest.mark.parametrize("name", ["leo_jaro_winkler", "leo_jaro"])
def test_an_empty_text_is_like_nothing(name):
    function, _ = FUNCTIONS[name]
    assert function(pa.array(["", "", "A"]), pa.array(["", "A", ""])).to_pylist() == [
        0.0,
        0.0,
        0.0,
    ]
