"""Ready comparisons: the level that a pair of values reaches."""

import pyarrow as pa
import pytest

from linkage.engine import Engine, one
from linkage.model.comparisons import comparison


def _level(engine: Engine, kind: str, left: str, right: str) -> str:
    """The label of the first comparison level that holds for two values."""
    levels = comparison("x", kind)["comparison_levels"]
    pair = engine.from_arrow(pa.table({"x_l": [left], "x_r": [right]}))
    cases = "".join(
        f" when {level['sql_condition']} then {number}"
        for number, level in enumerate(levels[:-1])
    )
    row = one(
        engine,
        engine.sql(
            f"select case{cases} else {len(levels) - 1} end as level from {{p}}", p=pair
        ),
    )
    return str(levels[row["level"]]["label_for_charts"]).removeprefix("x: ")


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("ROSA LUISA", "ROSA LUISA", "equal"),
        ("ROSA LUISA", "ROSA", "one is part of the other"),
        ("LOPEZ", "GARCIA LOPEZ", "one is part of the other"),
        ("ROSALUISA", "ROSA", "Jaro-Winkler 0.85 or more"),
        ("ROSA LUISA", "R", "same initial, one of them short"),
        ("ROSA LUISA", "XENIA", "differs"),
    ],
)
def test_a_name_of_several_words_may_hold_the_other(
    engine: Engine, left: str, right: str, level: str
) -> None:
    assert _level(engine, "names", left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("1985-03-04", "1985-03-04", "equal"),
        ("1985-00-00", "1985-00-00", "equal"),
        ("1985-00-00", "1985-03-04", "same year, no more known"),
        ("1985-03-04", "1986-00-00", "a digit of the year differs, no more known"),
        ("1985-00-00", "1972-03-04", "another year, no more known"),
        ("1985-03-04", "1985-04-03", "day and month swapped"),
        ("1985-03-04", "1985-10-28", "same year"),
    ],
)
def test_a_year_alone_is_compared_with_a_year(
    engine: Engine, left: str, right: str, level: str
) -> None:
    assert _level(engine, "partial date", left, right) == level
