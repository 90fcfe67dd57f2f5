"""What is wrong with a table of results, cell by cell, and the table as it may leave."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from quality.disclosure import Disclosure, Need, Profile, Sum, Unprotectable, exposed, intervals, protect
from quality.outputs.approved import Approved, Context, cell_of, held_against, meaning, ways_of
from quality.outputs.equations import Key, Numbers, amounts_of, counts_of
from quality.outputs.layout import Layout, Said, layout_of, texts_of
from quality.outputs.reading import Sheet
from quality.outputs.together import Part, Together, approved_parts, together
from quality.outputs.totals import plain

Tell = Callable[[Key, str, str], None]
"""Is told a number, the rule and what is wrong."""

REMEDIES = {
    "threshold": "hide it",
    "complement": "hide it too, or give fewer or broader groups",
    "remainder": "hide one of the two counts whose difference it is",
    "recovered": "hide further cells of its row or column; --out writes a table that is safe",
    "known small": "hide further cells of its row or column; --out writes a table that is safe",
    "rounding": "round every count; --out does",
    "rounding undone": "hide it, or give broader groups",
    "share": "hide it, or give the share of a larger group",
    "share of hidden": "hide it with the count that it would tell",
    "average": "hide it, or give the average of a larger group",
    "dominance": "hide it, or add groups together",
    "approved": "give the same cell as the approved table does",
    "approved undone": "hide the cells that are named as complements; --out writes tables that are safe",
    "beside": "hide it in every table, or show it in every table",
    "unlike": "see whether the tables are of the same people; if not, check them apart, with --population",
    "differencing": "use the approved table's population, or hide the cell",
    "kept nowhere": "give broader groups: the approved tables tell the cell whatever is hidden here",
    "all of one kind": "see whether it says something of everybody in the group; if so, give broader groups",
    "sums": "see whether people count twice; if not, mend the table",
    "unknown base": "name it: --of SHARE=BASE, or --of SHARE=PART/BASE",
    "contradiction": "mend the table: no numbers agree with all that it shows",
    "tells small": "write the symbol for what is hidden; --out does",
    "unread": "one row of names above numbers and symbols alone; or name the column, --label, where it holds codes",
    "beneath": "save the cells alone in a new workbook; --out does",
    "nothing to judge": "rows about people: give --microdata; a table of results: name its columns, --count, --share",
}
NOTES = frozenset({"all of one kind", "sums", "unknown base", "unlike"})
_NOT_TO_BE_MENDED = frozenset({"kept nowhere", "contradiction", "unread", "nothing to judge"})


@dataclass(frozen=True)
class Finding:
    """A fault of one cell or, as a note, something to look at. Never a value."""

    place: str
    column: str
    rule: str
    says: str

    @property
    def is_note(self) -> bool:
        return self.rule in NOTES

    @property
    def remedy(self) -> str:
        return REMEDIES[self.rule]


@dataclass
class Checked:
    """A table that was looked at.

    Attributes:
        safe: the table as it may leave, text by text below the header; None where nothing hidden here would make it so.
        audit: of each number: cell, column, class (published, rounded, primary, complement, as given, withheld), rule.
        shown: the counts that may leave, for the register of approved tables.
        sums: the equations between its counts.
    """

    sheet: Sheet
    layout: Layout
    findings: list[Finding] = field(default_factory=list)
    safe: list[list[str]] | None = None
    audit: list[tuple[str, str, str, str]] = field(default_factory=list)
    shown: dict[Key, tuple[float, float] | None] = field(default_factory=dict)
    sums: list[Sum[Key]] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        """Whether it may leave as it is."""
        return all(finding.is_note for finding in self.findings)


def check_table(sheet: Sheet, said: Said, profile: Profile, context: Context | None = None) -> Checked:
    """Everything that is wrong with a table at once, and a table that is safe; see `check_tables`."""
    return check_tables([sheet], said, profile, context)[0]


def check_tables(
    sheets: Sequence[Sheet], said: Said, profile: Profile, context: Context | None = None
) -> list[Checked]:
    """Everything that is wrong with tables that leave together, held to those that were approved before.

    Args:
        sheets: of the same people.

    Raises:
        ConfigError: `said` names columns that are not there.
    """
    found = [Checked(sheet, layout_of(sheet, said)) for sheet in sheets]
    before: Sequence[Approved] = context.approved if context else ()
    parts = []
    for checked in found:
        checked.findings += _not_of_cells(checked)
        numbers = counts_of(checked.sheet, checked.layout, profile)
        checked.sums = list(numbers.sums)
        for key, rule, says in held_against(numbers, checked.sheet, checked.layout, before, context, profile):
            checked.findings.append(_finding(checked, key, rule, says))
            if rule == "differencing":
                numbers.needs.setdefault(key, Need())
        parts.append(_part(checked, numbers, context.unit if context else "people"))
    alike = [one for one in before if context and plain(one.population) == plain(context.population)]
    all_tables, agree = together([*parts, *approved_parts(alike, profile)], profile)
    if not agree:
        found[0].findings.append(
            Finding("all tables", "", "unlike", "they contradict each other where they should agree")
        )
    names = [*(None for _ in found), *(one.name for one in alike)]
    hidden = _judged(all_tables.numbers, profile, _Teller(found, all_tables, names))
    for table, (checked, part) in enumerate(zip(found, parts, strict=True)):
        mine = {key for key, name in all_tables.names[table].items() if name in hidden}
        part.numbers.rules |= {
            key: all_tables.numbers.rules[name]
            for key, name in all_tables.names[table].items()
            if name in all_tables.numbers.rules
        }
        for column in checked.layout.largest:
            amounts = amounts_of(checked.sheet, checked.layout, column, profile)
            mine |= _judged(amounts, profile, _teller(checked))
        _Release(checked, part.numbers, mine, profile).write()
        if any(finding.rule in _NOT_TO_BE_MENDED for finding in checked.findings):
            checked.safe = None
    return found


def _not_of_cells(checked: Checked) -> Iterator[Finding]:
    """Faults of how a table lies: what stands beside its cells, columns that cannot be read, symbols that tell."""
    sheet, layout = checked.sheet, checked.layout
    for what in sheet.beneath:
        yield Finding("workbook", "", "beneath", f"it holds {what}: they would leave with it")
    if not (layout.counts or layout.shares or layout.averages or layout.largest or layout.unread):
        says = "no column of counts, shares or averages was found, so that nothing was looked at"
        yield Finding("table", "", "nothing to judge", says)
    for column in layout.unread:
        texts = texts_of(sheet, column, layout.totals)
        cells = "1 cell among its numbers is" if len(texts) == 1 else f"{len(texts)} cells among its numbers are"
        says = f"{cells} neither number nor symbol, so it was not looked at"
        yield _finding(checked, (texts[0], column, ""), "unread", says)
    for row, cells_of_row in enumerate(sheet.rows):
        for column in layout.counts:
            if cells_of_row[column].mark == "under":
                yield _finding(checked, (row, column, ""), "tells small", "it tells that the count is small")


def _part(checked: Checked, numbers: Numbers, unit: str) -> Part:
    sheet, layout = checked.sheet, checked.layout
    cells = {key: cell_of(meaning(sheet, layout, key, unit)) for key in numbers.low if not key[2]}
    return Part(numbers, cells, ways_of(sheet, layout))


def _finding(checked: Checked, key: Key, rule: str, says: str) -> Finding:
    return Finding(checked.sheet.place(key[0], key[1]), checked.sheet.header[key[1]], rule, says)


def _teller(checked: Checked) -> Tell:
    return lambda key, rule, says: checked.findings.append(_finding(checked, key, rule, says))


@dataclass(frozen=True)
class _Teller:
    """Tells each table of what was found of its numbers; of an approved one, the first of the new."""

    found: Sequence[Checked]
    all_tables: Together
    names: Sequence[str | None]

    def __call__(self, key: Key, rule: str, says: str) -> None:
        for table, own in self.all_tables.own[key]:
            if table < len(self.found):
                self.found[table].findings.append(_finding(self.found[table], own, rule, says))
            elif rule in ("recovered", "known small", "kept nowhere"):
                name = self.names[table]
                says = (
                    f"cells that it hides could be had with {'this table' if len(self.found) == 1 else 'these tables'}"
                )
                finding = Finding(f"approved table {name}", "", "approved undone", says)
                if finding not in self.found[0].findings:
                    self.found[0].findings.append(finding)


def _judged(numbers: Numbers, profile: Profile, tell: Tell) -> set[Key]:
    """What must be hidden of numbers that are tied; `tell` is told why."""
    for key in numbers.notes:
        tell(key, "sums", "the parts come to more than their total; they were not taken for its parts")
    for key, rule in numbers.rules.items():
        if rule == "threshold":
            tell(key, rule, f"a count under {profile.threshold} is shown")
        elif rule == "remainder":
            tell(key, rule, f"a difference of two counts is under {profile.threshold}")
        elif rule == "beside":
            tell(key, rule, "another of these tables hides it")
        elif rule.startswith("dominance"):
            tell(key, "dominance", rule.partition(": ")[2])
    if not numbers.low:
        return set()
    known = numbers.known()
    guarded = {key: numbers.needs[key] for key in numbers.hidden if key in numbers.needs}
    try:
        told = exposed(known, numbers.hidden, dict.fromkeys(guarded, Need())) if guarded else set()
        small = exposed(known, numbers.hidden, guarded) - told
        for key in sorted(told):
            tell(key, "recovered", "it is hidden, and the cells shown tell it")
        for key in sorted(small):
            tell(key, "known small", f"it is hidden, and the cells shown tell that it is under {profile.threshold}")
        if profile.threshold == 1 and numbers.is_rounded:
            shown = {key for key in numbers.low if numbers.high[key] > numbers.low[key] and key not in numbers.unshown}
            low = [key for key in shown if numbers.low[key] < 10]
            single = exposed(known, numbers.hidden, dict.fromkeys(low, Need()))
            for key, found in intervals(known, numbers.hidden, of=[key for key in low if key in single]).items():
                if found.recovered and found.low > 0:
                    tell(key, "rounding undone", "it is rounded, and the cells shown tell it to the last unit")
                    numbers.needs[key] = Need()
        hidden = protect(known, numbers.needs, method="cheapest") | numbers.hidden
    except Unprotectable as error:
        for key in sorted(error.keys):
            tell(key, "kept nowhere", "an approved table tells it, whatever is hidden here")
        return set(numbers.needs) | numbers.hidden
    except ValueError:
        first = next(iter(numbers.low))
        tell(first, "contradiction", "the numbers shown contradict their sums")
        return set(numbers.needs) | numbers.hidden
    for key in sorted(hidden - set(numbers.needs) - numbers.hidden - numbers.unshown):
        tell(key, "complement", "a cell that must be hidden could be had from it")
    return set(hidden)


class _Release:
    """Writes what may leave of a table and its audit, and tells of shares and averages that may not."""

    def __init__(self, checked: Checked, numbers: Numbers, hidden: set[Key], profile: Profile) -> None:
        self.checked, self.numbers, self.hidden = checked, numbers, hidden
        self.profile, self.disclosure = profile, Disclosure(profile)
        self.sheet, self.layout = checked.sheet, checked.layout

    def write(self) -> None:
        """All rows, without the columns of contributions."""
        self._tell_unrounded()
        self._tell_full()
        for column in (*self.layout.shares, *self.layout.averages):
            if self.layout.of.get(column, (None, None))[1] is None:
                self._tell(
                    (0, column, ""),
                    "unknown base",
                    "what it is of is not known, and its base was not looked at",
                )
        dropped = {one for those in self.layout.largest.values() for one in those}
        self.checked.safe = [
            [self._text(row, column) for column in range(len(self.sheet.header)) if column not in dropped]
            for row in range(len(self.sheet.rows))
        ]
        self.checked.audit += [
            (self.sheet.place(row, column), self.sheet.header[column], "withheld", "largest contributions")
            for row in range(len(self.sheet.rows))
            for column in sorted(dropped)
        ]

    def _tell(self, key: Key, rule: str, says: str) -> None:
        self.checked.findings.append(_finding(self.checked, key, rule, says))

    def _tell_unrounded(self) -> None:
        base = self.profile.round_to
        if base == 1 or self.numbers.is_rounded:
            return
        for column in self.layout.counts:
            odd = [n for n, row in enumerate(self.sheet.rows) if (row[column].number or 0) % base]
            if odd:
                cells = "1 count is" if len(odd) == 1 else f"{len(odd)} counts from here down are"
                self._tell((odd[0], column, ""), "rounding", f"{cells} not rounded to {base}")

    def _tell_full(self) -> None:
        if not self.profile.full_cells_are_sensitive:
            return
        for line in self.numbers.sums:
            if len(line.parts) > 1 and line.total not in self.numbers.hidden and self.numbers.low[line.total] > 0:
                full = [part for part in line.parts if self.numbers.low[part] == self.numbers.low[line.total]]
                if full and not full[0][2]:
                    self._tell(full[0], "all of one kind", "everybody of the group is in this cell")

    def _text(self, row: int, column: int) -> str:
        given = self.sheet.rows[row][column]
        if given.number is None or column in self.layout.labels or column in self.layout.unread:
            if given.mark:
                self._audit(row, column, "as given", given.mark)
            if given.mark in ("suppressed", "under") and column in self.layout.counts:
                self.checked.shown[row, column, ""] = None
                return self.profile.symbols.suppressed if given.mark == "under" else given.text
            return given.text
        if column in self.layout.counts or column in self.layout.largest:
            return self._counted(row, column, given.number)
        if column in self.layout.shares:
            return self._shared(row, column, given.number)
        return self._averaged(row, column, given.number)

    def _counted(self, row: int, column: int, number: float) -> str:
        key = (row, column, "")
        is_count = column in self.layout.counts
        if key in self.hidden:
            rule = self.numbers.rules.get(key)
            is_primary = bool(rule) or (not is_count and key in self.hidden)
            self._audit(
                row, column, "primary" if is_primary else "complement", rule or ("" if is_count else "dominance")
            )
            self.checked.shown |= {key: None} if is_count else {}
            return self.profile.symbols.suppressed
        if not is_count:
            self._audit(row, column, "rounded", f"to {self.profile.amounts_to:g}")
            return f"{self.profile.amounts_to * int(number / self.profile.amounts_to + 0.5):,.0f}"
        cell = self.disclosure.rounded(int(number))
        reach = self.profile.round_to // 2
        value = cell.value if cell.value is not None else 0.0
        self.checked.shown[key] = (max(0.0, value - reach), value + reach)
        changed = not self.numbers.is_rounded and self.profile.round_to > 1
        self._audit(
            row, column, "rounded" if changed else "published", f"to {self.profile.round_to}" if changed else ""
        )
        return self.sheet.rows[row][column].text if self.numbers.is_rounded else cell.text

    def _base(self, row: int, column: int) -> Iterator[tuple[Key, float | None]]:
        for at in self.layout.of.get(column, (None, None)):
            if at is not None:
                yield (row, at, ""), self.sheet.rows[row][at].number

    def _tied(self, row: int, column: int) -> bool:
        """Whether a share or average would tell of a hidden count; without a base, of any of its row."""
        keys = [key for key, _ in self._base(row, column)] or [(row, at, "") for at in self.layout.counts]
        rests = {
            key for key in self.hidden if key[0] == row and key[2].startswith("rest") and key[1] in {k[1] for k in keys}
        }
        return any(key in self.hidden for key in keys) or bool(rests)

    def _withheld(self, row: int, column: int, rule: str, says: str) -> str:
        self._tell((row, column, ""), rule, says)
        self._audit(row, column, "primary" if rule in ("share", "average") else "complement", rule)
        return self.profile.symbols.suppressed

    def _shared(self, row: int, column: int, number: float) -> str:
        if self._tied(row, column):
            return self._withheld(row, column, "share of hidden", "the counts that it is made of must be hidden")
        given = self.sheet.rows[row][column].text
        parts = [value for _, value in self._base(row, column)]
        base = parts[-1] if parts else None
        if base is not None:
            is_fraction = column in self.layout.fractions
            part = parts[0] if len(parts) == 2 and parts[0] is not None else number * base / (1 if is_fraction else 100)
            cell = self.disclosure.percent(min(round(part), round(base)), round(base))
            if cell.mark == "suppressed":
                least = self.profile.least_percent_base
                why = f"it is of fewer than {least:g}" if base < least else "it tells a count that is too small"
                return self._withheld(row, column, "share", why)
            if self.numbers.is_exact and len(parts) == 2 and not is_fraction:
                self._audit(row, column, "rounded", f"to {self.profile.percent_places} places")
                return cell.text + "%" * (given.endswith("%") and cell.mark is None)
        self._audit(row, column, "published", "")
        return given

    def _averaged(self, row: int, column: int, number: float) -> str:
        if self._tied(row, column):
            return self._withheld(row, column, "share of hidden", "the count that it is of must be hidden")
        parts = [value for _, value in self._base(row, column)]
        base = parts[-1] if parts else None
        if base is not None and base < self.profile.least_average_base:
            return self._withheld(row, column, "average", f"it is of fewer than {self.profile.least_average_base:g}")
        if max(cells[column].number or 0.0 for cells in self.sheet.rows) < self.profile.amounts_to:
            self._audit(row, column, "published", "")  # ages or scores: of them a hundred's rounding leaves nothing
            return self.sheet.rows[row][column].text
        cell = self.disclosure.average(number, 10**9)
        self._audit(row, column, "rounded", f"to {self.profile.amounts_to:g}")
        return cell.text

    def _audit(self, row: int, column: int, class_: str, rule: str) -> None:
        self.checked.audit.append((self.sheet.place(row, column), self.sheet.header[column], class_, rule))
