"""What may leave of a table, cell by cell, with the class of each; and which shares and averages may not."""

from quality.disclosure import Disclosure, Profile
from quality.disclosure.outputs.equations import Key, Numbers, hides
from quality.disclosure.outputs.findings import Checked
from quality.disclosure.outputs.partners import beside_hidden
from quality.disclosure.outputs.reading import Value
from quality.disclosure.outputs.shares import places_of


class Release:
    """Writes what may leave of a table and its audit, and tells of shares and averages that may not.

    Args:
        numbers: the table's counts.
        hidden: those that must be, and amounts.
    """

    def __init__(self, checked: Checked, numbers: Numbers, hidden: set[Key], profile: Profile) -> None:
        self.checked, self.numbers, self.hidden = checked, numbers, hidden
        self.profile, self.disclosure = profile, Disclosure(profile)
        self.sheet, self.layout = checked.sheet, checked.layout
        self._withheld = self._shares_withheld()

    def write(self) -> None:
        """All rows, without the columns of contributions."""
        self._tell_unrounded()
        self._tell_full()
        for column in (*self.layout.shares, *self.layout.averages):
            if self.layout.of.get(column, (None, None))[1] is None:
                says = "what it is of is not known, and its base was not looked at"
                self.checked.tell((0, column, ""), "unknown base", says)
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

    def _tell_unrounded(self) -> None:
        base = self.profile.round_to
        if base == 1:
            return
        for column in () if self.numbers.is_rounded else self.layout.counts:
            odd = [n for n, row in enumerate(self.sheet.rows) if (row[column].number or 0) % base]
            if odd:
                cells = "1 count is" if len(odd) == 1 else f"{len(odd)} counts from here down are"
                self.checked.tell((odd[0], column, ""), "rounding", f"{cells} not rounded to {base}")
        for column in self.layout.shares:
            most = self._places(column)
            fine = [n for n, row in enumerate(self.sheet.rows) if places_of(row[column]) > most]
            if fine:  # of counts that are rounded a share with all its places tells the counts themselves
                shares = "1 share has" if len(fine) == 1 else f"{len(fine)} shares from here down have"
                self.checked.tell((fine[0], column, ""), "rounding", f"{shares} more than {most} places")

    def _tell_full(self) -> None:
        if not self.profile.full_cells_are_sensitive:
            return
        for line in self.numbers.sums:
            if len(line.parts) > 1 and line.total not in self.numbers.hidden and self.numbers.low[line.total] > 0:
                full = [part for part in line.parts if self.numbers.low[part] == self.numbers.low[line.total]]
                if full and not full[0][2]:
                    self.checked.tell(full[0], "all of one kind", "everybody of the group is in this cell")

    def _text(self, row: int, column: int) -> str:
        given = self.sheet.rows[row][column]
        if given.number is None or column in self.layout.labels or column in self.layout.unread:
            if given.mark:
                self._audit(row, column, "as given", given.mark)
            self._tells(row, column)
            if hides(given.mark, self.profile) and column in self.layout.counts:
                self.checked.shown[row, column, ""] = None
                return given.text if given.mark == "suppressed" else self.profile.symbols.suppressed
            return given.text
        if column in self.layout.counts or column in self.layout.largest:
            return self._counted(row, column, given.number)
        if column in self.layout.shares:
            return self._shared(row, column, given)
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

    def _shares_withheld(self) -> dict[tuple[int, int], tuple[str, str]]:
        """Row and column of each share that may not leave, with its rule and what is wrong."""
        found = {
            (row, column): why
            for row, cells in enumerate(self.sheet.rows)
            for column in self.layout.shares
            if cells[column].number is not None and (why := self._against(row, column))
        }
        says = "with the others of its kind it tells a share or count that must be hidden"
        for row, column, of in sorted(self.hidden):
            if column in self.layout.shares and not of and self.sheet.rows[row][column].number is not None:
                found.setdefault((row, column), ("complement", says))
        says = "with the others of its row it tells a share that must be hidden"
        for at in list(beside_hidden(self.sheet, self.layout, found, self.profile.threshold)):
            found[at] = ("complement", says)
        return found

    def _against(self, row: int, column: int) -> tuple[str, str] | None:
        """The rule that a share breaks; None where it may leave, or nobody knows what it is of."""
        if self._tied(row, column):
            return "share of hidden", "the counts that it is made of must be hidden"
        part_at, base_at = self.layout.of.get(column, (None, None))
        if base_at is None:
            return None
        cells = self.sheet.rows[row]
        base, part = cells[base_at].number, cells[part_at].number if part_at is not None else None
        if base is None:
            return "share", "what it is of is not shown, so that it cannot be judged"
        wholes = self.layout.wholes(column)
        for whole in wholes:
            people = part if part is not None else (cells[column].number or 0.0) * base / whole
            if self.disclosure.percent(min(round(people), round(base)), round(base)).mark == "suppressed":
                least = self.profile.least_percent_base
                why = f"it is of fewer than {least:g}" if base < least else "it tells a count that is too small"
                is_open = part is None and len(wholes) > 1 and base >= least
                return "share", why + ", should it be in per cent: call it a fraction if it is one" * is_open
        return None

    def _tied(self, row: int, column: int) -> bool:
        """Whether a share or average would tell of a hidden count; without a base, of any of its row."""
        of = [at for at in self.layout.of.get(column, ()) if at is not None] or self.layout.counts
        keys = [(row, at, "") for at in of]
        rests = {
            key for key in self.hidden if key[0] == row and key[2].startswith("rest") and key[1] in {k[1] for k in keys}
        }
        return any(key in self.hidden for key in keys) or bool(rests)

    def _withhold(self, row: int, column: int, rule: str, says: str) -> str:
        self.checked.tell((row, column, ""), rule, says)
        self._audit(row, column, "primary" if rule in ("share", "average") else "complement", rule)
        return self.profile.symbols.suppressed

    def _shared(self, row: int, column: int, given: Value) -> str:
        self._tells(row, column)
        if (row, column) in self._withheld:
            return self._withhold(row, column, *self._withheld[row, column])
        number, percent = given.number or 0.0, "%" * given.text.endswith("%")
        part_at, base_at = self.layout.of.get(column, (None, None))
        is_exact = not self.numbers.is_rounded and not any(key[1] in self.layout.counts for key in self.numbers.hidden)
        is_reckoned = is_exact and 1.0 not in self.layout.wholes(column)
        if is_reckoned and part_at is not None and base_at is not None:
            cells = self.sheet.rows[row]
            base, part = round(cells[base_at].number or 0.0), cells[part_at].number
            people = part if part is not None else number * base / 100
            cell = self.disclosure.percent(min(round(people), base), base)
            self._audit(row, column, "rounded", f"to {self.profile.percent_places} places")
            return cell.text + percent * (cell.mark is None)
        most = self._places(column)
        if self.profile.round_to > 1 and places_of(given) > most:
            self._audit(row, column, "rounded", f"to {most} places")
            return f"{number:.{most}f}{percent}"
        self._audit(row, column, "published", "")
        return given.text

    def _tells(self, row: int, column: int) -> None:
        """The count that a share tells with its base, for the register: later tables may not undo it."""
        key = (row, column, "")
        if key in self.numbers.implied:
            is_hidden = key in self.numbers.hidden or (row, column) in self._withheld
            self.checked.shown[key] = None if is_hidden else (self.numbers.low[key], self.numbers.high[key])

    def _places(self, column: int) -> int:
        """After the point of a share, two more where it may be a part of one."""
        return self.profile.percent_places + 2 * (1.0 in self.layout.wholes(column))

    def _averaged(self, row: int, column: int, number: float) -> str:
        if self._tied(row, column):
            return self._withhold(row, column, "share of hidden", "the count that it is of must be hidden")
        _, base_at = self.layout.of.get(column, (None, None))
        base = self.sheet.rows[row][base_at].number if base_at is not None else None
        if base_at is not None and base is None:
            return self._withhold(row, column, "average", "what it is of is not shown, so that it cannot be judged")
        if base is not None and base < self.profile.least_average_base:
            return self._withhold(row, column, "average", f"it is of fewer than {self.profile.least_average_base:g}")
        if max(cells[column].number or 0.0 for cells in self.sheet.rows) < self.profile.amounts_to:
            self._audit(row, column, "published", "")  # ages or scores: of them a hundred's rounding leaves nothing
            return self.sheet.rows[row][column].text
        cell = self.disclosure.average(number, 10**9)
        self._audit(row, column, "rounded", f"to {self.profile.amounts_to:g}")
        return cell.text

    def _audit(self, row: int, column: int, class_: str, rule: str) -> None:
        self.checked.audit.append((self.sheet.place(row, column), self.sheet.header[column], class_, rule))
