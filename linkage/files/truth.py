"""True pairs that the user gives, and the error of the links against them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from linkage.engine import Engine, Table, one, quote
from linkage.errors import InputError
from linkage.files.header_names import any_known, shown_names
from linkage.records.layout import listed

_MAX_PAIRS = 1_000  # true pairs for each record: with more, a truth tells groups apart (F, M) and no persons
_AS_THEY_STAND = "write ids as they stand in the files: 007 is not 7, and 1.0 is not 1"
_OWN_NAMES = frozenset({"left_id", "right_id", "id", "cluster"})


@dataclass(frozen=True)
class TruePairs:
    """True pairs by unit_id (left_id, right_id), None where no truth was given; and notes without values."""

    table: Table | None = None
    notes: list[str] = field(default_factory=list)


def true_pairs(engine: Engine, path: Path, left: Table, right: Table) -> TruePairs:
    """True pairs of two files; a pair of which a file lacks an id is left out, with a note.

    Args:
        path: left_id and right_id, a pair a row; or the ids of both files in two columns of any name.
        left, right: unit_id, source_id.

    Raises:
        InputError: no such file, none with such columns or without a pair, or one whose ids are in neither file.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file of true pairs")
    pairs = _named_pairs(engine, path, _read(engine, path), left, right)
    found = engine.sql(_IN_UNITS, truth=pairs, left=left, right=right, store=True)
    if not engine.count(found):
        what = f"{path}: none of its {engine.count(pairs):,} true pairs names an id of each file"
        if turned := engine.count(engine.sql(_IN_UNITS, truth=pairs, left=right, right=left)):
            raise InputError(f"{what}; the other way round {turned:,} do\n  call the ids of the left file left_id")
        raise InputError(f"{what}\n  {_AS_THEY_STAND}; or state which column holds them: --id LEFT --id RIGHT")
    return TruePairs(found, _lost_note(path.name, engine.count(pairs) - engine.count(found), "true pairs"))


def _lost_note(name: str, lost: int, kind: str) -> list[str]:
    return [f"{name}: {lost:,} of its {kind} name a record that was not read; {_AS_THEY_STAND}"] if lost > 0 else []


def _named_pairs(engine: Engine, path: Path, table: Table, left: Table, right: Table) -> Table:
    missing = {"left_id", "right_id"} - set(table.columns)
    if not missing:
        return engine.sql("select distinct left_id, right_id from {t}", t=table)
    if len(table.columns) != 2:
        raise InputError(
            f"{path}: the file of true pairs has no column {' or '.join(sorted(missing))}\n"
            f"  it has: {_shown(table.columns)}; call the ids of the left file left_id, those of the right right_id"
        )
    first, second = table.columns
    if first == "right_id" or second == "left_id":
        first, second = second, first
    query = "select 1 as one from {ids} where trim(cast(source_id as varchar)) in ($first, $second)"
    names = {"first": first.strip(), "second": second.strip()}
    if any(engine.count(engine.sql(query, params=names, ids=ids)) for ids in (left, right)):
        raise InputError(
            f"{path}: its first line is a pair of ids, and no header\n  give it a first line: left_id,right_id"
        )
    return engine.sql(f"select distinct {quote(first)} as left_id, {quote(second)} as right_id from {{t}}", t=table)


_IN_UNITS = """
    select distinct l.unit_id as left_id, r.unit_id as right_id
    from {truth} as t
    join {left} as l on cast(l.source_id as varchar) = cast(t.left_id as varchar)
    join {right} as r on cast(r.source_id as varchar) = cast(t.right_id as varchar)
    """


def error(engine: Engine, links: Table, truth: Table) -> dict[str, float]:
    """Precision, recall and F1 of the accepted links."""
    accepted = engine.sql("select left_id, right_id from {links} where decision = 'accepted'", links=links)
    shared = "select left_id from {a} join {t} using (left_id, right_id)"
    made, pairs, right = map(engine.count, (accepted, truth, engine.sql(shared, a=accepted, t=truth)))
    precision, recall = right / max(made, 1), right / max(pairs, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return {"true_pairs": pairs, "accepted": made, "precision": precision, "recall": recall, "f1": f1}


@dataclass(frozen=True)
class FileTruth:
    """Which records of one file are one person.

    Attributes:
        stated: what `--truth` was given.
        table: left_id, right_id, or id and cluster; None where a column of the file says it.
        column: that column, which is not compared.
    """

    stated: str
    table: Table | None
    column: str | None = None

    def in_units(self, engine: Engine, ids: Table) -> TruePairs:
        """True pairs, left_id < right_id, each once.

        Args:
            ids: unit_id, source_id, and `kept`, the values of `column`.

        Raises:
            InputError: it names no record of the file, or its clusters are no persons.
        """
        if self.table is None:
            persons = engine.sql("select unit_id, kept as person from {ids} where kept is not null", ids=ids)
            return TruePairs(self._pairs_of(engine, persons))
        if "left_id" in self.table.columns:
            found = engine.sql(_IN_UNITS, truth=self.table, left=ids, right=ids)
            pairs = engine.sql(_EACH_ONCE, pairs=found, store=True)
        else:
            found = engine.sql(_PERSONS, truth=self.table, ids=ids, store=True)
            pairs = self._pairs_of(engine, found)
        lines, named = engine.count(self.table), engine.count(found)
        if not named:
            what = f"{self.stated}: none of its {lines:,} lines names records of the file"
            raise InputError(f"{what}\n  {_AS_THEY_STAND}; state which column holds them: --id COLUMN")
        return TruePairs(pairs, _lost_note(Path(self.stated).name, lines - named, "lines"))

    def _pairs_of(self, engine: Engine, persons: Table) -> Table:
        counted = one(engine, engine.sql(_SIZES, persons=persons))
        if counted["pairs"] > _MAX_PAIRS * counted["records"]:
            raise InputError(
                f"--truth {self.stated}: says of {int(counted['largest']):,} records that they are of one person\n"
                "  name a column or file that says who is who, and is empty where it is not known"
            )
        return engine.sql(_PAIRS_OF_PERSONS, persons=persons, store=True)


def truth_of_file(engine: Engine, stated: str, header: Sequence[str]) -> FileTruth:
    """What `--truth` names: a file of true pairs or of clusters, or a column of the file.

    Raises:
        InputError: neither such a file nor such a column, or a file without the columns.
    """
    if stated in header:
        return FileTruth(stated, None, stated)
    path = Path(stated)
    if not path.is_file():
        raise InputError(f"--truth {stated}: neither a column of the file nor a file\n  it has: {shown_names(header)}")
    table = _read(engine, path)
    columns = set(table.columns)
    if {"left_id", "right_id"} <= columns or {"id", "cluster"} <= columns:
        return FileTruth(stated, table)
    raise InputError(
        f"{path}: the file of the truth has neither left_id and right_id (a true pair a row) nor id and cluster (a "
        f"record a row)\n  it has: {_shown(table.columns)}"
    )


def _shown(names: Sequence[str]) -> str:
    return listed(names, known=any_known(names) or bool(_OWN_NAMES & set(names)))


def _read(engine: Engine, path: Path) -> Table:
    """A file of ids, all of them text.

    Raises:
        InputError: it is no table, or holds no line below its header.
    """
    try:
        table = engine.read(path) if path.suffix == ".parquet" else engine.from_arrow(_read_text(path))
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise InputError(
            f"{path}: the file of the truth is empty, or no CSV in UTF-8\n"
            "  save it as that, with a line for each true pair and columns left_id and right_id"
        ) from None
    if engine.count(table) == 0:
        raise InputError(f"{path}: the file of the truth holds a header and no lines\n  fetch it again")
    return table


def _read_text(path: Path) -> pa.Table:
    with path.open("rb") as opened:
        first = opened.readline()
    parse = pyarrow.csv.ParseOptions(delimiter=max(",;\t|", key=lambda mark: first.count(mark.encode())))
    with path.open("rb") as opened:
        header = pyarrow.csv.open_csv(opened, parse_options=parse).schema.names
    text = {name: pa.string() for name in header}  # 0007 is not 7
    convert = pyarrow.csv.ConvertOptions(column_types=text, strings_can_be_null=True)
    return pyarrow.csv.read_csv(path, parse_options=parse, convert_options=convert)


_EACH_ONCE = """
    select distinct least(left_id, right_id) as left_id, greatest(left_id, right_id) as right_id
    from {pairs}
    where left_id <> right_id
    """
_PERSONS = """
    select i.unit_id, t.cluster as person
    from {truth} as t
    join {ids} as i on cast(i.source_id as varchar) = cast(t.id as varchar)
    where t.cluster is not null
    """
_SIZES = """
    with sizes as (select count(distinct unit_id) as records from {persons} group by person)
    select coalesce(max(records), 0) as largest, coalesce(sum(records), 0) as records,
           coalesce(sum(records * (records - 1) / 2), 0) as pairs
    from sizes
    """
_PAIRS_OF_PERSONS = """
    select distinct a.unit_id as left_id, b.unit_id as right_id
    from {persons} as a
    join {persons} as b on b.person = a.person and b.unit_id > a.unit_id
    """
