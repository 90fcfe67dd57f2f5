"""Ours on the same terms as Splink alone: the same files and blocking rules, training, scoring, best mutual links.

python -m benchmarks.systems.ours LEFT RIGHT OUT [--model FILE] [--save-model FILE]
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.systems import blocking_columns
from linkage import process
from linkage.config import Step
from linkage.engine import Engine, Table, connect, literal, quote
from linkage.match import Units
from linkage.match.partitions import Partitions
from linkage.match.step import link_step
from linkage.model import Model, comparisons, from_dict, load

_KINDS = {
    "forename": "name",
    "surname": "name",
    "middle_names": "name",
    "dob": "date",
    "sex": "category",
    "nino": "number",
}
_ACCEPT = 0.995  # so strict that its links are at least as right as those of Splink alone at 0.95, and still more
_SWAPPED = {"forename": "surname", "surname": "forename"}


def main(left: str, right: str, out: str, *, given: str | None = None, save: str | None = None) -> None:
    """Link two files; with the model `given`, or one trained on them."""
    with connect("duckdb") as engine, tempfile.TemporaryDirectory(prefix="leo-ours-", dir=Path(out).parent) as scratch:
        sides = [_units(engine, Path(path)) for path in (left, right)]
        model = load(Path(given)) if given else _model(engine, sides[0])
        step = Step(
            name="link", left="left", right="right", train=given is None, accept_probability=_ACCEPT, diagnose=False
        )
        units = [Units(name, side, side, _members(engine, side)) for name, side in zip("lr", sides, strict=True)]
        result = link_step(
            engine, step, units[0], units[1], rules=(), model=model, partitions=Partitions(Path(scratch))
        )
        if save:
            result.model.save(Path(save))
        links = engine.sql(
            """
            select l.id as left_id, r.id as right_id, k.match_weight
            from {links} as k
            join {left} as l on l.unit_id = k.left_id
            join {right} as r on r.unit_id = k.right_id
            """,
            links=engine.sql("select * from {k} where decision = 'accepted'", k=result.links),
            left=_ids(engine, Path(left)),
            right=_ids(engine, Path(right)),
        )
        engine.write(links, Path(out))


def _model(engine: Engine, side: Table) -> Model:
    """An untrained model of the columns that both sides have."""
    fields = [name for name in side.columns if name != "unit_id"]
    compared = [
        comparisons.comparison(
            name,
            _kind(engine, side, name),
            swapped_with=_SWAPPED.get(name),
            swap_counted=_SWAPPED.get(name) in fields[:place],
        )
        for place, name in enumerate(fields)
    ]
    rules = [" AND ".join(f"l.{quote(c)} = r.{quote(c)}" for c in names) for names in blocking_columns(fields)]
    return from_dict(comparisons.settings(compared, rules))


def _units(engine: Engine, path: Path) -> Table:
    """A side with its numbers, read again by each query."""
    return engine.sql(f"select file_row_number + 1 as unit_id, * exclude (id, file_row_number) from {_numbered(path)}")


def _ids(engine: Engine, path: Path) -> Table:
    """A side's numbers and ids, which only the links need."""
    return engine.sql(f"select file_row_number + 1 as unit_id, id from {_numbered(path)}")


def _numbered(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, file_row_number = true)"


def _members(engine: Engine, side: Table) -> Table:
    return engine.sql("select unit_id, unit_id as entity_id from {t}", t=side)


def _kind(engine: Engine, side: Table, name: str) -> str:
    if name == "postcode":
        british = engine.sql("select 1 as n from {t} where regexp_matches(postcode, '^[A-Z]+[0-9]') limit 1", t=side)
        return "postcode" if engine.count(british) else "code"
    return _KINDS.get(name) or ("category" if name == "state" else "code" if name == "street_number" else "text")


if __name__ == "__main__":
    process.begin()
    parser = argparse.ArgumentParser(prog="ours")
    for name in ("left", "right", "out"):
        parser.add_argument(name)
    parser.add_argument("--model")
    parser.add_argument("--save-model")
    options = parser.parse_args()
    main(options.left, options.right, options.out, given=options.model, save=options.save_model)
