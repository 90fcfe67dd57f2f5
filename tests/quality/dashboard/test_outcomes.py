"""Provider outcomes: people counted once, institutions that add up, and what may be
shown of them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, Table
from linkage.errors import ConfigError
from quality.dashboard.outcomes import (
    OTHERS,
    OUTCOMES,
    Cohort,
    Rules,
    count,
    load_rules,
    people_of,
    released,
)
from quality.disclosure import Disclosure, load

World = Callable[[str], Table]
COHORT = Cohort(definition="ks4", title="Schools", institution="URN", kind="School")
RULES = Rules.model_validate(
    {
        "most_institutions": 2,
        "cohort": [COHORT.model_dump()],
        "characteristic": [
            {
                "name": "sex",
                "title": "Sex",
                "labels": {"F": "Female", "M": "Male"},
                "origin": [
                    {
                        "table": "npd_census",
                        "variable": "Gender",
                        "codes": {"F": ["F"], "M": ["M"]},
                    }
                ],
            }
        ],
    }
)
HEAD = (
    "AE_ID:text | definition | years_after | cohort_year | tax_year | "
    "academic_year:int | in_calculation:bool | "
)
HEAD += (
    "matched:bool | sustained_employment:bool | further_study:bool | "
    "out_of_work_benefits:bool | "
)
HEAD += "earnings_included:bool | earnings:float\n"


@pytest.fixture
def people(engine: Engine, world: World) -> Table:
    """A is in two cohorts and counts in the later, at school 2; B moved within a year;
    D is not in the calculation.
    """
    outcomes = world(
        HEAD
        + """
        A | ks4   | 1 | 201011 | 201112 | - | true  | true  | true  | false | false | true  | 10000
        A | ks4   | 1 | 201112 | 201213 | - | true  | true  | false | true  | false | false | -
        B | ks4   | 1 | 201112 | 201213 | - | true  | true  | true  | false | false | true  | 20000
        C | ks4   | 1 | 201112 | 201213 | - | true  | false | false | false | false | false | -
        D | ks4   | 1 | 201112 | 201213 | - | false | true  | true  | false | false | true  | 90000
        A | other | 1 | 201112 | 201213 | - | true  | true  | true  | false | false | true  | 50000
    """
    )
    members = world("""
        entity_id | AcademicYear | URN:text
        1         | 201011       | 1
        1         | 201112       | 2
        2         | 201112       | 3
        2         | 201112       | 1
    """)
    lookup = world("AE_ID:text | entity_id\nA | 1\nB | 2\nC | 3\nD | 4")
    census = world("entity_id | Gender:text\n1 | F\n2 | M\n2 | X")
    return people_of(
        engine,
        COHORT,
        outcomes,
        members,
        lookup,
        {"npd_census": census},
        RULES,
        year="AcademicYear",
        pay="earnings",
    )


def test_a_person_counts_once_at_the_institution_of_the_latest_year(
    engine: Engine, people: Table
) -> None:
    counts = count(engine, people, RULES)[1]
    numbers = {
        key: (row["people"], row["matched"], row["further_study"])
        for key, row in counts.items()
    }
    assert numbers == {
        ("", ""): (3, 2, 1),
        ("institution", "1"): (1, 1, 0),
        ("institution", "2"): (1, 1, 1),
        ("institution", "not known"): (1, 0, 0),
        ("sex", "F"): (1, 1, 1),
        ("sex", "M"): (1, 1, 0),
        ("sex", "not known"): (1, 0, 0),
    }
    assert counts["", ""]["median"] == 20_000


def test_institutions_beyond_the_largest_are_counted_together(
    engine: Engine, world: World
) -> None:
    lines = [
        f"1 | true | true | false | false | - | {school} | F" for school in "aaabbc"
    ]
    head = (
        "years_after | matched:bool | sustained_employment:bool | "
        "further_study:bool | out_of_work_benefits:bool | "
    )
    counts = count(
        engine,
        world("\n".join([f"{head}pay:float | institution | sex", *lines])),
        RULES,
    )[1]
    assert {name for group, name in counts if group == "institution"} == {
        "a",
        "b",
        OTHERS,
    }


def counts_of(schools: list[tuple[int, int]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Schools with numbers of matched people and of those in employment."""
    rows = {
        ("institution", str(n)): (people, min(workers, people))
        for n, (people, workers) in enumerate(schools)
    }
    rows[("", "")] = (
        sum(m for m, _ in rows.values()),
        sum(e for _, e in rows.values()),
    )
    return {
        key: {
            "people": people,
            "matched": people,
            "earners": workers,
            **dict.fromkeys(OUTCOMES, 0),
            "sustained_employment": workers,
            "lower_quartile": 1.0,
            "median": 2.0,
            "upper_quartile": 3.0,
        }
        for key, (people, workers) in rows.items()
    }


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=5)
)
def test_no_small_count_is_shown_or_is_the_only_one_hidden(
    schools: list[tuple[int, int]],
) -> None:
    d = Disclosure(load())
    rows = {(row.group, row.category): row for row in released(counts_of(schools), d)}
    for place, (people, workers) in enumerate(schools):
        row = rows["institution", str(place)]
        share = row.shares["sustained_employment"][0]
        if (
            0 < people < 10
            or 0 < min(workers, people) < 10
            or 0 < people - min(workers, people) < 10
        ):
            assert share.value is None
        if 0 < people < 10:
            assert row.matched.mark == "suppressed"
        if 0 < workers < 10:
            assert row.earnings["median"].value is None
    suppressed_rows = [
        row for key, row in rows.items() if key[0] and row.matched.mark == "suppressed"
    ]
    if len(suppressed_rows) == 1:
        assert rows["", ""].matched.mark == "suppressed"


def test_the_shipped_rules_can_be_read_and_faults_are_named(tmp_path: Path) -> None:
    assert [cohort.definition for cohort in load_rules().cohort] == [
        "ks4",
        "further-education",
        "graduate",
    ]
    path = tmp_path / "compared.toml"
    path.write_text("most_institutions = 0\ncohort = []\ncharacteristic = []\n")
    with pytest.raises(ConfigError, match="most_institutions"):
        load_rules(path)
