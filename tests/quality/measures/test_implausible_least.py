"""The least share of people falsely linked: contradictions beyond typing errors and the
sources' own errors.
"""

from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.errors import ConfigError
from quality.disclosure import Disclosure, load
from quality.intervals import wilson
from quality.measures.implausible import Events, Rule, conflicts, implausible_people
from quality.measures.implausible import load as load_rules
from quality.report.names import Names
from quality.report.page import Figure, Text
from quality.report.page import Table as PageTable
from quality.report.released import Publication
from quality.report.sections.implausible import implausible_section

WORK = Events(table="hmrc_employment", start="StartDate")
TOO_YOUNG = Rule(
    name="young", kind="too young", why="-", age=14, edit_distance=2, of=(WORK,)
)
CENSUS = Rule(
    name="schools",
    kind="two in a period",
    why="-",
    periods=2,
    of=(Events(table="npd_census", start="CensusDate"),),
)
BIRTHS = Rule(
    name="births", kind="values conflict", why="-", agreeing=2, edit_distance=2
)


def pairs(contradictions: Table, engine: Engine) -> set[tuple[str, int, int]]:
    return {
        (row["rule"], row["one_id"], row["other_id"])
        for row in engine_rows(engine, contradictions)
    }


@pytest.mark.both_engines
def test_a_birth_date_with_a_typing_error_is_no_contradiction(
    engine: Engine, world: Any
) -> None:
    """Pupils 1 to 5 next to customer 11 to 15 of 1988-02-03, all at work in 2003; 15
    contradicts itself.

    1: a decade later, one character. 2: two characters. 3: day and month, and nothing
    else. 4: somebody else.
    """
    spine = world("""
        person_id | entity_id | source
        1         | 1         | npd
        1         | 11        | cis
        2         | 2         | npd
        2         | 12        | cis
        3         | 3         | npd
        3         | 13        | cis
        4         | 4         | npd
        4         | 14        | cis
        5         | 5         | npd
        5         | 15        | cis
    """)
    npd = world("""
        entity_id | dob:list
        1         | 1998-02-03
        2         | 1997-02-03
        3         | 1988-03-02
        4         | 1997-11-20
        5         | 1975-11-29
    """)
    cis = world("""
        entity_id | dob:list
        11        | 1988-02-03
        12        | 1988-02-03
        13        | 1988-02-03
        14        | 1988-02-03
        15        | 1995-02-03
    """)
    work = world("""
        entity_id | StartDate
        11        | 2003-05-01
        12        | 2003-05-01
        13        | 2003-05-01
        14        | 2003-05-01
        15        | 2003-05-01
    """)
    contradictions, (young_facts, birth_facts) = conflicts(
        engine,
        spine,
        {"npd": npd, "cis": cis},
        {"hmrc_employment": work},
        [TOO_YOUNG, BIRTHS],
    )
    assert pairs(contradictions, engine) == {
        ("young", 14, 4),
        ("births", 4, 14),
        ("births", 5, 15),
    }
    # One of five customers contradicts itself: of five pairs that could, one is found,
    # and one is expected.
    assert (young_facts["background"]["count"], young_facts["background"]["of"]) == (
        1,
        5,
    )
    assert young_facts["excess"]["value"] == pytest.approx(0.0)
    assert young_facts["excess"]["high"] == pytest.approx(
        1 - 5 * young_facts["background"]["low"]
    )
    assert (birth_facts["background"], birth_facts["excess"]) == (None, None)


@pytest.mark.both_engines
def test_a_pupil_at_two_schools_once_has_moved_and_twice_is_two(
    engine: Engine, world: Any
) -> None:
    spine = world("""
        person_id | entity_id | source
        1         | 1         | npd
        1         | 2         | npd
        2         | 3         | npd
        2         | 4         | npd
        3         | 5         | npd
        3         | 21        | ilr
    """)
    census = world("""
        entity_id | CensusDate
        1         | 2005-01-20
        2         | 2005-01-20
        2         | 2006-01-19
        3         | 2005-01-20
        3         | 2006-01-19
        4         | 2005-01-20
        4         | 2006-01-19
        5         | 2005-01-20
        5         | 2005-01-20
    """)
    contradictions, (fact,) = conflicts(
        engine, spine, {}, {"npd_census": census}, [CENSUS]
    )
    assert pairs(contradictions, engine) == {("schools", 3, 4)}
    # Pupil 5 is at two schools in one census alone; of five pupils none contradicts
    # itself.
    assert (
        fact["background"]["count"],
        fact["background"]["of"],
        fact["people_at_risk"],
    ) == (0, 5, 2)
    assert (fact["excess"]["value"], fact["excess"]["high"]) == (1.0, 1.0)
    assert fact["excess"]["low"] == pytest.approx(1 - 2 * wilson(0, 5)["high"])  # type: ignore[operator]


CONFLICTS = """
    rule  | person_id | one_id | other_id
    sure  | 1         | 1      | 11
    half  | 1         | 1      | 11
    half  | 2         | 2      | 12
    never | 3         | 3      | 13
"""


def fact(name: str, *excess: float) -> dict[str, Any]:
    return {
        "rule": name,
        "why": "-",
        "people_at_risk": 4,
        "background": wilson(0, 9) if excess else None,
        "excess": dict(zip(("value", "low", "high"), excess, strict=True))
        if excess
        else None,
    }


@pytest.mark.both_engines
def test_people_count_by_the_rule_with_the_largest_excess(
    engine: Engine, world: Any
) -> None:
    """1 is found by a sure rule and a doubtful one and counts once; 3 by one without an
    excess, and does not count.
    """
    rules = [fact("sure", 1.0, 0.8, 1.0), fact("half", 0.5, 0.0, 0.9), fact("never")]
    contradictions = world(CONFLICTS)
    people = "\n".join(
        [
            "person_id | entity_id | source",
            *(
                f"{n} | {n + offset} | {source}"
                for n in range(1, 5)
                for offset, source in ((0, "npd"), (10, "cis"))
            ),
        ]
    )
    figures = implausible_people(engine, world(people), contradictions, rules, None)
    assert (figures["people"], figures["implausible"], figures["least"]["count"]) == (
        4,
        3,
        pytest.approx(1.5),
    )
    assert figures["least"]["counts"] == {
        "low": pytest.approx(0.8),
        "high": pytest.approx(1.9),
    }
    assert figures["least"]["low"] == pytest.approx(wilson(0.8, 4)["low"])
    assert figures["least"]["high"] == pytest.approx(wilson(1.9, 4)["high"])
    assert (
        implausible_people(
            engine, world(people), contradictions, [fact("never")], None
        )["least"]
        is None
    )


def test_an_edit_distance_is_of_birth_dates(tmp_path: Any) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[rule]]\nname = "x"\nkind = "two in a period"\nwhy = "y"\nedit_distance = '
        '1\nof = [{table = "a", start = "b"}]\n'
    )
    with pytest.raises(ConfigError, match=r"rule 'x': .* compares no birth dates"):
        load_rules(path)


def section(
    excess: tuple[float, float, float],
    implausible: int = 65,
    number: int = 0,
    confirmed: int | None = None,
) -> str:
    """The words of the section of 10,000 people: 50 whom a known rule found, and few
    whom another one did.
    """
    value, low, high = excess
    known_rule = {
        **fact("known", 0.5, 0.2, 0.8),
        "people": 50,
        "people_at_risk": 9000,
        "share": wilson(50, 9000),
    }
    other_rule = {
        **fact("of none"),
        "people": number,
        "people_at_risk": 9000,
        "share": wilson(number, 9000),
    }
    figures = {
        "people": 10_000,
        "implausible": implausible,
        "least": {**wilson(value, 10_000), "counts": {"low": low, "high": high}},
        "assessed": implausible,
        "confirmed": confirmed,
        "rules": [
            {**rule, "confirmed": confirmed} for rule in (known_rule, other_rule)
        ],
    }
    links = {
        "links": 9000,
        "implausible": 65,
        "share": wilson(65, 9000),
        "least": figures["least"],
    }
    step = {
        "step": "npd-cis",
        "left": "npd",
        "right": "cis",
        "method": "",
        "implausible": links,
    }
    evaluation = {"steps": [step], "spine": {"implausible": figures}}
    page = implausible_section(
        Publication(evaluation, names=Names(shipped()), d=Disclosure(load()))
    )
    assert page is not None
    (figure,) = [block for block in page.blocks if isinstance(block, Figure)]
    (steps,) = [block for block in page.blocks if isinstance(block, PageTable)]
    cells = [cell if isinstance(cell, str) else cell.text for cell in steps.rows[0]]
    return "\n".join(
        [
            *(block.text for block in page.blocks if isinstance(block, Text)),
            figure.summary,
            figure.table.note,
            " ".join(cells),
        ]
    )


def test_the_least_share_is_shown_unless_it_discloses_a_small_count() -> None:
    assert "0.3% (0.1 to 0.5)" in section((30.0, 10.0, 40.0))
    assert "NPD to CIS 0.7 0.5 0.9" in section((30.0, 10.0, 40.0))
    assert "At least" not in section((4.0, 1.0, 8.0))
    assert "At least" not in section((60.0, 10.0, 62.0))  # 65 contradict each other
