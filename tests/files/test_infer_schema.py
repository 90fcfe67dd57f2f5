"""The schema of two files: identifiers alone, each read to what both files know, and
every choice can be stated.
"""

from pathlib import Path

import pytest

from linkage.engine import Engine
from linkage.errors import ConfigError, InputError
from tests.files.conftest import infer, standardise

LEFT = """
    id,first name,last name,born,sex,school,ethnicity
    1,Ann,Ash,03/05/1990,F,A,x
    2,Ben,Bird,25/12/1991,M,A,y
    3,Cleo,Cook,14/07/1989,F,B,x
    4,Dan,Dale,30/01/1993,M,B,y
    """
RIGHT = """
    ref,FORENAME,SURNAME,DOB,GENDER,school,ethnicity
    8,ANN,ASH,1990-05-03,2,A,x
    9,BEN,BIRD,1991-12-25,1,A,y
    """


def test_identifiers_alone_are_compared(engine: Engine, tmp_path: Path) -> None:
    result = infer(engine, tmp_path, LEFT, RIGHT)
    assert result.schemas[0].fields == ["forename", "surname", "dob", "sex"]
    assert result.unmapped == [["school", "ethnicity"], ["school", "ethnicity"]]
    assert [schema.id for schema in result.schemas] == ["id", "ref"]
    school_result = infer(engine, tmp_path, LEFT, RIGHT, compare=["school"])
    assert (school_result.schemas[1].fields[-1], school_result.unmapped[0]) == (
        "school",
        ["ethnicity"],
    )


def test_records_of_both_files_are_in_one_form(engine: Engine, tmp_path: Path) -> None:
    left, right = standardise(engine, tmp_path, LEFT, RIGHT)
    ann = {"forename": "ANN", "surname": "ASH", "dob": "1990-05-03", "sex": "F"}
    assert (
        left[:2]
        == right
        == [
            ann,
            {"forename": "BEN", "surname": "BIRD", "dob": "1991-12-25", "sex": "M"},
        ]
    )


def test_a_stated_date_format_overrides_what_is_inferred(
    engine: Engine, tmp_path: Path
) -> None:
    left = (
        LEFT.replace("25/12", "05/12")
        .replace("14/07", "04/07")
        .replace("30/01", "03/01")
    )
    records, _ = standardise(
        engine, tmp_path, left, RIGHT, date_formats=["%m/%d/%Y", "%Y-%m-%d"]
    )
    assert records[0]["dob"] == "1990-03-05"


def test_names_in_full_on_one_side_and_in_parts_on_the_other(
    engine: Engine, tmp_path: Path
) -> None:
    right = 'id,name,dob\n7,"ASH, ANN MARIE",1990-05-03\n8,"BIRD, BEN",1991-12-25\n'
    records = standardise(engine, tmp_path, LEFT, right)[1]
    assert [(row["forename"], row["surname"]) for row in records] == [
        ("ANN", "ASH"),
        ("BEN", "BIRD"),
    ]


def test_initials_and_years_are_compared_where_a_file_has_no_more(
    engine: Engine, tmp_path: Path
) -> None:
    right = "id,forename,surname,year of birth\n7,A,ASH,1990\n8,B.,BIRD,1991\n"
    left, right_records = standardise(engine, tmp_path, LEFT, right)
    assert (
        left[0]
        == right_records[0]
        == {"forename": "A", "surname": "ASH", "dob": "1990-00-00"}
    )


def test_two_surnames_and_a_surname_at_birth(engine: Engine, tmp_path: Path) -> None:
    left = "id,nombre,apellido1,apellido2,fecha_nac\n1,Ana,García,López,03/05/1990\n2,Eva,Ruiz,Soler,25/12/1991\n"
    right = (
        "id,forename,surname,dob\n7,ANA,GARCIA LOPEZ,1990-05-03\n8,EVA,RUIZ "
        "SOLER,1991-12-25\n"
    )
    left_records, right_records = standardise(engine, tmp_path, left, right)
    assert left_records == right_records
    assert (left_records[0]["surname"], left_records[0]["second_surname"]) == (
        "GARCIA",
        "LOPEZ",
    )
    births = (
        "id,forename,surname,maiden "
        "name,dob\n1,Ann,,Ash,1990-05-03\n2,Eva,Bird,Cook,1991-12-25\n"
    )
    rows = standardise(engine, tmp_path, births, right)[0]
    assert [(row["surname"], row["other_surname"]) for row in rows] == [
        ("ASH", "ASH"),
        ("BIRD", "COOK"),
    ]


def test_umlauts_are_written_as_the_other_file_writes_them(
    engine: Engine, tmp_path: Path
) -> None:
    left = (
        "id,forename,surname,dob\n1,Jörg,Müller,1990-05-03\n2,Käthe,Groß,1991-12-25\n"
    )
    two_letters = "id,forename,surname,dob\n7,JOERG,MUELLER,1990-05-03\n8,KAETHE,GROSS,1991-12-25\n"
    one_letter = two_letters.replace("OE", "O").replace("UE", "U").replace("AE", "A")
    for right in (two_letters, one_letter):
        left_records, right_records = standardise(engine, tmp_path, left, right)
        assert [row["surname"] for row in left_records] == [
            row["surname"] for row in right_records
        ]


def test_columns_without_a_clear_header_are_recognised_by_content(
    engine: Engine, tmp_path: Path
) -> None:
    names = [
        (
            f"Name{chr(65 + n % 26)}{chr(97 + n // 26)}x",
            f"1{n % 10}/0{1 + n % 9}/19{60 + n % 40}",
        )
        for n in range(60)
    ]
    clear_file = "id,surname,dob,email\n" + "\n".join(
        f"{n},{a},{b},p{n}@x.example" for n, (a, b) in enumerate(names)
    )
    coded_file = "k1,v1,v2,v3,v4\n" + "\n".join(
        f"{n + 900},{a},{b},p{n}@x.example,note {n}" for n, (a, b) in enumerate(names)
    )
    schema = infer(engine, tmp_path, clear_file, coded_file).schemas[1]
    assert (schema.columns["dob"], schema.columns["email"]) == (("v2",), ("v3",))
    assert schema.evidence["dob"] == "content"
    assert "v4" not in schema.used


def test_ages_and_birth_dates_are_aligned_by_namesakes(
    engine: Engine, tmp_path: Path
) -> None:
    people = [(f"F{chr(65 + n)}", f"S{chr(65 + n)}", 1950 + n) for n in range(26)]
    left = "id,forename,surname,age\n" + "\n".join(
        f"{n},{f},{s},{2018 - y}" for n, (f, s, y) in enumerate(people)
    )
    right = "id,forename,surname,dob\n" + "\n".join(
        f"{n},{f},{s},{y}-05-03" for n, (f, s, y) in enumerate(people)
    )
    left_records, right_records = standardise(engine, tmp_path, left, right)
    assert [row["age"] for row in left_records] == [row["age"] for row in right_records]


def test_the_number_of_husid_is_an_identifier(engine: Engine, tmp_path: Path) -> None:
    left = "rec,HUSID,surname,dob\n1,0711101234567,Ash,1990-05-03\n2,0711101234568,Bird,1991-12-25\n"
    assert (
        "husid"
        in infer(
            engine, tmp_path, left, left.replace("rec", "key").replace("Ash", "Ashe")
        )
        .schemas[0]
        .fields
    )


HOMES = "id,address,town\n1,a,b\n2,c,d\n"
COLOURS, BIRTHS = (
    "id,dob,sex\n1,red,F\n2,blue,M\n",
    "id,dob,sex\n3,1990-01-02,F\n4,1991-02-03,M\n",
)


@pytest.mark.parametrize(
    ("left", "right", "part"),
    [
        ("id,wage\n1,2\n2,3\n", RIGHT, "fewer than two fields"),
        (HOMES, HOMES.replace(",d", ",e"), "no field that identifies"),
        (COLOURS, BIRTHS, "--date-format"),
    ],
)
def test_too_little_to_compare_has_a_remedy(
    left: str, right: str, part: str, engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises((ConfigError, InputError), match=part):
        infer(engine, tmp_path, left, right)


def test_one_file_is_refused_twice(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leo dedupe"):
        infer(engine, tmp_path, LEFT, LEFT)


@pytest.mark.parametrize("repeated", [False, True])
def test_an_id_is_a_key_of_all_rows_and_not_of_the_sample_alone(
    engine: Engine, tmp_path: Path, repeated: bool
) -> None:
    rows = [f"{n},Ann,Ash {n % 97},19{n % 90 + 10}-05-03" for n in range(11_000)]
    rows[1] = rows[0] if repeated else rows[1]
    text = "\n".join(["id,forename,surname,dob", *rows])
    assert infer(engine, tmp_path, text).schemas[0].id == (None if repeated else "id")
