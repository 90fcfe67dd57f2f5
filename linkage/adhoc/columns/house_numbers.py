"""Numbers of houses under a header of postcodes: CP is a code postal, and a číslo popisné."""

from collections.abc import Collection, Mapping, Sequence

from linkage.adhoc.columns.misnamed import misnamed
from linkage.adhoc.files.columns_made import counted
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import Columns
from linkage.engine import Engine

_DIGITS = 4  # of a number, at most
_SHORT, _FEW = 2, 0.1  # digits of a number that is no postcode anywhere, and the share of such from which none is one
_MOSTLY = 0.9  # of the values are such numbers


def house_numbers(engine: Engine, files: Sequence[PersonFile], columns: Columns, told: Collection[str]) -> list[str]:
    """Maps of columns that are called as postcodes are and hold numbers of houses, as an analyst would say it.

    Args:
        files: two files, or one that is compared with itself.
        columns: what names and the analyst told.
        told: columns that the analyst named.
    """

    def are_here(file: PersonFile, column: str) -> bool:
        return are_of_houses(counted(engine, file, column))

    return misnamed(files, columns, told, "postcode", "street_number", are_here)


def are_of_houses(values: Mapping[str, int]) -> bool:
    """Whether the values are numbers of few digits, and some of one or two.

    >>> are_of_houses({"7": 1, "12": 1, "114": 1}), are_of_houses({"101": 1, "245": 1}), are_of_houses({"1010": 2})
    (True, False, False)
    """
    numbers = {value.removesuffix(".0"): rows for value, rows in values.items()}
    total = sum(numbers.values())
    few = sum(rows for number, rows in numbers.items() if number.isdigit() and len(number) <= _DIGITS)
    short = sum(rows for number, rows in numbers.items() if number.isdigit() and len(number) <= _SHORT)
    return few >= _MOSTLY * total and short > _FEW * total
