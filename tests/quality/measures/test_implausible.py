"""Things that one person cannot do: each rule on a few people, some with and some
without a contradiction.
"""

from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.errors import ConfigError
from quality.measures.implausible import (
    Events,
    Rule,
    conflicts,
    implausible_links,
    implausible_people,
    load,
)

WORK = Events(table="hmrc_employment", start="StartDate", end="EndDate")
TOO_YOUNG = Rule(name="young", kind="too young", why="-", age=14, of=(WORK,))
AT_ONCE = Rule(name="at once", kind="two at once", why="-", days=90, of=(WORK,))
CENSUS = Rule(
    name="schools",
    kind="two in a period",
    why="-",
    of=(
        Events(
            table="npd_census", start="CensusDate", where={"EnrolStatus": ("C", "M")}
        ),
    ),
)
DEAD = Rule(
    name="dead",
    kind="after death",
    why="-",
    death=Events(table="cis_customers", start="DateOfDeath"),
    of=(Events(table="npd_census", start="CensusDate"),),
)
BIRTHS = Rule(name="births", kind="values conflict", why="-", agreeing=2)


@pytest.fixture
def spine(world: Any) -> Table:
    """Person 1: pupils 1 and 2, customers 11 and 12. Person 2: pupil 3, customer 13.
    Person 3: customer 14 alone.
    """
    return world("""
        person_id | entity_id | source
        1         | 1         | npd
        1         | 2         | npd
        1         | 11        | cis
        1         | 12        | cis
        2         | 3         | npd
        2         | 13        | cis
        3         | 14        | cis
    """)


@pytest.fixture
def entities(world: Any) -> dict[str, Table]:
    """Pupil 1 is of 1990, pupil 3 of 2000; customer 13 has two birth dates, one of them
    as pupil 3's but for the day.
    """
    npd = world("""
        entity_id | dob:list
        1         | 1990-05-01
        2         | 1990-05-02
        3         | 2000-03-03
    """)
    cis = world("""
        entity_id | dob:list
        11        | 1990-05-01
        12        | 1991-06-01
        13        | 1988-01-30;2000-03-04
        14        | 1970-01-01
    """)
    return {"npd": npd, "cis": cis}


def pairs(contradictions: Table, engine: Engine) -> set[tuple[int, int, int]]:
    return {
        (row["person_id"], row["one_id"], row["other_id"])
        for row in engine_rows(engine, contradictions)
    }


@pytest.mark.both_engines
def test_work_before_14_by_the_birth_date_of_another_record(
    engine: Engine, world: Any, spine: Table, entities: dict[str, Table]
) -> None:
    """Customer 13 worked in 2005: pupil 3 was five. By the earlier of its own two dates
    it was 17, which is no fault.
    """
    work = world("""
        entity_id | StartDate  | EndDate
        11        | 2004-05-01 | 2005-01-01
        13        | 2005-01-01 | -
        14        | 1980-01-01 | 1981-01-01
    """)
    contradictions, (facts,) = conflicts(
        engine, spine, entities, {"hmrc_employment": work}, [TOO_YOUNG]
    )
    # Customer 11 began on pupil 1's 14th birthday, a day before pupil 2's, and before
    # customer 12's.
    assert pairs(contradictions, engine) == {(2, 13, 3), (1, 11, 2), (1, 11, 12)}
    assert facts["people_at_risk"] == 2
    assert (facts["background"]["count"], facts["background"]["of"]) == (
        1,
        3,
    )  # customer 14 was ten


@pytest.mark.both_engines
def test_work_under_two_numbers_at_once(
    engine: Engine, world: Any, spine: Table, entities: dict[str, Table]
) -> None:
    """89 days together are not enough, 90 are; an open spell goes on."""
    short = world("""
        entity_id | StartDate  | EndDate
        11        | 2010-01-01 | 2010-03-30
        12        | 2010-01-01 | 2010-12-31
    """)
    contradictions, (facts,) = conflicts(
        engine, spine, entities, {"hmrc_employment": short}, [AT_ONCE]
    )
    assert pairs(contradictions, engine) == set()
    assert facts["people_at_risk"] == 1
    long = world("""
        entity_id | StartDate  | EndDate:date
        11        | 2010-01-01 | -
        12        | 2015-01-01 | 2015-03-31
    """)
    contradictions, _ = conflicts(
        engine, spine, entities, {"hmrc_employment": long}, [AT_ONCE]
    )
    assert pairs(contradictions, engine) == {(1, 11, 12)}


def test_two_schools_in_one_census_unless_one_is_second(
    engine: Engine, world: Any, spine: Table, entities: dict[str, Table]
) -> None:
    census = world("""
        entity_id | CensusDate | EnrolStatus
        1         | 2005-01-20 | C
        2         | 2005-01-20 | S
        1         | 2006-01-19 | C
        2         | 2007-01-18 | C
    """)
    contradictions, _ = conflicts(
        engine, spine, entities, {"npd_census": census}, [CENSUS]
    )
    assert pairs(contradictions, engine) == set()
    two_schools = world("""
        entity_id | CensusDate | EnrolStatus
        1         | 2005-01-20 | C
        2         | 2005-01-20 | M
    """)
    contradictions, _ = conflicts(
        engine, spine, entities, {"npd_census": two_schools}, [CENSUS]
    )
    assert pairs(contradictions, engine) == {(1, 1, 2)}


def test_study_after_death(
    engine: Engine, world: Any, spine: Table, entities: dict[str, Table]
) -> None:
    tables = {
        "npd_census": world("""
            entity_id | CensusDate
            1         | 2005-01-20
            3         | 2010-01-21
        """),
        "cis_customers": world("""
            entity_id | DateOfDeath
            11        | 2005-01-20
            13        | 2009-12-31
        """),
    }
    contradictions, (facts,) = conflicts(engine, spine, entities, tables, [DEAD])
    assert pairs(contradictions, engine) == {(2, 3, 13)}
    assert facts["people_at_risk"] == 2


def test_birth_dates_with_two_parts_different(
    engine: Engine, spine: Table, entities: dict[str, Table]
) -> None:
    """1990-05-01 and 1991-06-01 share the day alone; of 13's two dates one is nearly
    pupil 3's.
    """
    contradictions, (facts,) = conflicts(engine, spine, entities, {}, [BIRTHS])
    assert pairs(contradictions, engine) == {(1, 1, 12), (1, 2, 12), (1, 11, 12)}
    assert facts["people_at_risk"] == 2


def test_a_rule_without_its_tables_is_left_out(
    engine: Engine, spine: Table, entities: dict[str, Table]
) -> None:
    contradictions, facts = conflicts(
        engine, spine, entities, {}, [TOO_YOUNG, AT_ONCE, DEAD]
    )
    assert (facts, pairs(contradictions, engine)) == ([], set())


def test_people_and_links_with_contradictions(
    engine: Engine, world: Any, spine: Table, entities: dict[str, Table]
) -> None:
    """Customer 12 is somebody else; the step linked pupil 1 to both customers and pupil
    3 to customer 13.
    """
    contradictions, facts = conflicts(engine, spine, entities, {}, [BIRTHS])
    persons = world("""
        entity_id | person
        1         | 101
        2         | 101
        11        | 101
        12        | 102
        3         | 103
        13        | 103
    """)
    people = implausible_people(engine, spine, contradictions, facts, persons)
    assert (
        people["people"],
        people["implausible"],
        people["assessed"],
        people["confirmed"],
    ) == (2, 1, 1, 1)
    known_persons = engine.sql("select * from {p} where entity_id <> 12", p=persons)
    of_unknown = implausible_people(engine, spine, contradictions, facts, known_persons)
    assert (
        of_unknown["implausible"],
        of_unknown["assessed"],
        of_unknown["confirmed"],
    ) == (1, 0, 0)
    (rule,) = people["rules"]
    assert (rule["people"], rule["share"]["of"], rule["confirmed"]) == (1, 2, 1)
    assert (
        implausible_people(engine, spine, contradictions, facts, None)["confirmed"]
        is None
    )
    links = world("""
        left_id | right_id | decision
        1       | 11       | accepted
        1       | 12       | accepted
        3       | 13       | accepted
        2       | 12       | review
    """)
    units = world("""
        side  | unit_id | entity_id
        left  | 1       | 1
        left  | 2       | 2
        left  | 3       | 3
        right | 11      | 11
        right | 12      | 12
        right | 13      | 13
    """)
    assert {
        k: v
        for k, v in implausible_links(engine, links, units, contradictions).items()
        if k != "share"
    } == {
        "links": 3,
        "implausible": 1,
    }


def test_the_shipped_rules_can_be_read_and_have_reasons() -> None:
    rules = load()
    assert len(rules) >= 6
    assert all(rule.why for rule in rules)


def test_a_rule_without_its_parameters_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "x"\nkind = "two at once"\nwhy = "y"\n')
    with pytest.raises(
        ConfigError, match="rule 'x': kind 'two at once' needs days, of"
    ):
        load(path)
