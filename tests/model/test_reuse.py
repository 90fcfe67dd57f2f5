"""A model without some columns weighs pairs as the full model does where these are not
known.
"""

import pytest

from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.errors import ConfigError
from linkage.files.comparisons import untrained
from linkage.files.train import with_rules
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.reuse import without_columns
from tests.conftest import World
from tests.match.exact_model import exact_model

KINDS = {"forename": "name", "surname": "name", "dob": "date", "town": "category"}


def weighted_model() -> Model:
    """Names that may stand in one another's place, and whatever stands at a level
    weighs something of its own.
    """
    raw = untrained(KINDS).raw
    for comparison in raw["comparisons"]:
        levels = [
            level
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for number, level in enumerate(levels):
            level |= {"m_probability": 0.3, "u_probability": 0.3 / 1.3**number}
    return with_rules(from_dict(raw), ("l.dob = r.dob", "l.surname = r.surname"))


@pytest.mark.parametrize("columns", [["surname"], ["SURNAME", "town"], ["dob"]])
def test_a_model_without_columns_weighs_as_with_empty_columns(
    engine: Engine, world: World, columns: list[str]
) -> None:
    left = world("""
        unit_id | forename | surname | dob        | town
        1       | SMART    | SHANE   | 1990-01-02 | A
        2       | ANNA     | LEE     | 1980-03-04 | B
        3       | ANNA     | LEE     | -          | A
    """)
    right = world("""
        unit_id | forename | surname | dob        | town
        1       | SHANE    | SMART   | 1990-02-01 | A
        2       | ANNE     | LEE     | 1980-03-04 | A
        3       | ANNA     | LEA     | 1970-03-04 | A
    """)
    left, right = (
        engine.sql("select * replace (cast(dob as varchar) as dob) from {t}", t=side)
        for side in (left, right)
    )
    pairs = engine.sql(
        "select l.unit_id as left_id, r.unit_id as right_id from {l} as l, {r} as r",
        l=left,
        r=right,
    )
    nulls = ", ".join(f"cast(null as varchar) as {name.lower()}" for name in columns)
    empty_sides = [
        engine.sql(f"select * replace ({nulls}) from {{t}}", t=side)
        for side in (left, right)
    ]
    short_sides = [
        engine.sql(f"select * exclude ({', '.join(columns)}) from {{t}}", t=side)
        for side in (left, right)
    ]

    def weights(model: Model, sides: list[Table]) -> dict[tuple[int, int], float]:
        scored_pairs = score_given(
            engine, model, *sides, term_frequencies(engine, model, *sides), pairs
        )
        return {
            (row["left_id"], row["right_id"]): row["match_weight"]
            for row in engine_rows(engine, scored_pairs)
        }

    full_model = weighted_model()
    small_model = without_columns(full_model, columns)
    assert weights(small_model, short_sides) == pytest.approx(
        weights(full_model, empty_sides)
    )
    assert not {name.lower() for name in columns} & {*small_model.columns}
    assert small_model.prior == full_model.prior


def test_a_model_left_without_comparisons_is_refused() -> None:
    with pytest.raises(ConfigError, match="compares nothing"):
        without_columns(
            exact_model(), ["forename", "surname", "dob", "sex", "postcode"]
        )
