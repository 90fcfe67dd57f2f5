"""A record that stands where names of columns should is in no message."""

import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import recognise
from linkage.engine import rows
from linkage.errors import ConfigError
from linkage.records.headers import listed, looks_like_a_record

NAMES = ["id", "forename", "surname", "dob", "2011", "address 1", "tel (home)", "a-b", "q12"]


@pytest.mark.parametrize(
    "value", ["1994-05-20", "20/5/94", "1994-05-20 00:00:00", "TS23 1JB", "ts231jb", "a.b@example.org", "07700 900123"]
)
def test_what_can_only_be_a_value_is_not_shown(value: str) -> None:
    assert looks_like_a_record(["RYAN", value])
    assert "RYAN" not in listed(["RYAN", value])
    assert "2 columns" in listed(["RYAN", value])


def test_names_are_shown() -> None:
    assert not looks_like_a_record(NAMES)
    assert listed(NAMES) == ", ".join(NAMES)


@pytest.mark.parametrize("record", [["PP22", "RYAN", "HENDERSON"], ["RYAN", "HENDERSON", "20/05/1994"]])
@pytest.mark.parametrize("asked", [{}, {"maps": ["left.surname=NAME"]}, {"ids": ("NAME", None)}])
def test_a_file_without_a_header_is_told_without_its_first_record(record: list[str], asked: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as fault:
        recognise(record, ["id", "forename", "surname"], **asked)  # type: ignore[arg-type]
    assert not any(value in str(fault.value) for value in record)
    assert ("looks like a record" if len(record[-1]) == 10 else "may be a record") in str(fault.value)


def test_the_remedy_of_a_missing_header_is_to_write_one() -> None:
    with pytest.raises(ConfigError, match="a first line that has them"):
        recognise(["RYAN", "HENDERSON"], ["id", "forename", "surname"])
    with pytest.raises(ConfigError, match="--map"):
        recognise(["id", "surname", "income"], ["id", "dob", "wage"])


@pytest.mark.parametrize(
    "text",
    [
        "RYAN,SMITH,LEEDS\nANN,SMITH,YORK\nBO,DOE,HULL\n",  # a value of the first line stands in its column again
        "QUIBBLE,1994-05-20\nANN,1990-01-02\n",
    ],
)
def test_of_a_file_whose_first_line_is_a_record_columns_are_called_by_their_places(text, engine, tmp_path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=",", encoding="utf-8")
    first, *_ = held = [tuple(row[name] for name in file.header) for row in rows(engine, file.table)]
    assert file.header == tuple(f"column {place}" for place in range(1, len(first) + 1))
    assert [",".join(map(str, row)) for row in held] == text.strip().split("\n")
    assert not any(value in " ".join(file.notes()) for value in first)


@pytest.mark.parametrize(
    "text",
    [
        "naamveld,woonveld\nRYAN,LEEDS\nANN,YORK\n",  # names that nobody knows are names
        "surname,sex,2011\nSURNAME,SEX,1\nSMITH,F,2\n",  # a header that stands twice
    ],
)
def test_names_of_columns_that_are_not_known_are_taken_as_they_are(text, engine, tmp_path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    assert persons.read(engine, path, tmp_path / "scratch", delimiter=",", encoding="utf-8").rows == 2
