"""What may be wrong with a table of results, in words, and a table that was looked at."""

from dataclasses import dataclass, field

from quality.disclosure import Sum
from quality.disclosure.outputs.equations import Key
from quality.disclosure.outputs.layout import Layout
from quality.disclosure.outputs.reading import Sheet

REMEDIES = {
    "threshold": "hide it",
    "complement": "hide it too, or give fewer or broader groups",
    "remainder": "hide one of the two counts whose difference it is",
    "recovered": "hide further cells of its row or column; --out writes a table that is safe",
    "known small": "hide further cells of its row or column; --out writes a table that is safe",
    "rounding": "round every count, and every share to as many places; --out does",
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
    "below nought": "leave the column out: what counts rose or fell by tells the counts themselves",
    "extreme": "leave the column out, or give a percentile beyond which many people lie",
    "alike": "write out the labels of every row, none merged or left blank; one table a file, without a row twice",
    "unread": "one row of names above numbers and symbols alone; or name the column, --label, where it holds codes",
    "beneath": "save the cells alone in a new workbook; --out does",
    "nothing to judge": "rows about people: give --microdata; a table of results: name its columns, --count, --share",
}
NOTES = frozenset({"all of one kind", "sums", "unknown base", "unlike"})
NOT_TO_BE_MENDED = frozenset(
    {"kept nowhere", "contradiction", "unread", "nothing to judge", "below nought", "extreme", "alike"}
)


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
        shown: the counts that may leave, and those that shares tell, for the register of approved tables.
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

    def tell(self, key: Key, rule: str, says: str) -> None:
        """Add a finding about a number."""
        self.findings.append(self.finding(key, rule, says))

    def finding(self, key: Key, rule: str, says: str) -> Finding:
        """A finding about a number, which is named by its cell."""
        return Finding(self.sheet.place(key[0], key[1]), self.sheet.heads[key[1]], rule, says)
