"""Check tables of results: the faults of each, cell by cell, and the table as it may
leave.
"""

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from linkage.errors import InputError
from quality.disclosure import (
    Profile,
    ProtectionLevel,
    Unprotectable,
    disclosed,
    intervals,
    protect,
)
from quality.disclosure.outputs.findings import NOT_CORRECTABLE, Checked, check_form
from quality.disclosure.outputs.layout import Layout, doubts, layout_of, possible_totals
from quality.disclosure.outputs.linked import link
from quality.disclosure.outputs.numbers import (
    ANY,
    Fault,
    Key,
    Numbers,
    add_counts,
    amounts_of,
    fault_of,
    means_of,
)
from quality.disclosure.outputs.reading import Sheet, by_measure, read_table
from quality.disclosure.outputs.release import release
from quality.disclosure.outputs.schema import schema_text

Report = Callable[[Key, str, str], None]
"""Is given a number, the rule and the fault."""


def read_approved(folder: Path) -> list[Sheet]:
    """The tables of a folder of CSV files that left before.

    Raises:
        InputError: the folder is not there, or a file in it is not a table.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder of approved tables\n  leave --approved out "
            "until a table has left"
        )
    files = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in (".csv", ".xlsx")
    )
    return [read_table(file) for file in files if not file.name.endswith(".audit.csv")]


def draft(sheet: Sheet) -> str:
    """A schema for a table: what is certain of its columns, and a `?` for what must be
    declared.
    """
    layout = layout_of(by_measure(sheet))
    names = dict(zip(layout.sheet.header, layout.columns, strict=True))
    doubtful = list(
        dict.fromkeys(layout.sheet.header[doubt.column] for doubt in doubts(layout))
    )
    known = {
        name: column
        for name, column in names.items()
        if column and name and name not in doubtful
    }
    return schema_text(
        sheet.schema.model_copy(update={"columns": {**known, **sheet.schema.columns}}),
        doubtful,
    )


def check_tables(
    sheets: Sequence[Sheet], profile: Profile, approved: Sequence[Sheet] = ()
) -> list[Checked]:
    """All faults of tables that leave together, and tables that are safe together with
    those that left before.

    Args:
        approved: tables that left before; what they show cannot be hidden, and what
            they hide must stay hidden.

    Raises:
        ConfigError: a declared column is not in a table.
    """
    tables = [
        Checked(sheet, layout_of(by_measure(sheet))) for sheet in (*sheets, *approved)
    ]
    layouts, new = (
        {n: table.layout for n, table in enumerate(tables)},
        tables[: len(sheets)],
    )
    for table in new:
        check_form(table, profile)
    for table in tables[len(new) :]:
        if list(doubts(table.layout)):
            new[0].report(
                table.name, "undeclared", "what its columns hold is not declared"
            )

    def report(key: Key, rule: str, message: str) -> None:
        """Of an approved table, to the first of the new; of a number that stands in no
        table, to none.
        """
        if 0 <= key[0] < len(new):
            new[key[0]].add(key[1], key[2], rule, message)
        elif key[0] >= 0 and rule in ("recovered", "known small", "unprotectable"):
            reason = "cells that it hides could be calculated with the new tables"
            new[0].report(tables[key[0]].name, "approved undone", reason)

    numbers = _approved(
        {n: layout for n, layout in layouts.items() if n >= len(new)}, profile
    )
    for n, table in enumerate(new):
        add_counts(numbers, n, table.layout, profile)
    for one, other, gap in link(numbers, layouts, profile):
        rule = "differencing" if gap < profile.threshold else "contradictory tables"
        for key, other_key in ((one, other), (other, one)):
            report(key, rule, f"it is not the same in {tables[other_key[0]].name}")
    hidden_keys = _judge(numbers, profile, report)
    for n, table in enumerate(new):
        own_keys = {key for key in hidden_keys if key[0] == n}
        if own_keys or profile.threshold == 1:
            for doubt in possible_totals(table.layout):
                table.add(doubt.row, doubt.column, "undeclared", doubt.message)
        faults = {
            key[1:3]: numbers.faults.get(key, ("complement", ""))
            for key in own_keys
            if not key[3]
        }
        release(
            table,
            faults
            | _amounts(table, n, profile)
            | _withheld(table, n, own_keys, profile),
            profile,
        )
        if any(finding.rule in NOT_CORRECTABLE for finding in table.findings):
            table.safe = None
    return new


def _approved(layouts: Mapping[int, Layout], profile: Profile) -> Numbers:
    """The numbers of approved tables; a hidden cell that they disclose among themselves
    needs no protection.
    """
    numbers, joint = Numbers(), Numbers()
    for n, layout in layouts.items():
        for one in (numbers, joint):
            add_counts(one, n, layout, profile)
    numbers.levels, numbers.faults, leaks = {}, {}, set[Key]()
    level = ProtectionLevel(lower=profile.threshold)
    list(link(joint, layouts, profile))
    with contextlib.suppress(ValueError):  # reported of all tables together
        leaks = disclosed(
            joint.bounds(), joint.hidden, dict.fromkeys(joint.hidden, level)
        )
    numbers.levels = dict.fromkeys(
        (key for key in numbers.hidden if key not in leaks), level
    )
    visible_keys = numbers.low.keys() - numbers.hidden - numbers.unpublished
    numbers.fixed = {
        key for key in visible_keys if layouts[key[0]].column(key[2]).holds == "count"
    }
    return numbers


def _judge(numbers: Numbers, profile: Profile, report: Report) -> set[Key]:
    """The numbers that must be hidden, of numbers that sums connect."""
    for key, fault in numbers.faults.items():
        report(key, *fault)
    if not numbers.low:
        return set()
    bounds, threshold = numbers.bounds(), profile.threshold
    levels = {
        key: numbers.levels[key] for key in numbers.hidden if key in numbers.levels
    }
    try:
        recovered_keys = (
            disclosed(bounds, numbers.hidden, dict.fromkeys(levels, ANY))
            if levels
            else set()
        )
        for key in sorted(recovered_keys):
            report(key, "recovered", "it is hidden, and the cells shown disclose it")
        for key in sorted(disclosed(bounds, numbers.hidden, levels) - recovered_keys):
            report(
                key,
                "known small",
                "it is hidden, and the cells shown disclose that it is under "
                f"{threshold}",
            )
        for key in _rounding_undone(numbers) if profile.threshold == 1 else ():
            report(
                key,
                "rounding undone",
                "it is rounded, and the cells shown disclose it exactly",
            )
            numbers.demand(key, ANY, "rounding undone", "")
        hidden_keys = (
            protect(bounds, numbers.levels, method="cheapest") | numbers.hidden
        )
    except Unprotectable as error:
        for key in sorted(error.keys):
            report(
                key,
                "unprotectable",
                "an approved table discloses it, whatever is hidden here",
            )
        return set(numbers.levels) | numbers.hidden
    except ValueError:
        for table in sorted({key[0] for key in numbers.low}):
            key = next(key for key in numbers.low if key[0] == table)
            report(
                key, "contradiction", "the numbers of the tables contradict their sums"
            )
        return set(numbers.levels) | numbers.hidden
    for key in sorted(
        hidden_keys - set(numbers.levels) - numbers.hidden - numbers.unpublished
    ):
        report(
            key, "complement", "a cell that must be hidden could be calculated from it"
        )
    return set(hidden_keys)


def _rounding_undone(numbers: Numbers) -> list[Key]:
    """Rounded counts under ten that the tables disclose exactly."""
    keys = [
        key
        for key in numbers.low
        if numbers.high[key] > numbers.low[key] and key not in numbers.unpublished
    ]
    low, bounds = [key for key in keys if numbers.low[key] < 10], numbers.bounds()
    exact = disclosed(bounds, numbers.hidden, dict.fromkeys(low, ANY))
    ranges = intervals(bounds, numbers.hidden, of=[key for key in low if key in exact])
    return [
        key
        for key, interval in ranges.items()
        if interval.recovered and interval.low > 0
    ]


def _amounts(table: Checked, n: int, profile: Profile) -> dict[tuple[int, int], Fault]:
    """Row and column of each total amount that may not leave, with its fault."""
    layout, amount_faults = table.layout, dict[tuple[int, int], Fault]()
    for column in layout.holding("amount"):
        means = [
            one
            for one in layout.holding("mean")
            if layout.column(one).of == layout.column(column).of
        ]
        if means and profile.round_to > 1:
            table.add(
                -1, column, "total and mean", "the mean of the same people is shown too"
            )
        numbers = amounts_of(n, layout, column, profile)
        hidden_keys = _judge(
            numbers,
            profile,
            lambda key, rule, message: table.add(key[1], key[2], rule, message),
        )
        amount_faults |= {
            key[1:3]: numbers.faults.get(key, ("complement", ""))
            for key in hidden_keys
            if not key[3]
        }
    return amount_faults


def _withheld(
    table: Checked, n: int, hidden_keys: Collection[Key], profile: Profile
) -> dict[tuple[int, int], Fault]:
    """Row and column of each rate, change, mean and median that may not leave, with its
    fault.
    """
    layout, cell_faults = table.layout, dict[tuple[int, int], Fault]()
    for column in layout.holding("rate", "change", "mean", "median"):
        spec = layout.column(column)
        of = [layout.place(name) for name in (spec.of, spec.part) if name]
        rows = [
            row
            for row, cells in enumerate(layout.sheet.rows)
            if cells[column].number is not None
        ]
        for row in rows:
            if fault := fault_of(layout, row, column, profile):
                cell_faults[row, column] = fault
            elif any((n, row, place, "") in hidden_keys for place in of):
                cell_faults[row, column] = (
                    "base hidden",
                    "a count that it is made of must be hidden",
                )
            elif (n, row, column, "") in hidden_keys:
                cell_faults[row, column] = (
                    "complement",
                    "with the others it discloses a number that must be hidden",
                )
        if spec.holds == "mean" or (spec.holds == "rate" and profile.threshold == 1):
            own = means_of(
                n,
                layout,
                column,
                [row for row, place in cell_faults if place == column],
                profile,
            )
            for key in _judge(own, profile, lambda *_: None):
                if key[1] in rows and not key[3]:
                    message = (
                        "with the others it discloses a number that must be hidden"
                    )
                    cell_faults.setdefault((key[1], column), ("complement", message))
    for (row, column), fault in cell_faults.items():
        table.add(row, column, *fault)
    return cell_faults
