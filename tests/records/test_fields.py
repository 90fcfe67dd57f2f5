"""SQL reads a value as Python does, and a table by distinct values as each record by
itself.
"""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.engine import connect
from linkage.records.fields import Description, read_in_python, standardise
from linkage.records.readers import (
    Email,
    FamilyNames,
    GivenNames,
    Number,
    Phone,
    Postcode,
    Reader,
    Sex,
    Text,
)


def read(engine, reader: Reader, *rows: tuple[str | None, ...]) -> list[tuple]:
    """The fields that a reader makes of some rows."""
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    names = [*reader.columns, "row"]
    table = engine.from_arrow(pa.table([*columns, range(len(rows))], names=names))
    description = Description([reader], reader.fields)
    standard = standardise(engine, table, description, {"row": "row"})
    table = engine.arrow(standard.table).sort_by("row").drop_columns("row")
    engine.drop(*standard.tables)
    return [tuple(row.values()) for row in table.to_pylist()]


def one(engine, reader: Reader, *texts: str) -> list[str | None]:
    """The one field that a reader makes of the texts of one column."""
    return [value for (value,) in read(engine, reader, *((text,) for text in texts))]


GIVEN = GivenNames(
    ("f", "m"), ("forename", "middle_names"), ("forename", "middle_names")
)
FAMILY = FamilyNames(
    ("s", "o"),
    ("surname", "other_surname", "second_surname"),
    ("surname", "other_surname"),
)
NAMES = st.text(max_size=12) | st.sampled_from(
    [
        "SMITH",
        "Smith",
        "AAA",
        "MR",
        "UNKNOWN",
        "X",
        "van der Berg",
        "O'Brien",
        "MARY ANN",
    ]
)


@pytest.mark.parametrize("reader", [GIVEN, FAMILY])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.none() | NAMES, st.none() | NAMES), min_size=1))
def test_names_are_read_as_python_reads_each(reader: Reader, rows) -> None:
    trimmed = [
        tuple(value and (value.strip() or None) for value in row) for row in rows
    ]
    expected = [
        reader.read(*row) if any(row) else (None,) * len(reader.fields)
        for row in trimmed
    ]
    with connect("duckdb", threads=1) as engine:
        assert read(engine, reader, *rows) == expected


def test_a_sample_is_read_as_a_table_is(engine) -> None:
    rows = [("Dr. José", "Ann-Lee"), ("MARY", None), (None, "unknown")]
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    sample = read_in_python(
        Description([GIVEN], GIVEN.fields), pa.table(columns, names=["f", "m"])
    )
    assert read(engine, GIVEN, *rows) == [tuple(r.values()) for r in sample.to_pylist()]


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("role", "text", "value"),
    [
        ("nino", "ab 12 34 56 C", "AB123456"),
        ("nino", "BG123456A", None),
        ("uln", "1000000044", None),
        ("uln", "1000000043", "1000000043"),
        ("upn", "Z999999999999", None),
        ("husid", "0711 1012 34567", "0711101234567"),
        ("national_number", "NONE", None),
        ("national_number", "000000000", None),
        ("national_number", "123456789", None),
        ("national_number", "85-12.345", "8512345"),
        ("national_number", "85–12.345", "8512345"),
    ],
)
def test_numbers_in_their_form_or_none(engine, role: str, text: str, value) -> None:
    assert one(engine, Number(("n",), ("n",), role), text) == [value]


@pytest.mark.both_engines
def test_telephones_by_their_last_digits(engine) -> None:
    texts = ("(020) 79460000; 0161 496 0000", "+44 20 7946 0000", "0000000", "n/a")
    assert one(engine, Phone(("p",), ("p",)), *texts) == ["9460000"] * 2 + [None] * 2


@pytest.mark.both_engines
def test_the_first_known_of_two_telephones(engine) -> None:
    reader = Phone(("home", "mobile"), ("phone",))
    rows = [("n/a", "020 7946 0000"), ("0161 496 0001", "020 7946 0000"), (None, None)]
    assert read(engine, reader, *rows) == [("9460000",), ("4960001",), (None,)]


@pytest.mark.both_engines
def test_email_addresses_without_what_is_added(engine) -> None:
    texts = (
        "ann+news@post.example",
        "Ann <ANN@post.example>, b@c.example",
        "ann@post.example.",
        "none",
    )
    expected = ["ANN@POST.EXAMPLE"] * 3 + [None]
    assert one(engine, Email(("e",), ("e",)), *texts) == expected


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("precision", "digits", "expected"),
    [
        ("unit", 0, ["AB1 2CD", "AB1 2CD", None, None, None]),
        ("sector", 0, ["AB1 2", None, "AB1", None, "ZZ99 3"]),
        ("district", 0, ["AB1", None, "AB1", None, "ZZ99"]),
        ("code", 0, ["AB1 2CD", "AB1 2CD", "AB1", "066201234", "ZZ993VZ"]),
        ("code", 5, ["AB12CD", "AB12CD", "AB1", "06620", "ZZ993VZ"]),
    ],
)
def test_postcodes_to_what_is_compared(engine, precision, digits, expected) -> None:
    reader = Postcode(("p",), ("p",), precision, digits)
    texts = ("AB1 2CD", "ab-12cd", "AB1", "06620-1234", "ZZ99 3VZ")
    assert one(engine, reader, *texts) == expected


@pytest.mark.both_engines
def test_texts_and_sexes(engine) -> None:
    texts = (" 12  Rue  de l'Été, ", "n/a", "--", "Straße")
    expected = ["12 RUE DE L'ETE", None, None, "STRASSE"]
    assert one(engine, Text(("t",), ("t",)), *texts) == expected
    sex = Sex(("s",), ("s",), {"H": "M", "FEMININ": "F"})
    assert one(engine, sex, "h.", "féminin", "X") == ["M", "F", None]
