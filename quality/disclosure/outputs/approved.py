"""Tables that were approved before: a folder of what left, to which new tables are held.

An approved table is kept as its readers have it: what each cell can be, or that it is hidden. No true number is kept.
"""

import contextlib
import datetime
import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import InputError
from quality.disclosure import Profile, ProtectionLevel
from quality.disclosure.outputs.equations import Key, Numbers
from quality.disclosure.outputs.layout import Layout
from quality.disclosure.outputs.reading import Sheet
from quality.disclosure.outputs.shares import PERCENT
from quality.disclosure.outputs.totals import lone_country, plain, says_all

if TYPE_CHECKING:
    from quality.disclosure.outputs.findings import Checked

Meaning = str  # what a cell counts: its measure and the codes of its labels, without those that stand for all


@dataclass(frozen=True)
class Cell:
    """What a cell counts, taken apart. Columns that add up give codes without a label."""

    measure: str
    codes: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Approved:
    """A table that left.

    Attributes:
        population: of whom it is.
        cells: what can be of each of its cells, None where it is hidden.
        sums: total, parts, and whether the parts leave something of it.
        ways: label to the codes that are not parts of others.
    """

    name: str
    population: str
    cells: Mapping[Meaning, tuple[float, float] | None]
    sums: Sequence[tuple[Meaning, Sequence[Meaning], bool]] = ()
    ways: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a new table is of, and what left before."""

    population: str
    unit: str
    approved: Sequence[Approved]


def meaning(sheet: Sheet, layout: Layout, key: Key, unit: str) -> Meaning:
    """What a cell counts, in the same words whichever way the table lies."""
    row, column, _ = key
    codes = sorted(
        f"{_name(sheet.header[label])}={_name(sheet.rows[row][label].text)}"
        for label in layout.labels
        if not layout.is_total(sheet.rows[row][label].text) and sheet.rows[row][label].text
    )
    head = sheet.header[column]
    if column in layout.shares:  # those of whom it is a share: "In work %" tells of the same people as "In work"
        return "; ".join([_name(PERCENT.sub("", head).strip(" ()[],")), *codes])
    if layout.across is None:
        return "; ".join([_name(head), *codes])
    return "; ".join([_name(unit), *codes, *([] if layout.is_total(head) else [f"={_name(head)}"])])


def cell_of(meaning: Meaning) -> Cell:
    """What a cell counts, from its words."""
    measure, *codes = meaning.split("; ")
    return Cell(measure, frozenset((label, code) for label, _, code in (text.partition("=") for text in codes)))


def ways_of(sheet: Sheet, layout: Layout) -> dict[str, frozenset[str]]:
    """Label to the codes that are not parts of others; the columns that add up have no label."""
    found = {
        _name(sheet.header[label]): frozenset(
            _name(row[label].text)
            for row in sheet.rows
            if row[label].text
            and not layout.is_total(row[label].text)
            and (label, plain(row[label].text)) not in layout.parents
        )
        for label in layout.labels
    }
    if layout.across is not None:
        found[""] = frozenset(_name(sheet.header[one]) for one in layout.counts if one != layout.across)
    return found


def _name(text: str) -> str:
    """A label or code as it stands in a meaning, which is parted by ; and =."""
    return plain(text).replace(";", ",").replace("=", ":")


def held_against(
    numbers: Numbers,
    sheet: Sheet,
    layout: Layout,
    approved: Sequence[Approved],
    context: Context | None,
    profile: Profile,
) -> Iterator[tuple[Key, str, str]]:
    """Cells that an approved table hides, and cells that differ from one of it by a few people.

    What an approved table shows of the same people is known: it cannot be hidden here any more, and is marked so.
    """
    if context is None or not approved:
        return
    for key in [key for key in numbers.low if not key[2]]:
        cell = meaning(sheet, layout, key, context.unit)
        is_shown = key not in numbers.hidden
        for table in approved:
            if cell not in table.cells:
                continue
            there = table.cells[cell]
            is_same = plain(table.population) == plain(context.population)
            if is_same and there is None and is_shown:
                numbers.needs.setdefault(key, ProtectionLevel(lower=profile.threshold))
                numbers.rules.setdefault(key, "approved")
                yield key, "approved", f"the approved table {table.name} hides it"
            elif is_same and there is not None:
                numbers.fixed.add(key)
                if key in numbers.hidden:
                    numbers.low[key], numbers.high[key] = there
                    yield key, "approved", f"the approved table {table.name} shows it"
            elif not is_same and there is not None and is_shown:
                least = max(numbers.low[key] - there[1], there[0] - numbers.high[key])
                most = max(numbers.high[key] - there[0], there[1] - numbers.low[key])
                if least > 0 and most < profile.threshold:
                    yield (
                        key,
                        "differencing",
                        (
                            f"it differs from the approved table {table.name}, of other people, by fewer than "
                            f"{profile.threshold}"
                        ),
                    )


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While a table is held to the folder and kept there no other is: two at once would not be held to each other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed, and by whoever is killed
        yield


def load_approved(folder: Path) -> list[Approved]:
    """Every table of a folder of approved tables; none where the folder is not there yet.

    Raises:
        InputError: a file is not one of ours, or was changed.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            said = raw.pop("sha256")
            if said != _hash(raw):
                raise InputError(f"{path}: was changed after it was approved\n  put the file back as it was")
            cells = {cell: tuple(bounds) if bounds else None for cell, bounds in raw["cells"].items()}
            sums = [(total, parts, rest) for total, parts, rest in raw.get("sums", ())]
            found.append(_read_anew(Approved(raw["name"], raw["population"], cells, sums, raw.get("ways", {}))))
        except (json.JSONDecodeError, KeyError, AttributeError):
            raise InputError(f"{path}: no approved table\n  the folder holds what leo output approve wrote") from None
    return found


def _read_anew(table: Approved) -> Approved:
    """A table with the codes that stand for all as they are read now: once England was a region beside the others.

    Only where the cells do not speak against it, and no sum has such a code for a part.
    """
    for label, codes in table.ways.items():
        for code in [*(one for one in codes if says_all(one)), *lone_country(codes)]:
            others = [one for one in codes if one != code]
            if label and others and (found := _with_whole(table, label, code, others)) is not None:
                return _read_anew(found)
    return table


def _with_whole(table: Approved, label: str, whole: str, others: Sequence[str]) -> Approved | None:
    cells = {cell_of(meaning): meaning for meaning in table.cells}
    names, sums = {meaning: meaning for meaning in table.cells}, []
    for cell, total in cells.items():
        if (label, whole) not in cell.codes:
            continue
        rest = cell.codes - {(label, whole)}
        names[total] = _meaning_of(Cell(cell.measure, rest))
        placed = [Cell(cell.measure, rest | {(label, other)}) for other in others]
        parts = [cells[one] for one in placed if one in cells]
        bounds, shown = table.cells[total], [found for part in parts if (found := table.cells[part]) is not None]
        is_known = bounds is not None and len(shown) == len(parts)
        low, high = bounds or (0.0, float("inf"))
        leaves = is_known and sum(most for _, most in shown) < low
        if sum(least for least, _ in shown) > high or (leaves and len(parts) == len(placed)):
            return None
        if parts:
            sums.append((names[total], parts, leaves or len(parts) < len(placed)))
    changed = {old for old, new in names.items() if old != new}
    if any(part in changed for _, parts, _ in table.sums for part in parts):
        return None
    if len(set(names.values())) < len(names):
        return None  # another row stands for all
    return replace(
        table,
        cells={names[meaning]: bounds for meaning, bounds in table.cells.items()},
        sums=[*((names[total], parts, rest) for total, parts, rest in table.sums), *sums],
        ways={**table.ways, label: others},
    )


def _meaning_of(cell: Cell) -> Meaning:
    codes = sorted(f"{label}={code}" for label, code in cell.codes if label)
    return "; ".join([cell.measure, *codes, *(f"={code}" for label, code in sorted(cell.codes) if not label)])


def approve(checked: "Checked", folder: Path, name: str, context: Context, profile: str, day: datetime.date) -> Path:
    """Add a table to the folder, as its readers have it.

    Raises:
        InputError: there is one of this name.
    """
    path = folder / f"{name}.json"
    if path.exists():
        raise InputError(f"{path}: there is an approved table of this name\n  give another: --name")
    # A count stands for itself where a share tells it too.
    shown = dict(sorted(checked.shown.items(), key=lambda one: one[0][1] in checked.layout.counts))
    named = {key: meaning(checked.sheet, checked.layout, key, context.unit) for key in shown}
    sums = [
        [named[line.total], [named[one] for one in line.parts if one in named], any(one[2] for one in line.parts)]
        for line in checked.sums
        if line.total in named and all(one in named or one[2] for one in line.parts)
    ]
    raw = {
        "name": name,
        "population": context.population,
        "profile": profile,
        "date": day.isoformat(),
        "cells": {named[key]: list(bounds) if bounds else None for key, bounds in shown.items()},
        "sums": sums,
        "ways": {label: sorted(codes) for label, codes in ways_of(checked.sheet, checked.layout).items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**raw, "sha256": _hash(raw)}, indent=2, ensure_ascii=False)
    partial = path.with_suffix(".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.rename(path)
    return path


def _hash(raw: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(raw, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
