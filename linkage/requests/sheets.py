"""A request that was filled in as a spreadsheet: the workbook or CSV that Find & Explore saves, as TOML would say it.

A workbook has the sheets `request` (field, value), `people`, `data` and, where wanted, `packages`, `reasons` (for the
sensitive items of a package) and `cohorts`, each with a row of headings; a CSV file has the data alone. Lists are
written with semicolons between.
"""

import csv
import datetime
import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.config.resources import separator_of
from linkage.errors import ConfigError
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
    """What a spreadsheet says, in the form of a request's TOML file. Cells that are empty are left out.

    Raises:
        ConfigError: it is no such file, or a sheet or column of it has an unknown name.
    """
    if path.suffix.lower() == ".csv":
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError(f"{path}: is not in UTF-8\n  save it as 'CSV UTF-8'") from None
        separator = separator_of(text.partition("\n")[0])
        return request_of_sheets({"data": list(csv.reader(io.StringIO(text), delimiter=separator))}, path)
    return request_of_sheets(_workbook(path), path)


def request_of_sheets(sheets: Mapping[str, Sequence[Sequence[Any]]], path: Path) -> dict[str, Any]:
    """Sheets, each a row of headings and rows below it, as a request's TOML file would say them."""
    strange = [f"no sheet is called '{name}'" for name in sheets if name not in SHEETS]
    for name, rows in sheets.items():
        known, headings = SHEETS.get(name, ()), _headings(rows)
        if known and headings and not set(known) & set(headings):  # a row of the sheet, which may be of a person
            strange.append(f"sheet {name} has no row of headings")
            continue
        strange += [f"sheet {name} has no column '{column}'" for column in headings if known and column not in known]
    if strange:
        listed = "; ".join(f"{name}: {', '.join(columns)}" for name, columns in SHEETS.items())
        raise ConfigError(f"{path}: " + "\n  ".join([*strange, f"there are: {listed}"]))
    if lost := [line for name, rows in sheets.items() for line in _lost(name, rows)]:
        raise ConfigError(f"{path}: " + "\n  ".join([*lost, "nobody would see it: mend it, or take it out"]))
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
        said = {"name": key[0], "years": key[1], "justification": key[2]}
        table = found.setdefault(
            key, {name: str(value) for name, value in said.items() if value is not None} | {"variables": []}
        )
        if "variable" in row:
            table["variables"].append(str(row["variable"]))
            if "reason" in row:
                table.setdefault("reasons", {})[str(row["variable"])] = str(row["reason"])
    return list(found.values())


def _packages(rows: Iterable[Row], reasons: Iterable[Row]) -> list[dict[str, Any]]:
    """Packages, each with its reasons; one that is named for its reasons alone is told of by the rules."""
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


def _lost(name: str, rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """What of a sheet would be overlooked: of columns or fields of one name all but the last, and cells beside all."""
    yield from (f"sheet {name} has two columns '{column}'" for column in repeated(_headings(rows)))
    named = [_plain(cell) for cell in (rows[0] if rows else ())]
    beside = [
        number
        for number, row in enumerate(rows[1:], 2)
        if any(_plain(cell) is not None for cell, over in itertools.zip_longest(row, named) if over is None)
    ]
    if beside:
        rows_like_it = f"{len(beside):,} such row{'s' if len(beside) > 1 else ''}"
        yield f"sheet {name}, row {beside[0]}: a cell has no heading ({rows_like_it})"
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


def _workbook(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError):
        raise ConfigError(f"{path}: is no workbook\n  save it as .xlsx") from None
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what it says of its size may leave rows out
        found = {sheet.title.strip().lower(): list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
        return {
            name: rows for name, rows in found.items() if any(_plain(cell) is not None for row in rows for cell in row)
        }
    finally:
        book.close()
