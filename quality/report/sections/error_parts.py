"""How right the parts of a step are: links of each pattern and band, people of each group, and what errors cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.intervals import Share
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text

_MOST_PATTERNS = 25
_MOST_CAUSES = 20
_SHARES = (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1"))
HEADS = [head for _, label in _SHARES for head in (f"{label}, %", "95% from", "to")]


def shares(row: Mapping[str, Any], d: Disclosure, links: Cell | None = None) -> list[Cell]:
    """Precision, recall and F1 of a part, each with its interval.

    Args:
        links: the part's number of links as it may be shown. Recall of a pass or band is that number over all true
            pairs, so that it is hidden where the number is, or would be.
    """
    few = d.profile.threshold > (row["recall"]["count"] if row["recall"] else 0)
    withheld = links is not None and (links.mark == "suppressed" or few)
    cells = []
    for name, _ in _SHARES:
        if withheld:
            cells += [d.marked("suppressed") for _ in range(3)]
        else:
            cells += [d.accuracy(row[name]), *d.interval(row[name])]
    return cells


def patterns_table(step: Mapping[str, Any], names: Names, d: Disclosure) -> Table | None:
    """The commonest patterns of agreement among the links, in words."""
    model = step["parameters"]
    # Recall of a pattern is its links over all true pairs: of few links it tells their number.
    judged = [row for row in step.get("patterns", ()) if row["pattern"] and row["precision"]]
    found = [row for row in judged if row["precision"]["of"] >= d.profile.threshold]
    if not model or not found:
        return None
    return Table(
        f"{names.step(step)}: the commonest patterns of agreement",
        ["Agree exactly", "Agree in part", "Differ", "Not known", *HEADS],
        [[*_in_words(row["pattern"], model["levels"], names), *shares(row, d)] for row in found[:_MOST_PATTERNS]],
        "Recall is the share of all true pairs that links of the pattern hold; over all patterns it adds up to the "
        "step's.",
    )


def _in_words(pattern: str, levels: Sequence[Mapping[str, Any]], names: Names) -> list[str]:
    """Comparisons by how they agree. Splink counts a comparison's levels down to 0, which is all that differs."""
    sizes: dict[str, int] = {}
    for level in levels:
        sizes[level["comparison"]] = sizes.get(level["comparison"], 0) + 1
    said: dict[str, list[str]] = {kind: [] for kind in ("exactly", "in part", "differ", "unknown")}
    for (comparison, size), value in zip(sizes.items(), pattern.split(","), strict=False):
        reached = int(value)
        kind = "unknown" if reached < 0 else "exactly" if reached == size - 1 else "in part" if reached else "differ"
        said[kind].append(names.column(comparison))
    return [", ".join(found) or "none" for found in said.values()]


def group_tables(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[Table]:
    """Error by characteristic of the people on the left, a table each."""
    return [
        Table(
            f"{names.step(step)}: error by {rate['title'][0].lower()}{rate['title'][1:]}",
            ["Group", *HEADS],
            [[group["label"], *shares(group, d)] for group in rate["groups"]],
        )
        for rate in step.get("groups", ())
        if any(group["precision"] for group in rate["groups"])
    ]


def parts_folds(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[Block]:
    """What a reader opens: a step's error by pattern and by group."""
    patterns = patterns_table(step, names, d)
    groups = group_tables(step, names, d)
    folds: list[Block] = []
    if patterns:
        folds.append(Fold(f"{names.step(step)}: error by pattern of agreement", [patterns]))
    if groups:
        folds.append(Fold(f"{names.step(step)}: error by group of people", [Text(of_pairs(step)), *groups]))
    return folds


def of_pairs(step: Mapping[str, Any]) -> str:
    """Of whom error by group is, which is not what link rates and bias by group are of."""
    if step.get("eligible"):
        return (
            "Pairs are counted here, also those of people who are not in the calculation. Link rates and bias count "
            "people, and those in it alone, so that they say something else of a group."
        )
    return "Pairs are counted here. Link rates and bias count people, so that they say something else of a group."


def in_no_group(step: Mapping[str, Any], names: Names, d: Disclosure) -> str:
    """How much of what a step is expected to miss its groups leave out; nothing where it does not know."""
    said = step.get("expected") or {}
    kept, beside = said.get("missed_kept", 0.0), ("others", "dropped", "unreached")
    hidden = sum(said.get(f"missed_{part}", 0.0) for part in beside)
    if not hidden or said["recall"]["value"] is None:
        return ""
    of = kept + hidden
    share = d.accuracy(Share(of=round(of), count=hidden, value=hidden / of, low=None, high=None))
    if share.value is None:
        return ""
    return f"{names.step(step)}: {share.text}% of what is expected to be missed is in no group."


def causes_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Which kinds of error in the records cost links; None where nobody logged them."""
    steps = [step for step in evaluation["steps"] if step.get("causes") and step["causes"]["kinds"]]
    if not steps:
        return None
    last = steps[-1]
    table = _causes_table(last, names, d)
    values = [
        {"label": str(row[0]), "value": cell.value, "shown": cell.text}
        for row in table.rows
        if isinstance(cell := row[-1], Cell) and cell.value
    ]
    clean = d.accuracy(last["causes"]["without_error"]["share_missed"])
    return Section(
        "causes",
        "Which errors cost links",
        [
            Text(
                "The population was made with a log of every error in its records. An error costs as many links as the "
                "true pairs that bear it miss beyond what pairs without any error miss. Errors go together, so that "
                "costs do not add up."
            ),
            figure(
                "links-lost-to-errors",
                f"Links lost to kinds of error: {names.step(last)}",
                f"Of true pairs whose records bear no error {clean.with_unit()} are missed. Bars are links lost per "
                "10,000 true pairs; kinds too rare to show are left out.",
                lambda width: charts.bars(values, width, x="Links lost per 10,000 true pairs"),
                table,
            ),
            *(
                Fold(f"{names.step(step)}: which errors cost links", [_causes_table(step, names, d)])
                for step in steps[:-1]
            ),
        ],
    )


def _causes_table(step: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    whole = step["accuracy"]["true_pairs"]
    rows: list[list[str | Cell]] = []
    for row in step["causes"]["kinds"][:_MOST_CAUSES]:
        missed = d.accuracy(row["share_missed"])
        low, high = d.interval(row["share_missed"])
        lost = 1e4 * row["cost"] / whole if whole else 0.0
        cost = Cell(f"{lost:.1f}", round(lost, 1)) if missed.mark is None else missed
        title = f"{names.column(row['field'])}: {names.words(row['kind']).lower()}"
        rows.append([title, d.count(row["pairs"]), missed, low, high, cost])
    kinds = len(step["causes"]["kinds"])
    return Table(
        f"{names.step(step)}: kinds of error, and the links that they cost",
        ["Error", "True pairs that bear it", "Of them missed, %", "95% from", "to", "Links lost per 10,000 true pairs"],
        rows,
        f"The {_MOST_CAUSES} costliest of {kinds} kinds." if kinds > _MOST_CAUSES else "",
    )
