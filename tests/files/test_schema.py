"""Statements of a user about columns are applied, or refused with a remedy."""

import pytest

from linkage.errors import ConfigError
from linkage.files.schema import compared_name, date_formats_of, stated_of

HEADERS = {
    "left": ["id", "NAME1", "Home", "Mobile", "grade"],
    "right": ["ref", "NAME2", "mark"],
}


def test_maps_and_compared_columns_by_side() -> None:
    statements = stated_of(
        HEADERS,
        [
            "left.surname=NAME1",
            "right.surname=NAME2",
            "left.phone=Home",
            "left.phone=Mobile",
            "right.other=mark",
        ],
        ["grade=mark"],
    )
    assert statements["left"].roles == {
        "surname": ["NAME1"],
        "phone": ["Home", "Mobile"],
    }
    assert statements["right"].left_out == ["mark"]
    assert [statement.compared for statement in statements.values()] == [
        {"grade": "grade"},
        {"grade": "mark"},
    ]


def test_one_column_for_both_names_is_a_full_name() -> None:
    statements = stated_of({"file": ["N"]}, ["forename=N", "surname=N"], [])
    assert statements["file"].roles == {"full_name": ["N"]}


@pytest.mark.parametrize(
    ("maps", "compare", "part"),
    [
        (["surname=NAME1"], [], "left.ROLE=COLUMN"),
        (["left.surname=NAME9"], [], "the left file has no column 'NAME9'"),
        (["left.sirname=NAME1"], [], "nearest: surname"),
        (["left.surname=NAME1", "left.surname=id"], [], "give one of them"),
        ([], ["grade"], "the right file has no column 'grade'"),
    ],
)
def test_a_statement_that_fits_no_column_is_refused(
    maps: list[str], compare: list[str], part: str
) -> None:
    with pytest.raises(ConfigError, match=part):
        stated_of(HEADERS, maps, compare)


def test_names_of_further_columns_are_no_roles() -> None:
    assert compared_name("Exam Score") == "exam_score"
    assert compared_name("surname") == "surname_"
    assert compared_name("unit_id") == "unit_id_"


def test_date_formats_are_given_once_or_for_each_file() -> None:
    assert date_formats_of(["%d/%m/%Y"], ["left", "right"]) == {
        "left": "%d/%m/%Y",
        "right": "%d/%m/%Y",
    }
    assert date_formats_of(["%Y%m%d", "%d-%b-%y"], ["left", "right"]) == {
        "left": "%Y%m%d",
        "right": "%d-%b-%y",
    }
    with pytest.raises(ConfigError, match="no format of dates"):
        date_formats_of(["dd/mm/yyyy"], ["left"])
    with pytest.raises(ConfigError, match="once for each file"):
        date_formats_of(["%Y", "%Y"], ["file"])
