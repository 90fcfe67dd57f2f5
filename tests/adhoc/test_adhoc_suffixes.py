"""Jr and III, in a column of their own or behind the names, are compared where both files have some."""

from collections.abc import Callable
from typing import Any

import pytest

Shaped = Callable[..., tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]]


@pytest.mark.parametrize("other", ["id|last_name|first_name", "id|last_name|first_name|suffix"])
def test_a_suffix_in_its_own_column_is_found_behind_the_names_of_the_other_file(shaped: Shaped, other: str) -> None:
    names = ("1|Smith Jr.|John", "2|Smith, SENIOR|John", "3|Lee III|Ann") if other.endswith("first_name") else ()
    names = names or ("1|Smith|John|Jr.", "2|Smith|John|Senior", "3|Lee|Ann|3rd")
    fields, left, right = shaped(
        """id|lname|fname|name_suffix_lbl
        1|SMITH|JOHN|JR
        2|SMITH|JOHN|SR
        3|LEE|ANN|III""",
        "\n".join([other, *names]),
    )
    assert fields == ["forename", "surname", "name_suffix"]
    assert left == right == [("JOHN", "SMITH", "JR"), ("JOHN", "SMITH", "SR"), ("ANN", "LEE", "III")]


def test_suffixes_that_one_file_alone_has_are_not_compared(shaped: Shaped) -> None:
    degrees = "surname|sex|suffix\nLee|F|PhD\nKay|M|MBE"
    for other in ("surname|sex\nLee|F\nKay|M", "surname|sex|suffix\nLee|F|Jr\nKay|M|"):
        fields, left, right = shaped(degrees, other)
        assert fields == ["surname", "sex"]
        assert left == right == [("LEE", "F"), ("KAY", "M")]
