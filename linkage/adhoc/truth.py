"""True pairs that an analyst gives, and the error of the links against them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from linkage.engine import Engine, Table, one
from linkage.errors import InputError


def read(engine: Engine, path: Path) -> Table:
    """The ids of true pairs as they stand in their file.

    Raises:
        InputError: no such file, or none with both columns.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file of true pairs")
    if path.suffix == ".parquet":
        table = engine.read(path)
    else:
        texts = pyarrow.csv.ConvertOptions(
            column_types={"left_id": pa.string(), "right_id": pa.string()}
        )  # 0007 is no 7
        try:
            table = engine.from_arrow(pyarrow.csv.read_csv(path, convert_options=texts))
        except pa.ArrowInvalid:
            raise InputError(f"{path}: the file of true pairs is no CSV with columns left_id and right_id") from None
    missing = {"left_id", "right_id"} - set(table.columns)
    if missing:
        raise InputError(f"{path}: the file of true pairs has no column {' or '.join(sorted(missing))}")
    return table


def in_units(engine: Engine, truth: Table, left: Table, right: Table) -> Table:
    """True pairs in units; a pair of which a file lacks an id cannot be found and is left out."""
    return engine.sql(
        """
        select distinct l.unit_id as left_id, r.unit_id as right_id
        from {truth} as t
        join {left} as l on cast(l.source_id as varchar) = cast(t.left_id as varchar)
        join {right} as r on cast(r.source_id as varchar) = cast(t.right_id as varchar)
        """,
        truth=truth,
        left=left,
        right=right,
        store=True,
    )


def error(engine: Engine, links: Table, truth: Table) -> dict[str, float]:
    """Precision, recall and F1 of the accepted links."""
    counted = one(
        engine,
        engine.sql(
            """
            select (select count(*) from {links} where decision = 'accepted') as accepted,
                   (select count(*) from {truth}) as true_pairs,
                   count(*) as right_links
            from {links} as k
            join {truth} as t on t.left_id = k.left_id and t.right_id = k.right_id
            where k.decision = 'accepted'
            """,
            links=links,
            truth=truth,
        ),
    )
    accepted, true_pairs, right = (int(counted[k]) for k in ("accepted", "true_pairs", "right_links"))
    precision, recall = right / max(accepted, 1), right / max(true_pairs, 1)
    return {
        "true_pairs": true_pairs,
        "accepted": accepted,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-12),
    }
