"""True pairs that an analyst gives, and the error of the links against them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from linkage.adhoc.headers.known_headers import any_known
from linkage.engine import Engine, Table, one, quote
from linkage.errors import InputError
from linkage.records.headers import listed


def pairs(engine: Engine, path: Path, left: Table, right: Table) -> Table:
    """True pairs in units: left_id, right_id. A pair of which a file lacks an id cannot be found and is left out.

    Args:
        path: the ids of the left file and of the right one, a pair a row: left_id and right_id, or two columns alone.
        left, right: unit_id, source_id.

    Raises:
        InputError: no such file, none with such columns, or one that names nobody of both files.
    """
    told = _named_pairs(engine, path)
    found = engine.sql(_IN_UNITS, truth=told, left=left, right=right, store=True)
    if engine.count(found) == 0 and engine.count(told):
        raise InputError(
            f"{path}: none of its {engine.count(told):,} true pairs names an id of each file\n"
            "  the first column is for ids of the left file; say which column holds them: --id LEFT --id RIGHT"
        )
    return found


def _named_pairs(engine: Engine, path: Path) -> Table:
    """The ids of true pairs as they stand in their file."""
    if not path.is_file():
        raise InputError(f"{path}: no such file of true pairs")
    table = _read(engine, path)
    missing = {"left_id", "right_id"} - set(table.columns)
    if missing and len(table.columns) == 2:  # a column of each file's ids, whatever they are called
        left, right = table.columns
        if left == "right_id" or right == "left_id":
            left, right = right, left
        return engine.sql(f"select {quote(left)} as left_id, {quote(right)} as right_id from {{t}}", t=table)
    if missing:
        raise InputError(
            f"{path}: the file of true pairs has no column {' or '.join(sorted(missing))}\n"
            f"  it has: {_shown(table.columns)}; call the ids of the left file left_id, those of the right right_id"
        )
    return table


_IN_UNITS = """
    select distinct l.unit_id as left_id, r.unit_id as right_id
    from {truth} as t
    join {left} as l on cast(l.source_id as varchar) = cast(t.left_id as varchar)
    join {right} as r on cast(r.source_id as varchar) = cast(t.right_id as varchar)
    """


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


_MOST_PAIRS = 1_000  # true pairs for each record: with more, a truth tells groups apart (F, M) and no persons


@dataclass(frozen=True)
class FileTruth:
    """Who is who in one file: true pairs, or what person each record is.

    Attributes:
        named: what `--truth` was given.
        table: left_id, right_id; or id and cluster; in the ids of the file, or the numbers of its rows. None where a
            column of the file itself says it.
        column: that column, which is not compared.
    """

    named: str
    table: Table | None
    column: str | None = None

    def in_units(self, engine: Engine, ids: Table) -> Table:
        """True pairs, left_id < right_id, of the file's units, each once however often the truth says it.

        Args:
            ids: unit_id, source_id, and `kept`, the values of `column`.

        Raises:
            InputError: a file of pairs or clusters that names no record of the file, or whose clusters are no persons.
        """
        if self.table is None:
            told = engine.sql("select unit_id, kept as person from {ids} where kept is not null", ids=ids)
            return self._pairs_of(engine, told)
        if "left_id" in self.table.columns:
            found = told = engine.sql(_PAIRS_OF_ONE_FILE, truth=self.table, ids=ids, store=True)
        else:
            told = engine.sql(_PERSONS, truth=self.table, ids=ids, store=True)
            found = self._pairs_of(engine, told)
        if engine.count(told) == 0 and (lines := engine.count(self.table)):
            raise InputError(
                f"{self.named}: none of its {lines:,} lines names records of the file\n"
                "  they are named by their ids; say which column holds these: --id COLUMN"
            )
        return found

    def _pairs_of(self, engine: Engine, told: Table) -> Table:
        """All pairs of one person's records.

        Args:
            told: unit_id, person.
        """
        counted = one(engine, engine.sql(_HELD, told=told))
        if counted["pairs"] > _MOST_PAIRS * counted["records"]:
            raise InputError(
                f"--truth {self.named}: says of {int(counted['largest']):,} records that they are of one person\n"
                "  name a column or file that says who is who, and has nothing where nobody knows"
            )
        return engine.sql(_PAIRS_OF_PERSONS, told=told, store=True)


def of_one_file(engine: Engine, named: str, header: Sequence[str]) -> FileTruth:
    """What `--truth` names: a file of true pairs or of clusters, or a column of the file.

    Raises:
        InputError: neither such a file nor such a column, or a file without the columns.
    """
    if named in header:
        return FileTruth(named, None, named)
    path = Path(named)
    if not path.is_file():
        shown = listed(header, known=any_known(header))
        raise InputError(f"--truth {named}: neither a column of the file nor a file\n  it has: {shown}")
    table = _read(engine, path)
    columns = set(table.columns)
    if {"left_id", "right_id"} <= columns or {"id", "cluster"} <= columns:
        return FileTruth(named, table)
    raise InputError(
        f"{path}: the file of the truth has neither left_id and right_id (a true pair a row) nor id and cluster (a "
        f"record a row)\n  it has: {_shown(table.columns)}"
    )


def _shown(names: Sequence[str]) -> str:
    """The names of columns, where one is a name of a column and not of a person: else the first line is of people."""
    return listed(names, known=any_known(names) or bool({"left_id", "right_id", "id", "cluster"} & set(names)))


def _read(engine: Engine, path: Path) -> Table:
    """A file of ids as they stand, all of them text."""
    if path.suffix == ".parquet":
        return engine.read(path)
    try:
        with path.open("rb") as opened:
            first = opened.readline()
        shape = pyarrow.csv.ParseOptions(delimiter=max(",;\t|", key=lambda mark: first.count(mark.encode())))
        with path.open("rb") as opened:
            header = pyarrow.csv.open_csv(opened, parse_options=shape).schema.names
        text = {name: pa.string() for name in header}  # 0007 is no 7
        texts = pyarrow.csv.ConvertOptions(column_types=text, strings_can_be_null=True)
        return engine.from_arrow(pyarrow.csv.read_csv(path, parse_options=shape, convert_options=texts))
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise InputError(
            f"{path}: the file of the truth is no CSV in UTF-8\n"
            "  give each true pair a line, with columns left_id and right_id"
        ) from None


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

_HELD = """
    with persons as (select count(distinct unit_id) as held from {told} group by person)
    select coalesce(max(held), 0) as largest, coalesce(sum(held), 0) as records,
           coalesce(sum(held * (held - 1) / 2), 0) as pairs
    from persons
    """

_PAIRS_OF_PERSONS = """
    select distinct a.unit_id as left_id, b.unit_id as right_id
    from {told} as a
    join {told} as b on b.person = a.person and b.unit_id > a.unit_id
    """
