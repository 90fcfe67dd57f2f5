"""Tables of results in CSV files: cells with their place, and the number or symbol that
each stands for.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from linkage.config.spreadsheets import read_cells
from linkage.errors import ConfigError, InputError
from quality.disclosure.outputs.schema import Schema, read_schema, schema_path

SYMBOLS = {
    **dict.fromkeys(
        ("c", "[c]", "*", "..", "s", "x*", "supp", "suppressed"), "suppressed"
    ),
    **dict.fromkeys(("z", "[z]", "-", "–", "n/a", "na"), "not_applicable"),
    **dict.fromkeys(("x", "[x]", ":"), "unavailable"),
    **dict.fromkeys(("low", "[low]", "k", "[k]", "fewer than 5", "~"), "low"),
    **dict.fromkeys(("high", "[high]"), "high"),
}
_DIGITS = r"-?(?:[0-9]{1,3}(?:[\u0020\u00a0\u202f][0-9]{3})+|[0-9][0-9,]*)(?:\.[0-9]+)?|-?\.[0-9]+"  # noqa: E501
_FOOTNOTE = r"(?:[*†‡]|\[[a-z0-9]{1,2}\])?"
_NUMBER = re.compile(rf"^[£€$]?\s*({_DIGITS})\s*%?\s*{_FOOTNOTE}$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(
    r"^[£€$]?\s*-?[0-9 \u00a0\u202f.]*[0-9],(?:[0-9]{1,2}|[0-9]{4,})\s*[%€]?$"
)
_BELOW = re.compile(r"^(?:<|under|below|fewer than|less than)\s*[0-9]+$", re.IGNORECASE)
_PLACES = re.compile(r"\.([0-9]+)")
# no name of a column: a date, an id, an e-mail address, a British postcode
_PERSONAL = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\+?\d{9,}|[^@\s]+@[^@\s]+\.\w+|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",  # noqa: E501
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Value:
    """One cell: its text, and the number or the symbol that it stands for; neither
    where it is a label or empty.

    "<10" has the mark "below": it hides a count, and discloses that it is small.
    """

    text: str
    number: float | None = None
    mark: str | None = None

    @property
    def places(self) -> int:
        """Digits after the decimal point."""
        digits = _PLACES.search(self.text) if self.number is not None else None
        return len(digits[1]) if digits else 0


@dataclass(frozen=True)
class Sheet:
    """One table.

    Attributes:
        top: how many rows stand above the header.
        header: the names of the columns.
        rows: the cells below it; every row as wide as the header.
        beyond: rows with cells to the right of the header's last name.
        schema: as declared.
        origin: where the file has a cell of a table that `by_measure` rearranged.
    """

    file: Path
    top: int
    header: Sequence[str]
    rows: Sequence[Sequence[Value]]
    beyond: Sequence[int] = ()
    schema: Schema = field(default_factory=Schema)
    origin: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    @property
    def schema_file(self) -> Path:
        return schema_path(self.file)

    @property
    def heads(self) -> Sequence[str]:
        """The columns in messages: by their letters where the first line may be a
        person's record.
        """
        is_record = any(_PERSONAL.fullmatch(name) for name in self.header)
        return (
            [_letters(n) for n in range(len(self.header))] if is_record else self.header
        )

    def place(self, row: int, column: int) -> str:
        """A cell as a spreadsheet names it; nothing of its content."""
        row, column = self.origin.get((row, column), (row, column))
        return f"{_letters(column)}{self.top + row + 2}"


def _letters(column: int) -> str:
    letters, left = "", column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def read_table(path: Path) -> Sheet:
    """The table of a CSV file, with its declared schema.

    The header is the first row with two names or more; notes of one cell a row below
    the table are left out.

    Raises:
        InputError: the file is not there, is no CSV file, has no table, or writes
            numbers with decimal commas.
        ConfigError: the schema has faults.
    """
    if path.suffix.lower() != ".csv":
        message = (
            "a workbook can hold more than its cells, such as the records "
            "behind "
            "a pivot table"
        )
        raise InputError(
            f"{path}: not a CSV file: {message}\n  save each table as CSV with commas "
            "and UTF-8"
        )
    rows = [[value(text) for text in line] for line in read_cells(path)]
    top = next(
        (n for n, row in enumerate(rows) if sum(bool(cell.text) for cell in row) > 1),
        len(rows),
    )
    header = [cell.text for cell in rows[top]] if rows[top:] else []
    while header and not header[-1]:
        header.pop()
    stray_rows = [
        n
        for n, row in enumerate(rows[top + 1 :])
        if any(cell.text for cell in row[len(header) :])
    ]
    body = [
        [*row, *[Value("")] * len(header)][: len(header)] for row in rows[top + 1 :]
    ]
    while body and not any(cell.text for cell in body[-1][1:]):
        body.pop()
    if not body:
        raise InputError(
            f"{path}: no table\n  a table has a row of column names with numbers below "
            "it"
        )
    sheet = Sheet(path, top, header, body, stray_rows, read_schema(path))
    for row, column in product(range(len(body)), range(len(header))):
        # It would be read as one between thousands, or the number as a label.
        if _DECIMAL_COMMA.match(body[row][column].text):
            raise InputError(
                f"{path}: {sheet.place(row, column)}: a number with a decimal comma\n  "
                "save it with points"
            )
    return sheet


def value(text: str) -> Value:
    """A cell by its text."""
    plain = text.strip()
    if mark := SYMBOLS.get(plain.lower()):
        return Value(plain, mark=mark)
    if _BELOW.match(plain):
        return Value(plain, mark="below")
    match = _NUMBER.match(plain)
    number = float(re.sub(r"[,\s]", "", match.group(1))) if match else math.inf
    return Value(plain, number) if math.isfinite(number) else Value(plain)


def plain(text: str) -> str:
    """A label in lower case, with single blanks."""
    return " ".join(text.lower().split())


def by_measure(sheet: Sheet) -> Sheet:
    """A table with a column for each measure, where a declared column holds the names
    of measures.

    Raises:
        ConfigError: no column, or several, hold their values; or a name of a measure is
            not declared.
        InputError: a group has two numbers of one measure.
    """
    columns = sheet.schema.columns
    name_lists = [
        [name for name in columns if columns[name].holds == kind]
        for kind in ("measures", "values")
    ]
    if name_lists == [[], []]:
        return sheet
    if [len(names) for names in name_lists] != [1, 1] or not {
        *name_lists[0],
        *name_lists[1],
    } <= set(sheet.header):
        raise ConfigError(
            f'{sheet.schema_file}: "measures" and "values" are not the content of one '
            "column each\n"
            "  declare one column of the table with each"
        )
    measure, index = (sheet.header.index(names[0]) for names in name_lists)
    measures = columns[sheet.header[measure]].measures
    if strays := {row[measure].text for row in sheet.rows} - set(measures):
        raise ConfigError(
            f"{sheet.schema_file}: {len(strays)} names of measures are not declared\n  "
            "declare each"
        )
    others = [n for n in range(len(sheet.header)) if n not in (measure, index)]
    header = [*(sheet.header[n] for n in others), *measures]
    rows: dict[tuple[str, ...], tuple[int, list[Value]]] = {}
    origin: dict[tuple[int, int], tuple[int, int]] = {}
    for place, row in enumerate(sheet.rows):
        labels = [row[n] for n in others]
        number, cells = rows.setdefault(
            tuple(cell.text for cell in labels),
            (len(rows), [*labels, *[Value("")] * len(measures)]),
        )
        column = header.index(row[measure].text, len(others))
        if (number, column) in origin:
            raise InputError(
                f"{sheet.file}: {sheet.place(place, index)}: a second number of one "
                "measure and group\n"
                "  keep one of them, or add the column by which they differ"
            )
        cells[column] = row[index]
        origin |= {
            (number, column): (place, index),
            **{(number, n): (place, other) for n, other in enumerate(others)},
        }
    dimensions = {
        name: column
        for name, column in columns.items()
        if name not in (*name_lists[0], *name_lists[1])
    }
    schema = sheet.schema.model_copy(update={"columns": {**dimensions, **measures}})
    return replace(
        sheet,
        header=header,
        rows=[cells for _, cells in rows.values()],
        schema=schema,
        origin=origin,
    )
