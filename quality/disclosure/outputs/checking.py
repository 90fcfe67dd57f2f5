"""Check tables of results: the faults of each, cell by cell, and the table as it may leave."""

from collections.abc import Callable, Sequence
from pathlib import Path

from linkage.errors import InputError
from quality.disclosure import Profile, ProtectionLevel, Unprotectable, disclosed, intervals, protect
from quality.disclosure import is_consistent as agree
from quality.disclosure.outputs.equations import ANY, Key, Numbers, amounts_of, counts_of
from quality.disclosure.outputs.findings import NOT_CORRECTABLE, Checked, Finding, check_form
from quality.disclosure.outputs.layout import Declared, layout_of
from quality.disclosure.outputs.linked import Linked, Table, link, table_of
from quality.disclosure.outputs.reading import Sheet, read_tables
from quality.disclosure.outputs.release import Release

Report = Callable[[Key, str, str], None]
"""Is given a number, the rule and the fault."""


def read_approved(folder: Path) -> list[Sheet]:
    """The tables of a folder of CSV and XLSX files that left before.

    Raises:
        InputError: the folder is not there, or a file in it is not a table.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of approved tables\n  leave --approved out until a table has left")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".csv", ".xlsx"))
    return [sheet for file in files if not file.name.endswith(".audit.csv") for sheet in read_tables(file)]


def check_table(sheet: Sheet, declared: Declared, profile: Profile, approved: Sequence[Sheet] = ()) -> Checked:
    """All faults of a table, and a table that is safe; see `check_tables`."""
    return check_tables([sheet], declared, profile, approved)[0]


def check_tables(
    sheets: Sequence[Sheet], declared: Declared, profile: Profile, approved: Sequence[Sheet] = ()
) -> list[Checked]:
    """All faults of tables that leave together, and tables that are safe together with those that left before.

    Args:
        sheets: of the same people.
        approved: tables that left before; what they show cannot be hidden, and what they hide must stay hidden.

    Raises:
        ConfigError: a declared column is not in a table.
    """
    checked = [Checked(sheet, layout_of(sheet, declared)) for sheet in sheets]
    for one in checked:
        check_form(one, profile)
    tables, linked, are_linked = _linked(checked, approved, profile, with_shares=True)
    is_single = len(tables) == 1
    if not are_linked or (is_single and not agree(linked.numbers.bounds(), linked.numbers.hidden)):
        # A share may be of something that does not add up, as a rate of change: counts are then judged without shares.
        tables, linked, are_linked = _linked(checked, approved, profile, with_shares=False)
    if not are_linked:
        message = "they contradict each other where they should agree"
        checked[0].findings.append(Finding("all tables", "", "contradictory tables", message))
    for place, key in linked.differences:
        if place < len(checked):
            message = f"it differs from an approved table by fewer than {profile.threshold}"
            checked[place].add(key, "differencing", message)
            linked.numbers.levels.setdefault(linked.names[place][key], ANY)
    hidden = _judge(linked.numbers, profile, _reporter(checked, approved, linked))
    for place, one in enumerate(checked):
        names, numbers = linked.names[place], tables[place].numbers
        mine = {key for key, name in names.items() if name in hidden}
        numbers.rules |= {
            key: linked.numbers.rules[name] for key, name in names.items() if name in linked.numbers.rules
        }
        for column in one.layout.largest:
            mine |= _judge(amounts_of(one.sheet, one.layout, column, profile), profile, one.add)
        Release(one, numbers, mine, profile).write()
        if any(finding.rule in NOT_CORRECTABLE for finding in one.findings):
            one.safe = None
    return checked


def _linked(
    checked: Sequence[Checked], approved: Sequence[Sheet], profile: Profile, *, with_shares: bool
) -> tuple[list[Table], Linked, bool]:
    tables = [
        table_of(one.sheet, one.layout, counts_of(one.sheet, one.layout, profile, with_shares=with_shares))
        for one in checked
    ]
    tables += _approved_tables(approved, profile, with_shares=with_shares)
    linked, are_linked = link(tables, profile)
    return tables, linked, are_linked


def _approved_tables(sheets: Sequence[Sheet], profile: Profile, *, with_shares: bool) -> list[Table]:
    """Approved tables; a hidden cell that they disclose among themselves needs no protection."""
    tables = []
    for sheet in sheets:
        layout = layout_of(sheet, Declared(rounded_to=profile.round_to if _is_rounded(sheet, profile) else 1))
        numbers = counts_of(sheet, layout, profile, with_shares=with_shares)
        numbers.levels, numbers.rules, numbers.contradicted = {}, {}, []
        tables.append(table_of(sheet, layout, numbers, is_approved=True))
    if not tables:
        return []
    linked, _ = link(tables, profile)
    level = ProtectionLevel(lower=profile.threshold)
    lost = disclosed(linked.numbers.bounds(), linked.numbers.hidden, dict.fromkeys(linked.numbers.hidden, level))
    for table, names in zip(tables, linked.names, strict=True):
        table.numbers.levels = dict.fromkeys((key for key in table.numbers.hidden if names[key] not in lost), level)
    return tables


def _is_rounded(sheet: Sheet, profile: Profile) -> bool:
    """Whether all numbers above `round_to` of a table that left are rounded, as it left under the profile."""
    counts = [row[column].number for row in sheet.rows for column in layout_of(sheet, Declared()).counts]
    return all(number % profile.round_to == 0 for number in counts if number is not None)


def _reporter(checked: Sequence[Checked], approved: Sequence[Sheet], linked: Linked) -> Report:
    """Reports a finding to each table that has the number; of an approved table, to the first of the new."""

    def report(key: Key, rule: str, message: str) -> None:
        for place, own in linked.own[key]:
            if place < len(checked):
                is_share = own[1] in checked[place].layout.shares
                if not (is_share and rule in ("complement", "linked")):  # reported with the other shares
                    checked[place].add(own, rule, message)
            elif rule in ("recovered", "known small", "unprotectable"):
                name = approved[place - len(checked)].file.name
                undone = "cells that it hides could be calculated with the new tables"
                finding = Finding(f"approved table {name}", "", "approved undone", undone)
                if finding not in checked[0].findings:
                    checked[0].findings.append(finding)

    return report


def _judge(numbers: Numbers, profile: Profile, report: Report) -> set[Key]:
    """The numbers that must be hidden, of numbers that sums connect."""
    for key in numbers.contradicted:
        report(key, "sums", "the parts come to more than their total, and were not read as its parts")
    messages = {
        "threshold": f"a count under {profile.threshold} is shown",
        "remainder": f"a difference of two counts is under {profile.threshold}",
        "linked": "another of these tables hides it",
    }
    for key, rule in numbers.rules.items():
        name, _, detail = rule.partition(": ")
        report(key, name, detail or messages[name])
    if not numbers.low:
        return set()
    bounds, level = numbers.bounds(), ProtectionLevel(lower=profile.threshold)
    given = {key: numbers.levels[key] for key in numbers.hidden if key in numbers.levels}
    try:
        recovered = disclosed(bounds, numbers.hidden, dict.fromkeys(given, ANY)) if given else set()
        for key in sorted(recovered):
            report(key, "recovered", "it is hidden, and the cells shown disclose it")
        for key in sorted(disclosed(bounds, numbers.hidden, given) - recovered):
            report(key, "known small", f"it is hidden, and the cells shown disclose that it is under {level.lower:g}")
        if profile.threshold == 1 and numbers.is_rounded:
            for key in _rounding_undone(numbers):
                report(key, "rounding undone", "it is rounded, and the cells shown disclose it exactly")
                numbers.levels[key] = ANY
        hidden = protect(bounds, numbers.levels, method="cheapest") | numbers.hidden
    except Unprotectable as error:
        for key in sorted(error.keys):
            report(key, "unprotectable", "an approved table discloses it, whatever is hidden here")
        return set(numbers.levels) | numbers.hidden
    except ValueError:
        report(next(iter(numbers.low)), "contradiction", "the numbers shown contradict their sums")
        return set(numbers.levels) | numbers.hidden
    for key in sorted(hidden - set(numbers.levels) - numbers.hidden - numbers.unpublished):
        report(key, "complement", "a cell that must be hidden could be calculated from it")
    return set(hidden)


def _rounding_undone(numbers: Numbers) -> list[Key]:
    """Rounded counts under ten that the table discloses exactly."""
    bounds = numbers.bounds()
    shown = {key for key in numbers.low if numbers.high[key] > numbers.low[key]} - numbers.unpublished
    low = [key for key in shown if numbers.low[key] < 10]
    exact = disclosed(bounds, numbers.hidden, dict.fromkeys(low, ANY))
    found = intervals(bounds, numbers.hidden, of=[key for key in low if key in exact])
    return [key for key, interval in found.items() if interval.recovered and interval.low > 0]
