"""Read a request that was filled in as a spreadsheet, as its TOML file would have it.

A workbook has the sheets `request` (field, value), `people`, `data` and, where wanted, `packages`, `reasons` (for the
sensitive items of a package) and `cohorts`, each with a row of headings; a CSV file has the data alone. Lists are
written with semicolons between.
"""

import datetime
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.config.spreadsheets import read_sheets
from linkage.errors import ConfigError, InputError
from linkage.extract.project import repeated

DATA = ("table", "variable", "years", "justification", "reason")
SHEETS: dict[str, tuple[str, ...]] = {
    "request": ("field", "value"),
    "people": ("name", "role", "accreditation", "accredited_until", "reason"),
    "data": DATA,
    "packages": ("name", "phases", "years", "justification"),
    "reasons": ("package", "variable", "reason"),
    "cohorts": ("table", "years"),
}
LISTS = ("audience", "outputs", "formats", "analysis", "phases", "sources")
DATES = ("retention", "accredited_until")
FLAGS = ("link_metadata", "link_samples")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

Row = Mapping[str, Any]


def is_sheet(path: Path) -> bool:
    """Whether a file is read as a spreadsheet, by its ending."""
    return path.suffix.lower() in (".csv", ".xlsx")


def read_sheet(path: Path) -> dict[str, Any]:
    """The content of a spreadsheet, in the form of a request's TOML file. Empty cells are left out.

    Raises:
        ConfigError: it cannot be read, or a sheet or column of it has an unknown name.
    """
    try:
        sheets = read_sheets(path)
    except InputError as error:
        raise ConfigError(str(error)) from None
    if path.suffix.lower() == ".csv":
        return request_of_sheets({"data": sheets[""]}, path)
    filled = {
        name.strip().lower(): rows
        for name, rows in sheets.items()
        if any(_plain(cell) is not None for row in rows for cell in row)
    }
    return request_of_sheets(filled, path)


def request_of_sheets(sheets: Mapping[str, Sequence[Sequence[Any]]], path: Path) -> dict[str, Any]:
    """Sheets, each a row of headings and rows below it, as a request's TOML file would say them."""
    unknown = [f"no sheet is called '{name}'" for name in sheets if name not in SHEETS]
    for name, rows in sheets.items():
        known, headings = SHEETS.get(name, ()), _headings(rows)
        if known and headings and not set(known) & set(headings):  # a row of the sheet, which may be of a person
            unknown.append(f"sheet {name} has no row of headings")
            continue
        unknown += [f"sheet {name} has no column '{column}'" for column in headings if known and column not in known]
    if unknown:
        listed = "; ".join(f"{name}: {', '.join(columns)}" for name, columns in SHEETS.items())
        raise ConfigError(f"{path}: " + "\n  ".join([*unknown, f"there are: {listed}"]))
    if overlooked := [line for name, rows in sheets.items() for line in _overlooked(name, rows)]:
        raise ConfigError(
            f"{path}: " + "\n  ".join([*overlooked, "it would be overlooked: correct it, or take it out"])
        )
    found = {name: _records(rows) for name, rows in sheets.items()}
    raw: dict[str, Any] = {
        str(row["field"]): _value(str(row["field"]), row["value"])
        for row in found.get("request", ())
        if row.get("field") and row.get("value") is not None
    }
    population: dict[str, Any] = {"sources": raw.pop("sources")} if "sources" in raw else {}
    if found.get("cohorts"):
        population["cohort"] = [_typed(row) for row in found["cohorts"]]
    parts = {
        "population": population,
        "person": [_typed(row) for row in found.get("people", ())],
        "package": _packages(found.get("packages", ()), found.get("reasons", ())),
        "table": _tables(found.get("data", ())),
    }
    return raw | {name: part for name, part in parts.items() if part}


def _tables(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of one table, years and justification are one table of the request."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row.get("table"), _years(row["years"]) if "years" in row else None, row.get("justification"))
        values = {"name": key[0], "years": key[1], "justification": key[2]}
        table = found.setdefault(
            key, {name: str(value) for name, value in values.items() if value is not None} | {"variables": []}
        )
        if "variable" in row:
            table["variables"].append(str(row["variable"]))
            if "reason" in row:
                table.setdefault("reasons", {})[str(row["variable"])] = str(row["reason"])
    return list(found.values())


def _packages(rows: Iterable[Row], reasons: Iterable[Row]) -> list[dict[str, Any]]:
    """Packages, each with its reasons; the rules report one that is named for its reasons only."""
    reasons = [row for row in reasons if "reason" in row]
    found = [_typed(row) for row in rows]
    names = [package.get("name") for package in found]
    found += [{"name": name} for name in dict.fromkeys(row.get("package") for row in reasons) if name not in names]
    for package in found:
        given = {
            str(row.get("variable")): str(row["reason"]) for row in reasons if row.get("package") == package.get("name")
        }
        package.update({"reasons": given} if given else {})
    return found


def _overlooked(name: str, rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """What of a sheet would be overlooked: all but the last of columns or fields of one name, and cells without a heading."""
    yield from (f"sheet {name} has two columns '{column}'" for column in repeated(_headings(rows)))
    named = [_plain(cell) for cell in (rows[0] if rows else ())]
    without_heading = [
        number
        for number, row in enumerate(rows[1:], 2)
        if any(_plain(cell) is not None for cell, over in itertools.zip_longest(row, named) if over is None)
    ]
    if without_heading:
        rows_like_it = f"{len(without_heading):,} such row{'s' if len(without_heading) > 1 else ''}"
        yield f"sheet {name}, row {without_heading[0]}: a cell has no heading ({rows_like_it})"
    if name == "request":
        fields = [str(row["field"]) for row in _records(rows) if "field" in row]
        yield from (f"sheet request has two rows '{field}'" for field in repeated(fields))


def _headings(rows: Sequence[Sequence[Any]]) -> list[str]:
    return [str(cell).strip().lower() for cell in (rows[0] if rows else ()) if cell not in (None, "")]


def _records(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows by heading, without empty cells and rows."""
    names = [str(cell).strip().lower() if cell is not None else "" for cell in (rows[0] if rows else ())]
    read = [
        {name: _plain(cell) for name, cell in zip(names, row, strict=False) if name and _plain(cell) is not None}
        for row in rows[1:]
    ]
    return [row for row in read if row]


def _plain(cell: Any) -> Any:
    """A cell without blanks round it; None where that leaves nothing."""
    if isinstance(cell, str):
        return cell.strip() or None
    return cell.date() if isinstance(cell, datetime.datetime) else cell


def _typed(row: Row) -> dict[str, Any]:
    return {name: _value(name, cell) for name, cell in row.items()}


def _value(name: str, cell: Any) -> Any:
    """A cell as TOML has it; what is no date or flag stays text, for the request's form to tell."""
    if name == "years":
        return _years(cell)
    if name in LISTS:
        return [part.strip() for part in str(cell).split(";") if part.strip()]
    if name in FLAGS:
        return {"true": True, "yes": True, "false": False, "no": False}.get(str(cell).lower(), cell)
    if name in DATES and isinstance(cell, str):
        try:
            return datetime.date.fromisoformat(cell)
        except ValueError:
            return cell
    return cell if isinstance(cell, datetime.date) else str(cell)


def _years(cell: Any) -> str:
    """Years as they were typed: of 2005/06 a spreadsheet makes June 2005, in a CSV file Jun-05; of 2012/13 nothing."""
    month, year = 0, 0
    if isinstance(cell, datetime.date):
        month, year = cell.month, cell.year
    elif isinstance(cell, str) and cell[:3].lower() in _MONTHS and cell[3:4] == "-" and cell[4:].isdecimal():
        month, year = _MONTHS.index(cell[:3].lower()) + 1, 2000 + int(cell[4:]) % 100
    return f"{year}/{month:02d}" if month and month == (year + 1) % 100 else str(cell)
