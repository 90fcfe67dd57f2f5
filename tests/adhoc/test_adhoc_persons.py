"""Person files of any shape become units: one form for each field, an id for each row, nothing lost in silence."""

import datetime
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.adhoc.dates import dated
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.kinds import kinds_of
from linkage.adhoc.files import columns_made
from linkage.adhoc.files.forms import british
from linkage.engine import Engine, Table
from linkage.errors import InputError, LeoError

Rows = Callable[[Table], list[tuple[Any, ...]]]


@pytest.fixture
def read(engine: Engine, tmp_path: Path) -> Callable[..., persons.PersonFile]:
    """A file from its text or bytes."""

    def of(content: str | bytes, name: str = "people.csv", **how: Any) -> persons.PersonFile:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return persons.read(engine, path, tmp_path / "scratch", **{"delimiter": None, "encoding": "utf-8", **how})

    return of


def _dates(engine: Engine, file: persons.PersonFile, rows: Rows) -> dict[int, str | None]:
    units, _ = persons.units(engine, file, {"dob": "dob"}, None, postcodes=False)
    return dict(rows(units))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1990-02-13", "1990-2-3"], ["1990-02-13", "1990-02-03"]),
        (["13/02/1990", "3/2/1990"], ["1990-02-13", "1990-02-03"]),
        (["02/13/1990", "02/03/1990"], ["1990-02-13", "1990-02-03"]),
        (["19900213", "19900203"], ["1990-02-13", "1990-02-03"]),
        (["13021990", "03021990"], ["1990-02-13", "1990-02-03"]),
        (["13.02.1990", "03-02-1990"], ["1990-02-13", "1990-02-03"]),
        (["1990-02-13 00:00:00", "1990-02-03T00:00:00"], ["1990-02-13", "1990-02-03"]),
        (["1990", "1991"], ["1990-00-00", "1991-00-00"]),
        (["1990-02", "1991-11"], ["1990-02-00", "1991-11-00"]),
    ],
)
def test_birth_dates_of_many_forms_become_one(
    texts: list[str], expected: list[str], read: Any, engine: Engine, rows: Rows
) -> None:
    assert list(_dates(engine, read("dob\n" + "\n".join(texts) + "\n"), rows).values()) == expected


def test_a_date_that_could_be_read_two_ways_is_read_as_the_others_are(read: Any, engine: Engine, rows: Rows) -> None:
    """Day first where a file has a thirteenth in the first place, month first where it has one in the second."""
    assert _dates(engine, read("dob\n03/04/1990\n25/12/1990\n"), rows)[1] == "1990-04-03"
    assert _dates(engine, read("dob\n03/04/1990\n12/25/1990\n"), rows)[1] == "1990-03-04"


def test_an_impossible_date_stays_since_most_of_it_is_right(read: Any, engine: Engine, rows: Rows) -> None:
    file = read("dob,n\n1990-02-31,1\n1990-02-03,2\n,3\nunknown,4\n1990-13-03,5\n")
    assert _dates(engine, file, rows) == {1: "1990-02-31", 2: "1990-02-03", 3: None, 4: None, 5: "1990-13-03"}


def test_dates_of_a_parquet_file_are_dates(engine: Engine, tmp_path: Path, rows: Rows) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table({"dob": [datetime.date(1990, 2, 3), None], "id": ["B", "A"]}), path)
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding="utf-8")
    units, ids = persons.units(engine, file, {"dob": "dob"}, "id", postcodes=False)
    assert rows(units) == [(1, None), (2, "1990-02-03")]
    assert rows(ids) == [(1, "A"), (2, "B")]


def test_names_sexes_and_postcodes_have_one_form(read: Any, engine: Engine, rows: Rows) -> None:
    file = read(
        "id,name,family,sex,code\n"
        "a,Mrs Zoë,O’Neill,female,ab12cd\n"
        "b, Jean-Luc ,de la Cruz,1,AB1  2CD\n"
        "c,,,,\n"
    )  # fmt: skip
    fields = {"forename": "name", "surname": "family", "sex": "sex", "postcode": "code"}
    units, _ = persons.units(engine, file, fields, "id", postcodes=True)
    first, second, third = rows(units)
    assert first[1] == "ZOE"
    assert "NEILL" in first[2]
    assert (first[3], second[3]) == ("F", "M")
    assert first[4] == second[4] == "AB1 2CD"
    assert third == (3, None, None, None, None)


@pytest.mark.parametrize(
    ("values", "are"),
    [
        (["AB1 2CD", "m11ae", "SW1A 1AA", "unknown"], True),
        (["90210", "10001", "AB1 2CD"], False),
        (["", ""], False),
    ],
)
def test_postcodes_are_british_where_most_have_that_form(
    values: list[str], are: bool, read: Any, engine: Engine
) -> None:
    file = read("id,code\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)))
    assert british(engine, file, "code") == are


def test_postcodes_of_another_country_are_codes(read: Any, engine: Engine, rows: Rows) -> None:
    file = read("id,zip\n1,90210\n2,90210-1234\n")
    units, _ = persons.units(engine, file, {"postcode": "zip"}, "id", postcodes=False)
    assert rows(units) == [(1, "90210"), (2, "90210-1234")]


def test_of_notes_the_beginning_is_compared(read: Any, engine: Engine, rows: Rows) -> None:
    """How like two texts are takes as long as the product of their lengths: those of a page took minutes."""
    file = read(f"id,notes\n1,{'seen ' * 400}\n2,{'0123456789abcdef' * 8}\n")
    units, _ = persons.units(engine, file, {"notes": "notes"}, "id", postcodes=False)
    assert [len(notes) for _, notes in rows(units)] == [128, 128]


def test_units_are_numbered_by_their_ids_or_as_they_stand(read: Any, engine: Engine, rows: Rows) -> None:
    file = read("id,sex\nz,F\na,M\nm,F\n")
    units, named = persons.units(engine, file, {"sex": "sex"}, "id", postcodes=False)
    assert rows(named) == [(1, "a"), (2, "m"), (3, "z")]
    assert rows(units) == [(1, "M"), (2, "F"), (3, "F")]
    units, numbered = persons.units(engine, file, {"sex": "sex"}, None, postcodes=False)
    assert rows(numbered) == [(1, 1), (2, 2), (3, 3)]
    assert rows(units) == [(1, "F"), (2, "M"), (3, "F")]


def test_rows_are_numbered_alike_whatever_the_format(read: Any, engine: Engine, tmp_path: Path, rows: Rows) -> None:
    """A line break inside quotes makes no row; a row that was set aside keeps its number to itself."""
    text = read('town,sex\n"Upper\nAby",F\nLee,M,extra\nBye,M\n\nDunn,F\n')
    pq.write_table(pa.table({"town": ["Upper Aby", "Lee", "Bye", "Dunn"], "sex": list("FMMF")}), tmp_path / "p.parquet")
    table = persons.read(engine, tmp_path / "p.parquet", tmp_path / "s", delimiter=None, encoding="utf-8")
    ids = [rows(persons.units(engine, file, {"sex": "sex"}, None, postcodes=False)[1]) for file in (text, table)]
    assert ids[0] == [(1, 1), (2, 3), (3, 4)]
    assert ids[1] == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_birth_dates_in_no_form_are_counted(read: Any, engine: Engine) -> None:
    file = read(
        "dob,n\n1990-02-31,1\n1990-02-03,2\n,3\nunknown,4\n 5 May 1990,5\n1990-13-03,6\n1991-01-01,7\nin spring,8\n"
    )
    assert dated.in_no_form(engine, file, {"dob": "dob"}, {}) == 1


def test_a_column_of_many_values_that_are_as_they_should_be_is_not_made_again(
    read: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns_made, "_REMEMBERED", 1)
    file = read("a,b\nx,1\ny,2\n")
    texts = {value: (value,) for value in columns_made.counted(engine, file, "a")}
    assert not file.values
    assert columns_made.looked_up(engine, file, "a", texts, ["same"]) == (file, ["a"])


def test_an_id_that_repeats_or_is_missing_is_refused(read: Any, engine: Engine) -> None:
    file = read("id,sex\nSECRET9,F\nSECRET9,M\n,F\nb,F\n")
    with pytest.raises(InputError) as refused:
        persons.units(engine, file, {"sex": "sex"}, "id", postcodes=False)
    said = str(refused.value)
    assert "people.csv: column 'id' is no key: 1 rows repeat an id, 1 have none" in said
    assert "--id" in said
    assert "SECRET9" not in said


def test_a_file_in_which_no_name_is_known_is_refused(read: Any, engine: Engine) -> None:
    file = read("id,forename,surname,dob\n1,,,1990-01-02\n2, ,-,1991-01-02\n")
    fields = {"forename": "forename", "surname": "surname", "dob": "dob"}
    with pytest.raises(InputError, match="not one of forename and surname is known in any row") as refused:
        persons.units(engine, file, fields, "id", postcodes=False)
    assert "--map left.surname=COLUMN" in str(refused.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str, read: Any) -> None:
    file = read("\n".join(delimiter.join(row) for row in (["id", "sex", "town"], ["1", "F", "ABY"])) + "\n")
    assert file.header == ("id", "sex", "town")


def test_a_separator_inside_quotes_is_text(read: Any, engine: Engine, rows: Rows) -> None:
    file = read('id,town\n1,"Aby, upper"\n2,"Aby; lower"\n')
    units, _ = persons.units(engine, file, {"town": "town"}, "id", postcodes=False)
    assert rows(units) == [(1, "ABY, UPPER"), (2, "ABY; LOWER")]


def test_a_file_of_one_encoding_is_read_in_it(read: Any, engine: Engine, rows: Rows) -> None:
    latin = "id,surname\n1,Müller\n2,Sørensen\n".encode("latin-1")
    units, _ = persons.units(engine, read(latin, encoding="latin-1"), {"surname": "surname"}, "id", postcodes=False)
    assert [row[1] for row in rows(units)][1] == "SORENSEN"


def test_a_row_of_another_encoding_is_set_aside_with_its_line(read: Any) -> None:
    file = read("id,surname\n1,Müller\n2,Lee\n".encode("latin-1"))
    assert file.quarantined == [(2, "row holds bytes that are not utf-8")]
    assert file.rows == 2


def test_a_zipped_file_is_read_as_its_content(read: Any) -> None:
    content = b"id,sex\n1,F\n2,M\n"
    assert read(gzip.compress(content), "people.csv.gz").rows == 2


def test_ragged_rows_are_set_aside_with_their_line(read: Any, engine: Engine, rows: Rows) -> None:
    file = read("id,surname,sex\n1,Lee,F\n2,Khan\n3,Dunn,M,extra\n4,Smith,F\n")
    assert [line for line, _ in file.quarantined] == [3, 4]
    assert file.rows == 4
    _, ids = persons.units(engine, file, {"surname": "surname"}, "id", postcodes=False)
    assert [row[1] for row in rows(ids)] == ["1", "4"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", r"the file is empty\n  fetch it again, or leave it out$"), (b"id,surname\n", "a header and no rows")],
)
def test_an_empty_file_is_refused(content: bytes, said: str, read: Any) -> None:
    with pytest.raises(InputError, match=rf"people\.csv: .*{said}"):
        read(content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("people.ods", b"PK", "a workbook, not a table of persons\n  save its sheet as CSV"),
        ("people.xlsx", b"PK", "no workbook, or a damaged one\n  save its sheet as CSV"),
        ("people.csv", b"id,sex\n1,F,x\n2\n", "every one of its 2 rows was set aside; line 2: .*\n.*--delimiter"),
        ("people.csv", b"id,sex\n1,\0F\n2,\0M\n", "its 2 rows was set aside; line 2: row holds a NUL\n.*zero bytes"),
        (
            "people.csv",
            b'id,sex\n1,"F\n2,"M\n',
            "line 2: a quote opens and does not close\n.*quote within a value twice",
        ),
        (
            "people.csv",
            "id,sex\n1,F\n".encode("utf-16"),
            "written in utf-16, not in utf-8\n  name .* --encoding utf-16",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_what_to_do(name: str, content: bytes, said: str, read: Any) -> None:
    with pytest.raises(InputError, match=said):
        read(content, name)


def test_a_folder_is_no_file(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder, not a file"):
        persons.read(engine, tmp_path, tmp_path / "s", delimiter=None, encoding="utf-8")


def test_a_missing_file_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nobody\.csv: no such file"):
        persons.read(engine, tmp_path / "nobody.csv", tmp_path / "s", delimiter=None, encoding="utf-8")


def test_a_link_that_leads_nowhere_is_named(engine: Engine, tmp_path: Path) -> None:
    for link, to in (("gone.csv", "nobody.csv"), ("round.csv", "round.csv")):
        (tmp_path / link).symlink_to(to)
        with pytest.raises(InputError, match=rf"{link}: a link that leads to no file\n  name the file itself"):
            persons.read(engine, tmp_path / link, tmp_path / "s", delimiter=None, encoding="utf-8")


def test_a_cut_parquet_file_is_named(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "cut.parquet"
    pq.write_table(pa.table({"id": [1, 2]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LeoError, match=r"cut\.parquet"):
        persons.read(engine, path, tmp_path / "s", delimiter=None, encoding="utf-8")


def test_a_cut_zipped_file_is_named(read: Any, engine: Engine) -> None:
    cut = gzip.compress(b"id,sex\n" + b"".join(b"%d,F\n" % n for n in range(5000)))[:-30]
    with pytest.raises(LeoError, match=r"people\.csv\.gz"):
        persons.units(engine, read(cut, "people.csv.gz"), {"sex": "sex"}, "id", postcodes=False)


def test_columns_of_names_that_we_use_ourselves_are_columns_like_any(read: Any, engine: Engine, rows: Rows) -> None:
    file = read("unit_id,source_id,iso_birth_date,dob,surname\n7,8,9,1990-01-02,Lee\n")
    fields = {"surname": "surname", "dob": "dob", "iso_birth_date": "iso_birth_date"}
    units, ids = persons.units(engine, file, fields, "unit_id", postcodes=False)
    assert rows(units) == [(1, "LEE", "1990-01-02", "9")]
    assert rows(ids) == [(1, "7")]


def test_kinds_follow_what_a_field_means_or_holds(engine: Engine) -> None:
    numbers = list(range(400))
    side = engine.from_arrow(
        pa.table(
            {
                "unit_id": numbers,
                "surname": [f"N{n}" for n in numbers],
                "postcode": [f"AB{n % 90} {n % 9}CD" for n in numbers],
                "email": [f"somebody{n}@post.example" for n in numbers],
                "eye_colour": ["BLUE", "BROWN"] * 200,
                "ward": [f"{n:06}" for n in numbers],
                "occupation": [f"MAKER OF {chr(65 + n % 26)}{n}" for n in numbers],
                "country": ["UK"] * 400,
                "unknown": pa.array([None] * 400, pa.string()),
            }
        )
    )
    assert kinds_of(engine, side, side, postcodes=True) == {
        "surname": "name", "postcode": "postcode", "email": "text", "eye_colour": "category", "ward": "code",
        "occupation": "text",
    }  # fmt: skip
    assert kinds_of(engine, side, side, postcodes=False)["postcode"] == "text"


def test_kinds_are_finer_where_values_ask_for_it(engine: Engine) -> None:
    """Names of several words, and birth dates of which some are years."""
    numbers = list(range(100))
    few = engine.from_arrow(
        pa.table(
            {
                "unit_id": numbers,
                "forename": [f"N{n}" for n in numbers],
                "surname": [f"N{n} M" if n < 10 else f"N{n}" for n in numbers],
                "dob": [f"19{n % 90 + 10}-01-02" for n in numbers],
            }
        )
    )
    assert kinds_of(engine, few, few, postcodes=False) == {
        "forename": "name", "surname": "names", "dob": "date",
    }  # fmt: skip
    years = engine.from_arrow(pa.table({"unit_id": [1, 2], "sex": ["F", "M"], "dob": ["1990-00-00", "1991-02-03"]}))
    assert kinds_of(engine, years, years, postcodes=False)["dob"] == "partial date"
    alone = engine.from_arrow(pa.table({"unit_id": [1, 2], "sex": ["F", "M"], "dob": ["1990-00-00", "1991-00-00"]}))
    assert kinds_of(engine, alone, alone, postcodes=False)["dob"] == "date"


def test_a_street_is_a_text_however_few_streets_there_are(engine: Engine) -> None:
    """HILL ST and HILL STREET are one; compared as codes they would differ as much as any two."""
    streets = {"unit_id": list(range(80)), "address": [f"{['HILL', 'MILL', 'PARK'][n % 3]} STREET" for n in range(80)]}
    sides = [engine.from_arrow(pa.table(streets)) for _ in "lr"]
    assert kinds_of(engine, *sides, postcodes=False) == {"address": "text"}


def test_of_one_file_addresses_of_mail_are_one_but_for_slips(engine: Engine) -> None:
    """carolinegarner44@web and xcarolinegarner@mail are of namesakes as often as of one person; one file cannot show it."""
    side = engine.sql("select n as unit_id, 'anna.lee' || n || '@web.example' as email from range(1, 200) as t(n)")
    assert kinds_of(engine, side, side, postcodes=False)["email"] == "text"
    assert kinds_of(engine, side, side, postcodes=False, one_file=True)["email"] == "code"


def test_names_of_columns_that_stand_twice_or_not_at_all_are_numbered(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("id,Name,NAME,surname,,\n1,Ann,Anna,Lee,,x\n", encoding="utf-8")
    read = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert read.header == ("id", "Name", "NAME 2", "surname", "column 5", "column 6")
    (row,) = engine.arrow(read.table).to_pylist()
    assert [row[name] for name in read.header] == ["1", "Ann", "Anna", "Lee", None, "x"]


def test_a_file_whose_rows_hold_several_persons_says_so(read: Any) -> None:
    file = read("id,first_name_1,dob_1,first_name_2,dob_2\n1,Ann,1990-02-03,Bo,1991-02-03\n")
    assert file.notes() == ["people.csv: a row holds several persons (dob_2): the first is read; give each a row"]


def test_names_of_which_many_are_initials_are_a_kind_of_their_own(engine: Engine) -> None:
    """Not where both files have nothing else."""
    names = ["JOHN", "MARY ANN", "J", "J P", "M", "LI"] * 20
    half = engine.from_arrow(pa.table({"unit_id": list(range(120)), "forename": names, "surname": ["LEE", "ORR"] * 60}))
    assert kinds_of(engine, half, half, postcodes=False)["forename"] == "names or initials"
    short = engine.from_arrow(pa.table({"unit_id": list(range(120)), "forename": ["J", "M"] * 60}))
    assert kinds_of(engine, short, short, postcodes=False) == {"forename": "name"}
