"""What goes wrong in the records: by body, by field and by kind, and one person as several bodies have them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.population import drawing as report_charts
from quality.population.counting import Counts
from quality.population.drawing import figure
from quality.population.lives import Written
from quality.report.names import Names
from quality.report.page import Block, Section, Table, Text

_FIELDS = ("forename", "middle_names", "surname", "former_surname", "dob", "sex", "postcode", "former_postcode")


def slips_section(counts: Counts, written: Sequence[Written], names: Names, d: Disclosure) -> Section:
    """Mistakes. An old name or address is none: it comes from dates."""
    blocks: list[Block] = [
        Text(
            "A mistake is made once, when a body takes a person's details, and stays on all records of the dealing. "
            "Some people and some bodies make more of them, so that mistakes come together. An old surname or address "
            "is no mistake: it was true, and the body has not heard of the change. truth/errors has every mistake."
        ),
        *_fields(counts, names, d),
        *_kinds(counts, names, d),
        *_person(written, names),
    ]
    return Section("mistakes", "Mistakes", blocks)


def _fields(counts: Counts, names: Names, d: Disclosure) -> list[Block]:
    records = {str(row["source"]): int(row["records"]) for row in counts.touched}
    wrong = {str(row["source"]): int(row["wrong"]) for row in counts.touched}
    found: Counter[tuple[str, str]] = Counter()
    for row in counts.mistakes:
        found[str(row["source"]), str(row["field"])] += int(row["records"])
    fields = [*_FIELDS, *sorted({field for _, field in found} - {*_FIELDS})]
    shown = [field for field in fields if any(found[source, field] for source in records)]
    if not shown:
        return []
    rows: list[list[str | Cell]] = [
        [
            names.column(field),
            *(
                d.percent(found[source, field], records[source]) if found[source, field] else d.marked("not_applicable")
                for source in records
            ),
        ]
        for field in shown
    ]
    rows.append(["Any field", *(d.percent(wrong[source], records[source]) for source in records)])
    note = f"{d.profile.symbols.not_applicable}: the source has no such field, or no mistake in it."
    columns = ["Field", *(names.source(source) for source in records)]
    return [Table("Records with a mistake, %", columns, rows, note)]


def _kinds(counts: Counts, names: Names, d: Disclosure) -> list[Block]:
    found: Counter[tuple[str, str]] = Counter()
    for row in counts.mistakes:
        found[str(row["field"]), str(row["kind"])] += int(row["records"])
    values: list[dict[str, Any]] = []
    rows: list[list[str | Cell]] = []
    for field in _FIELDS:
        for (of, kind), number in found.most_common():
            if of == field:
                cell = d.count(number)
                values.append({"label": kind, "group": names.column(field), "value": cell.value, "shown": cell.text})
                rows.append([names.column(field), kind, cell])
    drawn = [row for row in values if row["value"] and not row["group"].startswith("Former")]
    if not drawn:
        return []
    return [
        figure(
            "kinds-of-mistakes",
            "Kinds of mistakes by field",
            "Records that have each. Most mistakes leave a name that can still be recognised.",
            lambda width: report_charts.bars(drawn, width, x="Records", facet=True),
            Table("Mistakes by field and kind", ["Field", "Kind", "Records"], rows),
        )
    ]


def _person(written: Sequence[Written], names: Names) -> list[Block]:
    if not written:
        return []
    rows: list[list[str | Cell]] = [
        [
            names.source(row.source),
            str(row.first) if row.first == row.last else f"{row.first} to {row.last}",
            row.name,
            row.birth,
            row.postcode,
            _in_words(row.wrong, names) or "none",
        ]
        for row in written
    ]
    columns = ["Source", "Years", "Name", "Birth date", "Postcode", "Mistakes"]
    note = "An invented person. All rows are of one and the same: to find that out is the task."
    return [Table("One person, as the bodies wrote them down", columns, rows, note)]


def _in_words(wrong: str, names: Names) -> str:
    told = [part.split(": ", 1) for part in wrong.split("; ") if part]
    return "; ".join(f"{names.column(field).lower()}: {kind}" for field, kind in told)
