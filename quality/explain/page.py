"""An explanation as sections, for a page in the report's form and for the terminal.

The page is about single people and not for publication. It has numbers of records, but
no value and no key.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue, shipped
from quality.disclosure import Cell
from quality.report.document import document, template_text, write_page
from quality.report.names import Names
from quality.report.page import Block, Fold, Headline, Section, Table, Text
from quality.report.waterfall import likelihood, signed, waterfall

_ABOUT = (
    "This page is about single people. It names them by the numbers that this run gave "
    "them, and has no name, date, "
    "postcode or key of theirs. It is for people who judge the linkage, and not for "
    "publication."
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

Facts = Mapping[str, Any]


def render_explanation(
    answer: Facts, out: Path, catalogue: Catalogue | None = None
) -> Path:
    """Write an explanation as one file that fetches nothing, and return its path."""
    return write_page(explanation_page(answer, catalogue), out)


def explanation_page(answer: Facts, catalogue: Catalogue | None = None) -> str:
    """An explanation as a page that fetches nothing."""
    if answer["kind"] == "pair":
        subject = " and ".join(
            str(answer["units"][side]["unit_id"]) for side in ("left", "right")
        )
    else:
        subject = str(
            answer["entity_id" if answer["kind"] == "record" else "person_id"]
        )
    return document(
        f"{title(answer)}: {subject}",
        statement(answer),
        [
            Headline(label, Cell(figure), "", note)
            for label, figure, note in _headlines(answer)
        ],
        [
            *sections(answer, Names(catalogue or shipped())),
            Section("about", "About this page", [Text(_ABOUT)]),
        ],
        style=template_text("quality.report", "bars.css"),
        banner=answer.get("banner", ""),
    )


def title(answer: Facts) -> str:
    """What an explanation is about."""
    if answer["kind"] != "pair":
        return (
            "Candidate pairs of a record"
            if answer["kind"] == "record"
            else "Links of a person"
        )
    decisions = {"accepted": "was linked", "review": "is for review"}
    decision = decisions.get(answer["outcome"]["decision"], "was not linked")
    return (
        "Why a pair "
        f"{decision}{' and split again' if answer['outcome'].get('removed_by') else ''}"
    )


def statement(answer: Facts) -> str:
    """An explanation in a few sentences."""
    if answer["kind"] == "pair":
        sides = ("left", "right")
        records = [
            f"{'' if answer['step']['one_file'] else f'{s} '}record "
            f"{answer['units'][s]['unit_id']}"
            for s in sides
        ]
        head = (
            f"Step {answer['step']['name']}, {' and '.join(records)}: "
            f"{_decided(answer['outcome']).lower()}."
        )
        return " ".join([head, *answer["outcome"]["in_words"]])
    if answer["kind"] == "record":
        subject = (
            "Record"
            if any(step["step"]["one_file"] for step in answer["steps"])
            else "Entity"
        )
        steps = [f"{step['step']['name']}: {_linked(step)}" for step in answer["steps"]]
        return f"{subject} {answer['entity_id']}. {' '.join(steps)}"
    if answer["weakest"] is None:
        return f"Person {answer['person_id']} has one record."
    weakest, conflicts, links = (
        answer["links"][answer["weakest"]],
        len(answer["conflicts"]),
        answer["joining"],
    )
    return (
        f"Person {answer['person_id']}: {len(answer['entities'])} entities, joined by "
        f"{links} "
        f"link{'s' if links > 1 else ''}. The weakest is of step {weakest['step']}, "
        "with a match weight of "
        f"{signed(weakest['match_weight'])}; {conflicts or 'no'} "
        f"contradiction{'' if conflicts == 1 else 's'}."
    )


def _decided(outcome: Facts) -> str:
    """The decision about a pair in a word or two."""
    return _OUTCOMES[outcome["decision"]] + (
        ", split again by the spine" if outcome.get("removed_by") else ""
    )


def _headlines(answer: Facts) -> list[tuple[str, str, str]]:
    """Label, figure and note of the figures at the top of the page."""
    if answer["kind"] == "record":
        steps = answer["steps"]
        candidates = sum(step["candidates_found"] for step in steps)
        return [
            ("Steps", str(len(steps)), "that the record took part in"),
            (
                "Linked in",
                str(sum(step["unlinked"] is None for step in steps)),
                "of them",
            ),
            ("Candidate pairs", f"{candidates:,}", "by a rule or a pass"),
        ]
    if answer["kind"] == "person":
        weakest = answer["weakest"]
        probability = (
            "none"
            if weakest is None
            else likelihood(answer["links"][weakest]["probability"])
        )
        return [
            ("Entities", str(len(answer["entities"])), "of all sources"),
            ("Links", str(answer["joining"]), "that join them"),
            ("Weakest link", probability, "probability"),
            ("Contradictions", str(len(answer["conflicts"])), "between its records"),
        ]
    posterior, limits, weight = (
        answer["probability"],
        answer["thresholds"],
        answer["weight"],
    )
    basis = "by its weight only" if posterior is None else "given the competing pairs"
    return [
        (
            "Outcome",
            _decided(answer["outcome"]),
            answer["outcome"]["reason"] or answer["made_by"] or "",
        ),
        (
            "Match probability",
            likelihood(weight["probability"] if posterior is None else posterior),
            basis,
        ),
        (
            "Adjusted match weight",
            signed(weight["total"]),
            "log2 of the odds, with the cardinality adjustment",
        ),
        (
            "Accepted at",
            signed(limits["accept_total"]),
            f"reviewed at {signed(limits['review_total'])}",
        ),
    ]


def sections(answer: Facts, names: Names) -> list[Section]:
    """The explanation in parts."""
    if answer["kind"] == "record":
        return [
            _step(step, names, is_last=step is answer["steps"][-1])
            for step in answer["steps"]
        ]
    if answer["kind"] == "person":
        return _person(answer, names)
    return [
        Section("weight", "Evidence for and against", [waterfall(answer, names)]),
        Section("competing", "Thresholds and competing pairs", _competing(answer)),
        Section("reach", "Passes and blocking rules", _reach(answer, names)),
        Section("changes", "What would change it", _changes(answer["changes"], names)),
    ]


def unit_name(about: Facts, names: Names) -> str:
    """A side of a pair by its entities: "NPD 17, CIS 230"."""
    return ", ".join(
        f"{names.source(row['source'])} {row['entity_id']}" for row in about["entities"]
    )


def _table(
    caption: str,
    columns: Mapping[str, Callable[[Facts], Any]],
    rows: Iterable[Facts],
    empty: str = "",
) -> Block:
    """A table of a column's heading to its cell of a row; a text where there is no row
    and a text is given.
    """
    table_rows = [[cell(row) for cell in columns.values()] for row in rows]
    return (
        Table(caption, list(columns), table_rows)
        if table_rows or not empty
        else Text(empty)
    )


def _weight(name: str) -> Callable[[Facts], Cell]:
    return lambda row: Cell(signed(row[name]))


def _competing(answer: Facts) -> list[Block]:
    limits, adjustment = (
        answer["thresholds"],
        answer["weight"]["cardinality_adjustment"],
    )
    thresholds = [
        {"name": name, "weight": limits[key], "total": limits[key] + adjustment}
        for name, key in (
            ("Accepted at", "accept"),
            ("Reviewed at", "review"),
            ("Stored at", "floor"),
        )
    ]
    columns = {
        "Threshold": lambda row: row["name"],
        "Match weight": _weight("weight"),
        "With the cardinality adjustment": _weight("total"),
    }
    others = {
        "Competing pair": lambda row: (
            f"{row['side'].capitalize()} record with record {row['unit_id']}"
        ),
        "Match weight": _weight("match_weight"),
        "This pair leads by": _weight("lead"),
        "Outcome": lambda row: _OUTCOMES[row["decision"]],
    }
    none = "Neither record has another stored pair that competes."
    if answer["step"]["one_file"]:
        none = "Records of one file may all be one person: pairs do not compete."
    return [
        _table("Thresholds of the step", columns, thresholds),
        _table("The best other pair of each record", others, answer["competing"], none),
    ]


def _reach(answer: Facts, names: Names) -> list[Block]:
    def conditions(rows: Sequence[Facts]) -> str:
        return "; ".join(
            f"{names.columns_in(row['condition'])}: {row['result']}" for row in rows
        )

    passes = {
        "Pass": lambda row: names.words(row["pass"]),
        "Conditions": lambda row: (
            conditions(row["equal"])
            + (f"; one of: {conditions(row['one_of'])}" if row["one_of"] else "")
        ),
        "Result": lambda row: row["result"],
    }
    rules = {
        "Rule": lambda row: f"Rule {row['rule']}",
        "Conditions": lambda row: conditions(row["conditions"]),
        "Result": lambda row: "makes the pair" if row["holds"] else "does not",
    }
    pass_rows, none = (
        answer["reach"]["passes"],
        "The step has no passes that both records can meet.",
    )
    if pass_rows is None:
        none = (
            "This run did not record its passes. Run the step again to see how the "
            "pair meets them."
        )
    return [
        _table("Passes, in their order", passes, pass_rows or (), none),
        _table(
            "Blocking rules",
            rules,
            answer["reach"]["rules"],
            "The model has no blocking rules.",
        ),
    ]


def _changes(changes: Sequence[Facts], names: Names) -> list[Block]:
    columns = {
        "If the comparison were": lambda row: (
            f"{names.column(row['comparison'])}: {names.columns_in(row['level'])}"
        ),
        "Adds": _weight("weight"),
        "Match weight": _weight("match_weight"),
        "Outcome by weight": lambda row: _OUTCOMES[row["would_be"]],
    }
    crossing = sorted(
        (row for row in changes if row["crosses"]),
        key=lambda row: abs(row["changed_by"]),
    )
    text = (
        f"{len(crossing)} of {len(changes)} changes of one comparison would carry "
        "the weight over a threshold."
    )
    blocks: list[Block] = [Text(text)]
    if crossing:
        blocks.append(
            _table(
                "The smallest changes that cross a threshold",
                columns,
                crossing[:_MOST_LEVELS],
            )
        )
    if changes:
        change_table = _table(
            "One comparison changed, the rest as it is", columns, changes
        )
        blocks.append(Fold("All changes of one comparison", [change_table]))
    return blocks


def _linked(step: Facts) -> str:
    if step["unlinked"] is not None:
        return f"Not linked: {step['unlinked']}."
    return "Linked." if step["links"] <= 1 else f"Linked to {step['links']:,}."


def _step(step: Facts, names: Names, *, is_last: bool) -> Section:
    pairs, name = step["candidates_found"], step["step"]["name"]
    blocks: list[Block] = [
        Text(f"{_linked(step)} {pairs:,} candidate pair{'' if pairs == 1 else 's'}.")
    ]
    if step["rules_not_followed"]:
        rule_text = ", ".join(map(str, step["rules_not_followed"]))
        blocks.append(
            Text(
                "Blocking rules that ask for no equality were not followed: "
                f"{rule_text}."
            )
        )
    columns = {
        "With": lambda row: unit_name(row["unit"], names),
        "Match weight": _weight("match_weight"),
        "Match probability": lambda row: Cell(likelihood(row["probability"])),
        "Made by": lambda row: row["made_by"] or "",
        "Outcome": lambda row: (
            _decided(row) + (f": {row['reason']}" if row["reason"] else "")
        ),
    }
    if step["candidates"]:
        blocks.append(_table(f"{name}: the best pairs", columns, step["candidates"]))
    if step["best"] and is_last:
        blocks.append(waterfall(step["best"], names))
    return Section(f"step-{name}", f"Step {name}", blocks)


def _person(answer: Facts, names: Names) -> list[Section]:
    entities = {
        "Entity": lambda row: f"{names.source(row['source'])} {row['entity_id']}",
        "Link quality band": lambda row: row["band"] or "",
    }
    if not any(row["band"] for row in answer["entities"]):
        del entities["Link quality band"]
    weakest = (
        answer["links"][answer["weakest"]] if answer["weakest"] is not None else None
    )
    links = {
        "Step": lambda row: row["step"] + (", the weakest" if row is weakest else ""),
        "Entities": lambda row: f"{_listed(row['left'])} to {_listed(row['right'])}",
        "Made by": lambda row: row["made_by"] or "",
        "Match weight": _weight("match_weight"),
        "Match probability": lambda row: Cell(likelihood(row["probability"])),
        "Without it": _without,
    }
    conflicts = {
        "What": lambda row: row["what"],
        "Entities": lambda row: _listed(row["entities"]),
    }
    columns = {
        "Step": lambda row: row["step"],
        "Entities": lambda row: " to ".join(map(str, row["entities"])),
        "Match weight": _weight("match_weight"),
        "One person would have": lambda row: row["rule"],
    }
    none = "The records of the person do not contradict each other."
    blocks = [_table("Contradictions", conflicts, answer["conflicts"], none)]
    if answer["removed"]:
        blocks.append(
            _table("Links that the spine removed", columns, answer["removed"])
        )
    return [
        Section(
            "entities", "Entities", [_table("Entities", entities, answer["entities"])]
        ),
        Section(
            "links",
            "Links",
            [_table("Links", links, answer["links"], "One entity, and no link.")],
        ),
        Section("conflicts", "Contradictions", blocks),
    ]


def _without(link: Facts) -> str:
    """What a person would be without a link."""
    if not link["splits"]:
        return "still one person"
    return f"{'; '.join(_listed(group) for group in sorted(link['splits'], key=len)[:-1])} would split off"  # noqa: E501


def _listed(entities: Sequence[int]) -> str:
    return ", ".join(map(str, entities))
