"""Numbers and telephones are compared as what both files write of them."""

from pathlib import Path

import pytest

from linkage.adhoc.codes.digits import emails, person_numbers, phones
from linkage.adhoc.fields import persons
from linkage.engine import Engine, quote, rows


def _alike(engine: Engine, folder: Path, made: object, *columns: list[str]) -> list[list[str | None]]:
    held = []
    for number, values in enumerate(columns):
        path = folder / f"{number}.csv"
        path.write_text("id,value\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)), encoding="utf-8")
        held.append((persons.read(engine, path, folder / str(number), delimiter=",", encoding="utf-8"), "value"))
    result = []
    for file, column in made(engine, held):  # type: ignore[operator]
        found = engine.sql(f"select {quote(column)} as value from {{t}} order by cast(id as integer)", t=file.table)
        result.append([row["value"] for row in rows(engine, found)])
    return result


def test_dashes_blanks_and_lost_zeros_make_no_other_number(engine: Engine, tmp_path: Path) -> None:
    left = ["012-34-5679", "987-65-4321", "111-22-3334"]
    right = ["12345679.0", "987 65 4321", "111223334"]
    assert _alike(engine, tmp_path, person_numbers, left, right) == [["012345679", "987654321", "111223334"]] * 2


def test_the_last_digits_are_compared_where_one_file_has_no_more(engine: Engine, tmp_path: Path) -> None:
    assert _alike(engine, tmp_path, person_numbers, ["012-34-0679", "987-65-4321"], ["679", "4321"]) == [
        ["0679", "4321"],
        ["0679", "4321"],
    ]


@pytest.mark.parametrize("word", ["NONE", "refused", "APPLIED FOR", "n.a."])
def test_a_word_is_no_number(word: str, engine: Engine, tmp_path: Path) -> None:
    """Two who have none would else have one number, and be one person."""
    left, right = ["012-34-5679", word, "987-65-4321"], ["12345679", "987654321", word]
    assert _alike(engine, tmp_path, person_numbers, left, right) == [
        ["012345679", None, "987654321"],
        ["012345679", "987654321", None],
    ]
    assert _alike(engine, tmp_path, person_numbers, ["0679", word], ["4321", word]) == [["0679", None], ["4321", None]]


WHOLE = ["19820318-7367", "19991231-0018", "19560709-4455", "20010203-0011"]
ENDS = ["820318-7367", "991231-0018", "560709-4455", "010203-0011"]


@pytest.mark.parametrize("short", [ENDS, [text.replace("-", "").lstrip("0") for text in ENDS]])
def test_a_century_that_one_file_leaves_out_makes_no_other_number(
    short: list[str], engine: Engine, tmp_path: Path
) -> None:
    expected = ["8203187367", "9912310018", "5607094455", "0102030011"]
    assert _alike(engine, tmp_path, person_numbers, WHOLE, short) == [expected] * 2


def test_a_letter_at_the_end_that_one_file_leaves_out_makes_no_other_number(engine: Engine, tmp_path: Path) -> None:
    found = _alike(engine, tmp_path, person_numbers, ["92345678-Z", "05671234-S"], ["92345678", "5671234", "98761234"])
    assert found == [["92345678", "05671234"], ["92345678", "05671234", "98761234"]]


def test_numbers_of_several_lengths_stay_whole_though_their_ends_agree_too(engine: Engine, tmp_path: Path) -> None:
    left, right = ["A204567890", "A398765432", "B7650123"], ["A204567890", "B7650123", "C8765431"]
    assert _alike(engine, tmp_path, person_numbers, left, right) == [left, right]


@pytest.mark.parametrize("nobodys", ["999-99-9999", "000000000", "123456789", ""])
def test_a_number_that_stands_for_none_is_none(nobodys: str, engine: Engine, tmp_path: Path) -> None:
    assert _alike(engine, tmp_path, person_numbers, [nobodys, "987-65-4321"], ["111223334"])[0] == [None, "987654321"]


@pytest.mark.parametrize("sign", [" / ", ";", " | "])
def test_of_two_in_a_cell_the_first_is_compared(sign: str, engine: Engine, tmp_path: Path) -> None:
    """Their digits would else be one number, and two addresses one that is like nobody's."""
    two = [f"020 7946 0018{sign}+44 161 496 0018", "030/123 4567"]
    assert _alike(engine, tmp_path, phones, two, ["02079460018", "0301234567"]) == [["079460018", "301234567"]] * 2
    written = [f"ann+x@a.example{sign}b@b.example", "Bo Ray <bo@b.example>", "c@c.example"]
    assert _alike(engine, tmp_path, emails, written) == [["ann@a.example", "bo@b.example", "c@c.example"]]


def test_telephones_are_one_with_and_without_the_country(engine: Engine, tmp_path: Path) -> None:
    left = ["+44 20 7946 0018", "0044 (0)161 496 0018"]
    right = ["020 7946 0018", "0161-496-0018"]
    assert _alike(engine, tmp_path, phones, left, right) == [["2079460018", "1614960018"]] * 2


def test_one_digit_over_and_over_is_no_telephone(engine: Engine, tmp_path: Path) -> None:
    assert _alike(engine, tmp_path, phones, ["00000000000", "020 7946 0018"], ["020 7946 0019"])[0] == [
        None,
        "2079460018",
    ]


def test_telephones_of_several_forms_in_one_column_are_compared_by_the_digits_that_all_have(
    engine: Engine, tmp_path: Path
) -> None:
    left = ["+33 1 61 49 60 01", "0033161496002", "33161496003", "01 61 49 60 04"]
    right = ["+33 (0)1.61.49.60.01", "+33161496002", "33161496003", "0161496004"]
    ends = ["161496001", "161496002", "161496003", "161496004"]
    assert _alike(engine, tmp_path, phones, left, right) == [ends, ends]


def test_what_is_added_to_a_name_before_the_sign_is_no_part_of_an_address_of_mail(
    engine: Engine, tmp_path: Path
) -> None:
    assert _alike(engine, tmp_path, emails, ["ann+news@a.example", "+@b", ""], ["ann@a.example"]) == [
        ["ann@a.example", "@b", None],
        ["ann@a.example"],
    ]
