"""Two runs with other unit numbers: links kept, moved, gained and lost, by group, and
changes of the model.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Engine, Table
from quality.dashboard.comparison import RunTables, compare
from quality.dashboard.comparison_page import render_comparison

World = Callable[[str], Table]

COUNTS = ("before", "after", "kept", "other_pass", "gained", "lost")
ONE_LINK = "21 | 25 | deterministic | nino | 20 | accepted"


def entities(world: World, source: str, keys: str, digit: int, first: int) -> Table:
    """Four people, by turns women and men; their ids are the digit of a run and their
    place.
    """
    lines = [
        f"{digit}{first + n} | {source} | {key} | {'FM'[n % 2]}"
        for n, key in enumerate(keys.split())
    ]
    return world("\n".join(["entity_id | source | entity_key | sex:list", *lines]))


def run(
    world: World,
    name: str,
    digit: int,
    links: str,
    model: dict[str, Any],
    **configuration: Any,
) -> RunTables:
    """Four pupils and their customers; in the second run every unit has another number,
    and pupil D is one of two.
    """
    units = "step | side | unit_id | entity_id\n" + "\n".join(
        f"ec | {'left' if n < 5 else 'right'} | {digit}{n} | {digit}{n}"
        for n in range(1, 9)
    )
    head = "left_id | right_id | method | pass | match_weight:float | decision\n"
    return RunTables(
        name=name,
        links={"ec": world(head + links)},
        units={"ec": world(units)},
        models={"ec": model},
        entities={
            "npd": entities(world, "npd", "A B C D", digit, 1),
            "cis": entities(world, "cis", "N1 N2 N3 N4", digit, 5),
        },
        configuration=configuration,
    )


def model(m: float) -> dict[str, Any]:
    levels = [
        {
            "sql_condition": "a",
            "label_for_charts": "equal",
            "m_probability": m,
            "u_probability": 0.25,
        },
        {
            "sql_condition": "ELSE",
            "label_for_charts": "differs",
            "m_probability": 0.5,
            "u_probability": 0.5,
        },
    ]
    return {
        "probability_two_random_records_match": 0.5,
        "comparisons": [{"output_column_name": "sex", "comparison_levels": levels}],
    }


BEFORE = """
    11 | 15 | deterministic | nino   | 20 | accepted
    12 | 16 | probabilistic | rule 1 | 9  | accepted
    13 | 17 | probabilistic | rule 1 | 9  | accepted
    14 | 18 | probabilistic | rule 1 | 3  | review
"""
AFTER = """
    21 | 25 | deterministic | nino   | 21 | accepted
    22 | 26 | probabilistic | rule 2 | 8  | accepted
    23 | 27 | probabilistic | rule 1 | 3  | review
    24 | 28 | probabilistic | rule 1 | 8  | accepted
"""


def of_sex(value: str, label: str, **counts: int) -> dict[str, Any]:
    return {
        "characteristic": "sex",
        "title": "Sex",
        "value": value,
        "label": label,
        **counts,
    }


def test_links_are_recognised_by_the_keys_of_the_sources(
    engine: Engine, world: World
) -> None:
    result = compare(
        engine,
        run(
            world,
            "a",
            1,
            BEFORE,
            model(0.5),
            step=[{"name": "ec", "margin": 3}],
            run={"data": "x"},
        ),
        run(
            world,
            "b",
            2,
            AFTER,
            model(1.0),
            step=[{"name": "ec", "margin": 1}],
            run={"data": "y"},
        ),
    )
    assert result["runs"] == {"before": "a", "after": "b"}
    assert result["settings"] == [{"path": "step.ec.margin", "before": 3, "after": 1}]
    (step,) = result["steps"]
    assert [step[name] for name in COUNTS] == [3, 3, 1, 1, 1, 1]
    assert step["moves"] == [
        {"from": "probabilistic rule 1", "to": "probabilistic rule 2", "links": 1},
        {"from": "probabilistic rule 1", "to": None, "links": 1},
        {"from": None, "to": "probabilistic rule 1", "links": 1},
    ]
    assert [row for row in step["groups"] if row["characteristic"] == "sex"] == [
        of_sex("F", "Female", kept=1, other_pass=0, gained=0, lost=1),
        of_sex("M", "Male", kept=0, other_pass=1, gained=1, lost=0),
    ]
    probabilities = {"m_before": 0.5, "m_after": 1.0, "u_before": 0.25, "u_after": 0.25}
    assert step["weights"] == [
        {
            "comparison": "sex",
            "level": "equal",
            "before": 1.0,
            "after": 2.0,
            **probabilities,
        }
    ]


def test_a_run_against_itself_keeps_all(engine: Engine, world: World) -> None:
    tables = run(world, "a", 1, BEFORE, model(0.5))
    result = compare(engine, tables, tables)
    (step,) = result["steps"]
    assert (step["kept"], step["other_pass"], step["gained"], step["lost"]) == (
        3,
        0,
        0,
        0,
    )
    assert step["moves"] == step["weights"] == result["settings"] == []


def with_pupil(run: RunTables, world: World, pupil: int) -> RunTables:
    """A run in which pupil A is one unit with another pupil."""
    head = "step | side | unit_id | entity_id"
    units = world(
        f"{head}\nec | left | 21 | 21\nec | left | 21 | {pupil}\nec | right | 25 | 25"
    )
    return replace(run, units={"ec": units})


def test_a_person_of_several_records_is_the_same_when_one_record_is(
    engine: Engine, world: World
) -> None:
    """In the second run pupils A and D are one unit; the link to N1 is the same
    link.
    """
    after = with_pupil(run(world, "b", 2, ONE_LINK, model(0.5)), world, 24)
    (step,) = compare(engine, run(world, "a", 1, BEFORE, model(0.5)), after)["steps"]
    assert (step["kept"], step["gained"], step["lost"]) == (1, 0, 2)


def test_two_links_that_become_one_count_twice_in_the_run_before(
    engine: Engine, world: World
) -> None:
    """Pupils A and D, both linked to N1, become one unit: no link is lost, and before
    there were two.
    """
    links = """
        11 | 15 | deterministic | nino | 20 | accepted
        14 | 15 | deterministic | nino | 20 | accepted
    """
    after = with_pupil(run(world, "b", 2, ONE_LINK, model(0.5)), world, 24)
    (step,) = compare(engine, run(world, "a", 1, links, model(0.5)), after)["steps"]
    assert [step[name] for name in COUNTS] == [2, 1, 1, 0, 0, 0]
    (step,) = compare(engine, after, run(world, "a", 1, links, model(0.5)))["steps"]
    assert (step["before"], step["after"], step["kept"]) == (1, 2, 2)


def test_a_person_is_described_by_the_record_that_has_the_value(
    engine: Engine, world: World
) -> None:
    """The college's record of the pupil has no sex, the school's has one."""
    tables_before = run(world, "b", 2, ONE_LINK, model(0.5))
    college = world("""
        entity_id | source | entity_key | sex:list
        99        | ilr    | Z          | -
    """)
    units = world("""
        step | side  | unit_id | entity_id
        ec   | left  | 21      | 99
        ec   | left  | 21      | 21
        ec   | right | 25      | 25
    """)
    entities = {"ilr": college, **tables_before.entities}
    tables = RunTables(
        "b", tables_before.links, {"ec": units}, tables_before.models, entities
    )
    (step,) = compare(engine, tables, tables)["steps"]
    assert [row for row in step["groups"] if row["characteristic"] == "sex"] == [
        of_sex("F", "Female", kept=1, other_pass=0, gained=0, lost=0)
    ]


def test_a_step_that_only_one_run_has_is_all_gained(
    engine: Engine, world: World
) -> None:
    after = run(world, "b", 2, AFTER, model(0.5))
    before = RunTables("a", {}, {}, {}, run(world, "a", 1, BEFORE, model(0.5)).entities)
    (step,) = compare(engine, before, after)["steps"]
    assert (step["before"], step["after"], step["gained"]) == (None, 3, 3)


def test_a_level_of_the_same_weight_by_other_probabilities_is_shown(
    engine: Engine, world: World
) -> None:
    before, after = model(0.5), model(0.25)
    after["comparisons"][0]["comparison_levels"][0]["u_probability"] = 0.125
    (step,) = compare(
        engine, run(world, "a", 1, BEFORE, before), run(world, "b", 2, ONE_LINK, after)
    )["steps"]
    (row,) = step["weights"]
    assert (row["level"], row["before"], row["after"]) == ("equal", 1.0, 1.0)
    assert (row["m_before"], row["m_after"], row["u_before"], row["u_after"]) == (
        0.5,
        0.25,
        0.25,
        0.125,
    )


def test_rules_and_thresholds_behind_the_links(engine: Engine, world: World) -> None:
    def counts_of(equal: list[str], accept: float) -> dict[str, Any]:
        rule = {
            "pass": "nino",
            "equal": equal,
            "agree_any": ["surname"],
            "accept": "unique",
        }
        limits = {
            "accept": accept,
            "review": 0.0,
            "margin": 3.0,
            "keep": accept,
            "adjustment": 1.0,
            "is_weight": False,
        }
        return {"ec": {"passes": [rule], "thresholds": limits}}

    model_with_rule = {
        **model(0.5),
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.sex = r.sex"}],
    }
    before = replace(
        run(world, "a", 1, BEFORE, model(0.5)), counts=counts_of(["nino"], 4.0)
    )
    after = replace(
        run(world, "b", 2, ONE_LINK, model_with_rule),
        counts=counts_of(["nino", "dob"], 4.5),
    )
    (step,) = compare(engine, before, after)["steps"]
    assert step["rules"] == [
        {"what": "blocking rule", "rule": "l.sex = r.sex", "change": "added"},
        {"what": "pass", "rule": "nino: nino; one of surname", "change": "removed"},
        {"what": "pass", "rule": "nino: nino, dob; one of surname", "change": "added"},
    ]
    assert step["thresholds"] == [
        {"what": "accept", "before": 4.0, "after": 4.5},
        {"what": "keep", "before": 4.0, "after": 4.5},
    ]
    (step,) = compare(engine, before, before)["steps"]
    assert step["rules"] == step["thresholds"] == []
    (step_without_counts,) = compare(engine, replace(before, counts={}), after)["steps"]
    assert [row["what"] for row in step_without_counts["rules"]] == ["blocking rule"]


def test_levels_with_a_term_frequency_adjustment_in_one_run_alone_are_named(
    engine: Engine, world: World
) -> None:
    """The boxes of `leo model tune` leave m and u unchanged, and change links."""
    common = model(0.5)
    common["comparisons"][0]["comparison_levels"][0]["tf_adjustment_column"] = "sex"
    before, after = (
        run(world, "a", 1, BEFORE, common),
        run(world, "b", 2, ONE_LINK, model(0.5)),
    )
    (step,) = compare(engine, before, after)["steps"]
    assert step["weights"] == []
    assert step["rules"] == [
        {
            "what": "term-frequency adjustment",
            "rule": "sex: equal",
            "change": "removed",
        },
    ]


def test_a_person_of_two_records_that_differ_is_in_the_same_group_as_in_the_report(
    engine: Engine, world: World
) -> None:
    """The first record with a sex has F, a later one M."""
    tables = run(world, "b", 2, ONE_LINK, model(0.5))
    (step,) = compare(engine, with_pupil(tables, world, 22), tables)["steps"]
    groups = [
        (row["value"], row["kept"])
        for row in step["groups"]
        if row["characteristic"] == "sex"
    ]
    (step,) = compare(engine, tables, with_pupil(tables, world, 22))["steps"]
    assert [
        (row["value"], row["kept"])
        for row in step["groups"]
        if row["characteristic"] == "sex"
    ] == groups
    assert groups == [("F", 1)]


HEAD = "left_id:text | right_id:text | method | pass | match_weight:float | decision\n"


def folder(
    world: World, name: str, links: str, clusters: str | None = None, **facts: Any
) -> RunTables:
    step = "dedupe" if clusters else "link"
    return RunTables(
        name=name,
        links={},
        units={},
        models={},
        entities={},
        keyed={step: world(HEAD + links)},
        clusters=world("id:text | person_id\n" + clusters) if clusters else None,
        **facts,
    )


BEFORE_FILES = """
    A1 | B1 | deterministic | nino   | 20 | accepted
    A2 | B2 | probabilistic | rule 1 | 9  | accepted
    A3 | B3 | probabilistic | rule 1 | 9  | accepted
    A4 | B4 | probabilistic | rule 1 | 3  | review
"""
AFTER_FILES = """
    A1 | B1 | deterministic | nino   | 21 | accepted
    A2 | B2 | probabilistic | rule 2 | 8  | accepted
    A3 | B9 | probabilistic | rule 1 | 9  | accepted
"""


@pytest.fixture
def of_two_files(engine: Engine, world: World) -> dict[str, Any]:
    before = folder(
        world,
        "a",
        BEFORE_FILES,
        configuration={"threshold": 0.95, "columns": {"left": {"dob": "DOB"}}},
    )
    after = folder(
        world,
        "b",
        AFTER_FILES,
        configuration={"threshold": 0.9, "columns": {"left": {"dob": "DOB"}}},
    )
    return compare(engine, before, after)


def test_links_are_recognised_by_the_ids_of_the_files(
    of_two_files: dict[str, Any],
) -> None:
    assert of_two_files["settings"] == [
        {"path": "threshold", "before": 0.95, "after": 0.9}
    ]
    (step,) = of_two_files["steps"]
    assert (step["step"], [step[name] for name in COUNTS]) == (
        "link",
        [3, 3, 1, 1, 1, 1],
    )
    assert step["groups"] == []
    assert "people" not in of_two_files


def test_people_of_one_file_are_the_same_when_their_records_are(
    engine: Engine, world: World
) -> None:
    before = folder(
        world, "a", BEFORE_FILES, "A1 | 1\n B1 | 1\n A2 | 2\n B2 | 2\n A3 | 3"
    )
    after = folder(
        world, "b", AFTER_FILES, "B1 | 9\n A1 | 9\n A2 | 5\n B2 | 6\n A3 | 7"
    )
    result = compare(engine, before, after)
    assert result["people"] == {"before": 3, "after": 4, "same": 2}
    assert result["steps"][0]["step"] == "dedupe"


def test_a_page_shows_passes_and_settings_that_differ(
    of_two_files: dict[str, Any], tmp_path: Path
) -> None:
    page = render_comparison(of_two_files, tmp_path / "page.html").read_text()
    assert "probabilistic rule 2" in page
    assert "Settings that differ" in page
