"""Records are numbered by their ids, which are unique, and cleaned by their own values alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, rows
from linkage.errors import InputError
from linkage.files.cleaners import cleaners_of
from linkage.files.date_format import DateFormat
from linkage.files.prepare import FileOptions, prepare
from linkage.files.schema import FileSchema
from tests.files.conftest import standardised

PEOPLE = "key,forename,surname,dob\nB2,Ben,Bird,1991-12-25\nA1,Ann,Ash,1990-05-03\nC3,Cleo,Cook,1989-07-14\n"


def test_units_are_numbered_in_the_order_of_their_ids(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(PEOPLE, encoding="utf-8")
    found = prepare(engine, FileOptions({"file": tmp_path / "p.csv"}), tmp_path / "scratch")
    ids = {row["unit_id"]: row["source_id"] for row in rows(engine, found.ids[0])}
    assert ids == {1: "A1", 2: "B2", 3: "C3"}


def test_rows_are_numbered_where_no_id_is_wanted(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(PEOPLE + ",,,\n", encoding="utf-8")
    options = FileOptions({"file": tmp_path / "p.csv"}, ids=("none",))
    found = prepare(engine, options, tmp_path / "scratch")
    assert sorted(row["source_id"] for row in rows(engine, found.ids[0])) == [1, 2, 3]


@pytest.mark.parametrize("repeated", ["A1", ""])
def test_ids_that_are_not_unique_are_refused(repeated: str, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(PEOPLE.replace("B2", repeated), encoding="utf-8")
    options = FileOptions({"file": tmp_path / "p.csv"}, ids=("key",))
    with pytest.raises(InputError, match="--id"):
        prepare(engine, options, tmp_path / "scratch")


def test_a_file_without_any_name_is_refused(engine: Engine, tmp_path: Path) -> None:
    text = "key,forename,surname,dob,sex\n" + "".join(f"{n},unknown,unknown,19{n}-05-03,F\n" for n in range(60, 90))
    with pytest.raises(InputError, match="--map"):
        standardised(engine, tmp_path, text, text.replace("key", "id").replace("F\n", "M\n"))


SCHEMA = FileSchema(
    columns={"forename": ("f",), "surname": ("s",), "dob": ("d",)},
    settings={"dob": DateFormat(latest_year=2010).as_settings()},
    fields=["forename", "middle_names", "surname", "dob"],
)


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), min_size=1, max_size=8))
def test_what_a_cleaner_makes_depends_on_the_record_alone(names: list[tuple[str, str]]) -> None:
    alone = [
        [cleaner.of((f,) if len(cleaner.columns) == 1 else (f, s)) for cleaner in cleaners_of(SCHEMA)[:1]]
        for f, s in names
    ]
    together = cleaners_of(SCHEMA)[0]
    assert [[together.of((f,) if len(together.columns) == 1 else (f, s))] for f, s in names] == alone
