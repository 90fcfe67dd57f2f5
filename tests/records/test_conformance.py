"""The same column gives the same value by `leo link`, in a run and on either engine."""

from dataclasses import asdict

import pyarrow as pa
import pytest

from linkage.engine import rows
from linkage.files.date_format import DateFormat
from linkage.files.readers import description_of
from linkage.files.schema import FileSchema
from linkage.records.fields import standardise
from linkage.records.rules import identifier_rules
from linkage.records.standardise import PersonColumns, standard_view

ROLES = (
    *("forename", "middle_names", "surname", "dob", "sex", "postcode"),
    *("nino", "uln", "upn", "husid", "phone", "email", "address"),
)

NAMES = """
    n  | forename     | middle_names | surname          | first    | others     | last
    1  | Mr. José     | -            | O'Brien          | JOSE     | -          | OBRIEN
    2  | Anne-Marie   | Louise       | o’ Brien-Smith   | ANNE MARIE | LOUISE   | OBRIEN SMITH
    3  | MARY ANN     | Jane         | van der Berg     | MARY     | ANN JANE   | VANDERBERG
    4  | unknown      | -            | Not known        | -        | -          | -
    5  | Zoë          | n/a          | Berg, van der    | ZOE      | -          | VANDERBERG
    6  | al Hassan    | -            | Łukasiewicz      | ALHASSAN | -          | LUKASIEWICZ
    7  | XXX          | X            | De La Cruz       | -        | -          | DELACRUZ
    8  | Baby         | Boy          | Smith (née Jones) | -       | -          | SMITH
    9  | DR           | -            | Smith Jr         | DR       | -          | SMITH
    10 | SMITH        | EVE          | JONES            | SMITH    | EVE        | JONES
    11 | -            | Ann          | -                | -        | ANN        | -
    12 | 山田           | -            | Müller           | SHANTIAN | -          | MULLER
"""

VALUES = [
    ("dob", "1999-05-06", "1999-05-06"),
    ("dob", "06/05/1999", "1999-05-06"),
    ("dob", "6/5/1999", "1999-05-06"),
    ("dob", "06-May-1999", "1999-05-06"),
    ("dob", "1999-05-06T00:00:00", "1999-05-06"),
    ("dob", "1900-01-01", None),
    ("dob", "00/00/0000", None),
    ("dob", "unknown", None),
    ("sex", "male", "M"),
    ("sex", " F ", "F"),
    ("sex", "2.0", "F"),
    ("sex", "zebra", None),
    ("postcode", "sw1a1aa", "SW1A 1AA"),
    ("postcode", "SW1A  1AA", "SW1A 1AA"),
    ("postcode", "M1–1AE", "M1 1AE"),
    ("postcode", "ZZ99 3VZ", None),
    ("postcode", "SW1A", None),
    ("nino", "ab 12 34 56 c", "AB123456"),
    ("nino", "GB123456A", None),
    ("nino", "-", None),
    ("uln", "1000000043", "1000000043"),
    ("uln", "1000000043.0", "1000000043"),
    ("uln", "9999999999", None),
    ("upn", "P00000000000B", "P00000000000B"),
    ("upn", "B000000000000", None),
    ("husid", "0711 1012 34567", "0711101234567"),
    ("husid", "N/A", None),
    ("phone", "+44 (0)20 7946-0000", "9460000"),
    ("phone", "020 7946 0000; 0161 496 0001", "9460000"),
    ("phone", "0000000", None),
    ("email", "Ann+news@post.example.", "ANN@POST.EXAMPLE"),
    ("email", "Ann <ann@post.example>", "ANN@POST.EXAMPLE"),
    ("email", "none", None),
    ("address", " 12  Rue  de l'Été, ", "12 RUE DE L'ETE"),
    ("address", "no fixed abode", None),
]


def by_files(engine, table, roles):
    """What `leo link` reads, by n."""
    settings = {
        "dob": asdict(DateFormat(month_first={"": False}, latest_year=2020)),
        "sex": {"codes": identifier_rules().sex.plain},
        "postcode": {"kind": "british", "precision": "unit"},
    }
    settings |= {role: {"length": 10} for role in ("nino", "uln", "upn", "husid")}
    columns = {role: (role,) for role in roles}
    schema = FileSchema(columns=columns, settings=settings, fields=list(roles))
    standard = standardise(engine, table, description_of(schema), {"n": "n"})
    return by_number(engine, standard.table, roles)


def by_run(engine, table, roles):
    """What a run reads, by n."""
    formats = ("%d/%m/%Y", "%d-%b-%Y")
    persons = PersonColumns(
        {role: role for role in roles},
        carry=("n",),
        date_formats=formats,
        split_forename=True,
    )
    return by_number(engine, standard_view(engine, table, persons)[0], roles)


def by_number(engine, table, roles):
    """The values of each row, by its n."""
    return {
        row["n"]: tuple(row[role] and str(row[role]) for role in roles)
        for row in rows(engine, table)
    }


@pytest.mark.both_engines
@pytest.mark.parametrize("read", [by_files, by_run])
def test_names(engine, world, read) -> None:
    table = world(NAMES)
    expected = by_number(engine, table, ("first", "others", "last"))
    assert read(engine, table, ("forename", "middle_names", "surname")) == expected


@pytest.mark.both_engines
@pytest.mark.parametrize("read", [by_files, by_run])
def test_dates_codes_and_texts(engine, read) -> None:
    columns = {
        role: pa.array([raw if of == role else None for of, raw, _ in VALUES])
        for role in ROLES[3:]
    }
    columns["n"] = pa.array(range(len(VALUES)))
    read_values = read(engine, engine.from_arrow(pa.table(columns)), ROLES[3:])
    results = [
        (role, raw, read_values[n][ROLES.index(role) - 3])
        for n, (role, raw, _) in enumerate(VALUES)
    ]
    assert results == VALUES
