"""Files to records and quarantine: nothing is lost, and each fault has its place."""

import errno
import gzip
import os
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import FileFormat, Source
from linkage.engine import rows as as_dicts
from linkage.errors import InputError, LeoError
from linkage.records import described, read_source
from tests.conftest import parse
from tests.records.conftest import PUPILS

AS_CSV = """ROW,PUPIL,SEEN,Forename,Surname,Born,Gender,Postcode,House
7,P2,21/01/2010,Ann,O'Neil,06/05/1999,2,ab1 2cd,Red
3,P1,21/01/2010,BOB,SMITH,01/01/1998,1,ZZ999ZZ,Blue
5,P1,20/01/2011,Rob,Smith,01/01/1998,3,AB1 2CE,
"""

EXPECTED = """
    id | source | key:text | entity | from       | to:date | forename | middle | surname | dob        | sex | postcode | nino | uln | upn | husid | problems
    1  | npd    | 3        | P1     | 2010-01-21 | -       | BOB      | -      | SMITH   | 1998-01-01 | M   | -        | -    | -   | -   | -     | 6
    2  | npd    | 5        | P1     | 2011-01-20 | -       | ROB      | -      | SMITH   | 1998-01-01 | -   | AB1 2CE  | -    | -   | -   | -     | 66
    3  | npd    | 7        | P2     | 2010-01-21 | -       | ANN      | -      | ONEIL   | 1999-05-06 | F   | AB1 2CD  | -    | -   | -   | -     | 0
"""

COLUMNS = (
    *(
        "record_id",
        "source",
        "source_key",
        "entity_key",
        "valid_from",
        "valid_to",
        "forename",
        "middle_names",
    ),
    *("surname", "dob", "sex", "postcode", "nino", "uln", "upn", "husid", "problems"),
)


def test_parquet_to_records(read_pupils, write, world, rows):
    write("a.parquet", PUPILS)
    reading = read_pupils("*.parquet")
    assert reading.records.columns == COLUMNS
    assert rows(reading.records) == rows(world(EXPECTED))
    assert rows(reading.quarantine) == []


@pytest.mark.both_engines
def test_csv_gives_the_same_records(read_pupils, tmp_path, world, rows):
    (tmp_path / "a.csv").write_text(AS_CSV)
    reading = read_pupils("a.csv", type="csv", date_format="%d/%m/%Y")
    assert rows(reading.records) == rows(world(EXPECTED))


def test_summary_counts(read_pupils, write):
    path = write("deep/a.parquet", PUPILS)
    summary = read_pupils("deep/*.parquet").summary
    assert (summary.rows_read, summary.records, summary.quarantined) == (3, 3, 0)
    assert [(f.path, f.bytes, f.rows, len(f.sha256)) for f in summary.files] == [
        ("deep/a.parquet", path.stat().st_size, 3, 64)
    ]
    assert summary.problems == {
        "name": 0,
        "dob": 2,
        "postcode": 1,
        "nino": 0,
        "uln": 0,
        "upn": 0,
        "sex": 1,
    }
    assert (
        summary.filled["forename"],
        summary.filled["postcode"],
        summary.filled["nino"],
    ) == (3, 2, 0)
    assert summary.files[0].rows == 3


FAULTY = """
    ROW:text | PUPIL:text | SEEN:text  | Forename | Surname | Born:text  | Gender:text | Postcode | House
    1        | P1         | 2010-01-21 | Ann      | Smith   | 1999-05-06 | 2           | AB1 2CD  | Red
    x2       | P1         | 2010-01-21 | Ann      | Smith   | 1999-05-06 | 2           | AB1 2CD  | Red
    3        | -          | 2010-01-21 | Ann      | Smith   | 1999-05-06 | 2           | AB1 2CD  | Red
    4        | P1         | 2010-01-21 | Ann      | Smith   | 06.05.1999 | 2           | AB1 2CD  | Red
    5        | P1         | 21/01/2010 | Ann      | Smith   | 00/00/0000 | 2           | AB1 2CD  | Red
    6        | P1         | 2010-01-21 | Ann      | Smith   | 00/00/0000 | 2           | AB1 2CD  | Red
"""

FAULTS = [
    ("Born", 4, "is not a date in the form %Y-%m-%d"),
    ("PUPIL", 3, "is empty"),
    ("ROW", 2, "is not a whole number"),
    ("SEEN", 5, "is not a date in the form %Y-%m-%d"),
]


@pytest.mark.both_engines
def test_rows_that_cannot_be_read_are_set_aside_with_their_place(
    read_pupils, write, engine
):
    write(
        "a.parquet", PUPILS.replace("7 ", "17").replace("3 ", "13").replace("5 ", "15")
    )
    write("b.parquet", FAULTY)
    with pytest.raises(InputError):
        read_pupils("c.parquet")
    reading = read_pupils("b.parquet")
    faults = sorted(
        (r["column"], r["line"], r["reason"])
        for r in as_dicts(engine, reading.quarantine)
    )
    assert faults == FAULTS
    assert {(r["source"], r["file"]) for r in as_dicts(engine, reading.quarantine)} == {
        ("npd", "b.parquet")
    }
    assert sorted(r["source_key"] for r in as_dicts(engine, reading.records)) == [
        "1",
        "6",
    ]
    assert (
        reading.summary.rows_read
        == reading.summary.records + reading.summary.quarantined
        == 6
    )


def test_faults_of_csv_have_the_line_of_the_file(read_pupils, tmp_path, engine):
    lines = AS_CSV.splitlines()
    faulty_lines = [
        lines[0],
        lines[1],
        "8,P3,21/01/2010",
        lines[2].replace("01/01/1998", "1998-01-01"),
        lines[3],
        "9,P\0,,,,,,,",
    ]
    (tmp_path / "a.csv").write_text("\n".join(faulty_lines))
    reading = read_pupils("a.csv", type="csv", date_format="%d/%m/%Y")
    faults = sorted(
        (r["line"], r["column"], r["reason"])
        for r in as_dicts(engine, reading.quarantine)
    )
    assert faults == [
        (3, None, "row has 3 fields, the header 9"),
        (4, "Born", "is not a date in the form %d/%m/%Y"),
        (6, None, "row holds a NUL"),
    ]
    assert (reading.summary.rows_read, reading.summary.records) == (5, 2)
    text = described(reading.summary.rejections, reading.summary.rows_read)
    assert text.splitlines() == [
        "a.csv: 3 of 5 rows quarantined",
        "  1  row has 3 fields, the header 9   first at line 3",
        "  1  Born is not a date in the form %d/%m/%Y   first at line 4",
        "  1  row holds a NUL   first at line 6",
    ]


def test_record_ids_do_not_depend_on_the_files(read_pupils, write, engine):
    write("one/a.parquet", PUPILS)
    lines = PUPILS.strip().splitlines()
    for number, line in enumerate(reversed(lines[1:])):
        write(
            f"many/{number}.parquet",
            f"{lines[0]}\n{line}" if number != 2 else PUPILS.split("3   |")[0],
        )
    first = {
        r["source_key"]: r["record_id"]
        for r in as_dicts(engine, read_pupils("one/*.parquet").records)
    }
    second = {
        r["source_key"]: r["record_id"]
        for r in as_dicts(engine, read_pupils("many/*.parquet").records)
    }
    assert first == second == {"3": 1, "5": 2, "7": 3}


def test_first_whole_entity_key_wins_and_a_uln_must_be_valid(
    engine, catalogue, write, tmp_path, rows
):
    write(
        "l.parquet",
        """
        ROW | ULN:text   | COLLEGE | LEARNER:text | Given | Family | FamilyAt16 | Before   | Postcode | Start
        1   | 1000000000 | 100     | L1           | Ann   | Smith  | Jones      | AB1 2CD  | AB1 2CE  | 2015-09-01
        2   | 9999999999 | 100     | L1           | Ann   | Smith  | -          | ZZ99 9ZZ | AB1 2CE  | 2015-09-01
        3   | 1000000001 | 100     | L2           | Ann   | Smith  | -          | -        | -        | 2015-09-01
        """,
    )
    source = Source(dataset="college", table="learners", files=("l.parquet",))
    reading = read_source(
        engine, catalogue, "ilr", source, tmp_path, first_record_id=50
    )
    entities = [
        (
            r["record_id"],
            r["entity_key"],
            r["uln"],
            r["former_surname"],
            r["former_postcode"],
        )
        for r in as_dicts(engine, reading.records)
    ]
    assert sorted(entities) == [
        (50, "1000000000", "1000000000", "JONES", "AB1 2CD"),
        (51, "100|L1", None, None, None),
        (52, "100|L2", None, None, None),
    ]


def test_columns_may_have_other_names_and_be_kept(read_pupils, write, engine):
    write(
        "a.parquet",
        PUPILS.replace("Surname", "LASTNME").replace("Forename", "FORENAME"),
    )
    reading = read_pupils("a.parquet", columns={"surname": "LASTNME"}, keep=("House",))
    people = {
        r["source_key"]: (r["forename"], r["surname"], r["x_house"])
        for r in as_dicts(engine, reading.records)
    }
    assert people == {
        "7": ("ANN", "ONEIL", "RED"),
        "3": ("BOB", "SMITH", "BLUE"),
        "5": ("ROB", "SMITH", None),
    }


def test_an_identifier_that_the_files_lack_is_reported(read_pupils, write):
    lines = [
        line.rpartition("|")[0].rpartition("|")[0]
        for line in PUPILS.strip().splitlines()
    ]
    write("a.parquet", "\n".join(lines))
    summary = read_pupils("a.parquet").summary
    assert (summary.absent, summary.filled["postcode"]) == (("Postcode",), 0)


def test_a_column_that_the_configuration_names_and_the_file_lacks(read_pupils, write):
    write("a.parquet", PUPILS)
    with pytest.raises(InputError) as error:
        read_pupils("a.parquet", columns={"dob": "BornOn"})
    assert str(error.value).splitlines() == [
        "source.npd.columns.dob: a.parquet has no column 'BornOn'",
        "  it has: ROW, PUPIL, SEEN, Forename, Surname, Born, Gender, Postcode, House",
        "  nearest: Born",
    ]


def test_a_source_without_a_header_is_reported_without_its_record(read_pupils, write):
    write("a.parquet", PUPILS)
    names = [name.strip() for name in PUPILS.strip().splitlines()[0].split("|")]
    values = [f"QUIBBLE{place}" for place in range(len(names))]
    write(
        "b.parquet", PUPILS.replace(PUPILS.strip().splitlines()[0], " | ".join(values))
    )
    with pytest.raises(InputError, match="the first line may be a record") as error:
        read_pupils("b.parquet")
    assert "QUIBBLE" not in str(error.value)


def test_a_part_that_lacks_a_key_is_named(read_pupils, write):
    write("a.parquet", PUPILS)
    write("b.parquet", PUPILS.replace("PUPIL", "PUPPY"))
    with pytest.raises(InputError, match=r"b\.parquet has no column 'PUPIL'"):
        read_pupils("*.parquet")


def test_a_header_and_no_rows(read_pupils, write, tmp_path):
    write("a.parquet", PUPILS)
    pq.write_table(parse(PUPILS).slice(0, 0), tmp_path / "a.parquet")
    with pytest.raises(
        InputError, match=r"the files hold a header and no rows: a\.parquet"
    ):
        read_pupils("a.parquet")
    (tmp_path / "a.csv").write_text(AS_CSV.splitlines()[0] + "\n")
    with pytest.raises(
        InputError, match=r"the files hold a header and no rows: a\.csv"
    ):
        read_pupils("a.csv", type="csv")


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_truncated_parquet(read_pupils, write, keep):
    path = write("a.parquet", PUPILS)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(InputError, match=r"a\.parquet: not a whole Parquet file"):
        read_pupils("a.parquet")


def test_truncated_gzip(read_pupils, tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((AS_CSV * 500).encode())[:-30])
    with pytest.raises(
        InputError, match=r"a\.csv\.gz: the compressed file is cut short"
    ):
        read_pupils("a.csv.gz", type="csv")


def test_a_source_without_a_single_name(read_pupils, write):
    text = PUPILS
    for name in ("Ann", "BOB", "Rob", "O'Neil", "SMITH", "Smith"):
        text = text.replace(name, "Unknown" if name == "Ann" else "-")
    write("a.parquet", text)
    with pytest.raises(InputError) as error:
        read_pupils("a.parquet")
    assert (
        "every forename and surname is empty in 3 rows (forename from Forename, "
        "surname from Surname)" in str(error.value)
    )


def test_every_date_in_another_format(read_pupils, tmp_path):
    (tmp_path / "a.csv").write_text(AS_CSV)
    with pytest.raises(InputError) as error:
        read_pupils("a.csv", type="csv")
    assert "npd: no row of its files can be read" in str(error.value)
    assert "3  SEEN is not a date in the form %Y-%m-%d   first at line 2" in str(
        error.value
    )
    assert str(error.value).endswith(
        "\n  say in its format how the files are written (date_format, delimiter, "
        "encoding, ...), or fetch them again"
    )


def test_no_value_of_a_person_in_an_error(read_pupils, tmp_path, write):
    secret = "Xanthippe"
    (tmp_path / "a.csv").write_text(
        AS_CSV.replace("Ann", secret).replace("06/05/1999", secret)
    )
    write("b.parquet", PUPILS.replace("Ann", secret).replace("3 ", "7 "))
    for arguments in ({"type": "csv"}, {"type": "csv", "date_format": "%d/%m/%Y"}, {}):
        files = ("a.csv",) if arguments else ("b.parquet",)
        try:
            text = repr(read_pupils(*files, **arguments).summary)
        except InputError as error:
            text = str(error)
        assert secret not in text


def with_pupils(catalogue, **changes):
    """The catalogue with another table of pupils."""
    pupils = catalogue.table("school", "pupils").model_copy(update=changes)
    school = catalogue.datasets["school"].model_copy(
        update={"table": {"pupils": pupils}}
    )
    return catalogue.model_copy(update={"datasets": {"school": school}})


def test_rows_without_a_key_of_their_own(engine, catalogue, write, tmp_path):
    write("a.parquet", PUPILS.replace("5 ", "3 "))
    variables = tuple(
        v
        for v in catalogue.table("school", "pupils").variable
        if v.name not in ("ROW", "PUPIL")
    )
    new_catalogue = with_pupils(catalogue, variable=variables, key=(), entity_key=())
    source = Source(
        dataset="school", table="pupils", files=("a.parquet",), format=FileFormat()
    )
    records = as_dicts(
        engine, read_source(engine, new_catalogue, "npd", source, tmp_path).records
    )
    assert sorted((r["record_id"], r["entity_key"]) for r in records) == [
        (1, "#1"),
        (2, "#2"),
        (3, "#3"),
    ]
    assert len({r["source_key"] for r in records}) == 3


def test_a_row_without_its_record_key_is_set_aside(engine, catalogue, write, tmp_path):
    write("a.parquet", PUPILS.replace("7   | P2", "-   | P2"))
    pupils = catalogue.table("school", "pupils")
    new_catalogue = with_pupils(
        catalogue,
        variable=tuple(
            v.model_copy(update={"required": False}) for v in pupils.variable
        ),
    )
    source = Source(dataset="school", table="pupils", files=("a.parquet",))
    reading = read_source(engine, new_catalogue, "npd", source, tmp_path)
    assert sorted(row["source_key"] for row in as_dicts(engine, reading.records)) == [
        "3",
        "5",
    ]
    assert [
        (row["line"], row["column"], row["reason"])
        for row in as_dicts(engine, reading.quarantine)
    ] == [(1, "ROW", "is empty")]


def test_keys_are_the_same_in_any_number_type(read_pupils, write, engine):
    path = write("a.parquet", PUPILS)
    table = pq.read_table(path)
    rows = pa.array([Decimal(7), Decimal(30), Decimal(5)], pa.decimal128(38, 10))
    persons = pa.array([1.5, float("nan"), 9e30])
    pq.write_table(
        table.set_column(0, "ROW", rows).set_column(1, "PUPIL", persons), path
    )
    reading = read_pupils("a.parquet")
    keys = sorted(
        (row["source_key"], row["entity_key"])
        for row in as_dicts(engine, reading.records)
    )
    assert keys == [("5", "9e+30"), ("7", "1.5")]
    assert [
        (row["line"], row["column"]) for row in as_dicts(engine, reading.quarantine)
    ] == [(2, "PUPIL")]


def test_parts_may_hold_a_column_in_other_types(read_pupils, write, engine):
    write("a.parquet", PUPILS.replace("ROW ", "ROW:text "))
    write(
        "b.parquet",
        PUPILS.replace("7   | P2", "9   | -")
        .replace("5   | P1", "8   | P1")
        .replace("3   |", "6   |"),
    )
    reading = read_pupils("*.parquet")
    assert sorted(row["source_key"] for row in as_dicts(engine, reading.records)) == [
        "3",
        "5",
        "6",
        "7",
        "8",
    ]
    rejections = [
        (row["file"], row["line"], row["column"])
        for row in as_dicts(engine, reading.quarantine)
    ]
    assert rejections == [("b.parquet", 1, "PUPIL")]


def test_days_that_are_numbers_need_a_date_format(read_pupils, write):
    write(
        "a.parquet",
        PUPILS.replace("2010-01-21", "20100121").replace("2011-01-20", "20110120"),
    )
    with pytest.raises(InputError, match="3  SEEN is not a date in the form %Y-%m-%d"):
        read_pupils("a.parquet")


def test_a_record_key_may_have_any_number_of_digits(read_pupils, tmp_path, engine):
    (tmp_path / "a.csv").write_text(
        AS_CSV.replace("\n7,", "\n12345678901234567890123,")
    )
    records = as_dicts(
        engine, read_pupils("a.csv", type="csv", date_format="%d/%m/%Y").records
    )
    assert [row["source_key"] for row in records if row["entity_key"] == "P2"] == [
        "12345678901234567890123"
    ]


def test_parquet_damaged_inside(read_pupils, write):
    path = write("a.parquet", PUPILS)
    content = bytearray(path.read_bytes())
    content[4:80] = b"\xff" * 76
    path.write_bytes(bytes(content))
    with pytest.raises(InputError) as error:
        read_pupils("a.parquet")
    assert "a.parquet" in str(error.value)
    assert "SMITH" not in str(error.value)


def test_a_full_disk_is_reported(read_pupils, tmp_path, monkeypatch):
    def raise_full_disk(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "a.csv").write_text(AS_CSV)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", raise_full_disk)
    with pytest.raises(
        LeoError,
        match=r"a\.csv: no space .*No space left on device\n  free space there",
    ):
        read_pupils("a.csv", type="csv", date_format="%d/%m/%Y")


def test_nothing_stays_in_the_scratch_folder(read_pupils, tmp_path, engine):
    (tmp_path / "a.csv").write_text(AS_CSV)
    reading = read_pupils("a.csv", type="csv", date_format="%d/%m/%Y")
    assert not list(engine.scratch.glob("leo-csv-*"))
    assert engine.count(reading.records) == 3


@pytest.mark.both_engines
def test_a_day_of_the_year_0000_is_missing_and_its_row_is_kept(
    read_pupils, tmp_path, engine
):
    (tmp_path / "a.csv").write_text(AS_CSV.replace("06/05/1999", "01/01/0000"))
    reading = read_pupils("a.csv", type="csv", date_format="%d/%m/%Y")
    assert [
        row["dob"]
        for row in as_dicts(engine, reading.records)
        if row["source_key"] == "7"
    ] == [None]
    assert (reading.summary.records, reading.summary.problems["dob"]) == (3, 3)
