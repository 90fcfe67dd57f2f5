"""The safe table: what may leave of a table, cell by cell, its audit, and the files that are written."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from linkage.engine import unfinished
from linkage.errors import ConfigError
from quality.disclosure import Disclosure, Profile
from quality.disclosure.outputs.equations import Key, Numbers, hides
from quality.disclosure.outputs.findings import Checked
from quality.disclosure.outputs.reading import Value

_AUDIT = ("cell", "column", "class", "rule")


class Release:
    """Writes what may leave of a table and its audit, and reports shares and averages that may not.

    Args:
        numbers: the table's counts.
        hidden: those that must be hidden, and amounts.
    """

    def __init__(self, checked: Checked, numbers: Numbers, hidden: set[Key], profile: Profile) -> None:
        self.checked, self.numbers, self.hidden = checked, numbers, hidden
        self.profile, self.disclosure = profile, Disclosure(profile)
        self.sheet, self.layout = checked.sheet, checked.layout
        self._withheld = self._withheld_shares()

    def write(self) -> None:
        """All rows, without the columns of contributions."""
        self._report_unrounded()
        self._report_full()
        for column in (*self.layout.shares, *self.layout.averages):
            if self.layout.of[column][1] is None:
                message = "what it is of is not known, and its base was not checked"
                self.checked.add((0, column, ""), "unknown base", message)
        dropped = _dropped(self.checked)
        self.checked.safe = [
            [self._text(row, column) for column in range(len(self.sheet.header)) if column not in dropped]
            for row in range(len(self.sheet.rows))
        ]
        for row in range(len(self.sheet.rows)):
            for column in sorted(dropped):
                self._audit(row, column, "withheld", "largest contributions")

    def _report_unrounded(self) -> None:
        base = self.profile.round_to
        for column in self.layout.counts if base > 1 and not self.numbers.is_rounded else ():
            odd = [n for n, row in enumerate(self.sheet.rows) if (row[column].number or 0) % base]
            if odd:
                cells = "1 count is" if len(odd) == 1 else f"{len(odd)} counts from here down are"
                self.checked.add((odd[0], column, ""), "rounding", f"{cells} not rounded to {base}")
        for column in self.layout.shares if base > 1 else ():
            most = self._places(column)  # a share with all its places discloses the rounded counts
            fine = [n for n, row in enumerate(self.sheet.rows) if row[column].places > most]
            if fine:
                shares = "1 share has" if len(fine) == 1 else f"{len(fine)} shares from here down have"
                self.checked.add((fine[0], column, ""), "rounding", f"{shares} more than {most} places")

    def _report_full(self) -> None:
        if not self.profile.full_cells_are_sensitive:
            return
        for line in self.numbers.sums:
            if len(line.parts) > 1 and line.total not in self.numbers.hidden and self.numbers.low[line.total] > 0:
                full = [part for part in line.parts if self.numbers.low[part] == self.numbers.low[line.total]]
                if full and not full[0][2]:
                    self.checked.add(full[0], "all of one kind", "everybody of the group is in this cell")

    def _text(self, row: int, column: int) -> str:
        given = self.sheet.rows[row][column]
        if given.number is None or column in self.layout.labels or column in self.layout.unread:
            if given.mark:
                self._audit(row, column, "as given", given.mark)
            if hides(given.mark, self.profile) and column in self.layout.counts and given.mark != "suppressed":
                return self.profile.symbols.suppressed
            return given.text
        if column in self.layout.counts or column in self.layout.largest:
            return self._count(row, column, given)
        return self._share(row, column, given) if column in self.layout.shares else self._average(row, column, given)

    def _count(self, row: int, column: int, given: Value) -> str:
        key, number = (row, column, ""), given.number or 0.0
        is_count = column in self.layout.counts
        if key in self.hidden:
            rule = self.numbers.rules.get(key, "" if is_count else "dominance")
            self._audit(row, column, "primary" if rule else "complement", rule)
            return self.profile.symbols.suppressed
        if not is_count:
            self._audit(row, column, "rounded", f"to {self.profile.amounts_to:g}")
            return f"{self.profile.amounts_to * int(number / self.profile.amounts_to + 0.5):,.0f}"
        changed = not self.numbers.is_rounded and self.profile.round_to > 1
        self._audit(row, column, "rounded" if changed else "published", f"to {self.profile.round_to}" * changed)
        return given.text if self.numbers.is_rounded else self.disclosure.rounded(int(number)).text

    def _withheld_shares(self) -> dict[tuple[int, int], tuple[str, str]]:
        """Row and column of each share that may not leave, with its rule and fault."""
        withheld = {
            (row, column): fault
            for row, cells in enumerate(self.sheet.rows)
            for column in self.layout.shares
            if cells[column].number is not None and (fault := self._fault(row, column))
        }
        message = "with the others of its kind it discloses a share or count that must be hidden"
        for row, column, of in sorted(self.hidden):
            if column in self.layout.shares and not of and self.sheet.rows[row][column].number is not None:
                withheld.setdefault((row, column), ("complement", message))
        return withheld

    def _fault(self, row: int, column: int) -> tuple[str, str] | None:
        """The rule that a share breaks; None where it may leave, or its base is not known."""
        if self._discloses_hidden(row, column):
            return "share of hidden", "the counts that it is made of must be hidden"
        part_at, base_at = self.layout.of[column]
        if base_at is None:
            return None
        cells = self.sheet.rows[row]
        base, part = cells[base_at].number, cells[part_at].number if part_at is not None else None
        if base is None:
            return "share", "what it is of is not shown, so that it cannot be judged"
        for whole in self.layout.wholes[column]:
            people = part if part is not None else (cells[column].number or 0.0) * base / whole
            if self.disclosure.percent(min(round(people), round(base)), round(base)).mark == "suppressed":
                least = self.profile.least_percent_base
                fault = f"it is of fewer than {least:g}" if base < least else "it discloses a count that is too small"
                is_open = len(self.layout.wholes[column]) > 1 and base >= least
                return "share", fault + ", if it is in per cent: name the column a fraction if it is one" * is_open
        return None

    def _discloses_hidden(self, row: int, column: int) -> bool:
        """Whether a share or average would disclose a hidden count; without a base, any of its row."""
        of = [at for at in self.layout.of[column] if at is not None] or self.layout.counts
        return any(key[0] == row and key[1] in of and (not key[2] or key[2].startswith("rest")) for key in self.hidden)

    def _withhold(self, row: int, column: int, rule: str, message: str) -> str:
        self.checked.add((row, column, ""), rule, message)
        self._audit(row, column, "primary" if rule in ("share", "average") else "complement", rule)
        return self.profile.symbols.suppressed

    def _share(self, row: int, column: int, given: Value) -> str:
        if (row, column) in self._withheld:
            return self._withhold(row, column, *self._withheld[row, column])
        number, percent = given.number or 0.0, "%" * given.text.endswith("%")
        part_at, base_at = self.layout.of[column]
        is_exact = not self.numbers.is_rounded and not any(key[1] in self.layout.counts for key in self.numbers.hidden)
        if is_exact and part_at is not None and base_at is not None and 1.0 not in self.layout.wholes[column]:
            cells = self.sheet.rows[row]
            base, part = round(cells[base_at].number or 0.0), cells[part_at].number
            cell = self.disclosure.percent(min(round(part if part is not None else number * base / 100), base), base)
            self._audit(row, column, "rounded", f"to {self.profile.percent_places} places")
            return cell.text + percent * (cell.mark is None)
        most = self._places(column)
        if self.profile.round_to > 1 and given.places > most:
            self._audit(row, column, "rounded", f"to {most} places")
            return f"{number:.{most}f}{percent}"
        self._audit(row, column, "published", "")
        return given.text

    def _places(self, column: int) -> int:
        """Digits after the point of a share, two more where it may be a fraction."""
        return self.profile.percent_places + 2 * (1.0 in self.layout.wholes[column])

    def _average(self, row: int, column: int, given: Value) -> str:
        if self._discloses_hidden(row, column):
            return self._withhold(row, column, "share of hidden", "the count that it is of must be hidden")
        base_at = self.layout.of[column][1]
        base = self.sheet.rows[row][base_at].number if base_at is not None else None
        if base_at is not None and base is None:
            return self._withhold(row, column, "average", "what it is of is not shown, so that it cannot be judged")
        if base is not None and base < self.profile.least_average_base:
            return self._withhold(row, column, "average", f"it is of fewer than {self.profile.least_average_base:g}")
        if max(cells[column].number or 0.0 for cells in self.sheet.rows) < self.profile.amounts_to:
            self._audit(row, column, "published", "")  # ages or scores: rounding to hundreds would leave nothing
            return given.text
        self._audit(row, column, "rounded", f"to {self.profile.amounts_to:g}")
        return self.disclosure.average(given.number or 0.0, 10**9).text

    def _audit(self, row: int, column: int, class_: str, rule: str) -> None:
        self.checked.audit.append((self.sheet.place(row, column), self.sheet.header[column], class_, rule))


def _dropped(checked: Checked) -> set[int]:
    """The columns of largest contributions, which never leave."""
    return {one for columns in checked.layout.largest.values() for one in columns}


def refuse_overwriting(files: Sequence[Path], folder: Path) -> None:
    """See that the safe table of each file, which has the file's name, replaces none of them.

    Raises:
        ConfigError: it would, or two files have one name.
    """
    for file in files:
        if (folder / file.name).resolve() == file.resolve():
            raise ConfigError(f"{folder}: the safe table would replace {file}\n  give another folder with --out")
    stems = [file.stem.lower() for file in files]
    if twice := [file for file in files if stems.count(file.stem.lower()) > 1]:
        raise ConfigError(
            f"{folder}: {' and '.join(map(str, twice[:2]))} would be written under one name\n"
            "  check them one by one, each with an --out of its own"
        )


def write_safe(tables: Sequence[Checked], folder: Path) -> list[Path]:
    """Write the tables of one file as they may leave, in the format of the file, and NAME.audit.csv.

    The audit has a row for each number: its cell, column, class and rule, and no value. A table that hiding cannot make
    safe is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = tables[0].sheet.file
    safe = [checked for checked in tables if checked.safe is not None]
    target, audit = folder / source.name, folder / f"{source.stem}.audit.csv"
    if safe:
        with unfinished(target) as part:
            (_write_xlsx if source.suffix.lower() == ".xlsx" else _write_csv)(safe, part)
    else:  # an earlier safe table may be safe no more
        target.unlink(missing_ok=True)
    with unfinished(audit) as part:
        part.write_text(_as_csv([_AUDIT, *(row for checked in tables for row in checked.audit)]), encoding="utf-8")
    return [target, audit] if safe else [audit]


def _lines(checked: Checked) -> list[list[str]]:
    dropped = _dropped(checked)
    header = [name for place, name in enumerate(checked.sheet.header) if place not in dropped]
    return [header, *(checked.safe or [])]


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _write_csv(tables: Sequence[Checked], path: Path) -> None:
    path.write_text(_as_csv(_lines(tables[0])), encoding="utf-8")


def _write_xlsx(tables: Sequence[Checked], path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for checked in tables:
        sheet = book.create_sheet(checked.sheet.name)
        header, *rows = _lines(checked)
        sheet.append(header)
        for row in rows:
            sheet.append([_number(text) for text in row])
    book.save(path)


_PLAIN = re.compile(r"-?(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?")


def _number(text: str) -> str | float:
    """A number as a number; never a formula, nor a code such as 01110."""
    if _PLAIN.fullmatch(text):
        return float(text.replace(",", ""))
    return f"'{text}" if text.startswith(("=", "+", "@")) else text
