"""An explanation as sections, for a page in the report's form and for the terminal.

The page is about single people and not for publication. It has numbers of entities, but no value and no key.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue, shipped
from quality.disclosure import Cell
from quality.report.document import document, template_text, write_page
from quality.report.names import Names
from quality.report.page import Block, Fold, Headline, Section, Table, Text
from quality.report.waterfall import likelihood, signed, waterfall

_ABOUT = (
    "This page is about single people. It names them by the numbers that this run gave them, and has no name, date, "
    "postcode or key of theirs. It is for those who judge the linkage, and not for publication."
)
_OUTCOMES = {
    "accepted": "Linked",
    "review": "For review",
    "rejected": "Not linked",
    "not stored": "Not linked",
    "not compared": "Never compared",
    "forbidden": "Forbidden",
}
_MOST_LEVELS = 8  # changes shown before the fold that has all

Found = Mapping[str, Any]
Row = list[str | Cell]


def render_explanation(found: Found, out: Path, catalogue: Catalogue | None = None) -> Path:
    """Write an explanation as one file that fetches nothing, and return its path."""
    names = Names(catalogue or shipped())
    page = document(
        f"{title(found)}: {_subject(found)}",
        statement(found),
        headlines(found),
        [*sections(found, names), Section("about", "About this page", [Text(_ABOUT)])],
        style=template_text("quality.report", "bars.css"),
    )
    return write_page(page, out)


def title(found: Found) -> str:
    """What an explanation is about."""
    if found["kind"] == "pair":
        decision = {"accepted": "was linked", "review": "is for review"}.get(
            found["outcome"]["decision"], "was not linked"
        )
        return f"Why a pair {decision}{' and split again' if found['outcome'].get('removed_by') else ''}"
    return "Candidate pairs of a record" if found["kind"] == "record" else "Links of a person"


def _subject(found: Found) -> str:
    if found["kind"] == "pair":
        return " and ".join(str(found["units"][side]["unit_id"]) for side in ("left", "right"))
    return str(found["entity_id" if found["kind"] == "record" else "person_id"])


def statement(found: Found) -> str:
    """An explanation in a few sentences."""
    if found["kind"] == "pair":
        one_file = found["step"]["one_file"]
        named = [f"{'record' if one_file else f'{s} unit'} {found['units'][s]['unit_id']}" for s in ("left", "right")]
        head = f"Step {found['step']['name']}, {' and '.join(named)}: {decided(found['outcome']).lower()}."
        return " ".join([head, *found["outcome"]["in_words"]])
    if found["kind"] == "record":
        about = "Record" if any(step["step"]["one_file"] for step in found["steps"]) else "Entity"
        steps = [f"{step['step']['name']}: {_linked(step)}" for step in found["steps"]]
        return f"{about} {found['entity_id']}. {' '.join(steps)}"
    if found["weakest"] is None:
        return f"Person {found['person_id']} has one record."
    weakest, conflicts, links = found["links"][found["weakest"]], len(found["conflicts"]), found["joining"]
    return (
        f"Person {found['person_id']}: {len(found['entities'])} entities, joined by {links} "
        f"link{'s' if links > 1 else ''}. The weakest is of step {weakest['step']}, with a match weight of "
        f"{signed(weakest['match_weight'])}; {conflicts or 'no'} contradiction{'' if conflicts == 1 else 's'}."
    )


def decided(outcome: Found) -> str:
    """The decision about a pair in a word or two."""
    return _OUTCOMES[outcome["decision"]] + (", split again by the spine" if outcome.get("removed_by") else "")


def headlines(found: Found) -> list[Headline]:
    """The figures at the top of the page."""
    if found["kind"] == "record":
        steps = found["steps"]
        linked = sum(step["unlinked"] is None for step in steps)
        candidates = sum(step["candidates_found"] for step in steps)
        return [
            Headline("Steps", Cell(str(len(steps))), "", "that the record took part in"),
            Headline("Linked in", Cell(str(linked)), "", "of them"),
            Headline("Candidate pairs", Cell(f"{candidates:,}"), "", "by a rule or a pass"),
        ]
    if found["kind"] == "person":
        weakest = found["links"][found["weakest"]] if found["weakest"] is not None else None
        return [
            Headline("Entities", Cell(str(len(found["entities"]))), "", "of all sources"),
            Headline("Links", Cell(str(found["joining"])), "", "that join them"),
            Headline(
                "Weakest link", Cell(likelihood(weakest["probability"]) if weakest else "none"), "", "probability"
            ),
            Headline("Contradictions", Cell(str(len(found["conflicts"]))), "", "between its records"),
        ]
    given, limits = found["probability"], found["thresholds"]
    shown = likelihood(found["weight"]["probability"] if given is None else given)
    by = "by its weight only" if given is None else "given the competing pairs"
    outcome = found["outcome"]
    return [
        Headline("Outcome", Cell(decided(outcome)), "", outcome["reason"] or found["made_by"] or ""),
        Headline("Match probability", Cell(shown), "", by),
        Headline(
            "Match weight", Cell(signed(found["weight"]["total"])), "", "log2 of the odds, adjusted for cardinality"
        ),
        Headline(
            "Accepted at", Cell(signed(limits["accept_total"])), "", f"reviewed at {signed(limits['review_total'])}"
        ),
    ]


def sections(found: Found, names: Names) -> list[Section]:
    """The explanation in parts."""
    if found["kind"] == "record":
        return [_step(step, names, is_last=step is found["steps"][-1]) for step in found["steps"]]
    if found["kind"] == "person":
        return _person(found, names)
    return [
        Section("weight", "Evidence for and against", [waterfall(found, names)]),
        Section("competing", "Thresholds and competing pairs", _competing(found)),
        Section("reach", "Passes and blocking rules", _reach(found, names)),
        Section("changes", "What would change it", _changes(found, names)),
    ]


def unit_name(about: Found, names: Names) -> str:
    """A unit by its entities: "NPD 17, CIS 230"."""
    return ", ".join(f"{names.source(row['source'])} {row['entity_id']}" for row in about["entities"])


def _competing(found: Found) -> list[Block]:
    limits, adjustment = found["thresholds"], found["weight"]["cardinality_adjustment"]
    rows: list[Row] = [
        [name, Cell(signed(limits[key])), Cell(signed(limits[key] + adjustment))]
        for name, key in (("Accepted at", "accept"), ("Reviewed at", "review"), ("Stored at", "floor"))
    ]
    columns = ["Threshold", "Match weight", "With the cardinality adjustment"]
    blocks: list[Block] = [Table("Thresholds of the step", columns, rows)]
    others: list[Row] = [
        [
            f"{row['side'].capitalize()} unit with unit {row['unit_id']}",
            Cell(signed(row["match_weight"])),
            Cell(signed(row["lead"])),
            _OUTCOMES[row["decision"]],
        ]
        for row in found["competing"]
    ]
    if others:
        columns = ["Competing pair", "Match weight", "This pair leads by", "Outcome"]
        return [*blocks, Table("The best other pair of each unit", columns, others)]
    if found["step"]["one_file"]:
        return [*blocks, Text("Records of one file may all be one person: pairs do not compete.")]
    return [*blocks, Text("Neither unit has another stored pair that competes.")]


def _reach(found: Found, names: Names) -> list[Block]:
    passes, blocks = found["reach"]["passes"], list[Block]()
    if passes is None:
        blocks.append(Text("This run did not record its passes. Run the step again to see how the pair meets them."))
    rows: list[Row] = [
        [
            names.words(row["pass"]),
            _conditions(row["equal"], names)
            + (f"; one of: {_conditions(row['one_of'], names)}" if row["one_of"] else ""),
            row["result"],
        ]
        for row in passes or ()
    ]
    if rows:
        blocks.append(Table("Passes, in their order", ["Pass", "Conditions", "Result"], rows))
    rules: list[Row] = [
        [f"Rule {row['rule']}", _conditions(row["conditions"], names), "makes the pair" if row["holds"] else "does not"]
        for row in found["reach"]["rules"]
    ]
    return [*blocks, Table("Blocking rules", ["Rule", "Conditions", "Result"], rules)]


def _conditions(rows: Sequence[Found], names: Names) -> str:
    return "; ".join(f"{names.columns_in(row['condition'])}: {row['result']}" for row in rows)


def _changes(found: Found, names: Names) -> list[Block]:
    changes, blocks = found["changes"], list[Block]()
    if changes["settings"]:
        rows: list[Row] = [[setting(row), _OUTCOMES[row["then"]]] for row in changes["settings"]]
        blocks.append(Table("One threshold changed", ["Setting of the step", "Outcome"], rows))
    else:
        blocks.append(Text("No threshold by itself would change the outcome."))
    crossing = sorted((row for row in changes["levels"] if row["crosses"]), key=lambda row: abs(row["changed_by"]))
    blocks.append(
        Text(
            f"{len(crossing)} of {len(changes['levels'])} changes of one comparison would carry the weight over a threshold."
        )
    )
    if crossing:
        blocks.append(_levels("The smallest changes that cross a threshold", crossing[:_MOST_LEVELS], names))
    if not changes["levels"]:
        return blocks
    every = _levels("One comparison changed, the rest as it is", changes["levels"], names)
    return [*blocks, Fold("All changes of one comparison", [every])]


def setting(row: Found) -> str:
    """A change of a threshold, rounded so that the value shown has the effect."""
    distance = min(row["value"], 1 - row["value"])
    places = min(15, 1 - math.floor(math.log10(max(distance, 1e-14))))
    rounded = math.floor if row["needed"] == "at most" else math.ceil
    value = rounded(row["value"] * 10**places) / 10**places
    return f"{row['setting']} {row['needed']} {value:.{places}f} (now {row['now']:g})"


def _levels(caption: str, levels: Sequence[Found], names: Names) -> Table:
    rows: list[Row] = [
        [
            f"{names.column(row['comparison'])}: {names.columns_in(row['level'])}",
            Cell(signed(row["weight"])),
            Cell(signed(row["match_weight"])),
            _OUTCOMES[row["would_be"]],
        ]
        for row in levels
    ]
    return Table(caption, ["If the comparison were", "Adds", "Match weight", "Outcome by weight"], rows)


def _linked(step: Found) -> str:
    if step["unlinked"] is not None:
        return f"Not linked: {step['unlinked']}."
    return "Linked." if step["links"] <= 1 else f"Linked to {step['links']:,}."


def _step(step: Found, names: Names, *, is_last: bool) -> Section:
    pairs = step["candidates_found"]
    blocks: list[Block] = [Text(f"{_linked(step)} {pairs:,} candidate pair{'' if pairs == 1 else 's'}.")]
    if step["rules_not_followed"]:
        listed = ", ".join(map(str, step["rules_not_followed"]))
        blocks.append(Text(f"Blocking rules that ask for no equality were not followed: {listed}."))
    rows: list[Row] = [
        [
            unit_name(row["unit"], names),
            Cell(signed(row["match_weight"])),
            Cell(likelihood(row["probability"])),
            row["made_by"] or "",
            decided(row) + (f": {row['reason']}" if row["reason"] else ""),
        ]
        for row in step["candidates"]
    ]
    name = step["step"]["name"]
    if rows:
        columns = ["With", "Match weight", "Match probability", "Made by", "Outcome"]
        blocks.append(Table(f"{name}: the best pairs", columns, rows))
    if step["best"] and is_last:
        blocks.append(waterfall(step["best"], names))
    return Section(f"step-{name}", f"Step {name}", blocks)


def _person(found: Found, names: Names) -> list[Section]:
    bands = any(row["band"] for row in found["entities"])
    entities: list[Row] = [
        [f"{names.source(row['source'])} {row['entity_id']}", *([row["band"] or ""] if bands else [])]
        for row in found["entities"]
    ]
    links: list[Row] = [
        [
            row["step"] + (", the weakest" if place == found["weakest"] else ""),
            f"{_listed(row['left'])} to {_listed(row['right'])}",
            row["made_by"] or "",
            Cell(signed(row["match_weight"])),
            Cell(likelihood(row["probability"])),
            split(row),
        ]
        for place, row in enumerate(found["links"])
    ]
    columns = ["Step", "Entities", "Made by", "Match weight", "Match probability", "Without it"]
    conflicts: list[Row] = [[row["what"], _listed(row["entities"])] for row in found["conflicts"]]
    removed: list[Row] = [
        [row["step"], " to ".join(map(str, row["entities"])), Cell(signed(row["match_weight"])), row["rule"]]
        for row in found["removed"]
    ]
    against: list[Block] = [Text("The records of the person do not contradict each other.")]
    if conflicts:
        against = [Table("Contradictions", ["What", "Entities"], conflicts)]
    if removed:
        heads = ["Step", "Entities", "Match weight", "One person would have"]
        against.append(Table("Links that the spine removed", heads, removed))
    return [
        Section("entities", "Entities", [Table("Entities", ["Entity", "Link quality band"][: 1 + bands], entities)]),
        Section("links", "Links", [Table("Links", columns, links) if links else Text("One entity, and no link.")]),
        Section("conflicts", "Contradictions", against),
    ]


def split(link: Found) -> str:
    """What a person would be without a link."""
    if not link["splits"]:
        return "still one person"
    return f"{'; '.join(_listed(group) for group in sorted(link['splits'], key=len)[:-1])} would split off"


def _listed(entities: Sequence[int]) -> str:
    return ", ".join(map(str, entities))
