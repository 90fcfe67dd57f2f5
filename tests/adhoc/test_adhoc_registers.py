"""Columns of registers, rolls and other alphabets are recognised by their names."""

import pytest

from linkage.adhoc.headers.recognise import known_fields, recognise


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("foedested", "birth_place"),
        ("Fødested", "birth_place"),
        ("koen", "sex"),
        ("foedselsdato", "dob"),
        ("geslachtsnaam", "surname"),
        ("Relation Name", "father_name"),
        ("relative_name", "father_name"),
        ("ת. לידה", "dob"),
        ("ישוב", "town"),
        ("CODMUNRES", "town"),
        ("Mailing Zip/Postal Code", "postcode"),
        ("PC6", "postcode"),
        ("NPA", "postcode"),
        ("Localité", "town"),
        ("Né(e) le", "dob"),
        ("Where born", "birth_place"),
        ("HOUSE_NUM", "street_number"),
        ("PAO", "street_number"),
        ("मकान संख्या", "street_number"),
        ("पिता/पति का नाम", "father_name"),
        ("bapt_date", "dob"),
        ("Taufdatum", "dob"),
        ("line1", "address"),
        ("SITUS", "address"),
    ],
)
def test_names_of_other_registers_and_alphabets_are_known(column: str, field: str) -> None:
    both = ["first_name" if field == "surname" else "surname", column, "Relation Type"]
    assert recognise(both, both, enough=False).left[field] == column


def test_a_year_of_birth_is_known_with_two_letters_for_one() -> None:
    both = ["surname", "fodselsaar"]
    assert recognise(both, both).left_parts == {"birth_year": "fodselsaar"}


def test_the_relation_of_a_voter_is_nobodys_name() -> None:
    left = ["Elector Name", "Relation Type", "Relation Name", "Age"]
    found = recognise(left, ["voter_name", "relation", "relative_name", "age"])
    assert (found.left["surname"], found.right["surname"]) == ("Elector Name", "voter_name")


def test_names_as_they_are_read_are_compared_where_both_files_have_them() -> None:
    signs = ["患者氏名(漢字)", "患者氏名(カナ)", "生年月日"]
    whole, parts = ["氏名カナ", "生年月日"], ["セイ", "メイ", "姓", "名", "生年月日"]
    found = recognise(signs, whole)
    assert (found.left["surname"], found.right["surname"]) == ("患者氏名(カナ)", "氏名カナ")
    found = recognise(signs, parts)
    assert (found.left["surname"], found.right["surname"]) == ("患者氏名(カナ)", "セイ")
    assert found.right["forename"] == "メイ"
    found = recognise(signs, ["姓", "名", "生年月日"])
    assert found.left["surname"] == "患者氏名(漢字)"
    found = recognise(signs, whole, ["left.full_name=患者氏名(漢字)"])
    assert found.left["surname"] == "患者氏名(漢字)", "an analyst's word wins"


def test_two_words_that_columns_share_say_nothing_of_a_column() -> None:
    register = ["CompanyNumber", "CompanyName", "RegAddress.AddressLine1", "RegAddress.PostTown", "RegAddress.PostCode"]
    found = recognise(register, register, enough=False)
    assert {name: found.left[name] for name in ("organisation", "address", "town", "postcode")} == {
        "organisation": "CompanyName",
        "address": "RegAddress.AddressLine1",
        "town": "RegAddress.PostTown",
        "postcode": "RegAddress.PostCode",
    }
    coded = [*register, "SICCode"]  # a word that two columns end with is a part of the one's name
    assert recognise(coded, coded, enough=False).left["postcode"] == "RegAddress.PostCode"
    mothers = ["Name", "Mother Home.Postcode", "Mother Home.Town"]
    assert {"postcode", "town"}.isdisjoint(recognise(mothers, mothers, enough=False).left)


def test_the_wave_that_columns_share_says_nothing_of_a_column() -> None:
    wave = [f"{name}_w3" for name in ("forename", "age", "sex", "postcode")]
    assert recognise(["forename", "age", "sex", "postcode"], wave).right == {
        "forename": "forename_w3",
        "age": "age_w3",
        "sex": "sex_w3",
        "postcode": "postcode_w3",
    }
    assert "age" not in recognise(["forename", "sex", "mother_age_m3"], ["forename", "sex", "mother_dob_m3"]).left


def test_the_key_of_a_year_is_no_numbered_column_of_another_kind() -> None:
    """PID-8 is the sex in messages of hospitals, and pid81 a census's key."""
    both = ["pid81", "forename", "surname", "birth_parish"]
    assert "sex" not in recognise(both, both).left
    assert recognise(["PID8", *both], ["PID8", *both]).left["sex"] == "PID8"


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("RČ|Příjmení|Jméno|Ulice|Č.p.|PSČ", "national_number surname forename address street_number postcode"),
        ("Pat-Nr|Name|Vorname|Geb.|Geschl.|Natel", "- surname forename dob sex phone"),
        ("TAJ|Vezetéknév|Keresztnév|Utca|Irsz", "health_number surname forename address postcode"),
        ("NID|পিতার নাম|মাতার নাম|জন্ম তারিখ|লিঙ্গ", "national_number father_name mother_name dob sex"),
        ("პირადი ნომერი|გვარი|სახელი|დაბადების თარიღი", "national_number surname forename dob"),
        ("PERNR|NACHN|VORNA|GBDAT|GESCH|PSTLZ", "- surname forename dob sex postcode"),
        ("CPR-nr.|Efternavn|Mellemnavn", "national_number surname forename"),
        ("Adres zamieszkania|Kod poczt.|Tel. kom.", "address postcode phone"),
        ("NUM_DOC|MPIO|DEPTO|Tfno", "national_number town county phone"),
        ("Last Name|Name Extension|City/Municipality|Barangay", "surname name_suffix town -"),
        ("NameLast|NameSuffix|DayPhone", "surname name_suffix -"),
    ],
)
def test_headers_of_registers_are_known(header: str, fields: str) -> None:
    columns = header.split("|")
    found = recognise(columns, columns, enough=False).left
    known = {column: field for field, column in found.items() if field in known_fields()}
    assert [known.get(column, "-") for column in columns] == fields.split()


def test_a_patronymic_is_compared_with_the_fathers_name() -> None:
    arabic, english = ["الاسم الأول", "اسم الأب", "اسم العائلة"], ["First Name", "Father Name", "Family Name"]
    found = recognise(arabic, english)
    assert (found.left["father_name"], found.right["father_name"]) == ("اسم الأب", "Father Name")
    assert "middle_names" not in {*found.left, *found.right}
    assert recognise(arabic, [*english, "Middle Name"]).left["middle_names"] == "اسم الأب"
    told = recognise(arabic, english, ["left.middle_names=اسم الأب"])
    assert "father_name" not in told.fields


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("passenger surname", "surname"),
        ("Guest DoB", "dob"),
        ("defendant_forename", "forename"),
        ("service_address", "address"),
        ("Permanent Address", "address"),
        ("Indirizzo e-mail", "email"),
    ],
)
def test_whose_a_column_is_says_nothing_of_what_it_holds(header: str, field: str) -> None:
    both = ["key", header, "zz"]
    assert recognise(both, both, enough=False).left[field] == header


def test_a_baptism_stands_for_a_birth_date_where_there_is_none() -> None:
    both = ["surname", "date of baptism", "date of birth"]
    assert recognise(both, both).left["dob"] == "date of birth"


def test_a_city_of_a_site_is_no_address() -> None:
    both = ["owner", "SITUS", "SITUS_CITY"]
    assert recognise(both, both, enough=False).left["address"] == "SITUS"
