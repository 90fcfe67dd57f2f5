"""Decisions of people: they are read with their faults, become pairs of units, and
outweigh passes and model.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from linkage.engine import Engine, Table
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import ConfigError
from linkage.match import StepInputs, link_step
from linkage.match.overrides import Overrides, load, of_units
from tests.conftest import parse
from tests.match.exact_model import exact_model, units
from tests.match.test_step import LEFT, PASS, RIGHT, STEP

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

HEAD = "left_source,left_key,right_source,right_key,decision"


def write_decisions(tmp_path: Path, *lines: str, head: str = HEAD) -> Path:
    path = tmp_path / "decisions.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


@pytest.mark.parametrize("separator", [",", ";"])
def test_decisions_are_read_with_their_lines_and_without_further_columns(
    tmp_path: Path, separator: str
) -> None:
    lines = [HEAD + ",by", "npd,A,cis, N1 ,link,kim", "npd,B,cis,N2,never,lee"]
    head, *others = (line.replace(",", separator) for line in lines)
    path = write_decisions(tmp_path, *others, head=head)
    assert load(path).to_pylist() == [
        {
            "left_source": "npd",
            "left_key": "A",
            "right_source": "cis",
            "right_key": "N1",
            "decision": "link",
            "line": 2,
        },
        {
            "left_source": "npd",
            "left_key": "B",
            "right_source": "cis",
            "right_key": "N2",
            "decision": "never",
            "line": 3,
        },
    ]


def test_every_fault_is_named_by_its_line_and_no_key_is_shown(tmp_path: Path) -> None:
    path = write_decisions(
        tmp_path,
        "npd,SECRET1,cis,SECRET2,link",
        "npd,,cis,SECRET3,link",
        "npd,SECRET4,cis,SECRET5,perhaps",
        "cis,SECRET2,npd,SECRET1,never",
    )
    with pytest.raises(ConfigError) as error:
        load(path)
    message = str(error.value)
    assert "3 faults" in message
    assert "line 3: left_key is empty" in message
    assert "line 4: decision is neither link nor never" in message
    assert "line 5: says never of a pair of which line 2 says otherwise" in message
    assert "SECRET" not in message


def test_one_fault_is_counted_in_the_singular(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="1 fault\n  line 2: decision"):
        load(write_decisions(tmp_path, "npd,A,cis,N1,perhaps"))


def test_an_unknown_source_is_named_by_its_column(tmp_path: Path) -> None:
    file = write_decisions(tmp_path, "npd,A,cis,N1,link", "npdx,A,cis,N2,never")
    with pytest.raises(
        ConfigError,
        match="line 3: left_source is no source of the run; there are cis, npd",
    ):
        load(file, {"npd": 1, "cis": 2})
    assert load(file).num_rows == 2


def test_a_missing_column_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column decision"):
        load(
            write_decisions(
                tmp_path, "a,b,c,d", head="left_source,left_key,right_source,right_key"
            )
        )
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.csv")


ENTITIES = """
    entity_id | source | entity_key
    1         | npd    | A
    2         | ilr    | B
    3         | cis    | N1
    4         | cis    | N2
"""
LEFT_MEMBERS = """
    unit_id | entity_id
    1       | 1
    1       | 2
"""
RIGHT_MEMBERS = """
    unit_id | entity_id
    3       | 3
    4       | 4
"""


def decisions(*rows: tuple[str, str, str, str, str]) -> pa.Table:
    names = (*HEAD.split(","), "line")
    return pa.Table.from_pylist(
        [
            dict(zip(names, (*row, line), strict=True))
            for line, row in enumerate(rows, 2)
        ],
        pa.schema(
            [*((name, pa.string()) for name in names[:-1]), ("line", pa.int64())]
        ),
    )


def overrides_of(
    engine: Engine, rows: pa.Table, cardinality: str = "one-to-one"
) -> Overrides:
    sides = [engine.from_arrow(parse(text)) for text in (LEFT_MEMBERS, RIGHT_MEMBERS)]
    return of_units(
        engine,
        rows,
        engine.from_arrow(parse(ENTITIES)),
        *sides,
        cardinality,
        "decisions.csv",
    )


@pytest.mark.both_engines
def test_a_decision_holds_for_the_units_of_its_entities_named_on_either_side(
    engine: Engine, rows: Rows
) -> None:
    overrides = overrides_of(
        engine,
        decisions(
            ("ilr", "B", "cis", "N1", "link"),
            ("cis", "N2", "npd", "A", "never"),
            ("npd", "gone", "cis", "N1", "link"),
        ),
    )
    assert rows(overrides.forced) == [(1, 3)]
    assert rows(overrides.barred) == [(1, 4)]
    assert overrides.counts == {"decisions": 3, "met": 2}


def test_a_unit_that_may_hold_one_link_is_not_given_two(
    engine: Engine, rows: Rows
) -> None:
    table = decisions(
        ("npd", "A", "cis", "N1", "link"), ("ilr", "B", "cis", "N2", "link")
    )
    with pytest.raises(
        ConfigError,
        match="1 unit of the left side is linked twice, for example by lines 2 and 3",
    ):
        overrides_of(engine, table)
    assert rows(overrides_of(engine, table, "one-to-many").forced) == [(1, 3), (1, 4)]


def test_few_decisions_about_many_units_make_no_cross_product() -> None:
    """A product of these two sides does not go into so little memory, and takes a
    minute where there is more.
    """
    with DuckDBEngine(memory_limit="100MB") as engine:
        sources = {
            f"of_{index}": engine.sql(
                f"""
                select i as entity_id, '{source}' as source,
                    '{source}' || i as entity_key
                from range({index * 6000}, {index * 6000 + 6000}) as made(i)
                """,
                store=True,
            )
            for index, source in enumerate(
                ("npd", "wales", "scotland", "ilr", "hesa", "cis")
            )
        }
        union = " union all ".join(f"select * from {{{name}}}" for name in sources)
        entities = engine.sql(union, params=None, store=False, **sources)
        query = (
            "select entity_id as unit_id, entity_id from {entities} where (source "
            "= 'cis') = $right"
        )
        left, right = (
            engine.sql(query, params={"right": is_right}, entities=entities, store=True)
            for is_right in (False, True)
        )
        rows = decisions(
            ("npd", "gone", "cis", "gone", "link"),
            ("npd", "npd7", "cis", "cis30007", "never"),
        )
        overrides = of_units(
            engine, rows, entities, left, right, "one-to-one", "decisions.csv"
        )
        assert overrides.counts == {"decisions": 2, "met": 1}
        assert engine.arrow(overrides.barred).to_pylist() == [
            {"left_id": 7, "right_id": 30007}
        ]


def linked(
    engine: Engine, world: World, forced: str, barred: str
) -> dict[tuple[int, int], tuple[Any, ...]]:
    sides = [
        units(engine, name, engine.from_arrow(parse(text)))
        for name, text in (("left", LEFT), ("right", RIGHT))
    ]
    overrides = Overrides(world(forced), world(barred), {"decisions": 2, "met": 2})
    result = link_step(
        engine,
        StepInputs(
            STEP,
            sides[0],
            sides[1],
            passes=[PASS],
            model=exact_model(),
            overrides=overrides,
        ),
    )
    links = engine.arrow(result.links).to_pylist()
    return {
        (row["left_id"], row["right_id"]): (
            row["method"],
            row["pass"],
            row["decision"],
            row["reason"],
        )
        for row in links
    }


NOBODY = """
    left_id:int | right_id:int
"""


def test_a_forced_pair_is_a_link_although_the_model_disagrees_and_takes_its_units(
    engine: Engine, world: World
) -> None:
    """ISLA SMITH is linked to another number by a person, so the model's link of her is
    gone.
    """
    links = linked(engine, world, "left_id | right_id\n3 | 16", NOBODY)
    assert links[3, 16] == ("override", "override", "accepted", None)
    assert links[3, 13][2] == "rejected"


def test_a_barred_pair_is_made_by_no_pass_or_model_and_competes_with_none(
    engine: Engine, world: World
) -> None:
    """AVA LEE agrees on her number; of the two JONES one is barred, so the other is no
    longer ambiguous.
    """
    links = linked(engine, world, NOBODY, "left_id | right_id\n1 | 11\n4 | 15")
    assert (1, 11) not in links
    assert (4, 15) not in links
    assert links[4, 14] == ("probabilistic", "rule 1", "accepted", None)
