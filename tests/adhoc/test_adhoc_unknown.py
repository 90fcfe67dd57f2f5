"""What stands for "nobody knows" in a person file is unknown, and what many are rightly called is not."""

from pathlib import Path

import pytest

from linkage.adhoc.dates.birth_dates import read, reading
from linkage.adhoc.fields import persons
from linkage.adhoc.files.unknown import notes, without_unknown
from linkage.engine import Engine, quote, rows
from tests.adhoc.conftest import Shaped

NAMES = [f"{first}{middle} {last}A" for first in "BDFGKLM" for middle in "AEIOU" for last in "BDFGK"]
"""175 names."""


def _known(engine: Engine, folder: Path, values: list[str], *fields: str) -> list[str | None]:
    path = folder / "people.csv"
    path.write_text("id,value\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)), encoding="utf-8")
    file = persons.read(engine, path, folder / "scratch", delimiter=",", encoding="utf-8")
    found, column = without_unknown(engine, file, "value", fields)
    said = engine.sql(f"select {quote(column)} as value from {{t}} order by cast(id as integer)", t=found.table)
    result = [row["value"] for row in rows(engine, said)]
    lost = len([value for value in values if value]) - len([value for value in result if value])
    told = "people.csv: 'value' counts as unknown in {} rows, which say so or have what far too many have"
    assert notes([found]) == ([told.format(lost)] if lost else [])
    return result


@pytest.mark.parametrize(
    "word",
    ["IGNORADA", "sin  datos", "Não informado", "不详", "무명", "n/a", "Неизвестно", "Ukendt", "Unknown Unknown"],
)
@pytest.mark.parametrize("field", ["surname", "mae", "address"])
def test_a_word_for_it_is_unknown_in_any_field(word: str, field: str, engine: Engine, tmp_path: Path) -> None:
    assert _known(engine, tmp_path, ["Lee", word, "Kay"], field) == ["Lee", None, "Kay"]


@pytest.mark.parametrize("word", [r"\N", "<NA>", "(null)", "[NULL]", "#VALUE!", "undefined"])
@pytest.mark.parametrize("field", ["surname", "town", "address"])
def test_what_programs_write_for_nothing_is_unknown_in_any_field(
    word: str, field: str, engine: Engine, tmp_path: Path
) -> None:
    assert _known(engine, tmp_path, ["Lee", word, "Kay"], field) == ["Lee", None, "Kay"]


@pytest.mark.parametrize("word", [r"\N", "<NA>", "(null)", "unbekannt", "No consta"])
def test_birth_dates_and_sexes_of_which_most_are_unknown_are_read_as_the_others(word: str, shaped: Shaped) -> None:
    rows_of = [("Lee", "12.05.1984", "w"), ("Kay", "25.12.1990", "m"), *[("Ray", word, word)] * 5]
    _, left, right = shaped(
        "surname|dob|sex\n" + "\n".join("|".join(row) for row in rows_of),
        "surname|dob|sex\nLee|1984-05-12|F\nKay|1990-12-25|M",
    )
    assert left == [*right, *[("RAY", None, None)] * 5]
    assert right == [("LEE", "1984-05-12", "F"), ("KAY", "1990-12-25", "M")]


def test_numbers_of_days_of_which_most_are_unknown_are_dates() -> None:
    values = {"30814": 2, "33232": 1, "NULL": 20}
    how = reading(values, 2010)
    assert [read(text, how) for text in values] == ["1984-05-12", "1990-12-25", None]


@pytest.mark.parametrize(
    ("values", "unknown"),
    [
        (["Ann", "NA", "Bea", "Na"], ["NA"]),  # in another case than the names
        (["ann", "nan", "bea", "NA"], ["NA"]),
        (["ANN", "nan", "BEA", "NA"], ["nan"]),
        (["ANN", *["NA"] * 3, "BEA"], ["NA"]),  # three times as common as any name
        (["ANN", "ANN", *["NA"] * 5, "BEA"], []),
        (["12", "NA", "7"], ["NA"]),
    ],
)
def test_what_a_program_writes_for_nothing(
    values: list[str], unknown: list[str], engine: Engine, tmp_path: Path
) -> None:
    found = _known(engine, tmp_path, values, "middle_names")
    assert found == [None if value in unknown else value for value in values]


def test_names_that_only_sound_like_one_stay(engine: Engine, tmp_path: Path) -> None:
    names = ["Weizhi", "Na", "Nil", "Null", "Buxiang"]
    assert _known(engine, tmp_path, names, "forename") == ["Weizhi", "Na", "Nil", None, "Buxiang"]


def test_a_number_that_far_too_many_hold_is_unknown(engine: Engine, tmp_path: Path) -> None:
    numbers = [f"0798{n:06}" for n in range(150)]
    assert _known(engine, tmp_path, [*numbers, *["0123450000"] * 40], "phone") == [*numbers, *[None] * 40]


@pytest.mark.parametrize(
    ("rows_of_it", "field", "unknown"),
    [
        (40, "mae", True),
        (40, "father", True),
        (19, "mae", False),  # too few to be sure
        (40, "surname", False),  # of half a town called Singh
        (40, "town", False),
    ],
)
def test_what_far_too_many_hold_is_unknown_where_others_are_each_another_one(
    rows_of_it: int, field: str, unknown: bool, engine: Engine, tmp_path: Path
) -> None:
    values = [*NAMES, *["MARIA DA SILVA"] * rows_of_it]
    expected = [*NAMES, *[None if unknown else "MARIA DA SILVA"] * rows_of_it]
    assert _known(engine, tmp_path, values, field) == expected


def test_a_name_in_full_may_be_one_that_far_too_many_hold(engine: Engine, tmp_path: Path) -> None:
    assert _known(engine, tmp_path, [*NAMES, *["BABY MALE"] * 40], "forename", "surname") == [*NAMES, *[None] * 40]


def test_a_common_name_among_common_names_stays(engine: Engine, tmp_path: Path) -> None:
    """12 % of Koreans are called Kim, and nearly as many Lee."""
    values = [*NAMES, *["KIM DA"] * 40, *["LEE DA"] * 30, *["PARK DA"] * 20]
    assert _known(engine, tmp_path, values, "father") == values


@pytest.mark.parametrize("one", ["SINGH", "RIVERTON"])
def test_one_word_that_most_hold_stays_in_a_column_of_words(one: str, engine: Engine, tmp_path: Path) -> None:
    values = [*(name.replace(" ", "") for name in NAMES), *[one] * 400]
    assert _known(engine, tmp_path, values, "birthplace") == values


def test_a_word_in_columns_of_numbers_and_of_mail_is_nobodys_in_any_field(shaped: Shaped) -> None:
    """Nobody's number is NC, which stands in the place of numbers and of addresses of mail, so that no town is either.
    Post stands in telephones alone, where it may mean something, and is a town."""
    held = [(f"{name}", f"0612345{n:03d}", f"m{n}@free.fr", "Nantes") for n, name in enumerate(NAMES[:30])]
    said = [("Lee", "NC", "m@free.fr", "NC"), ("Kay", "n c", "nc", "Post"), ("Ray", "NC", "NC", "Nantes")]
    lines = [*held, *said, *[("Roy", word, "NC", "Post") for word in ("NC", "Post", "Post", "Post")]]
    text = "surname|phone|email|town\n" + "\n".join("|".join(row) for row in lines)
    header, left, _ = shaped(text, text)
    surname, town, email = map(header.index, ("surname", "town", "email"))
    assert [row[town] for row in left if row[surname] == "LEE"] == [None]
    assert {row[town] for row in left if row[surname] == "ROY"} == {"POST"}
    assert [row[email] for row in left if row[surname] in ("KAY", "RAY", "ROY")] == [None] * 6
