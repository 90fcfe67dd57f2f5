"""Compare an extract with the last one: rows, people, and the share of rows that fill
each column.

An extract keeps these figures in its datapackage.json, so the next one is compared
without reading its tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.catalogue.datapackage import DESCRIPTOR
from linkage.config.toml_file import json_of
from linkage.engine import Engine, Table, one, quote
from linkage.errors import ConfigError, GateError
from linkage.extract.formats import Written
from linkage.extract.layout import PERSON, Layout

LISTED = 0.05  # larger changes are listed: relative; of a share, in points
# people: a column that fewer fill counts as empty (ONS threshold for microdata outputs)
FEWEST = 10
# rows: a column filled in so many is filled by ten people at least, at 1,000 rows a
# person
_MANY_ROWS = 10_000
_KEY = "leo:profile"

Profile = Mapping[
    str, Mapping[str, Any]
]  # table to rows, people, and filled: column to share of rows


@dataclass(frozen=True)
class Change:
    """The differences from the last extract.

    Attributes:
        summary: for metadata and guide: last, compared (how many figures), changes
            (largest first), tables and columns (table.column) added and gone.
        compared: every figure: table, what (rows, people, filled), column (None of the
            table itself), before, after, change (relative; of filled, in points of
            share).
    """

    summary: Mapping[str, Any]
    compared: Sequence[Mapping[str, Any]]


def profile_of(engine: Engine, tables: Sequence[Written]) -> dict[str, dict[str, Any]]:
    """The figures of an extract that is being made; a column that fewer than ten people
    fill counts as empty.
    """
    return {
        table.layout.name: _of_table(engine, table.layout, engine.read(table.parquet))
        for table in tables
    }


def _of_table(engine: Engine, layout: Layout, table: Table) -> dict[str, Any]:
    names = [name for name in layout.columns if name != PERSON]
    expressions = ["count(*) as rows", f"count(distinct {PERSON}) as people"]
    expressions += [
        f"count({quote(name)}) as filled_{place}" for place, name in enumerate(names)
    ]
    figures = one(
        engine,
        engine.sql(f"select {', '.join(expressions)} from {{table}}", table=table),
    )
    rows, values = (
        figures["rows"],
        {name: int(figures[f"filled_{place}"]) for place, name in enumerate(names)},
    )
    rare = {name for name, count in values.items() if count < FEWEST}
    if unsure_names := [
        name for name, count in values.items() if FEWEST <= count < _MANY_ROWS
    ]:
        people = ", ".join(
            f"count(distinct case when {quote(name)} is not null then {PERSON} end) as "
            f"people_{place}"
            for place, name in enumerate(unsure_names)
        )
        counts = one(engine, engine.sql(f"select {people} from {{table}}", table=table))
        rare |= {
            name
            for place, name in enumerate(unsure_names)
            if counts[f"people_{place}"] < FEWEST
        }
    shares = {
        name: round(count / rows, 4) if rows and name not in rare else 0.0
        for name, count in values.items()
    }
    return {"rows": rows, "people": figures["people"], "filled": shares}


def in_package(profile: Profile, change: Change | None) -> dict[str, Any]:
    """What datapackage.json keeps of them."""
    return {_KEY: profile, **({"leo:change": change.summary} if change else {})}


def last_profile(folder: Path) -> tuple[str, Profile]:
    """The name (run and day) and the figures of an earlier extract.

    Raises:
        ConfigError: the folder is not an extract's, or was made before extracts kept
            their figures.
    """
    if not (folder / DESCRIPTOR).is_file():
        raise ConfigError(
            f"{folder}: is not an extract\n  give the folder of the project's last "
            "one, or none"
        )
    package = json_of(folder / DESCRIPTOR)
    if _KEY not in package:
        raise ConfigError(
            f"{folder}: was made before extracts could be compared\n  make it again "
            "with this version"
        )
    return (
        f"{package['leo:run'].get('name', package['name'])}, {package['created'][:10]}",
        package[_KEY],
    )


def changes(before: Profile, after: Profile, *, last: str) -> Change:
    """What has changed by more than a twentieth since the extract named `last`."""
    differences = [
        {"table": table, **row}
        for table in after
        if table in before
        for row in _pairs(before[table], after[table])
    ]
    large = [
        {**row, "change": round(row["change"], 4)}
        for row in differences
        if abs(row["change"]) > LISTED
    ]
    summary = {
        "last": last,
        "added": _beyond(after, before),
        "gone": _beyond(before, after),
        "compared": len(differences),
        "changes": sorted(large, key=lambda row: -abs(row["change"])),
    }
    return Change(summary, differences)


def _beyond(profile: Profile, others: Profile) -> list[str]:
    """Tables, and columns of tables in both, that the first of two extracts has and the
    second has not.
    """
    columns = [
        f"{t}.{c}"
        for t in profile
        if t in others
        for c in profile[t]["filled"]
        if c not in others[t]["filled"]
    ]
    return [*sorted(set(profile) - set(others)), *columns]


def _pairs(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for measure in ("rows", "people"):
        earlier, value = before[measure], after[measure]
        change = (value - earlier) / earlier if earlier else float(value != earlier)
        yield {
            "what": measure,
            "column": None,
            "before": earlier,
            "after": value,
            "change": change,
        }
    for column, value in (
        after["filled"].items() if before["rows"] and after["rows"] else ()
    ):
        if (earlier := before["filled"].get(column)) is not None:
            yield {
                "what": "filled",
                "column": column,
                "before": earlier,
                "after": value,
                "change": value - earlier,
            }


def sentence(row: Mapping[str, Any]) -> str:
    """A change in words."""
    if row["what"] == "filled":
        place = f"{row['table']}.{row['column']}"
        return (
            f"{place}: filled in {row['before']:.1%} of rows before, "
            f"{row['after']:.1%} now"
        )
    return (
        f"{row['table']}: {row['what']} {row['before']:,} before, {row['after']:,} "
        f"now ({row['change']:+.1%})"
    )


def refuse_changes(project: str, change: Change, most: float) -> None:
    """Withhold an extract of which a figure changed by more than a gate allows.

    Raises:
        GateError: what did, a line each, and the tables that are gone.
    """
    faults = [sentence(row) for row in change.compared if abs(row["change"]) > most]
    faults += [
        f"{name}: is no longer in it"
        for name in change.summary["gone"]
        if "." not in name
    ]
    if faults:
        raise GateError(
            f"the extract of '{project}' differs from the last "
            f"({change.summary['last']}) by more than {most:.0%}, "
            "and was not published\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\n  find out why; where it is right, raise max_change in the request or "
            "max_extract_change in [gates]"
        )
