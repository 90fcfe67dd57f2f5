"""A side opened for a few units has for them the values that the step with all units
has.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from linkage.config import Pass
from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.match import from_sources
from linkage.match.candidates import term_frequencies
from linkage.match.pair_weights import frequencies_of
from linkage.model import BlockingRule, Model, from_dict
from linkage.pipeline.sides import Side, Term, listed_units
from quality.explain.rules import by_pass, by_rule, reached_by_rule

NPD: dict[int, dict[str, Any]] = {
    1: {
        "forename": [("AVA", "2012-01-01")],
        "surname": [("KHAN", "2014-01-01"), ("LEE", "2010-01-01")],
    },
    2: {
        "forename": [("NOAH", "2012-01-01")],
        "surname": [("DUNN", "2012-01-01")],
        "dob": [("1996-02-03", None)],
    },
    3: {
        "forename": [("AVA", "2012-01-01")],
        "surname": [("LEE", "2009-01-01")],
        "dob": [("1996-02-03", None)],
    },
}
ILR: dict[int, dict[str, Any]] = {
    5: {
        "surname": [("SMITH", "2016-01-01"), ("LEE", "2015-01-01")],
        "dob": [("1996-02-03", None)],
    },
    6: {
        "surname": [("KHAN", "2020-01-01")],
        "forename": [("AVA", "2020-01-01")],
        "postcode": [("AB1 2CD", None)],
    },
}
CIS: dict[int, dict[str, Any]] = {
    8: {
        "surname": [("SMITH", "2016-01-01")],
        "forename": [("AVA", "2016-01-01")],
        "dob": [("1996-02-03", None)],
    },
    9: {"surname": [("LEE", "2016-01-01")], "forename": [("EVE", "2016-01-01")]},
}
PEOPLE = {
    1: 1,
    2: 2,
    3: 3,
    5: 1,
    6: 2,
}  # entity to unit: learner 5 is pupil 1, learner 6 pupil 2


def model() -> Model:
    def comparison(name: str) -> dict[str, Any]:
        levels = [
            {
                "sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL",
                "is_null_level": True,
            },
            {
                "sql_condition": f"{name}_l = {name}_r",
                "m_probability": 0.5,
                "u_probability": 0.25,
                "tf_adjustment_column": name,
            },
            {"sql_condition": "ELSE", "m_probability": 0.5, "u_probability": 0.75},
        ]
        return {"output_column_name": name, "comparison_levels": levels}

    return from_dict({"comparisons": [comparison("forename"), comparison("surname")]})


@pytest.fixture
def sides(engine: Engine, entities: Any, identifier_records: Any) -> dict[str, Any]:
    """People of pupils and learners, and customers: as a run's folder gives them, and
    as a step builds them.
    """
    npd, ilr, cis = entities("npd", NPD), entities("ilr", ILR), entities("cis", CIS)
    records = [
        {"entity_id": e, **{f: values[f][0][0] for f in values}}
        for e, values in {**NPD, **ILR, **CIS}.items()
    ]
    npd_records, ilr_records, cis_records = (
        identifier_records([row for row in records if row["entity_id"] in source])
        for source in (NPD, ILR, CIS)
    )
    people = engine.from_arrow(
        pa.table({"entity_id": list(PEOPLE), "unit_id": list(PEOPLE.values())})
    )
    customers = engine.from_arrow(pa.table({"entity_id": [8, 9], "unit_id": [8, 9]}))
    columns = ["forename", "surname", "surname_all", "dob"]
    return {
        "opened": {
            "left": Side(
                engine,
                "people",
                3,
                {"npd": (npd, npd_records), "ilr": (ilr, ilr_records)},
                people,
            ),
            "right": Side(engine, "cis", 2, {"cis": (cis, cis_records)}, customers),
        },
        "built": {
            "left": from_sources(
                engine,
                "people",
                [(npd, npd_records), (ilr, ilr_records)],
                people,
                columns,
            ),
            "right": from_sources(engine, "cis", [(cis, cis_records)], None, columns),
        },
        "wanted": columns,
    }


def ids(engine: Engine, table: Table) -> list[int]:
    return sorted(row["unit_id"] for row in engine_rows(engine, table))


def test_a_unit_is_built_as_the_step_builds_it(
    engine: Engine, sides: dict[str, Any], rows: Callable[[Table], Any]
) -> None:
    part = sides["opened"]["left"].build(listed_units(engine, [1, 2]), sides["wanted"])
    whole = sides["built"]["left"]
    assert rows(part.units) == [row for row in rows(whole.units) if row[0] in (1, 2)]
    assert rows(part.identifier_records) == [
        row for row in rows(whole.identifier_records) if row[0] in (1, 2)
    ]
    assert rows(
        sides["opened"]["left"].columns_of(
            listed_units(engine, [1, 2]), sides["wanted"]
        )
    ) == rows(part.units)


def test_frequencies_are_those_of_all_units(
    engine: Engine, sides: dict[str, Any], rows: Callable[[Table], Any]
) -> None:
    """AVA is the latest forename of all three people and of one of two customers, for
    any selection of units.
    """
    units_of = {side: unit.units for side, unit in sides["built"].items()}
    all_frequencies = term_frequencies(
        engine, model(), units_of["left"], units_of["right"]
    )
    units = {
        side: sides["opened"][side].columns_of(
            listed_units(engine, [u]), sides["wanted"]
        )
        for side, u in (("left", 1), ("right", 8))
    }
    frequencies = frequencies_of(
        engine, model(), list(sides["opened"].values()), list(units.values()), None
    )
    examples = {"forename": ["AVA"], "surname": ["SMITH"]}
    for column, values in examples.items():
        assert [row for row in rows(frequencies[column]) if row[0] in values] == [
            row for row in rows(all_frequencies[column]) if row[0] in values
        ]
    assert dict(rows(frequencies["forename"]))["AVA"] == pytest.approx(4 / 5)


def test_everybody_who_has_a_value_is_found(
    engine: Engine, sides: dict[str, Any]
) -> None:
    people = sides["opened"]["left"]

    def values_table(value: str) -> Table:
        return engine.from_arrow(
            pa.table({"wanted": pa.array([[value]], pa.list_(pa.string()))})
        )

    surnames = engine.from_arrow(
        pa.table({"wanted": pa.array([["LEE"]], pa.list_(pa.string()))})
    )
    assert ids(engine, people.holding([Term("surname_all", "{value}", surnames)])) == [
        1,
        3,
    ]
    prefixes = engine.from_arrow(
        pa.table({"wanted": pa.array([["KH"]], pa.list_(pa.string()))})
    )
    assert ids(
        engine, people.holding([Term("surname", "substr({value}, 1, 2)", prefixes)])
    ) == [1, 2]
    people_found = people.with_values(
        {"dob": values_table("1996-02-03"), "surname": values_table("LEE")}, ["surname"]
    )
    assert ids(engine, people_found) == [1, 2, 3]


@pytest.mark.parametrize(
    ("rule", "conditions", "reach"),
    [
        (BlockingRule('l."dob" = r."dob"'), [("dob", "agrees")], [1, 2, 3]),
        (
            BlockingRule(
                'l."surname_all" = r."surname_all" AND l."dob" = r."dob"',
                ("surname_all",),
            ),
            [("surname at any time", "agrees"), ("dob", "agrees")],
            [1, 2, 3],  # few are born on that day, so names are left to the rule itself
        ),
        (
            BlockingRule("substr(l.surname, 1, 1) = substr(r.surname, 1, 1)"),
            [("SUBSTRING(l.surname, 1, 1) = SUBSTRING(r.surname, 1, 1)", "agrees")],
            [1],
        ),
        (
            BlockingRule("levenshtein(l.dob, r.dob) <= 2"),
            [("LEVENSHTEIN(l.dob, r.dob) <= 2", "agrees")],
            None,
        ),
    ],
)
def test_a_rule_has_its_conditions_and_the_units_in_its_reach(
    engine: Engine,
    sides: dict[str, Any],
    rule: BlockingRule,
    conditions: Any,
    reach: Any,
) -> None:
    left = sides["opened"]["left"].columns_of(
        listed_units(engine, [1]), sides["wanted"]
    )
    right = sides["opened"]["right"].columns_of(
        listed_units(engine, [8]), sides["wanted"]
    )
    assert [
        (term.condition, term.result) for term in by_rule(engine, rule, left, right)
    ] == conditions
    units = reached_by_rule(engine, rule, right, "right", sides["opened"]["left"])
    assert (None if units is None else ids(engine, units)) == reach


def test_a_pass_is_explained_for_the_closest_identifier_records(
    engine: Engine, sides: dict[str, Any]
) -> None:
    rule = Pass(
        name="p",
        why="w",
        equal=("surname", "dob"),
        agree_any=("forename~initial", "postcode"),
    )
    left = sides["opened"]["left"].build(listed_units(engine, [1]), sides["wanted"])
    right = sides["opened"]["right"].build(listed_units(engine, [8]), sides["wanted"])
    terms, equal, holds = by_pass(engine, rule, left, right)
    assert [(term.condition, term.result) for term in terms] == [
        ("surname", "agrees"),
        ("dob", "agrees"),
        (
            "initial of forename",
            "not known on the left",
        ),  # the learner with this surname has no forename
        ("postcode", "not known on either side"),
    ]
    assert (equal, holds) == (2, False)
