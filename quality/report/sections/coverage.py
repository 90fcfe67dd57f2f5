"""Who was linked: the flow of records, link rates with the three denominators, and why the others are not."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Figure, Fold, Heading, Section, Table, Text
from quality.report.pairs import Pairs
from quality.report.released import Group, Side, tied
from quality.report.sections.flow import Bar, Box, Flow, draw


def flow_section(
    evaluation: Mapping[str, Any], pairs: Mapping[str, Pairs], subject: Side, names: Names, d: Disclosure
) -> Section:
    """Records in, people out, and the three denominators of the last step."""
    sources = source_rows(evaluation, names, d)
    links = [(names.step(step), pairs[step["step"]].links) for step in evaluation["steps"]]
    bands: list[tuple[str, list[Box]]] = []
    if sources:
        bands.append(("Sources", [_source_box(row, names) for row in sources]))
    bands.append(("Link steps", [Box(title, [f"{made.text} links"]) for title, made in links]))
    spine = evaluation.get("spine")
    if spine:
        bands.append(("Spine", [Box("People", [f"{d.count(spine['people']).text} people on the spine"])]))
    whole = subject.whole
    before = ", before this step" if subject.is_people else ""
    bars = [
        Bar(f"All{before}", whole.everybody),
        Bar("In the calculation", whole.eligible),
        Bar("Matched", whole.linked),
    ]
    if not subject.has_rule:
        del bars[1]
    opening = names.people(_side_name(subject))
    ending = f"{names.step(subject.step)}: {'the three denominators' if subject.has_rule else opening}"
    flow = Flow(bands, ending, bars)
    rows: list[list[str | Cell]] = [[f"{row[0]}, rows read", row[1]] for row in sources if row[1].mark != "unavailable"]
    rows += [[f"{row[0]}, rows set aside", row[2]] for row in sources if row[2].mark != "unavailable"]
    rows += [[f"{row[0]}, {names.of('people')}", row[3]] for row in sources]
    rows += [[f"Links made, {title}", made] for title, made in links]
    if spine:
        rows.append(["People on the spine", d.count(spine["people"])])
        rows += [[f"Links cut, {cut['rule']}", d.count(cut["links"])] for cut in spine.get("cuts", ())]
    rows += [[f"{names.step(subject.step)}, {bar.title.lower()}", bar.cell] for bar in bars]
    table = Table("Flow of records", ["Stage", "Count"], rows)
    summary = (
        f"{whole.linked.text} of {whole.eligible.text} {opening}"
        f"{' who are in the calculation' if subject.has_rule else ''} are matched ({whole.rate.with_unit()})."
        + (f" There are {whole.everybody.text} in all{before}." if subject.has_rule else "")
    )
    if before and spine:
        summary += " Those of them whom the step links to one and the same record are one person on the spine."
        if lacking := lacking_on_spine(evaluation, names, subject):
            summary += f" Those of {lacking} who are linked to nobody on the spine are not on it."
    drawn = Figure(
        "flow-of-records", names.of("From rows to people"), summary, draw(flow), draw(flow, narrow=True), table
    )
    return Section("flow", "Flow of records", [drawn, *_set_aside_note(subject)])


def lacking_on_spine(evaluation: Mapping[str, Any], names: Names, subject: Side | None = None) -> str:
    """Sources of which the spine has only those who are linked to it, as a list in words; of a side, that are in it."""
    held = {row["source"]: row["entities"] for row in (evaluation.get("spine") or {}).get("by_source", ())}
    other = subject and subject.step["right" if subject.side == "left" else "left"]
    lacking = [
        names.source(row["source"])
        for row in evaluation["sources"]
        if held and row["source"] != other and held.get(row["source"], 0) < row.get("entities", 0)
    ]
    return " and ".join(filter(None, [", ".join(lacking[:-1]), *lacking[-1:]]))


def rates_section(
    evaluation: Mapping[str, Any], sides: Mapping[str, Mapping[str, Side]], subject: Side, names: Names
) -> Section:
    """Link rates of every step, and by characteristic of the last."""
    every = [side for step in sides.values() for side in step.values()]
    has_rule = any(side.has_rule for side in every)
    has_found = any(side.whole.found.mark is None for side in every)
    blocks: list[Block] = [
        Text(
            f"A rate is the share of {'those in the calculation' if has_rule else 'a side'} that are matched. How many "
            "of a source link says how far two populations overlap as well as how well they were linked"
            + ("; the share of true counterparts found says the latter alone." if has_found else ".")
        ),
        _steps_table(every, names, has_rule, has_found),
    ]
    blocks += _by_characteristic(subject, names, evaluation["has_truth"])
    others = [side for side in every if side is not subject and side.characteristics]
    if others:
        folds = [
            Fold(
                f"{names.step(side.step)}, {names.people(_side_name(side))}",
                _tables(side, names, evaluation["has_truth"]),
            )
            for side in others
        ]
        blocks += [Heading("Other steps and sides"), *folds]
    return Section("rates", "Link rates", blocks)


def reasons_section(sides: Mapping[str, Mapping[str, Side]], subject: Side, names: Names) -> Section | None:
    """Why people in the calculation are not matched: the subject's, or where all of it are the last other side's."""
    shown = [side for step in sides.values() for side in step.values() if side.reasons]
    if not shown:
        return None
    drawn = subject if subject.reasons else shown[-1]
    values = [
        {"label": names.words(reason), "value": cell.value, "shown": cell.text} for reason, cell, _ in drawn.reasons
    ]
    rows: list[list[str | Cell]] = [
        [f"{names.step(side.step)}: {names.source(_side_name(side))}", names.words(reason), cell, share]
        for side in shown
        for reason, cell, share in side.reasons
    ]
    table = Table("Reasons unlinked", ["Step and side", "Reason", names.of("People"), "Share, %"], rows)
    return Section(
        "unlinked",
        names.of("Why people are not linked"),
        [
            figure(
                "reasons",
                f"{names.of('People')} not linked, by reason: {names.step(drawn.step)}",
                f"{drawn.whole.unlinked.text} {names.people(_side_name(drawn))} "
                f"{'in the calculation ' if drawn.has_rule else ''}are not linked. “No candidate” means that "
                f"{names.of('nobody', 'nothing')} on the other side shared enough to be compared; “below threshold” "
                "that the best pair was too weak; “in review” or “ambiguous” that a person should decide. The table "
                "has every step and side.",
                lambda width: charts.bars(values, width, x=names.of("People")),
                table,
            )
        ],
    )


def _side_name(side: Side) -> str:
    return str(side.step[side.side])


def source_rows(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> list[tuple[str, Cell, Cell, Cell]]:
    """Source, rows read, rows set aside, people."""
    rows = []
    for source in evaluation["sources"]:
        if source["rows_read"] is None or source["quarantined"] is None:
            read, aside = d.marked("unavailable"), d.marked("unavailable")
        else:
            parts, read = tied({"kept": source["rows_read"] - source["quarantined"], "aside": source["quarantined"]}, d)
            aside = parts["aside"]
            if aside.mark == "suppressed":
                read = aside  # rows that were kept are the rest, and are told by the checks of the data
        rows.append((names.source(source["source"]), read, aside, d.count(source["entities"])))
    return rows


def _source_box(row: tuple[str, Cell, Cell, Cell], names: Names) -> Box:
    name, read, aside, people = row
    lines = [f"{read.text} rows read", f"{aside.text} set aside"] if read.mark != "unavailable" else []
    return Box(name, [*lines, *([names.of(f"{people.text} people")] if people.mark != "unavailable" else [])])


def _set_aside_note(subject: Side) -> list[Block]:
    if not subject.has_rule:
        return []
    rule = subject.step["eligible"]
    return [Text(f"In the calculation: {old_enough(rule)}. {rule['why']}.")]


def old_enough(rule: Mapping[str, Any]) -> str:
    """Who is in the calculation of a step: rule has minimum_age, and on as a day in ISO's form."""
    on = datetime.date.fromisoformat(rule["on"])
    return f"aged {rule['minimum_age']} or over on {on.day} {on:%B %Y}"


def _steps_table(sides: Sequence[Side], names: Names, has_rule: bool, has_found: bool) -> Table:
    """The third denominator stands where a rule makes one, and the share found where truth has the persons."""
    columns = ["Step", "Side", "All", *(["In the calculation"] if has_rule else []), "Matched", "Matched, %"]
    rows: list[list[str | Cell]] = [
        [
            *(names.step(side.step), names.source(_side_name(side)), side.whole.everybody),
            *([side.whole.eligible] if has_rule else []),
            *(side.whole.linked, side.whole.rate),
            *([side.whole.found] if has_found else []),
        ]
        for side in sides
    ]
    columns += ["True counterparts found, %"] if has_found else []
    return Table("Link rates by step and side", columns, rows)


def from_first_to_last(along: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What lies between the first and the last that have a value, so that no axis begins or ends with nothing."""
    told = [place for place, row in enumerate(along) if row["value"] is not None]
    return list(along[told[0] : told[-1] + 1] if told else along)


def _by_characteristic(subject: Side, names: Names, truth: bool) -> list[Block]:
    blocks: list[Block] = []
    if subject.characteristics:
        blocks.append(Heading(f"{names.step(subject.step)}, by characteristic"))
    cohort = next((c for c in subject.characteristics if c[0] == "cohort"), None)
    if cohort:
        years = [group for group in cohort[2] if group.label != "Not known"]
        values = _shares(years)
        axis = [{"label": year.label, "value": None, "low": None, "high": None, "shown": ""} for year in years]
        along = from_first_to_last(
            sorted([*values, *(row for row in axis if row["label"] not in {v["label"] for v in values})], key=_label)
        )
        blocks.append(
            figure(
                "rate-by-cohort",
                "Link rate by year of birth",
                _spread(values, "year of birth", len(years))
                + " Lines show 95% intervals"
                + (
                    "."
                    if len(values) == len(years)
                    else "; years of which few are matched, or few are not, are left out."
                ),
                lambda width: charts.line(along, width, x="Year of birth", y="Matched, %"),
                _table(cohort[1], cohort[2], truth, names.step(subject.step)),
            )
        )
    others = [c for c in subject.characteristics if c[0] != "cohort"]
    if others:
        values_of_others = [
            {**value, "group": title} for _, title, groups in others for value in _shares(_named(groups, names))
        ]
        rows: list[list[str | Cell]] = [
            [title, *row] for _, title, groups in others for row in _rows(_named(groups, names), truth)
        ]
        table = Table(
            f"{names.step(subject.step)}: link rate by characteristic", ["Characteristic", *_columns(truth)], rows
        )
        blocks.append(
            figure(
                "rate-by-characteristic",
                "Link rate by characteristic",
                _spread(values_of_others, "group", sum(len(groups) for _, _, groups in others))
                + " Lines show 95% intervals; groups of which few are matched, or few are not, are left out.",
                lambda width: charts.dots(values_of_others, width, x="Matched, %", facet=True),
                table,
            )
        )
    return blocks


def _named(groups: Sequence[Group], names: Names) -> list[Group]:
    return [Group(**{**vars(group), "label": names.source(group.label)}) for group in groups]


def _shares(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Values of a chart: groups whose rate may be shown."""
    return [
        {
            "label": group.label,
            "value": group.rate.value,
            "low": group.low.value,
            "high": group.high.value,
            "shown": f"{group.rate.text}% ({group.low.text} to {group.high.text})",
        }
        for group in groups
        if group.rate.value is not None
    ]


def _label(row: Mapping[str, Any]) -> str:
    return str(row["label"])


def _spread(values: Sequence[Mapping[str, Any]], what: str, groups: int) -> str:
    """What the rates are, of those of so many groups that may be shown."""
    if len(values) < 2:
        return f"The rate by {what}."
    lowest = min(values, key=lambda row: row["value"])
    highest = max(values, key=lambda row: row["value"])
    if lowest["value"] == highest["value"]:
        shown = "" if len(values) == groups else " that is shown"
        return f"The rate is {lowest['value']:.1f}% for each {what}{shown}."
    low, high = (
        f"{row['value']:.1f}% ({': '.join(str(row[key]) for key in ('group', 'label') if key in row)})"
        for row in (lowest, highest)
    )
    return f"{'The' if len(values) == groups else 'Where it is shown, the'} rate runs from {low} to {high}."


def _columns(truth: bool) -> list[str]:
    columns = ["Group", "All", "In the calculation", "Matched", "Matched, %", "95% from", "to"]
    return [*columns, "True counterparts found, %"] if truth else columns


def _rows(groups: Sequence[Group], truth: bool) -> list[list[str | Cell]]:
    return [
        [
            *(group.label, group.everybody, group.eligible, group.linked, group.rate, group.low, group.high),
            *([group.found] if truth else []),
        ]
        for group in groups
    ]


def _table(title: str, groups: Sequence[Group], truth: bool, step: str) -> Table:
    return Table(f"{step}: link rate by {title[0].lower()}{title[1:]}", _columns(truth), _rows(groups, truth))


def _tables(side: Side, names: Names, truth: bool) -> list[Block]:
    return [
        _table(title, _named(groups, names), truth, f"{names.step(side.step)}, {names.source(_side_name(side))}")
        for _, title, groups in side.characteristics
    ]
