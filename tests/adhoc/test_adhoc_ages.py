"""Ages of two files mean one year, and a birth date beside an age says as much as it can."""

import random
from pathlib import Path

import pytest

from linkage.adhoc.dates import ages
from linkage.adhoc.dates.day_counts import day_count
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike, left_out
from linkage.adhoc.headers.recognise import Columns, recognise
from linkage.engine import Engine, rows
from tests.adhoc.conftest import write_csv

PEOPLE = 60
LETTERS = "BCDFGHJKLMNPRSTVWZAEIOU"


def _shaped(
    engine: Engine, folder: Path, left: list[dict[str, str]], right: list[dict[str, str]]
) -> tuple[list[persons.PersonFile], Columns, Columns]:
    files = [
        persons.read(engine, write_csv(folder / f"{name}.csv", rows_of), folder / name, delimiter=",", encoding="utf-8")
        for name, rows_of in (("left", left), ("right", right))
    ]
    columns = recognise(files[0].header, files[1].header)
    shaped, at = alike(engine, files, columns)
    return shaped, columns, at


def _made_alike(
    engine: Engine, folder: Path, left: list[dict[str, str]], right: list[dict[str, str]]
) -> dict[int, tuple[str, str]]:
    """Of each person that both files have, both ages as they are compared."""
    shaped, _, at = _shaped(engine, folder, left, right)
    if "age" not in at.fields:
        return {}
    held = [
        {
            row["id"]: row["age"]
            for row in rows(engine, engine.sql(f'select id, "{side["age"]}" as age from {{t}}', t=file.table))
        }
        for file, side in zip(shaped, (at.left, at.right), strict=True)
    ]
    return {int(key): (held[0][key], held[1][key]) for key in held[0] if key in held[1]}


def _people(draw: random.Random) -> list[tuple[int, str, str, int]]:
    return [(n, f"{LETTERS[n % 20]}ina", f"Mc{LETTERS[n % 23]}owan", draw.randrange(1930, 2000)) for n in range(PEOPLE)]


def _aged(people: list[tuple[int, str, str, int]], year: int) -> list[dict[str, str]]:
    return [
        {"id": str(n), "first_name": given, "last_name": family, "Age": f"{year - born}.0" if n else ""}
        for n, given, family, born in people
    ]


@pytest.mark.parametrize("later", [0, 2, 11, -3])
def test_ages_are_counted_to_one_year(later: int, engine: Engine, tmp_path: Path) -> None:
    people = _people(random.Random(1))
    found = _made_alike(engine, tmp_path, _aged(people, 2010), _aged(people, 2010 + later))
    assert found.pop(0) == (None, None), "an age that is not known stays so"
    assert len(found) == PEOPLE - 1
    assert all(one == other for one, other in found.values())


@pytest.mark.parametrize("turned", [False, True])
def test_a_birth_date_beside_an_age_gives_one(turned: bool, engine: Engine, tmp_path: Path) -> None:
    people = _people(random.Random(2))
    dated = [
        {"id": str(n), "forename": given.upper(), "surname": family, "dob": f"13/0{n % 9 + 1}/{born}"}
        for n, given, family, born in people
    ]
    sides = (dated, _aged(people, 2015))
    found = _made_alike(engine, tmp_path, *(reversed(sides) if turned else sides))
    found.pop(0)
    born = {n: year for n, _, _, year in people}
    assert found == {n: (str(2015 - born[n]),) * 2 for n in found}
    assert len(found) == PEOPLE - 1


def test_ages_on_a_day_in_the_midst_of_a_year_are_of_two_numbers(engine: Engine, tmp_path: Path) -> None:
    """Half of the people have had their birthday by then, and no number of years stands out from the one beside it."""
    people = _people(random.Random(5))
    aged = [dict(row, Age=str(2015 - people[n][3] - n % 2)) for n, row in enumerate(_aged(people, 2015))]
    dated = [{"id": str(n), "forename": g, "surname": f, "dob": f"{born}-05-06"} for n, g, f, born in people]
    found = _made_alike(engine, tmp_path, dated, aged)
    assert sorted({int(one) - int(other) for one, other in found.values()}) in ([-1, 0], [0, 1])
    assert len(found) == PEOPLE


def test_people_of_one_name_are_told_by_their_fathers(engine: Engine, tmp_path: Path) -> None:
    people = [(n, f"{LETTERS[n % 4]}ina", f"Mc{LETTERS[n % 23]}owan", 1930 + n) for n in range(PEOPLE)]
    aged = [{"id": str(n), "Name": own, "Father Name": father, "Age": str(2015 - b)} for n, own, father, b in people]
    dated = [{"id": str(n), "Name": own, "Father Name": father, "dob": f"{b}-05-06"} for n, own, father, b in people]
    found = _made_alike(engine, tmp_path, dated, aged)
    assert found == {n: (str(2015 - born),) * 2 for n, _, _, born in people}


def test_where_nobody_is_in_both_files_ages_stay_and_a_date_gives_none(engine: Engine, tmp_path: Path) -> None:
    people, others = _people(random.Random(3)), [(n, f"{a}ulrich", f"{a}zander", 1950) for n, a in enumerate(LETTERS)]
    found = _made_alike(engine, tmp_path, _aged(people, 2010), _aged(others, 2012))
    assert found[1][1] == "62"
    dated = [{"id": str(n), "forename": g, "surname": f, "dob": f"{born}-05-06"} for n, g, f, born in others]
    _, columns, at = _shaped(engine, tmp_path, _aged(people, 2010), dated)
    assert "age" not in at.fields
    (said,) = left_out(columns, at)
    assert "not compared" in said


def test_what_is_compared_is_not_said_to_be_left_out(engine: Engine, tmp_path: Path) -> None:
    people = _people(random.Random(2))
    dated = [{"id": str(n), "forename": g, "surname": f, "dob": f"{born}-05-06"} for n, g, f, born in people]
    for left in (dated, _aged(people, 2015)):
        _, columns, at = _shaped(engine, tmp_path, left, dated)
        assert left_out(columns, at) == []


def test_an_age_says_nothing_more_where_both_files_have_birth_dates(engine: Engine, tmp_path: Path) -> None:
    people = [dict(row, dob="1990-01-02") for row in _aged(_people(random.Random(4)), 2010)]
    assert _made_alike(engine, tmp_path, people, people) == {}


@pytest.mark.parametrize(("age", "day"), [("age_at_death", "date_of_death"), ("age", "date buried")])
def test_ages_at_death_are_counted_to_one_year_by_the_dates_of_death(
    age: str, day: str, engine: Engine, tmp_path: Path
) -> None:
    draw = random.Random(8)
    people = _people(draw)
    deaths = [
        {"id": str(n), "first_name": given, "last_name": family, day: f"3/{month}/{year}",
         age: str(year - born - (month < 7))}
        for n, given, family, born in people
        for year, month in [(draw.randrange(2001, 2011), draw.randrange(1, 13))]
    ]  # fmt: skip
    births = [
        {"id": str(n), "first_name": given, "last_name": family, "dob": f"{born}-07-01"}
        for n, given, family, born in people
    ]
    found = _made_alike(engine, tmp_path, deaths, births)
    assert len(found) == PEOPLE
    assert all(left == right for left, right in found.values())


def test_ages_on_the_days_of_visits_are_counted_to_one_year(engine: Engine, tmp_path: Path) -> None:
    """No header says that the ages are of the visits: that most namesakes are then one number apart does."""
    draw = random.Random(11)
    left, right = [], []
    for n, given, family, born in _people(draw):
        name = {"id": str(n), "first_name": given, "last_name": family}
        seen = draw.randrange(2005, 2020)
        left.append({**name, "age": str(seen - born), "visit_date": f"30/12/{seen}", "registered": f"{born + 3}-01-02"})
        right.append({**name, "dob": f"{born}-03-05"})
    compared = _made_alike(engine, tmp_path, left, right)
    assert len(compared) == PEOPLE
    assert all(one == other for one, other in compared.values())
    (tmp_path / "again").mkdir()
    shaped, columns, at = _shaped(engine, tmp_path / "again", left, right)
    assert not left_out(columns, at)
    assert ages.notes(shaped)[0].startswith("left.csv: its ages are taken for those on the day of 'visit_date'")


@pytest.mark.parametrize("days", ["date_seen", "visit_date"], ids=["of a word for days alone", "of both files"])
def test_days_of_whatever_happened_may_be_those_of_ages(days: str, engine: Engine, tmp_path: Path) -> None:
    """A column of days that both files had, or whose name says but that it has days, was not asked."""
    draw = random.Random(8)
    sides = [
        [
            {
                "id": str(n),
                "first_name": first,
                "last_name": last,
                "age": str(year - born),
                column: f"{year}-09-0{n % 9 + 1}",
            }
            for n, first, last, born in _people(random.Random(8))
            for year in [draw.randrange(2010, 2018)]
        ]
        for column in (days, "visit_date")
    ]
    found = _made_alike(engine, tmp_path, *sides)
    assert len(found) == PEOPLE
    assert all(left == right for left, right in found.values())


@pytest.mark.parametrize("days", ["entry_date", "postcode"], ids=["days", "none"])
def test_ages_of_one_file_are_counted_to_one_year_by_its_days(days: str, engine: Engine, tmp_path: Path) -> None:
    """Records of one person over years were as many years apart by their ages."""
    held = [
        {"id": f"{n}-{year}", "first_name": first, "last_name": last, "age": str(year - born), days: f"{year}-09-05"}
        for n, first, last, born in _people(random.Random(12))
        for year in (2011, 2013 + n % 4)
    ]
    path = write_csv(tmp_path / "seen.csv", held)
    file = persons.read(engine, path, tmp_path / "seen", delimiter=",", encoding="utf-8")
    (shaped,), at = alike(engine, [file], recognise(file.header, file.header))
    query = f"""select id, "{at.left["age"]}" as age from {{t}}"""
    said = {row["id"]: row["age"] for row in rows(engine, engine.sql(query, t=shaped.table))}
    same = [said[f"{n}-2011"] == said[f"{n}-{2013 + n % 4}"] for n in range(PEOPLE)]
    assert set(same) == {days == "entry_date"}
    assert [note.startswith("seen.csv: its ages are taken for") for note in ages.notes([shaped])] == [True] * same[0]


def test_ages_at_what_has_no_date_are_left_as_they_are(engine: Engine, tmp_path: Path) -> None:
    people = _people(random.Random(9))
    aged = [
        {"id": row["id"], "first_name": row["first_name"], "last_name": row["last_name"], "age_at_entry": row["Age"]}
        for row in _aged(people, 2001)
    ]
    found = _made_alike(engine, tmp_path, aged, _aged(people, 2004))
    assert {left == right for left, right in found.values()} == {True}


@pytest.mark.parametrize(
    "form",
    ["{} Y", "{}y", "{} yrs", "{} yrs.", "{} years", "{} years old", "{}J", "{}.0 Y", "{}Y 3M", "{}歳", "{} лет"],
)
def test_a_word_for_years_may_stand_after_an_age(form: str, engine: Engine, tmp_path: Path) -> None:
    people = _people(random.Random(10))
    aged = [row | {"Age": form.format(row["Age"].removesuffix(".0"))} for row in _aged(people, 2011) if row["Age"]]
    found = _made_alike(engine, tmp_path, aged, _aged(people, 2009))
    assert found == {n: (str(2011 - born),) * 2 for n, _, _, born in people if n}


def test_ages_of_months_and_of_a_range_are_unknown(engine: Engine, tmp_path: Path) -> None:
    people = _people(random.Random(11))
    aged = _aged(people, 2011)
    for row, text in zip(aged[1:], ["8 M", "3 weeks", "30-34", "38 of 60", "Y", "38 Yes", "1938 Y"], strict=False):
        row["Age"] = text
    found = _made_alike(engine, tmp_path, aged, _aged(people, 2009))
    assert [found[n][0] for n in range(1, 8)] == [None] * 7
    assert found[8][0] == found[8][1]


def test_namesakes_of_one_place_show_it_where_names_are_few(engine: Engine, tmp_path: Path) -> None:
    """Four hundred people of one name, who are of eighty places."""
    draw = random.Random(5)
    people = [(n, "Ole", "Olsen", draw.randrange(1790, 1860)) for n in range(400)]
    sides = [_aged(people, 1865), _aged(people, 1875)]
    for side in sides:
        for n, row in enumerate(side):
            row["town"] = f"{LETTERS[n % 80 % 20]}gard {LETTERS[n % 80 // 20]}"
    found = _made_alike(engine, tmp_path, *sides)
    assert all(one == other for one, other in found.values())
    assert len(found) == 400


def test_a_year_of_the_past_is_no_number_of_days() -> None:
    years = {str(year): 3 for year in range(1771, 1850)}
    assert day_count(years, {}) is None
    assert day_count({str(day): 3 for day in range(20_000, 30_000, 50)}, {}) is not None
