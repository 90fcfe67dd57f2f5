"""leo-linkage's core on Splink's terms: the same files and blocking rules, training,
scoring, best mutual links.

python -m benchmarks.systems.core LEFT RIGHT OUT THRESHOLD [MODEL]

MODEL is where the trained model is saved.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.systems import blocking_columns
from linkage import process
from linkage.config import Step
from linkage.engine import Engine, Table, connect, literal, quote
from linkage.match import StepInputs, Units
from linkage.match.partitions import Partitions
from linkage.match.step import link_step
from linkage.model import Model, comparisons, from_dict

_KINDS = {
    "forename": "name",
    "surname": "name",
    "middle_names": "name",
    "dob": "date",
    "sex": "category",
    "state": "category",
    "nino": "number",
    "street_number": "code",
}
_SWAPPED = {"forename": "surname", "surname": "forename"}


def main(
    left: str, right: str, out: str, threshold: str, model_file: str | None = None
) -> None:
    with (
        connect("duckdb") as engine,
        tempfile.TemporaryDirectory(
            prefix="leo-core-", dir=Path(out).parent
        ) as scratch,
    ):
        sides = [_units(engine, Path(path)) for path in (left, right)]
        step = Step(
            name="link",
            left="left",
            right="right",
            accept_probability=float(threshold),
            diagnose=False,
        )
        members = [
            engine.sql("select unit_id, unit_id as entity_id from {t}", t=side)
            for side in sides
        ]
        units = [Units(*side) for side in zip("lr", sides, sides, members, strict=True)]
        inputs = StepInputs(
            step=step,
            left=units[0],
            right=units[1],
            passes=(),
            model=_model(engine, *sides),
            partitions=Partitions(Path(scratch)),
        )
        result = link_step(engine, inputs)
        if model_file:
            result.model.save(Path(model_file))
        links = engine.sql(
            """
            select l.id as left_id, r.id as right_id, k.match_weight,
                k.match_probability
            from {links} as k
            join {left} as l on l.unit_id = k.left_id
            join {right} as r on r.unit_id = k.right_id
            where k.decision = 'accepted'
            """,
            links=result.links,
            left=_ids(engine, Path(left)),
            right=_ids(engine, Path(right)),
        )
        engine.write(links, Path(out))


def _model(engine: Engine, side: Table, other: Table) -> Model:
    """An untrained model of the columns that both sides have."""
    fields = [
        name for name in side.columns if name in other.columns and name != "unit_id"
    ]
    comparison_list = [
        comparisons.comparison(
            name,
            _kind(engine, side, name),
            swapped_with=_SWAPPED.get(name),
            swap_counted=_SWAPPED.get(name) in fields[:place],
        )
        for place, name in enumerate(fields)
    ]
    rules = [
        " AND ".join(f"l.{quote(c)} = r.{quote(c)}" for c in names)
        for names in blocking_columns(fields)
    ]
    return from_dict(comparisons.settings(comparison_list, rules))


def _units(engine: Engine, path: Path) -> Table:
    """A side with its numbers, read again by each query."""
    return engine.sql(
        "select file_row_number + 1 as unit_id, * exclude (id, file_row_number) from "
        f"{_numbered(path)}"
    )


def _ids(engine: Engine, path: Path) -> Table:
    """A side's numbers and ids, which only the links need."""
    return engine.sql(
        f"select file_row_number + 1 as unit_id, id from {_numbered(path)}"
    )


def _numbered(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, file_row_number = true)"


def _kind(engine: Engine, side: Table, name: str) -> str:
    if name == "postcode":
        matches = engine.sql(
            "select 1 as n from {t} where regexp_matches(postcode, '^[A-Z]+[0-9]') "
            "limit 1",
            t=side,
        )
        return "postcode" if engine.count(matches) else "code"
    return _KINDS.get(name, "text")


if __name__ == "__main__":
    process.begin()
    main(*sys.argv[1:])
