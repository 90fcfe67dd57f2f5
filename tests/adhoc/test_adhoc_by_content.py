"""Columns that no name tells are taken by what they hold; what is alike by chance is not."""

import datetime
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from linkage.adhoc.columns.columns_of import columns_of
from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import Columns
from linkage.engine import Engine

Column = Callable[[random.Random], object]
Found = Callable[..., Columns]

FORENAMES = [f"{a}{b}" for a in ("An", "Be", "Ma", "Lu", "Jo", "Ti", "Ro", "Sa") for b in ("na", "ris", "ko", "lin")]
SURNAMES = [
    f"{a}{b}" for a in ("Ker", "Dal", "Stov", "Hug", "Marr", "Pell", "Wend") for b in ("son", "by", "ick", "ay")
]
TOWNS = ["Woolham", "Hartwick", "Aldby", "Ashby", "Nether Stow", "Upper Stow", "Kelby"]


def _date(first: int, last: int, form: str) -> Column:
    days = (datetime.date(last, 12, 31) - datetime.date(first, 1, 1)).days
    return lambda draw: (datetime.date(first, 1, 1) + datetime.timedelta(draw.randrange(days))).strftime(form)


def _number(low: int, high: int) -> Column:
    return lambda draw: draw.randrange(low, high)


def _of(values: Sequence[str]) -> Column:
    return lambda draw: draw.choice(values)


@pytest.fixture
def found(engine: Engine, tmp_path: Path) -> Found:
    """Columns of two files of other people, 400 rows each, whose columns are made by what is given."""

    def of(left: dict[str, Column], right: dict[str, Column], maps: Sequence[str] = ()) -> Columns:
        files = []
        for seed, (side, columns) in enumerate((("left", left), ("right", right))):
            draw = random.Random(seed)
            lines = [list(columns), *([str(make(draw)) for make in columns.values()] for _ in range(400))]
            path = tmp_path / f"{side}.csv"
            path.write_text("\n".join("|".join(line) for line in lines), encoding="utf-8")
            files.append(persons.read(engine, path, tmp_path / side, delimiter="|", encoding="utf-8"))
        return columns_of(engine, files, maps)

    return of


PERSON = {
    "first_name": _of(FORENAMES),
    "last_name": _of(SURNAMES),
    "dob": _date(1930, 2010, "%Y-%m-%d"),
    "sex": _of("MF"),
    "town": _of(TOWNS),
}


def test_columns_are_taken_for_what_the_other_files_columns_are(found: Found) -> None:
    columns = found(
        PERSON,
        {
            "c1": _date(1930, 2010, "%d.%m.%Y"),
            "c2": _of([name.upper() for name in SURNAMES]),
            "c3": _of(FORENAMES),
            "c4": _of(["1", "2"]),
            "c5": _of(TOWNS),
        },
    )
    expected = {"dob": "c1", "surname": "c2", "forename": "c3", "sex": "c4", "town": "c5"}
    assert {name: columns.right[name] for name in columns.fields} == expected
    assert sorted(columns.by_content) == sorted(f"right.{name}={column}" for name, column in expected.items())


def test_a_name_in_full_is_told_by_forenames_and_surnames(found: Found) -> None:
    whole = {"who": lambda draw: f"{draw.choice(SURNAMES).upper()} {draw.choice(FORENAMES)}", "town": _of(TOWNS)}
    columns = found(PERSON, whole)
    assert columns.right_parts == {"full_name": "who"}
    assert columns.by_content == ("right.full_name=who",)


def test_names_in_signs_are_told_by_their_signs(found: Found) -> None:
    family, given, towns = (
        "王李张刘陈杨",
        "伟芳娜敏静强磊军洋勇艳杰",
        ["北京市", "上海市", "广州市", "深圳市", "武汉市"],
    )

    def name(draw: random.Random) -> str:
        return draw.choice(family) + "".join(draw.sample(given, 2))

    columns = found({"姓名": name, "城市": _of(towns)}, {"甲": _of(towns), "乙": name})
    assert {field: columns.right[field] for field in columns.fields} == {
        "forename": "乙", "surname": "乙", "town": "甲",
    }  # fmt: skip


def test_columns_that_no_name_tells_in_either_file_are_compared_under_the_first_ones(found: Found) -> None:
    columns = found(
        {"f1": _of(FORENAMES), "f2": _of(SURNAMES), "f3": _date(1930, 2010, "%m/%d/%Y"), "f4": _of("MF")},
        {"a": _of("12"), "b": _date(1930, 2010, "%Y%m%d"), "c": _of(SURNAMES), "d": _of(FORENAMES)},
    )
    assert columns.left == {"dob": "f3", "sex": "f4", "f1": "f1", "f2": "f2"}
    assert columns.right == {"dob": "b", "sex": "a", "f1": "d", "f2": "c"}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (_date(2018, 2024, "%Y-%m-%d"), _date(2018, 2024, "%Y-%m-%d")),
        (_number(100_000, 999_999), _number(100_000, 999_999)),
        (_number(1000, 9999), _number(1000, 9999)),
        (_number(0, 90_000), _number(0, 90_000)),
        (lambda draw: draw.randrange(10, 99) * 1000, lambda draw: draw.randrange(10, 99) * 1000),
        (lambda draw: draw.randrange(999_999) / 100, lambda draw: draw.randrange(999_999) / 100),
        (_number(160, 185), _number(160, 185)),
        (lambda draw: f"{draw.randrange(8, 18):02}:{draw.randrange(60):02}",) * 2,
        (_of([f"E{n}.{n % 7}" for n in range(10, 60)]),) * 2,
        (lambda draw: f"https://example.org/{draw.randrange(9999)}",) * 2,
        (lambda draw: " ".join(draw.choices([*FORENAMES, *SURNAMES], k=8)),) * 2,
        (_of("ABCD"), _of("ABCD")),
        (_of(["yes", "no"]), _of(["yes", "no"])),
        (_of(["active", "closed", "pending"]), _of(["active", "closed", "pending"])),
        (_of(FORENAMES), _of(TOWNS)),
    ],
    ids=[
        "dates",
        "numbers",
        "short",
        "lengths",
        "round",
        "amounts",
        "heights",
        "times",
        "diagnoses",
        "links",
        "notes",
        "codes",
        "answers",
        "states",
        "other words",
    ],
)
def test_what_is_alike_by_chance_is_not_taken(found: Found, left: Column, right: Column) -> None:
    both = {"surname": _of(SURNAMES), "sex": _of("MF")}
    assert found({**both, "this": left}, {**both, "that": right}).by_content == ()


def test_numbers_of_rows_are_not_taken(found: Found) -> None:
    rows = iter(range(1, 10_000))
    both = {"surname": _of(SURNAMES), "sex": _of("MF")}
    columns = found({**both, "this": lambda _: next(rows)}, {**both, "that": lambda _: next(rows) - 300})
    assert columns.by_content == ()


def test_births_are_told_by_a_programs_numbers_of_days(found: Found) -> None:
    """A workbook's numbers under Geb.-Datum, and dates under a name that nobody knows."""
    shared: dict[str, Column] = {"Vorname": _of(FORENAMES), "Nachname": _of(SURNAMES)}
    days = {**shared, "Geb.-Datum": _number(25_569, 41_000)}
    columns = found(days, {**shared, "xq": _date(1970, 2012, "%d.%m.%Y"), "seen": _date(2019, 2021, "%d.%m.%Y")})
    assert (columns.left["dob"], columns.right["dob"]) == ("Geb.-Datum", "xq")


def test_dates_of_a_register_are_no_births(found: Found) -> None:
    entered = {"entered": _date(2015, 2024, "%Y-%m-%d"), "visit_day": _date(1930, 2010, "%Y-%m-%d")}
    columns = found(PERSON, {"surname": _of(SURNAMES), "sex": _of("MF"), **entered})
    assert columns.by_content == ()


def test_names_of_another_person_are_not_taken(found: Found) -> None:
    columns = found(PERSON, {"surname": _of(SURNAMES), "sex": _of("MF"), "spouse_called": _of(FORENAMES)})
    assert "forename" not in columns.right


def test_of_two_columns_that_might_be_it_neither_is_taken(found: Found) -> None:
    columns = found(PERSON, {"surname": _of(SURNAMES), "sex": _of("MF"), "x": _of(FORENAMES), "y": _of(FORENAMES)})
    assert columns.by_content == ()


def test_a_number_of_persons_is_told_by_numbers_that_both_files_hold(found: Found) -> None:
    known = [str(number) for number in random.Random(5).sample(range(10**9, 10**10), 800)]
    both = {"surname": _of(SURNAMES), "sex": _of("MF")}
    columns = found({**both, "phone": _of(known)}, {**both, "reach": _of([f"+44 {n[:3]} {n[3:]}" for n in known])})
    assert columns.right["phone"] == "reach"


def test_postcodes_of_which_hardly_any_stands_twice_are_told_by_those_in_both_files(found: Found) -> None:
    known = [f"{number // 1000:02}-{number % 1000:03}" for number in random.Random(5).sample(range(100_000), 5_000)]
    left = {"surname": _of(SURNAMES), "sex": _of("MF"), "kod_pocztowy": _of(known)}
    right = {**left, "kod": _of(known), "nr_sprawy": _number(10_000, 99_999)}
    columns = found(left, {name: make for name, make in right.items() if name != "kod_pocztowy"})
    assert columns.right["postcode"] == "kod"
    assert found(left, {name: right[name] for name in ("surname", "sex", "nr_sprawy")}).by_content == ()


def test_an_analyst_may_say_otherwise(found: Found) -> None:
    right = {"surname": _of(SURNAMES), "sex": _of("MF"), "c3": _of(FORENAMES)}
    assert found(PERSON, right, ["right.other=c3"]).by_content == ()
    assert found(PERSON, {**right, "c4": _of(FORENAMES)}, ["right.other=c3", "right.other=c4"]).by_content == ()
    assert found(PERSON, right).right["forename"] == "c3"


def test_an_address_is_no_name_whatever_it_is_called(found: Found) -> None:
    def address(draw: random.Random) -> str:
        return f"{draw.randrange(1, 99)} {draw.choice(SURNAMES)} Road"

    columns = found({"x_ad": address, "x_sex": _of("MF"), "x_town": _of(TOWNS)}, {**PERSON, "address": address})
    assert columns.left["address"] == "x_ad"
    assert "forename" not in columns.left


def test_the_surname_beside_a_known_forename_is_told_by_names_in_full(found: Found) -> None:
    columns = found(
        {"first_name": _of(FORENAMES), "x": _of(SURNAMES), "y": _of(TOWNS)},
        {"full_name": lambda draw: f"{draw.choice(FORENAMES)} {draw.choice(SURNAMES)}", "town": _of(TOWNS)},
    )
    assert columns.left == {"forename": "first_name", "surname": "x", "town": "y"}


@pytest.mark.parametrize("form", ["{first} {last}", "{last}, {first}"])
def test_two_columns_of_names_are_told_by_names_in_full(form: str, found: Found) -> None:
    whole = {"full_name": lambda draw: form.format(first=draw.choice(FORENAMES), last=draw.choice(SURNAMES))}
    columns = found({"a": _of(SURNAMES), "b": _of(TOWNS), "c": _of(FORENAMES)}, {**whole, "town": _of(TOWNS)})
    assert columns.left == {"forename": "c", "surname": "a", "town": "b"}


def test_two_surnames_in_one_column_are_told_by_two_columns(found: Found) -> None:
    two = {"apellidos": _of(SURNAMES), "segundo_apellido": _of(SURNAMES), "sexo": _of("HM")}
    columns = found(two, {"k": lambda draw: f"{draw.choice(SURNAMES)} {draw.choice(SURNAMES)}", "sex": _of("HM")})
    assert columns.right == {"surname": "k", "second_surname": "k", "sex": "sex"}


def test_two_names_in_full_are_no_forename_and_surname(found: Found) -> None:
    def whole(draw: random.Random) -> str:
        return " ".join([draw.choice(FORENAMES), *([draw.choice(SURNAMES)] if draw.random() < 0.6 else [])])

    columns = found(
        {"full_name": whole, "town": _of(TOWNS), "sex": _of("MF")},
        {"town": _of(TOWNS), "sex": _of("MF"), "p": whole, "q": whole},
    )
    assert columns.by_content == ()


def test_columns_of_two_exports_that_are_called_by_their_number_are_told_by_what_they_hold(found: Found) -> None:
    """V2 of one is the surname and of the other the forename."""
    ids = iter(range(10_000))
    left = {"V1": lambda _: next(ids), "V2": PERSON["last_name"], "V3": PERSON["first_name"], "V4": PERSON["dob"]}
    right = {"V1": lambda _: next(ids), "V2": PERSON["first_name"], "V3": PERSON["dob"], "V4": PERSON["last_name"]}
    columns = found({**left, "V5": PERSON["sex"]}, {**right, "V5": PERSON["sex"]})
    pairs = {(columns.left[field], columns.right[field]) for field in columns.fields}
    assert pairs == {("V2", "V4"), ("V3", "V2"), ("V4", "V3"), ("V5", "V5")}
    assert columns.left["dob"] == "V4"


def test_of_two_exports_of_one_order_what_only_their_number_tells_is_compared(found: Found) -> None:
    columns = {"V1": PERSON["last_name"], "V2": PERSON["dob"], "V3": _of(["yes", "no", "perhaps"])}
    assert {"dob": "V2", "v3": "V3"}.items() <= found(columns, columns).left.items()


def test_an_empty_column_is_nothing_whatever_it_is_called(found: Found) -> None:
    columns = found(
        {**PERSON, "first_name": _of([""]), "q1": _of(FORENAMES), "email": lambda draw: ""},
        PERSON,
    )
    assert columns.left["forename"] == "q1"
    assert "email" not in columns.left
    assert found({**PERSON, "first_name": _of([""])}, PERSON, ["left.forename=first_name"]).left["forename"]


@pytest.mark.parametrize(
    ("low", "high", "field"), [(70_000_000_000, 99_999_999_999, "national_number"), (100_000, 999_999, "nino")]
)
def test_a_number_that_is_called_as_a_british_one_is_so_by_its_form(
    low: int, high: int, field: str, found: Found
) -> None:
    prefix = "AB" if field == "nino" else ""
    number: Column = lambda draw: f"{prefix}{draw.randrange(low, high)}{prefix[:1]}"  # noqa: E731
    columns = found({**PERSON, "NIN": number}, {**PERSON, "nin": number})
    assert columns.left[field] == "NIN"
    assert columns.right[field] == "nin"


def test_a_number_of_a_few_people_in_many_is_kept(found: Found) -> None:
    """Eleven of 400 are few and may be linked by it; two lines that a program wrote are nothing."""

    def of_the_first(many: int) -> Column:
        places = iter(range(10_000))
        return lambda draw: draw.randrange(10**9) if next(places) < many else ""

    assert found({**PERSON, "uln": of_the_first(11)}, PERSON).left["uln"] == "uln"
    assert "uln" not in found({**PERSON, "uln": of_the_first(2)}, PERSON).left


def _in_full(draw: random.Random) -> str:
    return f"{draw.choice(FORENAMES)} {draw.choice(SURNAMES)}"


def test_the_column_of_a_parents_name_is_told_when_peoples_own_names_are(found: Found) -> None:
    """Where families have no surname, a father's name is as like a person's own as another's."""
    left = {"full_name": _in_full, "father_name": _in_full, "dob": PERSON["dob"]}
    columns = found(left, {"patient_name": _in_full, "f_n": _in_full, "born": PERSON["dob"], "town": _of(TOWNS)})
    assert (columns.right["surname"], columns.right["father_name"]) == ("patient_name", "f_n")
    left["town"] = _of(TOWNS)
    unknown = found(left, {"p": _in_full, "q": _in_full, "dob": PERSON["dob"], "town": _of(TOWNS)})
    assert unknown.by_content == (), "either may be the person"
    two = found(left, {"name": _in_full, "p": _in_full, "q": _in_full, "dob": PERSON["dob"]})
    assert two.by_content == (), "either may be the father"


def test_a_dash_for_what_nobody_knows_is_no_value_of_a_column(found: Found) -> None:
    known = [str(number) for number in random.Random(5).sample(range(10**9, 10**10), 800)]
    both = {"surname": _of(SURNAMES), "sex": _of("MF")}
    half = _of([*known, *["-"] * len(known)])
    columns = found({**both, "phone": _of(known)}, {**both, "reach": half})
    assert columns.right["phone"] == "reach"


@pytest.mark.parametrize(("one", "other"), [("year", "release_year"), ("Built", "year_built")])
def test_years_of_one_thing_are_told_by_a_word_of_their_names(one: str, other: str, found: Found) -> None:
    """What years are of no column says by what it holds; where no word is shared they stay apart."""
    years = _number(1960, 2020)
    columns = found(PERSON | {one: years}, PERSON | {other: years})
    assert [(columns.left[name], columns.right[name]) for name in columns.fields if columns.left[name] == one] == [
        (one, other)
    ]
    assert one not in found(PERSON | {one: years}, PERSON | {"closed": years}).left.values()


def test_a_parent_s_column_is_that_where_it_holds_such_names(found: Found) -> None:
    mothers = _of([f"{one} {other}" for one in FORENAMES[:16] for other in SURNAMES[:9]])
    left = {**PERSON, "Mother's name": mothers}
    assert found(left, {**PERSON, "Madre": mothers}).right["mother_name"] == "Madre"
    assert "mother_name" not in found(left, {**PERSON, "Madre": _number(1, 90)}).right
    assert "mother_name" not in found(left, {**PERSON, "Madre": _of(TOWNS)}).right


def test_numbers_that_are_given_out_one_after_the_other_have_several_lengths(found: Found) -> None:
    numbers = [str(number) for number in random.Random(8).sample(range(10**6, 4 * 10**7), 600)]
    one, other = iter(numbers), iter(numbers[200:])
    columns = found(
        {**PERSON, "ID NUMBER": lambda draw: next(one)}, {**PERSON, "National ID": lambda draw: next(other)}
    )
    assert columns.left["national_number"] == "ID NUMBER"
    amounts = _number(10**6, 4 * 10**7)
    assert "national_number" not in found({**PERSON, "TURNOVER": amounts}, {**PERSON, "National ID": _of(numbers)}).left


def test_a_residence_is_what_the_other_file_has_of_places(found: Found) -> None:
    """A baptism's may be a census's townland or street, or a town: what both hold says it."""
    own = {name: made for name, made in PERSON.items() if name != "town"}
    for name in ("Townland/Street", "Town"):
        columns = found({**own, "Residence": _of(TOWNS)}, {**own, name: _of(TOWNS)})
        assert "Residence" in [columns.left[field] for field in columns.fields if columns.right[field] == name]


def test_births_of_a_few_years_are_told_though_some_have_slips(found: Found) -> None:
    """Of ten years all had to be in both files, with those of the slips of one of them."""
    births = _date(2000, 2005, "%d/%m/%Y")
    with_slips = lambda draw: births(draw) if draw.random() < 0.99 else _date(1960, 2015, "%d/%m/%Y")(draw)  # noqa: E731
    columns = found(
        {"forename": _of(FORENAMES), "surname": _of(SURNAMES), "dob": with_slips},
        {"forename": _of(FORENAMES), "surname": _of(SURNAMES), "x1": _date(2000, 2005, "%Y-%m-%d")},
    )
    assert columns.right["dob"] == "x1"


def test_numbers_in_the_digits_of_another_script_are_told(found: Found) -> None:
    bengali = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")
    numbers = [str(7_919_543 * n % 9_000_000_000 + 1_000_000_000) for n in range(1, 400)]
    columns = found(
        {"forename": _of(FORENAMES), "surname": _of(SURNAMES), "k1": _of([n.translate(bengali) for n in numbers])},
        {"forename": _of(FORENAMES), "surname": _of(SURNAMES), "national_id": _of(numbers)},
    )
    assert columns.left["national_number"] == "k1"


def test_bare_words_of_parents_are_their_names_where_they_hold_names(found: Found) -> None:
    """Both are as like either column of the other file, and were taken for nothing."""
    of_parent = lambda draw: f"{draw.choice(FORENAMES)} {draw.choice(SURNAMES)}"  # noqa: E731
    own = {"forename": _of(FORENAMES), "surname": _of(SURNAMES)}
    named = {**own, "Father's name": of_parent, "Mother's name": of_parent}
    columns = found(named, {**own, "Father": of_parent, "Mother": of_parent})
    assert (columns.right["father_name"], columns.right["mother_name"]) == ("Father", "Mother")
    aged = found(named, {**own, "Father": of_parent, "Mother": _number(20, 45)})
    assert (aged.right["father_name"], aged.right.get("mother_name")) == ("Father", None)
