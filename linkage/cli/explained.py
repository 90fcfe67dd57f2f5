"""An explanation as a terminal shows it: a waterfall of bars with signs and numbers, tables, and sentences."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linkage.catalogue import shipped
from linkage.cli.tables import show_table
from quality.explain.page import statement, title
from quality.explain.page.bars import Bar, bars, likelihood, signed
from quality.explain.page.others import linked_in_words, met_in_words, parted_rows, unit, without
from quality.explain.page.pair import OUTCOMES, became, conditions, limits_on_total, setting
from quality.report.names import Names

_LEAST, _MOST = 24, 56  # columns of a terminal that bars take
_MOST_LEVELS = 12  # single changes shown; the page and the JSON have all

Values = Sequence[tuple[str, str, str]]


def show(found: Mapping[str, Any], values: Values = (), ids: Mapping[tuple[str, int], str] | None = None) -> None:
    """Print an explanation.

    Args:
        values: of the pair, to be shown beside its comparisons.
        ids: of the rows of files that it names.
    """
    console, names = Console(file=sys.stdout, highlight=False, markup=False), Names(shipped())
    console.print(Text(title(found), style="bold"))
    console.print(statement(found))
    if found["kind"] == "pair":
        _pair(console, found, names, values)
    elif found["kind"] == "record":
        _record(console, found, names, values)
    else:
        _person(console, found, names)
    listed = [[f"{side} {number}", given] for (side, number), given in (ids or {}).items()]
    _table(console, "Which rows these are (personal data: for this terminal alone)", ("", "id in the file"), listed)


def _pair(console: Console, found: Mapping[str, Any], names: Names, values: Values) -> None:
    for side in ("left", "right"):
        console.print(f"{side:<5}  {unit(found['units'][side], names)}")
    _waterfall(console, found, names)
    if values:
        _values(console, names, values)
    rivals = [
        [f"of the {r['side']}", r["unit_id"], signed(r["match_weight"]), signed(r["lead"]), OUTCOMES[r["decision"]]]
        for r in found["rivals"]
    ]
    heads = ("rival", "unit", "weight", "this pair leads by", "outcome")
    _table(console, "The best other pair of each", heads, rivals)
    _reach(console, found["reach"], names)
    _changes(console, found["changes"], names)


def _waterfall(console: Console, found: Mapping[str, Any], names: Names) -> None:
    drawn, limits = bars(found["weight"], names), limits_on_total(found)
    room = max(_LEAST, min(_MOST, console.width - 58))
    table = Table(box=None, pad_edge=False, header_style="bold", title="Match weight, bits", title_justify="left")
    table.add_column("", max_width=26, overflow="fold")
    table.add_column("", max_width=22, overflow="fold")
    table.add_column("", justify="right")
    table.add_column(_scale(limits), no_wrap=True)
    places = [p for bar in drawn for p in (bar.start, bar.end)] + [p for _, p in limits] + [0.0]
    for bar in drawn:
        row = _drawn(bar, min(places), max(places), limits[0][1], room, ascii_only=console.options.ascii_only)
        style = "bold" if bar.is_sum else ""
        table.add_row(Text(bar.name, style), Text(bar.note), Text(bar.number, style), row)
    console.print()
    show_table(console, table)
    weight = found["weight"]
    given = found["probability"]
    rivals = "" if given is None else f" ({likelihood(given)} with its rivals counted)"
    limit, has_total = found["thresholds"], bool(weight["gain"])
    needed = [
        f"{name} {signed(limit[key], plus=False)}"
        + (f" (in total {signed(limit[f'{key}_total'], plus=False)})" if has_total else "")
        for name, key in (("a link needs a match weight of", "accept"), ("review from", "review"))
        if key == "accept" or limit["review"] < limit["accept"]
    ]
    told = "; ".join([f"probability {likelihood(weight['probability'])}{rivals}", *needed])
    console.print(told)


def _scale(limits: Sequence[tuple[str, float]]) -> str:
    return f"against < > for, | {limits[0][0].lower()} {signed(limits[0][1], plus=False)}"


def _drawn(bar: Bar, low: float, high: float, limit: float, room: int, *, ascii_only: bool) -> Text:
    """A bar on a line of `room` characters, with the threshold; a sum is of another shape."""

    def across(value: float) -> int:
        return round((value - low) / ((high - low) or 1.0) * (room - 1))

    solid, hollow, whole, line = "#-=|" if ascii_only else "█░▬│"
    start, end = sorted((across(bar.start), across(bar.end)))
    shape = whole if bar.is_sum else solid if bar.bits >= 0 else hollow
    cells = [" "] * room
    cells[across(limit)] = line
    if bar.bits:
        cells[start : max(end, start + 1)] = shape * max(end - start, 1)
    tip = "" if bar.is_sum or not bar.bits else ">" if bar.bits > 0 else "<"
    if tip:
        cells[max(end - 1, start) if tip == ">" else start] = tip
    style = "bold" if bar.is_sum else "blue" if bar.bits >= 0 else "dark_orange3"
    text = Text("".join(cells))
    text.stylize(style, start, max(end, start + 1))
    return text


def _values(console: Console, names: Names, values: Values) -> None:
    rows = [[names.column(name), left, right] for name, left, right in values]
    _table(console, "What the two hold (personal data: for this terminal alone)", ("", "left", "right"), rows)


def _reach(console: Console, reach: Mapping[str, Any], names: Names) -> None:
    if reach["passes"] is None:
        console.print(
            "\nThis run did not write its passes down: run the step again to see how the pair stands to them."
        )
    passes = [
        [
            names.words(row["pass"]),
            conditions(row["equal"]) + (f"; one of: {conditions(row['one_of'])}" if row["one_of"] else ""),
            row["came_to"],
        ]
        for row in reach["passes"] or ()
    ]
    _table(console, "Passes", ("pass", "asks for", "for this pair it"), passes)
    rules = [
        [
            f"rule {row['rule']}",
            conditions(row["conditions"]),
            "makes the pair" if row["holds"] else "does not reach it",
        ]
        for row in reach["rules"]
    ]
    _table(console, "Blocking rules", ("rule", "asks for", "for this pair it"), rules)


def _changes(console: Console, changes: Mapping[str, Any], names: Names) -> None:
    settings = [[setting(row), OUTCOMES[row["then"]]] for row in changes["settings"]]
    _table(console, "What would change it: one setting of the step", ("setting", "outcome"), settings)
    if not settings:
        console.print("\nNo threshold of the step by itself would change it.")
    crossing = [row for row in changes["levels"] if row["crosses"]]
    crossing.sort(key=lambda row: abs(row["changed_by"]))
    rows = [
        [
            names.column(row["comparison"]),
            row["level"],
            signed(row["bits"]),
            signed(row["match_weight"]),
            OUTCOMES[row["would_be"]],
        ]
        for row in (crossing or changes["levels"])[:_MOST_LEVELS]
    ]
    what = "that would carry it over a threshold" if crossing else "(none would carry it over a threshold)"
    heads = ("comparison", "level", "bits", "weight", "by its weight")
    _table(console, f"What would change it: one comparison {what}", heads, rows)
    left = len(crossing or changes["levels"]) - len(rows)
    if left > 0:
        console.print(f"and {left} more; --html and --json have all")


def _record(console: Console, found: Mapping[str, Any], names: Names, values: Values) -> None:
    for step in found["steps"]:
        console.print()
        side = "" if step["step"].get("one_file") else f" ({step['side']} side)"
        console.print(Text(f"{step['step']['name']}{side}", style="bold"))
        console.print(f"{linked_in_words(step)} {met_in_words(step)}")
        if step["rules_not_followed"]:
            listed = ", ".join(map(str, step["rules_not_followed"]))
            console.print(f"Blocking rules that ask for no equality were not followed: {listed}.")
        rows = [
            [
                unit(row["unit"], names),
                signed(row["match_weight"]),
                likelihood(row["probability"]),
                row["made_by"] or "",
                f"{became(row)}{': ' + row['reason'] if row['reason'] else ''}",
            ]
            for row in step["candidates"]
        ]
        _table(console, "Its best pairs", ("with", "weight", "probability", "found by", "outcome"), rows)
    best = found["steps"][-1]["best"]
    if best:
        console.print(f"\nThe first of these in {found['steps'][-1]['step']['name']}, part by part:")
        _waterfall(console, best, names)
        if values:
            _values(console, names, values)


def _person(console: Console, found: Mapping[str, Any], names: Names) -> None:
    entities = [
        [f"{names.source(row['source'])} {row['entity_id']}", *([row["band"]] if row["band"] else [])]
        for row in found["entities"]
    ]
    _table(console, "Entities", ("entity", "brought in by a link that is")[: len(entities[0])], entities)
    links = [
        [
            row["step"] + (" (weakest)" if place == found["weakest"] else ""),
            f"{_listed(row['left'])} to {_listed(row['right'])}",
            row["made_by"] or "",
            signed(row["match_weight"]),
            likelihood(row["probability"]),
            without(row),
        ]
        for place, row in enumerate(found["links"])
    ]
    _table(console, "Links", ("step", "entities", "made by", "weight", "probability", "without it"), links)
    conflicts = [[row["what"], _listed(row["entities"])] for row in found["conflicts"]]
    _table(console, "What speaks against one person", ("what", "entities"), conflicts)
    heads = ("step", "entities", "weight", "one person would have")
    _table(console, "Links that the spine did not follow", heads, parted_rows(found))
    if not conflicts:
        console.print("\nNothing that the entities hold contradicts that they are one person.")


def _listed(entities: Sequence[int]) -> str:
    return ", ".join(map(str, entities))


def _table(console: Console, head: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        numeric = all(str(row[index]).lstrip("+−").replace(".", "").isdigit() for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print()
    console.print(Text(head, style="italic"))
    show_table(console, table)
