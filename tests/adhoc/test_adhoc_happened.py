"""Admissions and their claims: what happened on other days to one person is not linked with each other."""

from pathlib import Path

import pytest

from linkage.adhoc import happened
from linkage.adhoc.fields.held_twice import each_held_twice
from linkage.adhoc.link import Request, link_files
from linkage.engine import Engine, Table

WITH_A_DAY = {"forename": "name", "surname": "name", "dob": "date", "day": "day"}


def _events(engine: Engine, later: str, *, on_one_day: bool = False) -> Table:
    """Three of each of 200 persons, on days of their own or all on one."""
    day = "p" if on_one_day else "p * 7 + v * 97"
    return engine.sql(
        f"""
        select p * 10 + v as unit_id, 'ANN' || p % 20 as forename, 'LEE' || p as surname,
               cast(date '1950-01-01' + cast(p * 31 as integer) as varchar) as dob,
               cast(date '2020-01-01' + cast({day} + {later} as integer) as varchar) as day
        from generate_series(1, 200) as p(p), generate_series(1, 3) as t(v)
        """
    )


@pytest.mark.parametrize(
    ("later", "found"), [("v", ["day"]), ("0", ["day"]), ("40", [])], ids=["days later", "the same", "other things"]
)
def test_days_are_of_one_thing_where_people_have_them_within_a_week(
    later: str, found: list[str], engine: Engine
) -> None:
    assert happened.of_what_happened(engine, _events(engine, "0"), _events(engine, later), WITH_A_DAY) == found


@pytest.mark.parametrize(("on_one_day", "apart"), [(False, True), (True, False)], ids=["events", "copies"])
def test_records_of_one_day_are_copies_and_no_events(on_one_day: bool, apart: bool, engine: Engine) -> None:
    sides = [_events(engine, "0", on_one_day=on_one_day) for _ in range(2)]
    assert happened.are_told_apart(engine, *sides, ["day"], [1.0, 1.0]) == apart
    assert not happened.are_told_apart(engine, *sides, [], [1.0, 1.0])


def test_copies_are_told_by_names_and_day_where_nothing_else_is_known(engine: Engine) -> None:
    """Of four results of a visit one alone was linked: nothing told that they are of one day."""
    visits, results = (
        engine.sql(
            f"""
            select p * 10 + v as unit_id, 'ANN' || p % 20 as forename, 'LEE' || p as surname,
                   cast(date '2020-01-01' + cast(p * 7 as integer) as varchar) as day
            from generate_series(1, 200) as p(p), generate_series(1, {records}) as t(v)
            """
        )
        for records in (1, 4)
    )
    twice = each_held_twice(engine, visits, results)
    assert twice == [0.0, 1.0]
    assert not happened.are_told_apart(engine, visits, results, ["day"], twice)


def test_an_admission_has_its_own_claim(engine: Engine, tmp_path: Path) -> None:
    """Each had all claims of the patient: of three links two were wrong, and 99 of 100 were said to be right."""
    for name, later, day in (("l", "0", "admitted"), ("r", "v - 1", "claimed")):
        table = _events(engine, later)
        query = f"select unit_id as id, forename, surname, dob, day as {day}, unit_id * 31 % 17 as ward from {{t}}"
        engine.write(engine.sql(query, t=table), tmp_path / f"{name}.parquet")
    (tmp_path / "pairs.csv").write_text(
        "left_id,right_id\n" + "".join(f"{p * 10 + v},{p * 10 + v}\n" for p in range(1, 201) for v in (1, 2, 3)),
        encoding="utf-8",
    )
    files = tmp_path / "l.parquet", tmp_path / "r.parquet"
    done = link_files(Request(*files, tmp_path / "out", truth=tmp_path / "pairs.csv"))
    assert done.truth is not None
    assert (done.truth["precision"], done.truth["recall"]) == (1.0, 1.0)
    assert any("records of one person on other days (admitted) are told apart" in note for note in done.notes)
    done = link_files(Request(*files, tmp_path / "all", second_records=True))
    assert not any("are told apart" in note for note in done.notes), "who asks for all of a person's has them"
