"""Identifiers of any table of persons in one form."""

import pytest

from linkage.catalogue import PROBLEMS
from linkage.errors import ConfigError
from linkage.records.standardise import PersonColumns, sex_codes, standard_view


def standardise_person_table(engine, table, roles, **options):
    """The standard view of a table."""
    return standard_view(engine, table, PersonColumns(roles, **options))[0]


@pytest.mark.both_engines
def test_every_identifier_and_its_flags(engine, world, rows):
    people = world("""
        id | fn       | sn     | born       | sex    | code     | nino        | uln        | upn           | hus:text
        1  | Mary Ann | O'Neil | 1999-05-06 | male   | sw1a1aa  | ab 12 34 56 c | 1000000000 | A000000000000 | 0012345678901
        2  | UNKNOWN  | Smith  | 1999-01-01 | 2      | ZZ99 3VZ | GB123456A   | 9999999999 | A00000000000A | -
        3  | José     | -      | 1900-01-01 | zebra  | SW1A     | -           | 1000000001 | B000000000000 | -
    """)
    roles = {
        "forename": "fn",
        "surname": "sn",
        "dob": "born",
        "sex": "sex",
        "postcode": "code",
    }
    roles |= {"nino": "nino", "uln": "uln", "upn": "upn", "husid": "hus"}
    standard = standardise_person_table(engine, people, roles, carry=["id"])
    assert standard.columns[1:] == (
        *(
            "forename",
            "middle_names",
            "surname",
            "dob",
            "sex",
            "postcode",
            "nino",
            "uln",
            "upn",
            "husid",
        ),
        *("valid_from", "valid_to", "problems"),
    )
    flags = (
        PROBLEMS["name"]
        + PROBLEMS["dob"]
        + PROBLEMS["postcode"]
        + PROBLEMS["uln"]
        + PROBLEMS["upn"]
    )
    two, three = flags + PROBLEMS["nino"], flags + PROBLEMS["sex"]
    expected = world(f"""
        id | fn   | mn   | sn    | dob        | sex | code     | nino     | uln:text   | upn           | hus:text      | f:date | t:date | problems
        1  | MARY | ANN  | ONEIL | 1999-05-06 | M   | SW1A 1AA | AB123456 | 1000000000 | A000000000000 | 0012345678901 | -      | -      | 0
        2  | -    | -    | SMITH | 1999-01-01 | F   | -        | -        | -          | A00000000000A | -             | -      | -      | {two}
        3  | JOSE | -    | -     | -          | -   | -        | -        | -          | -             | -             | -      | -      | {three}
    """)
    assert rows(standard) == rows(expected)


def test_no_role_is_needed(engine, world, rows):
    assert rows(standardise_person_table(engine, world("id\n1"), {}, carry=["id"])) == [
        (1, *[None] * 12, 0)
    ]


def test_dates_in_any_of_the_formats(engine, world):
    people = world("born\n1999-05-06\n06/05/1999\n06-May-1999\nrubbish\n00/00/0000")
    standard = standardise_person_table(
        engine,
        people,
        {"dob": "born"},
        date_formats=["%d/%m/%Y", "%d-%b-%Y"],
        carry=["born"],
    )
    days = {
        r["born"]: (str(r["dob"]), r["problems"])
        for r in engine.arrow(standard).to_pylist()
    }
    good = ("1999-05-06", 0)
    assert days == {
        "1999-05-06": good,
        "06/05/1999": good,
        "06-May-1999": good,
        "rubbish": ("None", PROBLEMS["dob"]),
        "00/00/0000": ("None", PROBLEMS["dob"]),
    }


def test_a_temporary_upn_stays_with_its_flag(engine, world, rows):
    # 11 digits of 0 and the letter B, worth 1: 13 mod 23 picks the letter at place 13.
    standard = standardise_person_table(
        engine, world("upn\nP00000000000B"), {"upn": "upn"}
    )
    row = engine.arrow(standard).to_pylist()[0]
    assert (row["upn"], row["problems"]) == ("P00000000000B", PROBLEMS["upn"])


def test_middle_names_have_a_field_or_come_from_the_forename(engine, world):
    people = world("f | m\nAnn Mary | Jane\nAnn | Jane\nAnn Mary | -")

    def names(roles, **options):
        standard = engine.arrow(
            standardise_person_table(engine, people, roles, **options)
        ).to_pylist()
        return sorted((r["forename"], r["middle_names"] or "-") for r in standard)

    assert names({"forename": "f"}) == [("ANN", "-"), ("ANN", "MARY"), ("ANN", "MARY")]
    assert names({"forename": "f", "middle_names": "m"}) == [
        ("ANN", "JANE"),
        ("ANN MARY", "-"),
        ("ANN MARY", "JANE"),
    ]
    assert names({"forename": "f", "middle_names": "m"}, split_forename=True) == [
        *(("ANN", "JANE"), ("ANN", "MARY"), ("ANN", "MARY JANE"))
    ]


def test_typed_columns_and_numbers_read_as_text(engine, world, rows):
    people = world(
        "sex:float | tel:int | born:date\n1.0 | 1632960123 | 1999-05-06\n2.0 | - | "
        "1999-05-07"
    )
    standard = standardise_person_table(
        engine, people, {"sex": "sex", "phone": "tel", "dob": "born"}
    )
    values = sorted(
        (r["sex"], r["phone"], str(r["dob"]))
        for r in engine.arrow(standard).to_pylist()
    )
    assert values == [("F", None, "1999-05-07"), ("M", "2960123", "1999-05-06")]


def test_a_text_without_a_phone_number_is_missing(engine, world):
    people = world("tel\n(020) 7946-0000\n0000000000\nN/A\nunknown\n-")
    standard = engine.arrow(
        standardise_person_table(engine, people, {"phone": "tel"})
    ).to_pylist()
    assert sorted(r["phone"] or "none" for r in standard) == [
        "9460000",
        "none",
        "none",
        "none",
        "none",
    ]


def test_other_columns_are_kept_as_text(engine, world):
    people = world("town | mail\nSão Paulo | A@x.org")
    standard = standardise_person_table(
        engine, people, {"email": "mail"}, texts={"town": "x_town"}
    )
    row = engine.arrow(standard).to_pylist()[0]
    assert (row["x_town"], row["email"]) == ("SAO PAULO", "A@X.ORG")


def test_sexes_by_the_labels_of_a_frame(engine, world):
    codes = sex_codes({"1": "Male", "2": "Female", "9": "Not known", "f": "Female"})
    assert codes == {"1": "M", "2": "F", "F": "F"}
    standard = standardise_person_table(
        engine, world("g:text\n1\nf\n9\nM"), {"sex": "g"}, sexes=codes, carry=["g"]
    )
    sexes = {
        r["g"]: (r["sex"], r["problems"]) for r in engine.arrow(standard).to_pylist()
    }
    assert sexes == {
        "1": ("M", 0),
        "f": ("F", 0),
        "9": (None, PROBLEMS["sex"]),
        "M": (None, PROBLEMS["sex"]),
    }


def test_unknown_roles_and_columns_are_named(engine, world):
    with pytest.raises(ConfigError, match="no role 'shoe_size'\n  there are address, "):
        standardise_person_table(engine, world("a\n1"), {"shoe_size": "a"})
    with pytest.raises(ConfigError, match="no column 'b'\n  it has a"):
        standardise_person_table(engine, world("a\n1"), {"surname": "b"})


def test_a_column_all_in_standard_form_is_unchanged(engine, world, rows):
    people = world(
        "f | m | s | p\nANN | EVE | SMITH | SW1A 1AA\nBOB | - | JONES | M1 1AE"
    )
    roles = {"forename": "f", "middle_names": "m", "surname": "s", "postcode": "p"}
    standard = standardise_person_table(engine, people, roles)
    columns = engine.sql(
        "select forename, middle_names, surname, postcode, problems from {t}",
        t=standard,
    )
    assert rows(columns) == [
        ("ANN", "EVE", "SMITH", "SW1A 1AA", 0),
        ("BOB", None, "JONES", "M1 1AE", 0),
    ]
