"""Strangers inside a block agree on what depends on the block; pairs within a file show how often."""

from typing import Any

import pytest

from linkage.engine import Engine
from linkage.model import Model, from_dict
from linkage.model.chance import block_u
from tests.conftest import parse

# Random pairs agree on sex half of the time, and on a postcode once in ten; they count as 200 pairs.
U = {"forename": 0.2, "sex": 0.5, "postcode": 0.1}
SIDE = """
    unit_id | forename | sex | postcode
    1       | AVA      | F   | P1
    2       | AVA      | F   | P1
    3       | AVA      | F   | P2
    4       | NOAH     | M   | P1
    5       | NOAH     | M   | P3
    6       | ROBIN    | M   | -
    7       | ROBIN    | F   | P4
    8       | -        | F   | P1
    9       | -        | F   | P1
"""


def _model() -> Model:
    comparisons = [
        {
            "output_column_name": name,
            "comparison_levels": [
                {"sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL", "is_null_level": True},
                {"sql_condition": f"{name}_l = {name}_r", "m_probability": 0.9, "u_probability": u},
                {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 1 - u},
            ],
        }
        for name, u in U.items()
    ]
    return from_dict({"comparisons": comparisons, "probability_two_random_records_match": 0.01})


def _u(found: dict[tuple[int, int], float], name: str) -> tuple[float, float]:
    """u of agreement and of disagreement."""
    index = list(U).index(name)
    return found[index, 1], found[index, 2]


def test_strangers_of_one_forename_are_of_one_sex(engine: Engine) -> None:
    """Five pairs share a forename: three of AVA, one of NOAH, one of ROBIN, who are of both sexes."""
    found = block_u(engine, _model(), ["forename"], [parse(SIDE)])
    assert _u(found, "sex") == pytest.approx(((4 + 100) / 205, (1 + 100) / 205))
    # One ROBIN has no postcode, so that four pairs show whether postcodes agree.
    assert _u(found, "postcode") == pytest.approx(((1 + 20) / 204, (3 + 180) / 204))
    assert _u(found, "forename") == pytest.approx(((5 + 40) / 205, 160 / 205))
    assert set(found) == {(index, level) for index in range(3) for level in (1, 2)}, "a missing value has no u"


def test_a_block_of_two_columns_holds_who_agrees_on_both(engine: Engine) -> None:
    """Only 1 and 2; 8 and 9 have no forename."""
    found = block_u(engine, _model(), ["forename", "postcode"], [parse(SIDE)])
    assert _u(found, "sex") == pytest.approx((101 / 201, 100 / 201))


def test_each_file_shows_its_own_strangers(engine: Engine) -> None:
    """Pairs between files may be matches, and are not looked at."""
    other = "unit_id | forename | sex | postcode\n11 | AVA | F | P1\n12 | NOAH | M | P1\n13 | NOAH | F | P1"
    found = block_u(engine, _model(), ["forename"], [parse(SIDE), parse(other)])
    assert _u(found, "sex") == pytest.approx(((4 + 100) / 206, (2 + 100) / 206))


def test_where_nobody_shares_a_block_random_pairs_are_all_there_is(engine: Engine) -> None:
    side = "unit_id | forename | sex | postcode\n1 | AVA | F | P1\n2 | NOAH | M | P1"
    found = block_u(engine, _model(), ["forename"], [parse(side)])
    assert {name: _u(found, name) for name in U} == {name: pytest.approx((u, 1 - u)) for name, u in U.items()}


def test_rows_without_a_value_make_no_pairs_and_thin_out_none(engine: Engine) -> None:
    """Two thousand of unknown forename would be two million pairs, were they a block."""
    unknown = "".join(f"{100 + n} | - | F | P1\n" for n in range(2000))
    found: Any = block_u(engine, _model(), ["forename"], [parse(SIDE + unknown)])
    assert _u(found, "sex") == pytest.approx(((4 + 100) / 205, (1 + 100) / 205))
