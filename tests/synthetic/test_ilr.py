"""Learner records: what journeys say is learned is there and long enough, what they do
not say is too short to count.
"""

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from linkage.errors import ConfigError
from synthetic.base.rules import of_year, rule_file
from synthetic.chunks import build_world
from synthetic.education.journeys import YEARS
from synthetic.sources.ilr import ilr
from synthetic.world import World

FIRST_YEAR = 2002
Aims = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(7, "realistic", np.arange(1, 5_001))


@pytest.fixture(scope="module")
def tables(world: World) -> dict[str, list[dict[str, Any]]]:
    """Learners and aims, each with its person."""
    out = ilr(world)
    owner = {
        row["record_key"]: row["person_id"]
        for part in out.records
        for row in part.to_pylist()
    }
    learners = pa.table(out.tables["ilr_learners"]).to_pylist()
    for row in learners:
        row["person"] = owner[str(row["RECORDID"])]
    person = {
        (row["UKPRN"], row["LearnRefNumber"], row["Year"]): row["person"]
        for row in learners
    }
    aims = pa.table(out.tables["ilr_aims"]).to_pylist()
    for row in aims:
        row["person"] = person[row["UKPRN"], row["LearnRefNumber"], row["Year"]]
    return {"learners": learners, "aims": aims}


def months(aim: dict[str, Any]) -> set[int]:
    """Months of the tax year that begins in the aim's academic year (4 to 15) in which
    it goes on, as the pipeline has it.
    """
    year = aim["Year"] // 100
    first = max(aim["LearnStartDate"], date(year, 8, 1))
    last = min(aim["LearnActEndDate"] or date(9999, 1, 1), date(year + 1, 7, 31))
    begin, end = ((day.year - year) * 12 + day.month for day in (first, last))
    return {month for month in range(begin, end + 1) if 4 <= month <= 15}


def by_year(aims: Aims, models: set[str]) -> dict[tuple[int, int], set[int]]:
    """Person and year to the months in which they have an aim of one of the funding
    models.
    """
    out: dict[tuple[int, int], set[int]] = defaultdict(set)
    for aim in aims:
        if aim["FundModel"] in models:
            out[aim["person"], aim["Year"] // 100] |= months(aim)
    return out


def cells(world: World, mask: Any) -> set[tuple[int, int]]:
    person, column = np.nonzero(mask & (YEARS >= FIRST_YEAR))
    return set(
        zip(world.people.ids[person].tolist(), YEARS[column].tolist(), strict=True)
    )


WINTER = set(range(10, 16))


def test_a_year_at_college_is_a_study_programme_from_september_to_march_at_least(
    world: World, tables: Any
) -> None:
    months = by_year(tables["aims"], {"25"})
    assert set(months) == cells(world, world.journeys.college)
    assert all(span >= {9, *WINTER} for span in months.values())


def test_a_year_of_adult_learning_lasts_from_october_to_march_at_least(
    world: World, tables: Any
) -> None:
    months = by_year(tables["aims"], {"35", "10", "99"})
    learner_cells = cells(
        world, world.journeys.adult_learning & ~world.journeys.college
    )
    assert learner_cells
    assert all(months[cell] >= WINTER for cell in learner_cells)


def test_courses_that_journeys_call_short_never_make_six_months(
    world: World, tables: Any
) -> None:
    months = by_year(tables["aims"], {"35", "10", "99"})
    short_cells = set(months) - cells(world, world.journeys.adult_learning)
    assert short_cells <= cells(world, world.journeys.short_course)
    assert len(short_cells) > 100
    assert all(
        span <= WINTER and len(span) < 6
        for cell, span in months.items()
        if cell in short_cells
    )


def test_apprentices_learn_from_before_october_and_have_a_programme_aim(
    world: World, tables: Any
) -> None:
    journey = world.journeys
    months = by_year(tables["aims"], {"36"})
    assert set(months) == cells(world, journey.apprentices() & journey.may_learn())
    assert all(span >= WINTER for span in months.values())
    for aim in tables["aims"]:
        is_programme = aim["FundModel"] == "36" and aim["AimSeqNumber"] == 1
        assert (
            is_programme
            is (aim["AimType"] == "1")
            is (aim["LearnAimRef"] == "ZPROG001")
        )


def test_an_apprenticeship_has_a_framework_or_a_standard_and_a_contract_since_may_2017(
    tables: Any,
) -> None:
    standards: dict[int, list[bool]] = defaultdict(list)
    for aim in tables["aims"]:
        is_apprentice = aim["FundModel"] == "36"
        assert ((aim["FworkCode"] is None) != (aim["StdCode"] is None)) is is_apprentice
        assert (aim["ContractType"] is not None) is (
            is_apprentice and aim["LearnStartDate"] >= date(2017, 5, 1)
        )
        assert (aim["StdCode"] is not None) is (aim["ProgType"] == "25")
        if is_apprentice:
            assert aim["ProgType"] in {"2", "3", "20", "21", "22", "23", "25"}
            standards[aim["Year"] // 100].append(aim["ProgType"] == "25")
    assert not any(any(flags) for year, flags in standards.items() if year < 2014)
    assert np.mean(standards[2020]) > 0.5


def test_how_an_aim_ends_agrees_with_itself(tables: Any) -> None:
    missing = 0
    for aim in tables["aims"]:
        status = aim["CompStatus"]
        assert (aim["Outcome"] is None) is (status in ("1", "6"))
        assert (aim["WithdrawReason"] is not None) is (status in ("3", "4"))
        assert not (aim["LearnActEndDate"] and status == "1")
        assert aim["AchDate"] is None or (aim["AimType"], aim["Outcome"]) == ("1", "1")
        assert aim["OutGrade"] is None or aim["Outcome"] == "1"
        assert aim["LearnStartDate"] <= (aim["LearnActEndDate"] or date(2021, 8, 31))
        missing += aim["LearnActEndDate"] is None and status != "1"
    ended_count = sum(aim["CompStatus"] != "1" for aim in tables["aims"])
    assert missing / ended_count == pytest.approx(0.02, abs=0.006)


def test_a_programme_of_several_years_is_one_aim_that_ends_in_the_last(
    tables: Any,
) -> None:
    aims: dict[tuple[Any, ...], Aims] = defaultdict(list)
    for aim in tables["aims"]:
        aims[
            aim["UKPRN"],
            aim["LearnRefNumber"],
            aim["AimSeqNumber"],
            aim["LearnStartDate"],
        ].append(aim)
    long_aims = [
        sorted(rows, key=lambda aim: aim["Year"])
        for rows in aims.values()
        if len(rows) > 1
    ]
    assert len(long_aims) > 50
    for rows in long_aims:
        assert [row["CompStatus"] for row in rows[:-1]] == ["1"] * (len(rows) - 1)
        assert len({row["LearnAimRef"] for row in rows}) == 1


def test_who_changes_college_is_known_by_the_reference_of_the_old_one(
    tables: Any,
) -> None:
    learners = {
        (row["UKPRN"], row["LearnRefNumber"]): row["person"]
        for row in tables["learners"]
    }
    movers = [row for row in tables["learners"] if row["PrevUKPRN"]]
    assert movers
    assert all(
        learners[row["PrevUKPRN"], row["PrevLearnRefNumber"]] == row["person"]
        for row in movers
    )
    assert all(
        row["PrevLearnRefNumber"] is None
        for row in tables["learners"]
        if not row["PrevUKPRN"]
    )


def test_numbers_and_names_are_missing_where_they_may_be(
    world: World, tables: Any
) -> None:
    """Apprentices must give a National Insurance number; community learners give none,
    and may give no name.
    """
    model = {
        (aim["UKPRN"], aim["LearnRefNumber"]): aim["FundModel"]
        for aim in tables["aims"]
    }
    has_number: dict[str, list[bool]] = defaultdict(list)
    nameless: dict[str, list[bool]] = defaultdict(list)
    for row in tables["learners"]:
        funding = model[row["UKPRN"], row["LearnRefNumber"]]
        has_number[funding].append(row["NINumber"] is not None)
        nameless[funding].append(row["FamilyName"] is None)
    assert np.mean(has_number["36"]) > 0.93
    assert 0.05 < np.mean(has_number["25"]) < 0.2
    assert not any(has_number["10"])
    assert 0.01 < np.mean(nameless.pop("10")) < 0.12
    assert not any(any(flags) for flags in nameless.values())


def test_a_year_takes_the_last_figure_published_before_it() -> None:
    assert of_year(
        {2010: 0.1, 2015: 0.3}, np.array([2002, 2010, 2014, 2015, 2020])
    ).tolist() == [
        0.1,
        0.1,
        0.1,
        0.3,
        0.3,
    ]


def test_faults_of_a_file_are_named_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "synthetic" / "study"
    folder.mkdir(parents=True)
    (folder / "subjects.toml").write_text(
        "integrated = []\nodd = 1\n[lean]\n[jacs]\nX = 2\n[unclassified]\n"
    )
    monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path))
    rule_file.cache_clear()
    with pytest.raises(ConfigError) as error_info:
        rule_file("study/subjects.toml")
    rule_file.cache_clear()
    assert all(
        f"  {name}: " in str(error_info.value)
        for name in ("odd", "jacs.X", "unclassified.subjects")
    )
