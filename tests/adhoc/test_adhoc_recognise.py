"""Columns are recognised by their names, by an analyst's word, and by what both files hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.adhoc.headers.birth_headers import field_of_birth
from linkage.adhoc.headers.header_words import in_latin
from linkage.adhoc.headers.known_headers import any_known
from linkage.adhoc.headers.numbered_headers import of_the_second
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.headers.short_headers import unshortened
from linkage.errors import ConfigError

LEFT = ["person_id", "First Name", "SURNAME", "date-of-birth", "Gender", "Post Code"]
RIGHT = ["ID", "fname", "family_name", "DOB", "sex", "zip", "income"]


def test_names_that_many_files_use_are_known() -> None:
    found = recognise(LEFT, RIGHT)
    assert found.left == {
        "forename": "First Name", "surname": "SURNAME", "dob": "date-of-birth", "sex": "Gender", "postcode": "Post Code",
    }  # fmt: skip
    assert found.right == {"forename": "fname", "surname": "family_name", "dob": "DOB", "sex": "sex", "postcode": "zip"}
    assert (found.left_id, found.right_id) == ("person_id", "ID")
    assert found.fields == ["forename", "surname", "dob", "sex", "postcode"]


def test_a_field_that_one_file_lacks_is_recognised_but_not_compared() -> None:
    found = recognise([*LEFT, "NINO"], RIGHT)
    assert found.left["nino"] == "NINO"
    assert "nino" not in found.fields


def test_a_column_of_one_name_in_both_files_is_compared_too() -> None:
    found = recognise([*LEFT, "Shoe Size", "income"], [*RIGHT, "Shoe Size"])
    assert found.left["shoe_size"] == found.right["shoe_size"] == "Shoe Size"
    assert "income" in found.fields


def test_an_analysts_word_wins_over_names() -> None:
    found = recognise([*LEFT, "PERNAME1"], RIGHT, ["left.forename=PERNAME1", "right.SURNAME=income"])
    assert found.left["forename"] == "PERNAME1"
    assert found.right["surname"] == "income"


def test_shared_columns_take_no_name_that_is_another_fields_or_our_own() -> None:
    both = ["id", "surname", "sex", "g", "unit_id", "Shoe Size", "shoe-size"]
    found = recognise(both, both, ["left.sex=g", "right.sex=g"])
    assert found.left == found.right
    assert found.left["sex"] == "g"
    assert "unit_id" not in found.fields
    assert sorted(found.left.values()) == sorted(set(both) - {"id"})


def test_a_field_of_the_analysts_own_is_compared() -> None:
    found = recognise([*LEFT, "house_name"], RIGHT, ["left.house=house_name", "right.house=income"])
    assert "house" in found.fields


def test_a_column_that_the_map_takes_is_no_other_field() -> None:
    names = ["id", "surname", "dob", "sex"]
    found = recognise(names, names, ["left.forename=surname"])
    assert "surname" not in found.left


@pytest.mark.parametrize(
    ("ids", "expected"),
    [(("SURNAME", None), ("SURNAME", "ID")), (("person_id", "income"), ("person_id", "income"))],
)
def test_id_columns_may_be_named(ids: tuple[str | None, str | None], expected: tuple[str, str]) -> None:
    found = recognise(LEFT, RIGHT, (), ids)
    assert (found.left_id, found.right_id) == expected
    assert "SURNAME" not in found.left.values() or ids[0] != "SURNAME"


def test_an_id_may_be_mapped_like_any_field() -> None:
    assert recognise(LEFT, RIGHT, ["right.id=income"]).right_id == "income"


def test_a_file_without_an_id_has_none() -> None:
    assert recognise(LEFT[1:], RIGHT).left_id is None


def test_the_stronger_name_wins_where_two_columns_fit() -> None:
    found = recognise(["id", "yob", "dob", "surname"], ["id", "birth_year", "surname"])
    assert found.left["dob"] == "dob"
    assert found.right["dob"] == "birth_year"


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        (["left.forename"], ["--map left.forename", "left.FIELD=COLUMN", "forename, "]),
        (["middle.forename=X"], ["--map middle.forename=X"]),
        (["left.forename=NAME1"], ["the left file has no column 'NAME1'", "it has: person_id, First Name"]),
        (["right.forename=First Name"], ["the right file has no column 'First Name'", "fname"]),
        (
            ["left.forname=First Name"],
            ["no field is called 'forname'; nearest: forename", "add --map right.forname=COLUMN"],
        ),
    ],
)
def test_a_map_that_fits_nothing_is_refused(maps: list[str], said: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        recognise(LEFT, RIGHT, maps)
    for part in said:
        assert part in str(refused.value)


def test_an_id_that_is_no_column_is_refused() -> None:
    with pytest.raises(ConfigError, match="--id: the right file has no column 'key'") as refused:
        recognise(LEFT, RIGHT, (), (None, "key"))
    assert "it has: ID, fname" in str(refused.value)


def test_files_that_share_nothing_are_refused_with_what_they_have() -> None:
    with pytest.raises(ConfigError, match="fewer than two fields") as refused:
        recognise(["id", "surname", "colour"], ["id", "surname", "weight"])
    assert "left has: id, surname, colour" in str(refused.value)
    assert "--map left.surname=COLUMN" in str(refused.value)


_NAMES = st.lists(
    st.sampled_from([*LEFT, *RIGHT, "NINO", "phone", "Telephone", "city", "x1", "x2", "id"]), min_size=1, unique=True
)


@given(_NAMES, _NAMES)
def test_no_column_is_two_fields_and_every_field_is_a_column(left: list[str], right: list[str]) -> None:
    try:
        found = recognise(left, right)
    except ConfigError:
        return
    for columns, mapped, key in ((left, found.left, found.left_id), (right, found.right, found.right_id)):
        assert set(mapped.values()) <= set(columns)
        assert len(set(mapped.values())) == len(mapped)
        assert key not in mapped.values()
    assert len(found.fields) >= 2


def test_names_with_a_number_are_the_first_and_the_next_of_their_kind() -> None:
    study = ["STUDY_ID", "GIVEN_NAME_1", "GIVEN_NAME_2", "FAMILY_NAME", "BIRTH_DT", "SEX_CD", "PCDS"]
    survey = ["id", "fname_c1", "fname_c2", "lname_c1", "lname_c2", "by", "bm", "bd", "postcode"]
    found = recognise(study, survey)
    assert found.left == {
        "forename": "GIVEN_NAME_1", "middle_names": "GIVEN_NAME_2", "surname": "FAMILY_NAME",
        "second_surname": "FAMILY_NAME", "dob": "BIRTH_DT", "sex": "SEX_CD", "postcode": "PCDS",
    }  # fmt: skip
    assert found.right == {
        "forename": "fname_c1", "middle_names": "fname_c2", "surname": "lname_c1", "second_surname": "lname_c2",
        "dob": "by", "postcode": "postcode",
    }  # fmt: skip
    assert found.right_parts == {"birth_year": "by", "birth_month": "bm", "birth_day": "bd"}


@pytest.mark.parametrize(("second", "own"), [("dob_2", False), ("Gender2", False), ("phone_2", True), ("dob_3", True)])
def test_a_second_persons_names_are_no_further_ones_of_the_first(second: str, own: bool) -> None:
    household = ["id", "first_name_1", "last_name_1", "dob_1", "first_name_2", "last_name_2", second]
    found = recognise(household, ["id", "forename", "surname", "dob"]).left
    further = {"middle_names": "first_name_2", "second_surname": "last_name_2"} if own else {}
    expected = {"forename": "first_name_1", "surname": "last_name_1", "dob": "dob_1", **further}
    assert {name: column for name, column in found.items() if name != "phone"} == expected
    assert of_the_second(household) == ([] if own else [second])


def test_a_second_date_of_birth_without_a_second_name_is_nobodys() -> None:
    assert of_the_second(["id", "first_name", "last_name", "dob", "dob_2"]) == []


def test_a_file_of_one_column_is_said_to_have_no_separator() -> None:
    with pytest.raises(ConfigError, match="no separator was found") as refused:
        recognise(["ID   SURNAME      FORENAME    DOB"], ["id", "forename", "surname", "dob"])
    assert "fixed widths" in str(refused.value)
    assert "--encoding" not in str(refused.value)


def test_parents_names_are_fields_of_their_own() -> None:
    found = recognise(["id", "NOME", "NOME_MAE", "DOB"], ["id", "name", "mothers_name", "ΠΑΤΡΩΝΥΜΟ", "dob"])
    assert (found.left["mother_name"], found.right["mother_name"]) == ("NOME_MAE", "mothers_name")
    assert found.right["father_name"] == "ΠΑΤΡΩΝΥΜΟ"
    assert recognise(["imya", "patronymic"], ["forename", "Отчество"]).fields == ["forename", "middle_names"]


def test_a_number_says_nothing_of_other_names() -> None:
    found = recognise(["id", "surname", "dob", "score1", "by"], ["id", "surname", "dob", "score2", "by"])
    assert found.fields == ["surname", "dob", "by"]


def test_a_name_in_full_says_no_more_than_its_parts() -> None:
    both = ["unique_id", "full_name", "first_and_surname", "first_name", "surname", "dob"]
    assert recognise(both, both).fields == ["forename", "surname", "dob"]
    assert set(recognise(["id", "full_name", "dob"], both).left) == {"forename", "surname", "dob"}


def test_words_that_a_files_columns_share_say_nothing_of_a_column() -> None:
    found = recognise(
        ["cens_id", "cens_first_name", "cens_last_name", "cens_dob"], ["forename_b", "surname_b", "dob_b"]
    )
    assert found.left == {"forename": "cens_first_name", "surname": "cens_last_name", "dob": "cens_dob"}
    assert found.right == {"forename": "forename_b", "surname": "surname_b", "dob": "dob_b"}


def test_columns_of_another_person_are_not_the_persons() -> None:
    header = ["mother_first_name", "mother_surname", "surname", "dob"]
    assert "forename" not in recognise(header, header).left


@pytest.mark.parametrize(
    "header",
    [
        ["番号", "名", "姓", "生年月日", "性別", "郵便番号", "市区町村"],
        ["번호", "이름", "성", "생년월일", "성별", "우편번호", "도시"],
        ["क्रमांक", "प्रथम नाम", "उपनाम", "जन्म तिथि", "लिंग", "पिन कोड", "शहर"],
        ["Номер", "Ім'я", "Прізвище", "Дата народження", "Стать", "Індекс", "Місто"],
        ["الرقم", "الاسم الأول", "اسم العائلة", "تاريخ الميلاد", "الجنس", "الرمز البريدي", "المدينة"],
        ["Α/Α", "Όνομα", "Επώνυμο", "Ημερομηνία γέννησης", "Φύλο", "ΤΚ", "Πόλη"],
    ],
)
def test_columns_are_known_in_their_own_script(header: list[str]) -> None:
    english = ["id", "first_name", "last_name", "dob", "sex", "postcode", "town"]
    found = recognise(header, english)
    assert found.left_id == header[0]
    assert {found.left[name]: found.right[name] for name in found.fields} == dict(
        zip(header[1:], english[1:], strict=True)
    )


def test_a_name_that_may_be_whole_or_first_is_told_by_its_company() -> None:
    assert recognise(["名前", "苗字", "生年月日"], ["名前", "苗字", "生年月日"]).left["forename"] == "名前"
    assert recognise(["名前", "生年月日"], ["名前", "生年月日"]).left_parts == {"full_name": "名前"}


def test_a_birthday_beside_month_and_year_is_the_day() -> None:
    header = ["VN1", "NN1", "Geburtstag", "Geburtsmonat", "Geburtsjahr"]
    found = recognise(header, header)
    assert (found.left["forename"], found.left["surname"], found.left["dob"]) == ("VN1", "NN1", "Geburtsjahr")
    assert found.left_parts["birth_day"] == "Geburtstag"


ENGLISH = ["id", "full_name", "dob", "sex", "phone", "national_id", "town"]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (["编号", "患者姓名", "生日", "联系方式", "所在城市"], ["full_name", "dob", "phone", "town"]),
        (["번호", "고객명", "생년월일(YYYYMMDD)", "연락처"], ["full_name", "dob", "phone"]),
        (["번호", "이름", "생년월일"], ["full_name", "dob"]),
        (["番号", "患者名", "生年月日"], ["full_name", "dob"]),
        (["№", "ФИО пациента", "Номер телефона"], ["full_name", "phone"]),
        (["الرقم", "اسم المريض", "رقم الجوال"], ["full_name", "phone"]),
        (["Sl No", "Name of Beneficiary", "Mob No"], ["full_name", "phone"]),
        (["id", "NM_PACIENT", "DT_NASC", "CS_SEXO", "NU_CPF"], ["full_name", "dob", "sex", "national_id"]),
        (["id", "ho_ten", "ngay_sinh", "so_dt"], ["full_name", "dob", "phone"]),
    ],
)
def test_words_that_say_nothing_are_left_out_in_any_language(header: list[str], fields: list[str]) -> None:
    found = recognise(header, ENGLISH)
    assert found.left_parts["full_name"] == header[1]
    expected = {
        column: name.replace("national_id", "national_number") for column, name in zip(header[1:], fields, strict=True)
    }
    assert {column: name for name, column in found.left.items()} | {header[1]: "full_name"} == expected


def test_a_name_that_is_a_fields_own_is_not_shortened_to_anothers() -> None:
    assert "full_name" in recognise(["患者名", "生年月日"], ["氏名", "生年月日"]).left_parts
    assert (
        recognise(["num_rue", "surname", "dob"], ["street_number", "surname", "dob"]).left["street_number"] == "num_rue"
    )


def test_words_that_columns_share_are_counted_with_the_id() -> None:
    left, right = ["COD_PACIENTE", "NOME", "CPF", "DOB"], ["XQ_NOTIFIC", "XQ_CPF", "DOB"]
    assert recognise(left, right).right["national_number"] == "XQ_CPF"
    assert recognise(left, right, (), ("COD_PACIENTE", "XQ_NOTIFIC")).right["national_number"] == "XQ_CPF"


def test_a_birth_date_in_parts_whose_day_is_called_as_the_whole() -> None:
    found = recognise(["ma_bn", "ho_ten", "ngay_sinh", "thang_sinh", "nam_sinh"], ["id", "full_name", "dob"])
    assert found.left_parts == {
        "full_name": "ho_ten", "birth_year": "nam_sinh", "birth_month": "thang_sinh", "birth_day": "ngay_sinh",
    }  # fmt: skip


def test_headers_of_hungary_are_known() -> None:
    found = recognise(["sorszám", "Név", "Anyja neve", "Született", "Lakóhely", "Neme"], ["id", "name"], enough=False)
    told = {name: column for name, column in found.left.items() if name not in ("forename", "surname")}
    assert told == {"dob": "Született", "sex": "Neme", "town": "Lakóhely", "mother_name": "Anyja neve"}
    assert found.left_id == "sorszám"


def test_a_file_that_names_mothers_alone_is_about_them() -> None:
    births = [
        "birth_id",
        "baby_dob",
        "sex",
        "mother_forename",
        "mother_surname",
        "mother_dob",
        "postcode",
        "gp_surname",
    ]
    found = recognise(births, ["id", "forename", "surname", "dob", "postcode", "sex"])
    assert found.left == {
        "forename": "mother_forename",
        "surname": "mother_surname",
        "dob": "mother_dob",
        "postcode": "postcode",
    }


def test_a_file_of_people_is_not_about_their_mothers_or_doctors() -> None:
    own = ["id", "surname", "dob", "mother_forename", "mother_surname"]
    assert recognise(own, own).left["surname"] == "surname"
    nameless = ["id", "dob", "sex", "doctor_forename", "doctor_surname"]
    assert "surname" not in recognise(nameless, ["id", "surname", "dob", "sex"]).left


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("fec nac paciente", "dob"),
        ("mese anno nascita", "dob"),
        ("birth month year", "dob"),
        ("anno nasc", "birth_year"),
        ("mes nac", "birth_month"),
        ("rok ur", "birth_year"),
        ("birth weight", None),
        ("country of birth", None),
        ("birth", None),
        ("date of first birth", None),
        ("fecha", None),
    ],
)
def test_headers_of_birth_dates_are_put_together_of_words(header: str, field: str | None) -> None:
    assert field_of_birth(header.split()) == field


def test_years_and_months_of_birth_are_a_birth_date_beside_one_of_months() -> None:
    found = recognise(["cognome", "nome", "mese_anno_nascita"], ["COGNOME", "NOME", "ANNO_NASC", "MESE_NASC"])
    assert found.left["dob"] == "mese_anno_nascita"
    assert found.right_parts == {"birth_year": "ANNO_NASC", "birth_month": "MESE_NASC"}


def test_a_census_of_pname_and_sname_has_forenames() -> None:
    found = recognise(["recid", "pname", "sname", "age"], ["recid", "pname", "sname", "age"])
    assert found.fields == ["forename", "surname", "age"]


def test_the_number_of_a_question_says_nothing_of_a_column() -> None:
    header = ["1. ID", "2) First name", "03 Surname", "Q4: Date of birth", "Gender__c", "12. Name of school"]
    columns = recognise(header, header)
    assert columns.left_id == "1. ID"
    assert columns.fields[:4] == ["forename", "surname", "dob", "sex"]
    assert {*header[1:5]} <= {*columns.left.values()}
    assert not any_known(["10 The Street", "7"]), "it may be a record's"


def test_names_of_columns_that_lost_their_vowels_are_known() -> None:
    found = recognise(
        ["SERIAL", "SURNAM", "FNAM1", "FNAM2", "DOBDD", "DOBMM", "DOBYY", "SEXCD", "ZIPCD"],
        ["HESNO", "SRNM", "FRSTNM", "MDDLNM", "BRTHDT", "GENDR", "PSTCD"],
    )
    assert found.fields == ["forename", "middle_names", "surname", "dob", "sex", "postcode"]
    assert found.left_parts == {"birth_year": "DOBYY", "birth_month": "DOBMM", "birth_day": "DOBDD"}


@pytest.mark.parametrize("name", ["stat", "stt", "mnth", "total", "dg", "x", "", "ZZ99", "名"])
def test_a_name_of_few_consonants_is_left_as_it_is(name: str) -> None:
    assert unshortened(name) == in_latin(name)


def test_aliases_are_the_names_of_a_file_that_has_no_others() -> None:
    right = ["ref", "forename", "surname", "dob", "sex"]
    aliases = recognise(["AliasID", "AliasName", "DateOfBirth", "Sex"], right)
    assert aliases.left_parts == {"full_name": "AliasName"}
    assert aliases.fields == ["forename", "surname", "dob", "sex"]
    own = recognise(["id", "alias_surname", "forename", "surname", "dob"], right)
    assert own.left["surname"] == "surname"


def test_other_names_beside_a_surname_are_the_forenames() -> None:
    """Unless the file has some, or the analyst says otherwise."""
    left = ["id", "SURNAME", "OTHER NAMES", "dob"]
    assert recognise(left, ["id", "first_name", "last_name", "dob"]).left["forename"] == "OTHER NAMES"
    assert recognise([*left, "Forename"], left).left["middle_names"] == "OTHER NAMES"
    assert "forename" not in recognise(left, left, ["left.middle_names=OTHER NAMES"]).left


def test_the_number_of_a_person_is_none_of_a_street() -> None:
    names = ["ElectorNumber", "ElectorForename", "ElectorSurname", "dob"]
    assert "street_number" not in recognise(names, names).left
    assert recognise(["id", "surname", "Number"], ["id", "surname", "Number"]).left["street_number"] == "Number"
