"""A population of hand-made tables: columns that a test leaves out are empty, and
tables too.
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from linkage.catalogue import shipped
from linkage.catalogue.arrow_types import ARROW_TYPES
from linkage.engine import Engine, Table
from synthetic.calibration.population import SOURCES, Population

_TRUTH = {
    "truth_entities": {
        "source": pa.string(),
        "entity_key": pa.string(),
        "person_id": pa.int64(),
    },
    "truth_persons": {
        "person_id": pa.int64(),
        "kind": pa.string(),
        "family_id": pa.int64(),
        "twin_of_elder": pa.bool_(),
        "birth_date": pa.date32(),
        "sex": pa.string(),
        "forename": pa.string(),
        "surname": pa.string(),
        "new_surname": pa.string(),
        "new_surname_reason": pa.string(),
        "ethnic_group": pa.string(),
        "examined_as": pa.string(),
        "region": pa.string(),
        "foreign_born": pa.bool_(),
        "departure_date": pa.date32(),
        "fsm": pa.bool_(),
        "graduate": pa.bool_(),
        "nino_issued": pa.date32(),
        "postcodes": pa.list_(pa.string()),
        "postcodes_from": pa.list_(pa.date32()),
    },
}


def population_of(
    engine: Engine, world: Callable[[str], Table], **tables: str
) -> Population:
    """A population of the given tables (name to text, as `world` reads it).

    A text cell's ‖ stands for the bar that separates the columns of a world. `moved`,
    of persons, is the day of the move from the first postcode to the second.
    """
    return Population(
        engine,
        {name: _table(engine, world, name, tables.get(name)) for name in _schemas()},
    )


def _schemas() -> dict[str, dict[str, pa.DataType]]:
    schemas = {
        f"{source}_{table}": {
            v.name: ARROW_TYPES[v.type] for v in shipped().table(source, table).variable
        }
        for source, names in SOURCES.items()
        for table in names
    }
    return schemas | _TRUTH


def _table(
    engine: Engine, world: Callable[[str], Table], name: str, text: str | None
) -> Table:
    schema = _schemas()[name]
    if text is None:
        return engine.from_arrow(pa.schema(list(schema.items())).empty_table())
    rows = engine.arrow(world(text))
    columns = {column: _column(rows, column, kind) for column, kind in schema.items()}
    return engine.from_arrow(pa.table(columns))


def _column(
    table: pa.Table, column: str, kind: pa.DataType
) -> pa.ChunkedArray | pa.Array:
    if column == "postcodes_from" and "moved" in table.column_names:
        return pa.array([[None, day] for day in table["moved"].to_pylist()], kind)
    if column not in table.column_names:
        return pa.nulls(len(table), kind)
    values = table[column].cast(kind)
    return pc.replace_substring(values, "‖", "|") if kind == pa.string() else values
