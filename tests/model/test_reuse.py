"""A model of some columns fewer says of pairs what it says where these are not known."""

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


def weighing() -> Model:
    """Names that may stand in one another's place, and whatever stands at a level weighs something of its own."""
    raw = untrained(KINDS).raw
    for comparison in raw["comparisons"]:
        graded = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for number, level in enumerate(graded):
            level |= {"m_probability": 0.3, "u_probability": 0.3 / 1.3**number}
    return with_rules(from_dict(raw), ("l.dob = r.dob", "l.surname = r.surname"))


@pytest.mark.parametrize("gone", [["surname"], ["SURNAME", "town"], ["dob"]])
def test_pairs_weigh_what_they_weigh_where_the_columns_are_empty(engine: Engine, world: World, gone: list[str]) -> None:
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
        engine.sql("select * replace (cast(dob as varchar) as dob) from {t}", t=side) for side in (left, right)
    )
    pairs = engine.sql("select l.unit_id as left_id, r.unit_id as right_id from {l} as l, {r} as r", l=left, r=right)
    empty = ", ".join(f"cast(null as varchar) as {name.lower()}" for name in gone)
    emptied = [engine.sql(f"select * replace ({empty}) from {{t}}", t=side) for side in (left, right)]
    lacking = [engine.sql(f"select * exclude ({', '.join(gone)}) from {{t}}", t=side) for side in (left, right)]

    def weights(model: Model, sides: list[Table]) -> dict[tuple[int, int], float]:
        scored = score_given(engine, model, *sides, term_frequencies(engine, model, *sides), pairs)
        return {(row["left_id"], row["right_id"]): row["match_weight"] for row in engine_rows(engine, scored)}

    whole = weighing()
    less = without_columns(whole, gone)
    assert weights(less, lacking) == pytest.approx(weights(whole, emptied))
    assert not {name.lower() for name in gone} & {*less.columns}
    assert less.prior == whole.prior


def test_who_compares_nothing_else_is_refused() -> None:
    with pytest.raises(ConfigError, match="compares nothing"):
        without_columns(exact_model(), ["forename", "surname", "dob", "sex", "postcode"])
