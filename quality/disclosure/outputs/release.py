"""The safe table: what may leave of a table, cell by cell, its audit, and the files
that are written.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from linkage.engine import unfinished
from linkage.errors import ConfigError
from quality.disclosure import Disclosure, Profile
from quality.disclosure.outputs.findings import Checked
from quality.disclosure.outputs.numbers import Fault, hides
from quality.disclosure.outputs.reading import Value
from quality.disclosure.outputs.schema import Column, schema_path, schema_text

_AUDIT = ("cell", "column", "class", "rule")
_PRIMARY = frozenset({"threshold", "remainder", "base", "dominance", "rounding undone"})


def release(
    checked: Checked, faults: Mapping[tuple[int, int], Fault], profile: Profile
) -> None:
    """Set what may leave of a table and its audit.

    Args:
        faults: of each number that may not leave, by row and column.
    """
    layout, sheet = checked.layout, checked.sheet
    _report_unrounded(checked, profile)
    texts = [[cell.text for cell in row] for row in checked.source.rows]
    for column, spec in enumerate(layout.columns):
        for row, cells in enumerate(sheet.rows):
            cell = cells[column]
            if not cell.text or spec is None or spec.holds == "dimension":
                continue
            if spec.holds == "contribution":
                text, class_, rule = (
                    profile.symbols.suppressed,
                    "withheld",
                    "largest contributions",
                )
            elif cell.number is None:
                is_bad = (
                    spec.holds == "count"
                    and cell.mark != "suppressed"
                    and hides(cell.mark, profile)
                )
                text, class_, rule = (
                    profile.symbols.suppressed if is_bad else cell.text,
                    "as given",
                    cell.mark or "",
                )
            elif fault := faults.get((row, column)):
                class_ = "primary" if fault[0] in _PRIMARY else "complement"
                text, rule = profile.symbols.suppressed, fault[0]
            else:
                text, rule = _shown(cell, spec, sheet.schema.rounded_to, profile)
                class_ = "rounded" if rule else "published"
            place = sheet.origin.get((row, column), (row, column))
            texts[place[0]][place[1]] = text
            checked.audit.append(
                (sheet.place(row, column), sheet.header[column], class_, rule)
            )
    checked.safe = texts


def _report_unrounded(checked: Checked, profile: Profile) -> None:
    base, rows = profile.round_to, checked.sheet.rows
    is_rounded = checked.sheet.schema.rounded_to % base == 0
    for column in checked.layout.counts if not is_rounded else ():
        odd = [n for n, row in enumerate(rows) if (row[column].number or 0) % base]
        if odd:
            cells = (
                "1 count is"
                if len(odd) == 1
                else f"{len(odd)} counts from here down are"
            )
            checked.add(odd[0], column, "rounding", f"{cells} not rounded to {base}")
    for column in checked.layout.holding("rate") if base > 1 else ():
        # A rate with all its places discloses the rounded counts.
        places = _places(checked.layout.column(column), profile)
        fine = [n for n, row in enumerate(rows) if row[column].places > places]
        if fine:
            rates = (
                "1 rate has"
                if len(fine) == 1
                else f"{len(fine)} rates from here down have"
            )
            checked.add(
                fine[0], column, "rounding", f"{rates} more than {places} places"
            )


def _shown(
    cell: Value, spec: Column, rounded_to: int, profile: Profile
) -> tuple[str, str]:
    """A number as it may leave, and how it was rounded."""
    number, disclosure = cell.number or 0.0, Disclosure(profile)
    if spec.holds == "count":
        is_rounded = rounded_to % profile.round_to == 0
        return (
            (cell.text, "")
            if is_rounded
            else (disclosure.rounded(int(number)).text, f"to {profile.round_to}")
        )
    if spec.holds == "amount":
        return (
            f"{profile.amounts_to * int(number / profile.amounts_to + 0.5):,.0f}",
            f"to {profile.amounts_to:g}",
        )
    if spec.holds in ("mean", "median") and spec.is_money:
        return disclosure.average(number, 10**9).text, f"to {profile.amounts_to:g}"
    places = _places(spec, profile)
    if spec.holds == "rate" and profile.round_to > 1 and cell.places > places:
        return (
            f"{number:.{places}f}{'%' * cell.text.endswith('%')}",
            f"to {places} places",
        )
    return cell.text, ""


def _places(spec: Column, profile: Profile) -> int:
    """Digits after the point of a rate: as many as make the profile's digits in per
    cent.
    """
    return max(0, profile.percent_places + round(math.log10(100 / (spec.per or 100))))


def refuse_overwriting(files: Sequence[Path], folder: Path) -> None:
    """See that the safe tables of files, which have the files' names, replace none of
    them and no other.

    Raises:
        ConfigError: they would.
    """
    if folder.resolve() in {file.resolve().parent for file in files}:
        raise ConfigError(
            f"{folder}: the safe tables would replace files there\n  give another "
            "folder with --out"
        )
    stems = [file.stem.lower() for file in files]
    if repeats := [file for file in files if stems.count(file.stem.lower()) > 1]:
        raise ConfigError(
            f"{folder}: {' and '.join(map(str, repeats[:2]))} would be written under "
            "one name\n"
            "  check them one by one, each with an --out of its own"
        )


def write_safe(checked: Checked, folder: Path, profile: Profile) -> list[Path]:
    """Write a table as it may leave, its schema and its audit: NAME.csv, NAME.toml and
    NAME.audit.csv.

    The audit has a row for each number: its cell, column, class and rule, and no value.
    A table that hiding cannot make safe is not written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / checked.source.file.name
    files = {table.with_suffix(".audit.csv"): _as_csv([_AUDIT, *checked.audit])}
    if checked.safe is None:  # an earlier safe table may be safe no more
        table.unlink(missing_ok=True)
    else:
        rounded_to = math.lcm(checked.source.schema.rounded_to, profile.round_to)
        files[schema_path(table)] = schema_text(
            checked.source.schema.model_copy(update={"rounded_to": rounded_to})
        )
        files[table] = _as_csv([checked.source.header, *checked.safe])
    for path, text in files.items():
        with unfinished(path) as part:
            part.write_text(text, encoding="utf-8")
    return sorted(files)


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
