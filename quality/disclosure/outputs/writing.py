"""The safe table and the audit of its cells, beside each other, each whole or not at all."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from linkage.engine import unfinished
from linkage.errors import ConfigError
from quality.disclosure.outputs.findings import Checked

AUDIT = ("cell", "column", "class", "rule")


def refuse_overwriting(files: Sequence[Path], folder: Path) -> None:
    """See that what is written for files has a place of its own: it is called what they are.

    Raises:
        ConfigError: a file would be replaced by its own safe table, or two files have one name.
    """
    for file in files:
        if (folder / file.name).resolve() == file.resolve():
            raise ConfigError(
                f"{folder}: the safe table would take the place of {file}\n  give another folder with --out"
            )
    stems = [file.stem.lower() for file in files]
    if twice := [file for file in files if stems.count(file.stem.lower()) > 1]:
        raise ConfigError(
            f"{folder}: {' and '.join(map(str, twice[:2]))} would be written under one name\n"
            "  check them one by one, each with an --out of its own"
        )


def write_safe(found: Sequence[Checked], folder: Path) -> list[Path]:
    """Write the tables of one file as they may leave, in the form that they came in, and NAME.audit.csv.

    The audit has a row for each number: its cell, column, class and rule, and no value. A table that nothing hidden
    here would make safe is left out.

    Args:
        found: every table of one file, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = found[0].sheet.file
    safe = [checked for checked in found if checked.safe is not None]
    paths = []
    if safe:
        write = _xlsx if source.suffix.lower() == ".xlsx" else _csv
        paths.append(_whole(folder / source.name, lambda path: write(safe, path)))
    else:  # one that was written before it was looked at anew may be safe no more
        (folder / source.name).unlink(missing_ok=True)
    audit = io.StringIO()
    writer = csv.writer(audit, lineterminator="\n")
    writer.writerow(AUDIT)
    for checked in found:
        writer.writerows(checked.audit)
    text = audit.getvalue()
    paths.append(_whole(folder / f"{source.stem}.audit.csv", lambda path: _text(path, text)))
    return paths


def _lines(checked: Checked) -> list[list[str]]:
    dropped = {one for those in checked.layout.largest.values() for one in those}
    header = [name for place, name in enumerate(checked.sheet.header) if place not in dropped]
    return [header, *(checked.safe or [])]


def _csv(found: Sequence[Checked], path: Path) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_lines(found[0]))
    _text(path, text.getvalue())


def _xlsx(found: Sequence[Checked], path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for checked in found:
        sheet = book.create_sheet(checked.sheet.name)
        header, *rows = _lines(checked)
        sheet.append(header)
        for row in rows:
            sheet.append([_number(text) for text in row])
    book.save(path)


_PLAIN = re.compile(r"-?(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?")


def _number(text: str) -> str | float:
    """A number as a number, so that the sheet can be reckoned with; never a formula, nor a code 01110."""
    if _PLAIN.fullmatch(text):
        return float(text.replace(",", ""))
    return f"'{text}" if text.startswith(("=", "+", "@")) else text


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _whole(path: Path, write: Callable[[Path], None]) -> Path:
    with unfinished(path) as part:
        write(part)
    return path
