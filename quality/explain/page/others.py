"""The pages of a record and of a person."""

from collections.abc import Callable, Mapping
from typing import Any

from quality.disclosure import Cell
from quality.explain.page.bars import likelihood, signed
from quality.explain.page.pair import became, waterfall
from quality.report.names import Names
from quality.report.page import Block, Headline, Section, Table, Text


def unit(about: Mapping[str, Any], names: Names) -> str:
    """A unit by its entities: "NPD 17", "NPD 17, CIS 230"."""
    return ", ".join(f"{names.source(row['source'])} {row['entity_id']}" for row in about["entities"])


def step_name(step: Mapping[str, Any]) -> str:
    """A step as the run's file calls it."""
    return str(step["name"])


def record_headlines(found: Mapping[str, Any]) -> list[Headline]:
    """The figures that stand first on a record's page."""
    steps = found["steps"]
    linked = sum(step["unlinked"] is None for step in steps)
    return [
        Headline("Steps", Cell(str(len(steps))), "", "that the record took part in"),
        Headline("Linked in", Cell(str(linked)), "", "of them"),
        Headline("Pairs met", Cell(f"{sum(step['met'] for step in steps):,}"), "", "by a rule or a pass"),
    ]


def record_sections(found: Mapping[str, Any], names: Names) -> list[Section]:
    """A section a step: its best pairs, and the waterfall of the best in the last."""
    return [_in_step(step, names, is_last=step is found["steps"][-1]) for step in found["steps"]]


def linked_in_words(step: Mapping[str, Any]) -> str:
    """Whether a record is linked in a step, or why it is not."""
    if step["unlinked"] is not None:
        return f"Not linked: {step['unlinked']}."
    joined = step["joined"]  # the candidates that are shown may be fewer
    return "Linked." if joined <= 1 else f"Linked to {joined:,}."


def met_in_words(step: Mapping[str, Any]) -> str:
    """How many others rules and passes set against a record."""
    return f"It met {step['met']:,} other{'' if step['met'] == 1 else 's'} here."


def _in_step(step: Mapping[str, Any], names: Names, *, is_last: bool) -> Section:
    blocks: list[Block] = [Text(f"{linked_in_words(step)} {met_in_words(step)}")]
    if step["rules_not_followed"]:
        listed = ", ".join(map(str, step["rules_not_followed"]))
        blocks.append(Text(f"Blocking rules that ask for no equality were not followed: {listed}."))
    rows: list[list[str | Cell]] = [
        [
            unit(row["unit"], names),
            Cell(signed(row["match_weight"])),
            Cell(likelihood(row["probability"])),
            row["made_by"] or "",
            became(row),
            " ".join(row["in_words"]),
        ]
        for row in step["candidates"]
    ]
    if rows:
        columns = ["With", "Match weight", "Probability", "Found by", "Outcome", "Why"]
        blocks.append(Table(f"{step_name(step['step'])}: its best pairs", columns, rows))
    if step["best"] and is_last:
        blocks.append(waterfall(step["best"], names))
    return Section(f"step-{step_name(step['step'])}", f"In the step {step_name(step['step'])}", blocks)


def person_headlines(found: Mapping[str, Any]) -> list[Headline]:
    """The figures that stand first on a person's page."""
    weakest = found["links"][found["weakest"]] if found["weakest"] is not None else None
    return [
        Headline("Entities", Cell(str(len(found["entities"]))), "", "of all sources"),
        Headline("Links", Cell(str(holding(found))), "", "that hold them together"),
        Headline(
            "Weakest link", Cell(likelihood(weakest["probability"]) if weakest else "none"), "", "its probability"
        ),
        Headline("Conflicts", Cell(str(len(found["conflicts"]))), "", "that speak against one person"),
    ]


def holding(found: Mapping[str, Any]) -> int:
    """How many links hold a person together: of one file, pairs that others join are none."""
    return int(found.get("joining", len(found["links"])))


def person_sections(found: Mapping[str, Any], names: Names) -> list[Section]:
    """Entities, links and conflicts of a person."""
    listed: list[list[str | Cell]] = [
        [f"{names.source(row['source'])} {row['entity_id']}", *([row["band"]] if row["band"] else [])]
        for row in found["entities"]
    ]
    entities = Table("Entities", ["Entity", "Brought in by a link that is"][: len(listed[0])], listed)
    rows: list[list[str | Cell]] = [
        [
            f"{step_name({'name': row['step']})}{', the weakest' if place == found['weakest'] else ''}",
            f"{_listed(row['left'])} to {_listed(row['right'])}",
            row["made_by"] or "",
            Cell(signed(row["match_weight"])),
            Cell(likelihood(row["probability"])),
            without(row),
        ]
        for place, row in enumerate(found["links"])
    ]
    columns = ["Step", "Entities", "Made by", "Match weight", "Probability", "Without it"]
    links: list[Block] = [Table("Links", columns, rows)] if rows else [Text("One entity, and no link.")]
    conflicts: list[Block] = [Text("Nothing that its entities hold contradicts that they are one person.")]
    if found["conflicts"]:
        speaks: list[list[str | Cell]] = [[row["what"], _listed(row["entities"])] for row in found["conflicts"]]
        conflicts = [Table("Conflicts", ["What", "Entities"], speaks)]
    if found["parted"]:
        heads = ["Step", "Entities", "Match weight", "One person would have"]
        conflicts.append(Table("Links that the spine did not follow", heads, parted_rows(found, Cell)))
    return [
        Section("entities", "Whose records they are", [entities]),
        Section("links", "What holds the person together", links),
        Section("conflicts", "What speaks against it", conflicts),
    ]


def without(link: Mapping[str, Any]) -> str:
    """What a person would fall into if a link were not there."""
    if not link["splits"]:
        return "still one person"
    apart = sorted(link["splits"], key=len)[:-1]  # the largest part stays the person
    return f"{'; '.join(map(_listed, apart))} would part"


def parted_rows(found: Mapping[str, Any], number: Callable[[str], Any] = str) -> list[list[Any]]:
    """Links of a person to others that the spine did not follow: step, entities, match weight, rule.

    Args:
        number: what a number becomes.
    """
    return [
        [row["step"], " to ".join(map(str, row["entities"])), number(signed(row["match_weight"])), row["rule"]]
        for row in found["parted"]
    ]


def _listed(entities: list[int]) -> str:
    return ", ".join(map(str, entities))
