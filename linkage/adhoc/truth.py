"""True pairs that an analyst gives, and the error of the links against them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from linkage.adhoc.headers.known_headers import any_known
from linkage.engine import Engine, Table, one, quote
from linkage.errors import InputError
from linkage.records.headers import listed


@dataclass(frozen=True)
class TruePairs:
    """True pairs in units, and what whoever gave them should know before an error is measured by them; no value."""

    table: Table | None = None  # left_id, right_id; None where no truth was given
    notes: list[str] = field(default_factory=list)


def pairs(engine: Engine, path: Path, left: Table, right: Table) -> TruePairs:
    """True pairs of two files. A pair of which a file lacks an id cannot be found, is left out and told of.

    Args:
        path: the ids of the left file and of the right one, a pair a row: left_id and right_id, or two columns alone.
        left, right: unit_id, source_id.

    Raises:
        InputError: no such file, none with such columns or without a pair, or one that names nobody of both files.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file of true pairs")
    table = _read(engine, path)
    told = _named_pairs(engine, path, table)
    if not {"left_id", "right_id"} & set(table.columns):
        _refuse_a_pair_for_names(engine, path, table.columns, left, right)
    tables: dict[str, Any] = {"truth": told, "left": left, "right": right}
    found = engine.sql(_IN_UNITS, **tables, store=True)
    if engine.count(found) == engine.count(told):
        return TruePairs(found)
    named = {name: int(number) for name, number in one(engine, engine.sql(_NAMED, **tables)).items()}
    if engine.count(found) == 0:
        raise _of_nobody(path, named, engine.count(engine.sql(_IN_UNITS, truth=told, left=right, right=left)))
    return TruePairs(found, _lost(path, named, "true pairs"))


def _of_nobody(path: Path, named: Mapping[str, int], turned: int) -> InputError:
    """What is wrong with true pairs of which none names an id of each file."""
    what = f"{path}: none of its {named['told']:,} true pairs names an id of each file"
    if turned:
        return InputError(
            f"{what}; the other way round {turned:,} do\n"
            "  call the ids of the left file left_id, and those of the right one right_id"
        )
    if named["as_numbers"]:
        return InputError(f"{what}; as numbers {named['as_numbers']:,} do\n  {_AS_THEY_STAND}")
    return InputError(
        f"{what}\n  the first column is for ids of the left file; say which column holds them: --id LEFT --id RIGHT"
    )


_AS_THEY_STAND = "write ids as they stand in the files: 007 is not 7, and 1.0 is not 1"


def _lost(path: Path, named: Mapping[str, int], called: str) -> list[str]:
    """What is said of lines that name a record which is not there: set aside, in no file, or written otherwise."""
    if not named["lost"]:
        return []
    said = f"{path.name}: {named['lost']:,} of its {named['told']:,} {called} name a record that was not read"
    as_numbers = named.get("as_numbers", 0)
    return [f"{said}; as numbers {as_numbers:,} name one: {_AS_THEY_STAND}" if as_numbers else said]


def _refuse_a_pair_for_names(engine: Engine, path: Path, names: Sequence[str], left: Table, right: Table) -> None:
    """A file without a header lost its first pair, and every figure was one too low."""
    query = "select 1 as one from {ids} where trim(cast(source_id as varchar)) in ($first, $second)"
    first, second = (name.strip() for name in names)
    if any(
        engine.count(engine.sql(query, params={"first": first, "second": second}, ids=ids)) for ids in (left, right)
    ):
        raise InputError(
            f"{path}: its first line is a pair of ids, and not the names of columns\n"
            "  give it a first line: left_id,right_id"
        )


_VERDICT = re.compile(
    r"(is_?)?(true|truth|same|(mis|non|no)?_?match(ed|es)?|link(ed)?|duplicates?|label|decision|verdict)"
)


def _refuse_verdicts(engine: Engine, path: Path, table: Table) -> None:
    """Pairs that somebody judged, right and wrong ones, were all taken for true."""
    for name in table.columns:
        if not _VERDICT.fullmatch(name.strip().lower().replace(" ", "_")):
            continue
        counted = one(engine, engine.sql(_JUDGED.format(name=quote(name)), t=table))
        if counted["no"] and counted["known"] == counted["no"] + counted["yes"]:
            raise InputError(
                f"{path}: its column {name} says of {int(counted['no']):,} lines that they are no true pairs\n"
                "  keep the lines of the true ones alone"
            )


def _named_pairs(engine: Engine, path: Path, table: Table) -> Table:
    """The ids of true pairs as they stand in their file."""
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

_NUMBER = "regexp_replace(regexp_replace(trim(cast({0} as varchar)), '[.]0+$', ''), '^0+([0-9])', '\\1')"

_NAMED = f"""
    with told as (
        select cast(left_id as varchar) as left_id, {_NUMBER.format("left_id")} as left_number,
               cast(right_id as varchar) as right_id, {_NUMBER.format("right_id")} as right_number
        from {{truth}}
    ),
    lefts as (select cast(source_id as varchar) as id, {_NUMBER.format("source_id")} as number from {{left}}),
    rights as (select cast(source_id as varchar) as id, {_NUMBER.format("source_id")} as number from {{right}}),
    named as (
        select left_id in (select id from lefts) and right_id in (select id from rights) as by_id,
               left_number in (select number from lefts) and right_number in (select number from rights) as by_number
        from told
    )
    select count(*) as told, count(*) - count_if(by_id) as lost, count_if(by_number) - count_if(by_id) as as_numbers
    from named
    """
"""Of true pairs how many name a record that is not there, and how many of these do not where ids are numbers."""

_NAMED_PERSONS = f"""
    with told as (select cast(id as varchar) as id, {_NUMBER.format("id")} as number from {{truth}}),
    held as (select cast(source_id as varchar) as id, {_NUMBER.format("source_id")} as number from {{ids}}),
    named as (
        select id in (select id from held) as by_id, number in (select number from held) as by_number
        from told
    )
    select count(*) as told, count(*) - count_if(by_id) as lost, count_if(by_number) - count_if(by_id) as as_numbers
    from named
    """

_JUDGED = """
    with said as (select lower(trim(cast({name} as varchar))) as verdict from {{t}})
    select count(verdict) as known, count_if(verdict in ('0', '0.0', 'false', 'f', 'no', 'n')) as no,
           count_if(verdict in ('1', '1.0', 'true', 't', 'yes', 'y')) as yes
    from said
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

    def in_units(self, engine: Engine, ids: Table) -> TruePairs:
        """True pairs, left_id < right_id, of the file's units, each once however often the truth says it.

        Args:
            ids: unit_id, source_id, and `kept`, the values of `column`.

        Raises:
            InputError: a file of pairs or clusters that names no record of the file, or whose clusters are no persons.
        """
        if self.table is None:
            told = engine.sql("select unit_id, kept as person from {ids} where kept is not null", ids=ids)
            return TruePairs(self._pairs_of(engine, told))
        if "left_id" in self.table.columns:
            found = told = engine.sql(_PAIRS_OF_ONE_FILE, truth=self.table, ids=ids, store=True)
            named = engine.sql(_NAMED, truth=self.table, left=ids, right=ids)
        else:
            told = engine.sql(_PERSONS, truth=self.table, ids=ids, store=True)
            found = self._pairs_of(engine, told)
            named = engine.sql(_NAMED_PERSONS, truth=self.table, ids=ids)
        counted = {name: int(number) for name, number in one(engine, named).items()}
        if engine.count(told) == 0:
            what = f"{self.named}: none of its {counted['told']:,} lines names records of the file"
            if counted["as_numbers"]:
                raise InputError(f"{what}; as numbers {counted['as_numbers']:,} do\n  {_AS_THEY_STAND}")
            raise InputError(f"{what}\n  they are named by their ids; say which column holds these: --id COLUMN")
        return TruePairs(found, _lost(Path(self.named), counted, "lines"))

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
    """A file of ids as they stand, all of them text.

    Raises:
        InputError: it is no table, holds no line below its header, or lines that say of pairs that they are none.
    """
    table = engine.read(path) if path.suffix == ".parquet" else _read_text(engine, path)
    if engine.count(table) == 0:
        raise InputError(f"{path}: the file of the truth holds a header and no lines\n  fetch it again")
    _refuse_verdicts(engine, path, table)
    return table


def _read_text(engine: Engine, path: Path) -> Table:
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file of the truth is empty\n  fetch it again, or name a true pair in each row")
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
            "  save it as that, with a line for each true pair and columns left_id and right_id"
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
