"""Attributes are keyed by entity and hold no identifiers."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import AttributeTable, FileFormat
from linkage.engine import rows as as_dicts
from linkage.errors import InputError
from linkage.records import damage_named, read_attributes

MARKS = """
    PUPIL:text | Subject | Mark | Sat        | Surname | Initials
    P1         | M       | 71   | 2014-05-20 | SMITH   | AS
    P1         | E       | -    | -          | SMITH   | AS
    P9         | M       | 50   | 2014-05-20 | GREEN   | BG
    -          | M       | 50   | 2014-05-20 | GREEN   | BG
"""


@pytest.fixture
def entities(world):
    return world("entity_id | entity_key\n4 | P1\n5 | P2")


@pytest.fixture
def read_marks(engine, catalogue, tmp_path, entities):
    def read(file, **fmt):
        spec = AttributeTable(
            dataset="school",
            table="marks",
            source="npd",
            files=(file,),
            format=FileFormat(**fmt),
        )
        return read_attributes(
            engine, catalogue, "school_marks", spec, tmp_path, entities
        )

    return read


def test_rows_by_entity_without_identifiers(read_marks, write, world, rows, engine):
    write("m.parquet", MARKS)
    marks = read_marks("m.parquet")
    assert marks.rows.columns == ("entity_id", "Subject", "Mark", "Sat")
    assert rows(marks.rows) == rows(
        world("""
            entity_id | Subject | Mark:int | Sat:date
            4         | M       | 71       | 2014-05-20
            4         | E       | -        | -
        """)
    )
    summary = marks.summary
    assert (summary.rows_read, summary.rows, summary.orphans, summary.quarantined) == (
        4,
        2,
        1,
        1,
    )
    assert [
        (r["line"], r["column"], r["reason"])
        for r in as_dicts(engine, marks.quarantine)
    ] == [(4, "PUPIL", "is empty")]


@pytest.mark.both_engines
def test_values_of_another_type_are_null_and_counted(read_marks, tmp_path, world, rows):
    (tmp_path / "m.csv").write_text(
        "PUPIL,Subject,Mark,Sat,Surname,Initials\n"
        "P1,M,71.5,20/05/2014,SMITH,AS\nP2,E,seven,2014-05-20,SMITH,AS\nP2,E,+7,,SMITH,AS\nP2,E\n"
    )
    marks = read_marks("m.csv", type="csv", date_format="%d/%m/%Y")
    assert rows(marks.rows) == rows(
        world("""
            entity_id | Subject | Mark:int | Sat:date
            4         | M       | -        | 2014-05-20
            5         | E       | -        | -
            5         | E       | 7        | -
        """)
    )
    summary = marks.summary
    assert summary.unread == {"Mark": 2, "Sat": 1}
    assert (
        summary.rows_read == summary.rows + summary.orphans + summary.quarantined == 4
    )


def test_a_number_of_another_type_is_read_or_counted(
    read_marks, write, tmp_path, rows, engine
):
    path = write("m.parquet", MARKS)
    marks = pa.array(
        [Decimal("71.00"), Decimal("71.50"), Decimal("60.00"), None],
        pa.decimal128(5, 2),
    )
    table = pq.read_table(path)
    pq.write_table(
        table.set_column(table.column_names.index("Mark"), "Mark", marks), path
    )
    reading = read_marks("m.parquet")
    assert sorted(
        (row["Subject"], row["Mark"]) for row in as_dicts(engine, reading.rows)
    ) == [("E", None), ("M", 71)]
    assert reading.summary.unread == {"Mark": 1}


def test_an_identifier_of_another_name_in_the_file_is_ignored(
    read_marks, write, engine
):
    """A source may read it under another name; no extract holds it."""
    write("m.parquet", MARKS.replace("Surname", "LASTNME"))
    assert engine.count(read_marks("m.parquet").rows) == 2


@pytest.mark.both_engines
def test_a_file_that_is_damaged_where_rows_are_written_is_named(
    read_marks, write, tmp_path, engine
):
    """Its rows are read when they are written, and the engine named a value, or a file
    that was not Parquet.
    """
    path = write("m.parquet", MARKS)
    group = pq.read_metadata(path).row_group(0)
    subject = next(
        group.column(at)
        for at in range(group.num_columns)
        if group.column(at).path_in_schema == "Subject"
    )
    content, first = bytearray(path.read_bytes()), subject.dictionary_page_offset
    content[first : first + 16] = b"\xff" * 16
    path.write_bytes(bytes(content))
    marks = read_marks("m.parquet")
    with pytest.raises(InputError) as error, damage_named(marks.files):
        engine.write(marks.rows, tmp_path / "written")
    assert str(error.value).endswith(
        "m.parquet: the file is damaged inside, though its end is whole\n  fetch it "
        "again, or write it again"
    )


def test_a_variable_that_the_file_lacks(read_marks, write):
    write("m.parquet", MARKS.replace("Mark", "Score"))
    with pytest.raises(
        InputError,
        match=r"attributes\.school_marks: the catalogue's table marks: m\.parquet has "
        r"no column 'Mark'",
    ):
        read_marks("m.parquet")


@pytest.fixture
def read_payers(engine, catalogue, tmp_path, world):
    def read(lines):
        (tmp_path / "p.csv").write_text(f"NINO,Surname,From,To,Rate,Abroad\n{lines}")
        file_format = FileFormat(type="csv")
        spec = AttributeTable(
            dataset="tax",
            table="payers",
            source="cis",
            files=("p.csv",),
            format=file_format,
        )
        return read_attributes(
            engine,
            catalogue,
            "p",
            spec,
            tmp_path,
            world("entity_id | entity_key\n8 | AB123456C"),
        )

    return read


def test_numbers_and_yes_or_no(read_payers, world, rows):
    payers = read_payers(
        "ab 12 34 56 "
        "c,X,2010-01-01,,0.25,Y\nAB123456C,X,2010-01-02,,,no\nAB123456C,X,,,1e2,?\n"
    )
    assert payers.rows.columns == ("entity_id", "From", "To", "Rate", "Abroad")
    assert rows(payers.rows) == rows(
        world("""
            entity_id | From       | To:date | Rate:float | Abroad:bool
            8         | 2010-01-01 | -       | 0.25       | true
            8         | 2010-01-02 | -       | -          | false
            8         | -          | -       | 100        | -
        """)
    )
    assert payers.summary.unread == {"Abroad": 1}


@pytest.mark.both_engines
def test_a_number_in_the_form_of_one_engine_alone_is_unread(engine, read_payers):
    texts = (
        "1e2",
        ".5",
        "+3.",
        "-0.25",
        "1d",
        "2F",
        "1_000",
        "nan",
        "NaN",
        "inf",
        "Infinity",
        "0x1F",
        "1,000",
        "e2",
    )
    payers = read_payers("".join(f'AB123456C,X,,,"{text}",N\n' for text in texts))
    rates = [row["Rate"] for row in as_dicts(engine, payers.rows)]
    assert sorted(rate for rate in rates if rate is not None) == [
        -0.25,
        0.5,
        3.0,
        100.0,
    ]
    assert payers.summary.unread == {"Rate": 10}
