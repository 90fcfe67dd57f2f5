"""Compare an extract with the last one: rows, people, share filled of each column, and means."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.engine import Engine, Table, one, quote, scratch_folder
from linkage.errors import ConfigError, GateError
from linkage.extract.encryption import EncryptionKey
from linkage.extract.formats import Written
from linkage.extract.layout import PERSON, Field, Layout
from linkage.extract.reading import StoredTable, read_tables

LISTED = 0.05  # larger changes are listed: relative; of a share, in points
FEWEST = 10  # people: a column that fewer fill counts as empty and has no mean (ONS threshold for microdata outputs)
_MANY_ROWS = 10_000  # rows: a column filled in so many is filled by ten people at least, at 1,000 rows a person

_COUNTED = {"rows": "rows", "people": "people"}


@dataclass(frozen=True)
class Change:
    """The differences, largest first.

    Attributes:
        summary: for metadata and guide, as `changes` gives it.
        compared: every figure, also those that differ by less than is listed.
        tables_gone: tables that the last extract had.
    """

    summary: Mapping[str, Any]
    compared: Sequence[Mapping[str, Any]]
    tables_gone: Sequence[str]


Profile = Mapping[str, Mapping[str, Any]]


def profile(engine: Engine, tables: Sequence[tuple[Layout, Table]]) -> dict[str, dict[str, Any]]:
    """Of each table: rows, people, and of each column the share filled, whether few people fill it, and its mean."""
    return {layout.name: _of_table(engine, layout, table) for layout, table in tables}


def written_profile(engine: Engine, written: Sequence[Written]) -> dict[str, dict[str, Any]]:
    """The profile of an extract that is being made."""
    return profile(engine, [(one.layout, engine.read(one.parquet)) for one in written])


def _of_table(engine: Engine, layout: Layout, table: Table) -> dict[str, Any]:
    fields = [field for field in layout.fields if field.name != PERSON]
    asked = ["count(*) as rows", f"count(distinct {PERSON}) as people"]
    for number, field in enumerate(fields):
        asked.append(f"count({quote(field.name)}) as filled_{number}")
        if _has_mean(field):
            as_number = "integer" if field.type == "boolean" else "double"
            asked.append(f"avg(cast({quote(field.name)} as {as_number})) as mean_{number}")
    found = one(engine, engine.sql(f"select {', '.join(asked)} from {{table}}", table=table))
    rows = found["rows"]
    filled = {field.name: int(found[f"filled_{number}"]) for number, field in enumerate(fields)}
    few = _few(engine, table, filled)
    return {
        "rows": rows,
        "people": found["people"],
        "columns": {
            field.name: {
                "filled": filled[field.name] / rows if rows and field.name not in few else 0.0,
                "few": field.name in few,
                "mean": None if field.name in few else found.get(f"mean_{number}"),
            }
            for number, field in enumerate(fields)
        },
    }


def _few(engine: Engine, table: Table, filled: Mapping[str, int]) -> frozenset[str]:
    """Columns that fewer than ten people fill; only those filled in few rows need their people counted."""
    unsure = [name for name, rows in filled.items() if FEWEST <= rows < _MANY_ROWS]
    few = {name for name, rows in filled.items() if rows < FEWEST}
    if unsure:
        asked = ", ".join(
            f"count(distinct case when {quote(name)} is not null then {PERSON} end) as people_{place}"
            for place, name in enumerate(unsure)
        )
        found = one(engine, engine.sql(f"select {asked} from {{table}}", table=table))
        few |= {name for place, name in enumerate(unsure) if found[f"people_{place}"] < FEWEST}
    return frozenset(few)


def _has_mean(field: Field) -> bool:
    is_number = field.type in ("integer", "number", "boolean")
    return is_number and not (field.labels or field.pseudonym_of or field.concept == "time")


def read_profile(
    engine: Engine, folder: Path, *, encryption: EncryptionKey | None = None
) -> tuple[str, dict[str, dict[str, Any]]]:
    """The name and the profile of an earlier extract.

    Raises:
        ConfigError: the folder is not an extract's, or a table of it cannot be read.
    """
    described = folder / "datapackage.json"
    if not described.is_file():
        raise ConfigError(f"{folder}: is not an extract\n  give the folder of the project's last one, or none")
    package = json.loads(described.read_text(encoding="utf-8"))
    if any("leo:form" not in resource for resource in package["resources"]):
        raise ConfigError(f"{folder}: was made before extracts could be compared\n  make it again with this version")
    tables: dict[str, StoredTable] = {}
    with scratch_folder() as scratch:
        for found in read_tables(engine, folder, package, scratch, encryption=encryption):
            if isinstance(found, str):
                raise ConfigError(f"{folder}/{found}\n  leo extract verify names the fault")
            tables.setdefault(found.layout.name, found)
        held = profile(engine, [(found.layout, found.table) for found in tables.values()])
    return f"{package['leo:run'].get('name', package['name'])}, {package['created'][:10]}", held


def changes(before: Profile, after: Profile, *, last: str) -> Change:
    """What has changed by more than a twentieth.

    Args:
        last: the name of the last extract: its run, and the day it was made.

    Returns:
        summary: last, tables and columns (table.column) added and gone, compared (how many figures), changes: table, what
        (rows, people, filled, mean), column (None of the table itself), before, after, change (of what was; of filled,
        in points of share).
    """
    both = [name for name in after if name in before]
    compared = [{"table": name, **row} for name in both for row in _pairs(before[name], after[name])]
    listed = [{**row, "change": round(row["change"], 4)} for row in compared if abs(row["change"]) > LISTED]
    gone = sorted(set(before) - set(after))
    return Change(
        {
            "last": last,
            "added": [*sorted(set(after) - set(before)), *_columns_beyond(after, before, both)],
            "gone": [*gone, *_columns_beyond(before, after, both)],
            "compared": len(compared),
            "changes": sorted(listed, key=lambda row: -abs(row["change"])),
        },
        compared,
        gone,
    )


def _columns_beyond(these: Profile, those: Profile, tables: Sequence[str]) -> list[str]:
    """Columns that a table has in the first of two extracts and not in the second."""
    return [
        f"{table}.{column}"
        for table in tables
        for column in these[table]["columns"]
        if column not in those[table]["columns"]
    ]


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [_row(what, None, before[what], after[what]) for what in _COUNTED]
    for column, now in after["columns"].items():
        was = before["columns"].get(column)
        if was is None or (was["few"] and now["few"]) or not (before["rows"] and after["rows"]):
            continue
        rows.append(
            {
                "what": "filled",
                "column": column,
                "before": round(was["filled"], 4),
                "after": round(now["filled"], 4),
                "change": now["filled"] - was["filled"],
            }
        )
        if was["mean"] is not None and now["mean"] is not None:
            rows.append(_row("mean", column, _rounded(was["mean"]), _rounded(now["mean"])))
    return rows


def _row(what: str, column: str | None, before: float, after: float) -> dict[str, Any]:
    change = (after - before) / abs(before) if before else float(after != before)
    return {"what": what, "column": column, "before": before, "after": after, "change": change}


def _rounded(mean: float) -> float:
    return float(f"{mean:.4g}")


def sentence(row: Mapping[str, Any]) -> str:
    """A change in words."""
    place = f"{row['table']}.{row['column']}" if row["column"] else row["table"]
    if row["what"] == "filled":
        return f"{place}: filled in {row['before']:.1%} of rows before, {row['after']:.1%} now"
    return f"{place}: {row['what']} {row['before']:,} before, {row['after']:,} now ({row['change']:+.1%})"


def refuse_changes(project: str, change: Change, most: float) -> None:
    """See that nothing changed by more than a gate allows.

    Raises:
        GateError: what did, a line each, and the tables that are gone.
    """
    faults = [sentence(row) for row in change.compared if abs(row["change"]) > most]
    faults += [f"{table}: is no longer in it" for table in change.tables_gone]
    if faults:
        raise GateError(
            f"the extract of '{project}' differs from the last ({change.summary['last']}) by more than {most:.0%}, "
            "and was not published\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\n  find out why; where it is right, raise max_change in the request or max_extract_change in [gates]"
        )
