"""A key is the id by whatever name; what is called like one and is none is not."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.adhoc.columns.columns_of import columns_of
from linkage.adhoc.columns.ids import with_ids
from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import Columns, recognise
from linkage.engine import Engine
from linkage.engine import rows as rows_of

HEAD = "{key},first_name,last_name,dob\n"
ROWS = ("7,Amelia,Khan,1990-01-02\n", "8,Noah,Quist,1991-01-02\n", "9,Isla,Dunne,1992-01-02\n")


def _columns(engine: Engine, folder: Path, *texts: str, **asked: object) -> Columns:
    files = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.csv"
        path.write_text(text, encoding="utf-8")
        files.append(persons.read(engine, path, folder / f"scratch-{number}", delimiter=",", encoding="utf-8"))
    columns = recognise(files[0].header, files[-1].header)
    return with_ids(engine, files, columns, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key",
    ["STUDY_ID", "ncid", "voter_reg_num", "Serial Key", "row-index", "id_l", "Fallnummer", "pid81", "#", "Order #"],
)
def test_a_column_called_like_a_key_that_is_one_is_the_id(key: str, engine: Engine, tmp_path: Path) -> None:
    left, right = HEAD.format(key=key) + "".join(ROWS), HEAD.format(key="id") + "".join(ROWS)
    found = _columns(engine, tmp_path, left, right)
    assert (found.left_id, found.right_id) == (key, "id")


@pytest.mark.parametrize(
    "rows",
    [(ROWS[0], *ROWS), (*ROWS, ",Ava,Xu,1993-01-02\n")],
    ids=["a value twice", "a value missing"],
)
def test_what_is_no_key_is_no_id(rows: tuple[str, ...], engine: Engine, tmp_path: Path) -> None:
    text = HEAD.format(key="study_id") + "".join(rows)
    assert _columns(engine, tmp_path, text, text).left_id is None


@pytest.mark.parametrize("key", ["income", "height", "paid_until"])
def test_other_columns_of_one_value_a_row_are_no_id(key: str, engine: Engine, tmp_path: Path) -> None:
    text = HEAD.format(key=key) + "".join(ROWS)
    assert _columns(engine, tmp_path, text, text).left_id is None


def test_rows_are_numbered_where_that_is_asked(engine: Engine, tmp_path: Path) -> None:
    text = HEAD.format(key="study_id") + "".join(ROWS)
    found = _columns(engine, tmp_path, text, text, numbered=(True, False))
    assert (found.left_id, found.right_id) == (None, "study_id")


def test_rows_are_numbered_beside_an_id_of_a_known_name_too(engine: Engine, tmp_path: Path) -> None:
    text = HEAD.format(key="id") + "".join(ROWS)
    found = _columns(engine, tmp_path, text, text, numbered=(True, False))
    assert (found.left_id, found.right_id) == (None, "id")


def test_a_key_of_both_files_may_be_a_persons_and_is_compared(engine: Engine, tmp_path: Path) -> None:
    text = HEAD.format(key="study_id") + "".join(ROWS)
    assert "study_id" in _columns(engine, tmp_path, text, text).fields


def test_of_one_file_the_key_is_no_field(engine: Engine, tmp_path: Path) -> None:
    found = _columns(engine, tmp_path, HEAD.format(key="study_id") + "".join(ROWS))
    assert found.left_id == "study_id"
    assert "study_id" not in found.left


def test_a_first_column_of_codes_is_the_id_where_its_name_is_in_another_script(engine: Engine, tmp_path: Path) -> None:
    coded = HEAD.format(key="кодзаписи") + "".join(ROWS)
    named = HEAD.format(key="примечание") + "one,Amelia,Khan,1990-01-02\ntwo,Noah,Quist,1991-01-02\n"
    found = _columns(engine, tmp_path, coded, named)
    assert (found.left_id, found.right_id) == ("кодзаписи", None)


def test_the_number_of_a_person_is_the_id_where_nothing_else_is(engine: Engine, tmp_path: Path) -> None:
    alone = HEAD.format(key="NHS Number") + "".join(ROWS)
    beside = "row_id,NHS Number,first_name,last_name,dob\n" + "".join(f"R{row[0]},{row}" for row in ROWS)
    found = _columns(engine, tmp_path, alone, beside)
    assert (found.left_id, found.right_id) == ("NHS Number", "row_id")
    assert "health_number" in found.fields


def _people(key: str, keys: Sequence[object], at: int = 0) -> str:
    rows = [
        [key, "first_name", "last_name", "note"],
        *([one, "Ann", f"Lee{n}", f"n{n}x"] for n, one in enumerate(keys)),
    ]
    return "".join(",".join(map(str, [*row[1 : 1 + at], row[0], *row[1 + at :]])) + "\n" for row in rows)


@pytest.mark.parametrize("place", [0, 3], ids=["first", "last"])
def test_a_first_or_last_column_of_codes_is_the_id(place: int, engine: Engine, tmp_path: Path) -> None:
    left = _people("COD_PACIENTE", [f"{7_001_003 + 17 * n}" for n in range(25)], place)
    right = _people("NHC", range(1, 26), place)
    found = _columns(engine, tmp_path, left, right)
    assert (found.left_id, found.right_id) == ("COD_PACIENTE", "NHC")


def test_codes_that_all_begin_with_the_same_letters_are_the_id_at_any_length(engine: Engine, tmp_path: Path) -> None:
    text = _people("episode", [f"E{7 * n}" for n in range(25)])
    other = _people("thing", [f"{letter}{7 * n}" for n, letter in enumerate("ABCDE" * 5)])
    found = _columns(engine, tmp_path, text, other)
    assert (found.left_id, found.right_id) == ("episode", None)
    people = _people("xref", [f"@I{7 * n}@" for n in range(25)])
    assert _columns(engine, tmp_path, people, text).left_id == "xref"
    deeds = _people("deed", [f"{2019 + n % 3}-{n}" for n in range(25)])
    assert _columns(engine, tmp_path, deeds, text).left_id == "deed", "numbers of each year"


@pytest.mark.parametrize(
    "values",
    [
        [17 * n for n in range(25)],
        [f"1990-01-{n + 1:02}" for n in range(25)],
        [f"{n}.25" for n in range(25)],
        [f"£{17 * n}" for n in range(25)],
        [f"2 High Street {n}" for n in range(25)],
        [f"a{n}@example.org" for n in range(25)],
    ],
    ids=["quantities", "dates", "amounts", "prices", "addresses", "mail"],
)
def test_a_first_column_that_holds_no_codes_is_no_id(values: list[object], engine: Engine, tmp_path: Path) -> None:
    text = _people("first", values).replace("first,first_name", "thing,first_name")
    assert _columns(engine, tmp_path, text, text).left_id is None


def test_in_one_file_a_column_of_codes_of_which_none_stands_twice_is_no_field(engine: Engine, tmp_path: Path) -> None:
    found = _columns(engine, tmp_path, _people("person_id", range(25)))
    assert sorted(found.left) == ["forename", "surname"]


def test_a_number_by_its_name_is_no_id_before_a_column_of_codes(engine: Engine, tmp_path: Path) -> None:
    rows = "".join(f"{4_000_000 + n},Ann,Lee{n},{59_000_000 + n}X\n" for n in range(25))
    text = "NHC,nombre,apellido,DNI\n" + rows
    found = _columns(engine, tmp_path, text, text)
    assert found.left_id == "NHC"
    assert found.left["national_number"] == "DNI"


@pytest.mark.parametrize("key", ["puid", "member_ref"])
def test_what_is_called_an_id_and_repeats_gives_way_to_a_key(key: str, engine: Engine, tmp_path: Path) -> None:
    text = f"{key},hh_id,first_name,last_name\np1,h1,Amelia,Khan\np2,h1,Noah,Khan\np3,h2,Isla,Dunne\n"
    assert _columns(engine, tmp_path, text, text).left_id == key
    assert _columns(engine, tmp_path, text, text, told=["hh_id"]).left_id == "hh_id", "an analyst's word stays"


def test_an_id_that_repeats_stays_where_no_other_column_is_a_key(engine: Engine, tmp_path: Path) -> None:
    text = "id,first_name,last_name\n7,Amelia,Khan\n7,Noah,Khan\n9,Isla,Dunne\n"
    assert _columns(engine, tmp_path, text, text).left_id == "id", "so that the reader is told"


@pytest.mark.parametrize("key", ["NU_NOTIFIC", "Num. Utente", "nr_karty"])
def test_a_word_for_a_number_may_stand_first(key: str, engine: Engine, tmp_path: Path) -> None:
    lines = "".join(f"x,{n}7,Amelia,Khan\n" for n in (5, 61, 4))
    text = f"kind,{key},first_name,last_name\n{lines}"
    assert _columns(engine, tmp_path, text, text).left_id == key


def test_codes_between_other_columns_are_the_id_where_one_column_has_them(engine: Engine, tmp_path: Path) -> None:
    head, lines = "first_name,case,{other},last_name\n", [f"Amelia,C{n:05},{n % 3},Khan\n" for n in range(30)]
    assert _columns(engine, tmp_path, head.format(other="x") + "".join(lines)).left_id == "case"
    lines = [line.replace("Khan", f"Khan{n:03}") for n, line in enumerate(lines)]
    two = "first_name,case,file,last_name\n" + "".join(f"Amelia,C{n:05},F{n:05},Khan\n" for n in range(30))
    assert _columns(engine, tmp_path, two).left_id is None


def test_ids_that_a_program_made_fractions_of_are_whole(engine: Engine, tmp_path: Path) -> None:
    """pandas writes 7.0 where it knows one id missing: a truth of 7 named nobody, and links held 7.0."""
    for name, ids in (("whole", [7.0, 8.0, 9.0]), ("parts", [7.0, 8.5, 9.0])):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"id": ids, "forename": ["Amelia", "Noah", "Isla"]}), path)
        file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
        _, found = persons.units(engine, file, {"forename": "forename"}, "id", postcodes=False)
        held = [
            row["source_id"] for row in rows_of(engine, engine.sql("select * from {t} order by source_id", t=found))
        ]
        assert list(map(str, held)) == (["7", "8", "9"] if name == "whole" else ["7.0", "8.5", "9.0"])


def test_what_is_the_id_of_one_file_is_that_of_the_other_that_calls_it_the_same(engine: Engine, tmp_path: Path) -> None:
    """Entries of births are B1 to B25, those of deaths D1 and E30: of two lengths and letters, and no codes by that."""
    births = "".join(f"B{n},Ann,Lee{n},1900-01-02\n" for n in range(1, 26))
    deaths = "".join(f"{'D' if n % 2 else 'E'}{n},Ann,Lee{n},1900-01-02\n" for n in range(1, 26))
    found = _columns(engine, tmp_path, HEAD.format(key="entry") + births, HEAD.format(key="entry") + deaths)
    assert (found.left_id, found.right_id) == ("entry", "entry")
    twice = HEAD.format(key="entry") + deaths + "D1,Bo,Lee,1901-02-03\n"
    assert _columns(engine, tmp_path, HEAD.format(key="entry") + births, twice).right_id is None


def test_a_number_that_few_of_the_other_file_have_is_compared_and_no_id(duckdb_engine: Engine, tmp_path: Path) -> None:
    """A number of a person is the id of a row where nothing else is; and an id that not everybody has is no id."""
    people = [(f"{n * 7919 % 9_000_000 + 1_000_000}", f"A{n:04d}", "Ana", f"S{n}", n % 28 + 1) for n in range(60)]
    left = "".join(f"{acct},{number},{f},{s},1990-01-{d:02d}\n" for number, acct, f, s, d in people)
    right = "".join(
        f"{f},{s},1990-01-{d:02d},{number if n % 3 else ''},R{n:03d}\n" for n, (number, _, f, s, d) in enumerate(people)
    )
    (tmp_path / "left.csv").write_text(f"acct,national_card_number,forename,surname,dob\n{left}")
    (tmp_path / "right.csv").write_text(f"forename,surname,dob,ID No,page\n{right}")
    files = [
        persons.read(duckdb_engine, tmp_path / f"{side}.csv", tmp_path / side, delimiter=",", encoding="utf-8")
        for side in ("left", "right")
    ]
    found = columns_of(duckdb_engine, files)
    assert (found.left_id, found.right_id) == ("acct", "page")
    assert ("national_card_number", "ID No") in {(found.left[name], found.right[name]) for name in found.fields}
