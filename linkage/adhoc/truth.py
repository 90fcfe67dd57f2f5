"""True pairs that an analyst gives, and the error of the links against them."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class FileTruth:
    """Who is who in one file: true pairs, or what person each record is.

    Attributes:
        table: left_id, right_id; or id and cluster; in the ids of the file, or the numbers of its rows. None where a
            column of the file itself says it.
        column: that column, which is not compared.
    """

    table: Table | None
    column: str | None = None

    def in_units(self, engine: Engine, ids: Table) -> Table:
        """True pairs, left_id < right_id, of the file's units.

        Args:
            ids: unit_id, source_id, and `kept`, the values of `column`.
        """
        if self.table is None:
            told = engine.sql("select unit_id, kept as person from {ids} where kept is not null", ids=ids)
        elif "left_id" in self.table.columns:
            return engine.sql(_PAIRS_OF_ONE_FILE, truth=self.table, ids=ids, store=True)
        else:
            told = engine.sql(_PERSONS, truth=self.table, ids=ids)
        return engine.sql(_PAIRS_OF_PERSONS, told=told, store=True)


def of_one_file(engine: Engine, named: str, header: Sequence[str]) -> FileTruth:
    """What `--truth` names: a file of true pairs or of clusters, or a column of the file.

    Raises:
        InputError: neither such a file nor such a column, or a file without the columns.
    """
    if named in header:
        return FileTruth(None, named)
    path = Path(named)
    if not path.is_file():
        raise InputError(f"--truth {named}: neither a column of the file nor a file\n  it has: {', '.join(header)}")
    columns = set(_read(engine, path).columns)
    if {"left_id", "right_id"} <= columns or {"id", "cluster"} <= columns:
        return FileTruth(_read(engine, path))
    raise InputError(
        f"{path}: the file of the truth has neither left_id and right_id (a true pair a row) nor id and cluster (a "
        f"record a row)\n  it has: {', '.join(sorted(columns))}"
    )


def _read(engine: Engine, path: Path) -> Table:
    """A file of ids as they stand, all of them text."""
    if path.suffix == ".parquet":
        return engine.read(path)
    try:
        with path.open("rb") as opened:
            header = pyarrow.csv.open_csv(opened).schema.names
        text = {name: pa.string() for name in header}  # 0007 is no 7
        texts = pyarrow.csv.ConvertOptions(column_types=text, strings_can_be_null=True)
        return engine.from_arrow(pyarrow.csv.read_csv(path, convert_options=texts))
    except pa.ArrowInvalid:
        raise InputError(f"{path}: the file of the truth is no CSV") from None


_PAIRS_OF_ONE_FILE = """
    select distinct least(l.unit_id, r.unit_id) as left_id, greatest(l.unit_id, r.unit_id) as right_id
    from {truth} as t
    join {ids} as l on cast(l.source_id as varchar) = cast(t.left_id as varchar)
    join {ids} as r on cast(r.source_id as varchar) = cast(t.right_id as varchar)
    where l.unit_id <> r.unit_id
    """

_PERSONS = """
    select i.unit_id, t.cluster as person
    from {truth} as t
    join {ids} as i on cast(i.source_id as varchar) = cast(t.id as varchar)
    where t.cluster is not null
    """

_PAIRS_OF_PERSONS = """
    select a.unit_id as left_id, b.unit_id as right_id
    from {told} as a
    join {told} as b on b.person = a.person and b.unit_id > a.unit_id
    """
