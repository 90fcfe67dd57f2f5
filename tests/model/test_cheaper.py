"""Conditions on edit distances, written without the distance: the same answers."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine.macros import define
from linkage.model.conditions import cheaper

_LETTERS = st.text(alphabet="abAB1 -éè\u0301ñß😀", max_size=6)


@st.composite
def _similar_texts(draw: st.DrawFn) -> tuple[str | None, str | None]:
    """A text, and the same after up to three slips; now and then one is missing."""
    text = draw(_LETTERS)
    characters = list(text)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(characters)))
        slip = draw(st.sampled_from(["type", "miss", "add", "swap"]))
        if slip == "add":
            characters.insert(place, draw(st.sampled_from("abé ")))
        elif slip == "miss":
            del characters[place : place + 1]
        elif slip == "type":
            characters[place : place + 1] = draw(st.sampled_from("abé "))
        else:
            characters[place : place + 2] = characters[place : place + 2][::-1]
    return draw(
        st.sampled_from(
            [(text, "".join(characters))] * 8 + [(None, text), (text, None)]
        )
    )


@pytest.mark.parametrize("distance", ["levenshtein", "damerau_levenshtein"])
@given(pairs=st.lists(_similar_texts(), min_size=1, max_size=40))
def test_one_edit_apart_equals_the_distance(
    distance: str, pairs: list[tuple[str | None, str | None]]
) -> None:
    rule = f"{distance}(l, r) <= 1"
    cheap_rule = cheaper(rule)
    assert distance not in cheap_rule.lower()
    rows = pa.table(
        {
            "l": pa.array([p[0] for p in pairs], pa.string()),
            "r": pa.array([p[1] for p in pairs], pa.string()),
        }
    )
    with duckdb.connect() as connection:
        define(connection)
        connection.register("pairs", rows)
        answers = connection.execute(
            f"select {rule}, {cheap_rule} from pairs"
        ).fetchall()
    assert [a for a, _ in answers] == [b for _, b in answers]


@pytest.mark.parametrize(
    "condition",
    [
        "levenshtein(l, r) <= 2",
        "levenshtein(l, r) < 1",
        "1 >= levenshtein(l, r)",
        "jaro_winkler_similarity(l, r) <= 1",
        "length(l) <= 1",
    ],
)
def test_other_conditions_stay(condition: str) -> None:
    assert "within_one" not in cheaper(condition)


def test_inside_a_longer_condition() -> None:
    condition = (
        'year_l IS NULL AND (levenshtein("a_l", "a_r") <= 1 OR '
        "damerau_levenshtein(b_l, b_r) <= 1)"
    )
    assert cheaper(condition) == (
        'year_l IS NULL AND (WITHIN_ONE_EDIT("a_l", "a_r") OR '
        "WITHIN_ONE_EDIT_OR_SWAP(b_l, b_r))"
    )
