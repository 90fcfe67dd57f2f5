"""A pair's page: what became of it, its weight as a waterfall, how it could be found, and what would change it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell
from quality.explain.page.bars import Bar, bars, likelihood, signed
from quality.explain.page.waterfall import draw
from quality.report.names import Names
from quality.report.page import Block, Figure, Fold, Headline, Section, Table, Text

OUTCOMES = {
    "accepted": "Linked",
    "review": "For review",
    "rejected": "Not linked",
    "not kept": "Not linked",
    "not compared": "Never compared",
    "forbidden": "Kept apart",
}


def became(outcome: Mapping[str, Any]) -> str:
    """What became of a pair in a word or two."""
    return OUTCOMES[outcome["decision"]] + (", parted again" if outcome.get("parted") else "")


_MOST_LEVELS = 8  # changes that stand first; a fold has all


def headlines(found: Mapping[str, Any]) -> list[Headline]:
    """The figures that stand first."""
    weight, limits = found["weight"], found["thresholds"]
    decided = became(found["outcome"])
    rivals = found["rivals"]
    if rivals:
        lead, about = signed(min(rival["lead"] for rival in rivals)), "over its best rival"
    else:
        lead, about = "no rival", "that the step kept"
    led = [Headline("Lead", Cell(lead), "", about)]
    return [
        Headline("Outcome", Cell(decided), "", found["outcome"]["reason"] or (found["made_by"] or "")),
        Headline("Match weight", Cell(signed(weight["match_weight"])), "", "bits, log2 of the odds"),
        Headline("A link needs", Cell(signed(limits["accept"])), "", f"for review {signed(limits['review'])}"),
        _probability(found),
        *([] if found["step"].get("one_file") else led),  # records of one file have no rivals
    ]


def _probability(found: Mapping[str, Any]) -> Headline:
    given = found["probability"]
    if given is None:
        return Headline("Probability", Cell(likelihood(found["weight"]["probability"])), "", "by its weight alone")
    return Headline("Probability", Cell(likelihood(given)), "", "that the two are one person, rivals counted")


def sections(found: Mapping[str, Any], names: Names) -> list[Section]:
    """All that is told of a pair."""
    return [
        Section("weight", "What speaks for it and against it", [waterfall(found, names)]),
        Section("rivals", "Thresholds and rivals", _limits(found)),
        Section("reach", "How the pair could be found", _reach(found, names)),
        Section("changes", "What would change it", _changes(found, names)),
    ]


def waterfall(found: Mapping[str, Any], names: Names) -> Figure:
    """The weight as a drawing, with the same numbers as a table."""
    drawn = bars(found["weight"], names)
    limits = limits_on_total(found)
    parts = [bar for bar in drawn[1:] if not bar.is_sum]
    most = max(parts, key=lambda bar: bar.bits)
    least = min(parts, key=lambda bar: bar.bits)
    said = f"The most for a match is {_in_words(most)}, with {most.number}. "
    said += f"The most against it is {_in_words(least)}, with {least.number}. " if least.bits < 0 else ""
    said += f"In all it comes to {drawn[-1].number}; {limits[0][0].lower()} {signed(limits[0][1], plus=False)}."
    by_name = {names.column(row["comparison"]): row for row in found["weight"]["comparisons"]}
    rows: list[list[str | Cell]] = []
    for bar in drawn:
        row = by_name.get(bar.name, {})
        rows.append([bar.name, bar.note or "sum", _share(row.get("m")), _share(row.get("u")), Cell(bar.number)])
    table = Table("Match weight, part by part", ["Part", "Level", "m", "u", "Bits"], rows)
    return Figure(
        "waterfall",
        "The match weight, part by part",
        said,
        draw(drawn, limits),
        draw(drawn, limits, narrow=True),
        table,
    )


def limits_on_total(found: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Lines across the waterfall, on the scale on which it ends; named for it where that is not the match weight."""
    link, review = "A link needs", "Review from"
    if found["weight"]["gain"]:
        link, review = "A link needs in total", "Review from a total of"
    return [
        (link, found["thresholds"]["accept_total"]),
        *(
            [(review, found["thresholds"]["review_total"])]
            if found["thresholds"]["review_total"] < found["thresholds"]["accept_total"]
            else []
        ),
    ]


def _in_words(bar: Bar) -> str:
    return f"{bar.name} ({bar.note})"


def _share(value: float | None) -> Cell:
    return Cell("z" if value is None else f"{value:.3g}", value)


def _limits(found: Mapping[str, Any]) -> list[Block]:
    limits, gain = found["thresholds"], found["weight"]["gain"]
    thresholds = [("Link from", limits["accept"], gain), ("Review from", limits["review"], gain)]
    if found["step"].get("one_file"):
        thresholds.append(("Kept from", limits["floor"], gain))
    else:
        thresholds.append(("Kept as a rival from", limits["floor"], gain))
    columns = ["Threshold", "Match weight", "With what the cardinality adds"]
    cells: list[list[str | Cell]] = [
        [name, Cell(signed(weight)), Cell(signed(weight + added))] for name, weight, added in thresholds
    ]
    blocks: list[Block] = [Table("Thresholds of the step", columns, cells)]
    rows: list[list[str | Cell]] = [
        [
            f"Of the {rival['side']} unit",
            f"unit {rival['unit_id']}",
            Cell(signed(rival["match_weight"])),
            Cell(signed(rival["lead"])),
            OUTCOMES[rival["decision"]],
        ]
        for rival in found["rivals"]
    ]
    if rows:
        columns = ["Rival", "With", "Match weight", "This pair leads by", "Outcome"]
        blocks.append(Table("The best other pair of each unit", columns, rows))
    elif found["step"].get("one_file"):
        blocks.append(Text("Records of one file may all be one person: no pair is a rival of another."))
    else:
        blocks.append(Text("Neither unit has another pair that the step kept."))
    return blocks


def conditions(rows: Sequence[Mapping[str, Any]]) -> str:
    """Conditions of a rule in one line."""
    return "; ".join(f"{row['condition']}: {row['says']}" for row in rows)


def _reach(found: Mapping[str, Any], names: Names) -> list[Block]:
    reach = found["reach"]
    blocks: list[Block] = []
    if reach["passes"] is None:
        blocks.append(
            Text("This run did not write its passes down. Run the step again to see how the pair stands to them.")
        )
    elif reach["passes"]:
        rows: list[list[str | Cell]] = [
            [
                names.words(row["pass"]),
                conditions(row["equal"]) + (f"; one of: {conditions(row['one_of'])}" if row["one_of"] else ""),
                row["came_to"],
            ]
            for row in reach["passes"]
        ]
        blocks.append(Table("Passes, in their order", ["Pass", "Asks for", "For this pair it"], rows))
    rules: list[list[str | Cell]] = [
        [
            f"Rule {row['rule']}",
            conditions(row["conditions"]),
            "makes the pair" if row["holds"] else "does not reach it",
        ]
        for row in reach["rules"]
    ]
    blocks.append(Table("Blocking rules of the model", ["Rule", "Asks for", "For this pair it"], rules))
    return blocks


def setting(row: Mapping[str, Any]) -> str:
    """A change of one setting in words."""
    if not isinstance(row["value"], float):
        return f"{row['setting']} {row['needed']} {row['value']} (now {row['now']})"
    away = min(row["value"], 1 - row["value"])  # two figures of how far it is from 0 or 1
    places = min(15, 1 - math.floor(math.log10(max(away, 1e-14))))
    rounded = math.floor if row["needed"] == "at most" else math.ceil  # so that what is shown has the effect
    value = rounded(row["value"] * 10**places) / 10**places
    beside = f", with {row['no_lower']} no lower" if row.get("no_lower") else ""
    return f"{row['setting']} {row['needed']} {value:.{places}f} (now {row['now']:g}){beside}"


def _changes(found: Mapping[str, Any], names: Names) -> list[Block]:
    changes = found["changes"]
    blocks: list[Block] = []
    if changes["settings"]:
        rows: list[list[str | Cell]] = [[setting(row), OUTCOMES[row["then"]]] for row in changes["settings"]]
        blocks.append(Table("One setting changed, the rest as it is", ["Setting of the step", "Outcome"], rows))
    else:
        blocks.append(Text("No threshold of the step by itself would give another outcome."))
    crossing = sorted((row for row in changes["levels"] if row["crosses"]), key=lambda row: abs(row["changed_by"]))
    told = f"{len(crossing)} of {len(changes['levels'])} single changes of a comparison would carry the weight over a "
    told += "threshold. A level that counts how common a value is, is taken for a value of average frequency."
    blocks.append(Text(told))
    if crossing:
        blocks.append(_levels("The smallest changes that cross a threshold", crossing[:_MOST_LEVELS], names))
    everything = _levels("One comparison changed, the rest as it is", changes["levels"], names)
    return [*blocks, Fold("All changes of one comparison", [everything])]


def _levels(caption: str, levels: Sequence[Mapping[str, Any]], names: Names) -> Table:
    rows: list[list[str | Cell]] = [
        [
            f"{names.column(row['comparison'])}: {row['level']}",
            Cell(signed(row["bits"])),
            Cell(signed(row["match_weight"])),
            OUTCOMES[row["would_be"]] + (", crosses" if row["crosses"] else ""),
        ]
        for row in levels
    ]
    return Table(caption, ["If the comparison came to", "Bits", "Match weight", "By its weight"], rows)
