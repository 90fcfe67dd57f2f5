"""Decisions of reviewers: pairs that are linked whatever their match weight, and pairs
that never are.

A decision names entities by their source and the source's own key, so it is valid in
every release. It is kept as CSV, which a reviewer's tool can write and a panel can
read.
"""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config import OTHER_SIDE, holds_many
from linkage.config.spreadsheets import filled_in
from linkage.engine import Engine, Table, one
from linkage.errors import ConfigError

COLUMNS = ("left_source", "left_key", "right_source", "right_key", "decision")
"""What a file must hold; further columns (who decided, when, why) are the reviewer's
own.
"""

DECISIONS = ("link", "never")


@dataclass(frozen=True)
class Overrides:
    """Decisions about the units of a step's two sides.

    Attributes:
        forced: left_id, right_id of pairs to be linked.
        barred: left_id, right_id of pairs never to be linked.
        counts: decisions in the file, and how many of them concern units of this step.
    """

    forced: Table
    barred: Table
    counts: dict[str, int]


def load(path: Path, sources: Collection[str] | None = None) -> pa.Table:
    """Read a file of decisions.

    Args:
        sources: those of the run; a decision that names any other is refused.

    Returns:
        COLUMNS, and `line`, the line of the file.

    Raises:
        ConfigError: no such file, no such column, or lines with faults; all are named,
            without their keys.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read as UTF-8 text ({type(error).__name__})\n"
            "  give the CSV file of decisions, saved in UTF-8"
        ) from None
    reader = filled_in(io.StringIO(text))
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(
                f"{path}: no column {', '.join(missing)}\n  a file of decisions has "
                f"{','.join(COLUMNS)}"
            )
        rows = list(_rows(reader))
    except csv.Error:
        raise ConfigError(
            f"{path}: line {reader.line_num}: is no CSV: a field is too long, or holds "
            "a NUL\n"
            "  give the CSV file of decisions, saved in UTF-8"
        ) from None
    faults = [fault for row in rows for fault in _faults(row, sources)] + list(
        _contradictions(rows)
    )
    if faults:
        fault_lines = faults[:20] + (
            [f"and {len(faults) - 20} more"] if len(faults) > 20 else []
        )
        count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
        raise ConfigError(
            f"{path}: {count}\n" + "\n".join(f"  {fault}" for fault in fault_lines)
        )
    fields = [*((name, pa.string()) for name in COLUMNS), ("line", pa.int64())]
    return pa.Table.from_pylist(rows, pa.schema(fields))


def _rows(reader: "csv.DictReader[str]") -> Iterator[dict[str, Any]]:
    for row in reader:
        yield {
            **{name: (row[name] or "").strip() for name in COLUMNS},
            "line": reader.line_num,
        }


def _faults(row: dict[str, Any], sources: Collection[str] | None) -> Iterator[str]:
    empty = [name for name in COLUMNS if not row[name]]
    if empty:
        yield f"line {row['line']}: {', '.join(empty)} is empty"
    elif row["decision"] not in DECISIONS:
        yield f"line {row['line']}: decision is neither {' nor '.join(DECISIONS)}"
    for name in ("left_source", "right_source"):
        if sources is not None and row[name] and row[name] not in sources:
            yield (
                f"line {row['line']}: {name} is no source of the run; there are "
                f"{', '.join(sorted(sources))}"
            )


def _contradictions(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Pairs that one line links and another forbids, in whatever order their sides are
    named.
    """
    first_rows: dict[frozenset[tuple[str, str]], dict[str, Any]] = {}
    for row in rows:
        pair = frozenset(
            (
                (row["left_source"], row["left_key"]),
                (row["right_source"], row["right_key"]),
            )
        )
        first = first_rows.setdefault(pair, row)
        if first["decision"] != row["decision"]:
            yield (
                f"line {row['line']}: says {row['decision']} of a pair of which "
                "line "
                f"{first['line']} says otherwise"
            )


def of_units(
    engine: Engine,
    decisions: pa.Table,
    entities: Table,
    left: Table,
    right: Table,
    cardinality: str,
    where: str,
) -> Overrides:
    """Decisions about entities as decisions about a step's units.

    Args:
        decisions: as `load` returns it.
        entities: entity_id, source, entity_key of all sources.
        left, right: unit_id, entity_id of each side.
        cardinality: of the step; a unit that may hold one link cannot be given two.
        where: the file, for errors.

    Raises:
        ConfigError: two decisions link a unit that may hold only one link; the lines
            are named.
    """
    # Three queries: in one, DuckDB joins all pairs of the two sides first, and the few
    # decisions last.
    by_entity = engine.sql(
        _BY_ENTITY,
        decisions=engine.from_arrow(decisions),
        entities=entities,
        store=True,
    )
    left_pairs = engine.sql(_OF_LEFT, by_entity=by_entity, left=left, store=True)
    pairs = engine.sql(_OF_RIGHT, of_left=left_pairs, right=right, store=True)
    engine.drop(by_entity, left_pairs)
    for side in ("left", "right"):
        if not holds_many(cardinality, side):  # type: ignore[arg-type]
            _check_one_link(engine, pairs, side, where)
    query = "select distinct left_id, right_id from {pairs} where decision = $decision"
    line_count = one(
        engine,
        engine.sql("select count(distinct line) as lines from {pairs}", pairs=pairs),
    )
    return Overrides(
        forced=engine.sql(query, params={"decision": "link"}, pairs=pairs, store=True),
        barred=engine.sql(query, params={"decision": "never"}, pairs=pairs, store=True),
        counts={"decisions": decisions.num_rows, "met": int(line_count["lines"])},
    )


def never_one(engine: Engine, decisions: Sequence[pa.Table], entities: Table) -> Table:
    """Entities that are not one person, by any step's decisions, whichever step would
    join them.

    Args:
        decisions: as `load` returns them.
        entities: entity_id, source, entity_key of all sources.

    Returns:
        one_id, other_id; stored.
    """
    by_entity = engine.sql(
        _BY_ENTITY,
        decisions=engine.from_arrow(pa.concat_tables(decisions)),
        entities=entities,
    )
    return engine.sql(
        "select distinct one_id, other_id from {d} where decision = 'never'",
        d=by_entity,
        store=True,
    )


_BY_ENTITY = """
    select d.line, d.decision, a.entity_id as one_id, b.entity_id as other_id
    from {decisions} as d
    join {entities} as a on a.source = d.left_source and a.entity_key = d.left_key
    join {entities} as b on b.source = d.right_source and b.entity_key = d.right_key
    """

# Either entity may be on either side of the step.
_OF_LEFT = """
    with both_ways as (
        select line, decision, one_id as of_left, other_id as of_right from {by_entity}
        union all
        select line, decision, other_id as of_left, one_id as of_right from {by_entity}
    )
    select n.line, n.decision, n.of_right, l.unit_id as left_id
    from both_ways as n
    join {left} as l on l.entity_id = n.of_left
    """

_OF_RIGHT = """
    select n.line, n.decision, n.left_id, r.unit_id as right_id
    from {of_left} as n
    join {right} as r on r.entity_id = n.of_right
    where n.left_id <> r.unit_id
    """


def _check_one_link(engine: Engine, pairs: Table, side: str, origin: str) -> None:
    other = OTHER_SIDE[side]
    conflicts = one(
        engine,
        engine.sql(
            f"""
            with several as (
                select {side}_id, min(line) as first_line, max(line) as last_line
                from {{pairs}}
                where decision = 'link'
                group by {side}_id
                having count(distinct {other}_id) > 1
            )
            select count(*) as units, min(first_line) as first_line,
                min(last_line) as last_line from several
            """,
            pairs=pairs,
        ),
    )
    if conflicts["units"]:
        count, verb = (
            (f"{conflicts['units']} units", "are")
            if conflicts["units"] > 1
            else ("1 unit", "is")
        )
        raise ConfigError(
            f"{origin}: {count} of the {side} side {verb} linked twice, for example by "
            "lines "
            f"{conflicts['first_line']} and {conflicts['last_line']}\n  take one out, "
            "or give the step a cardinality that "
            "allows it"
        )
