"""Figures of several runs after disclosure control: a row a figure, a cell a run.

Groups are shown by percentages only, as the run's report shows them; what a run hides of a group is hidden here too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from quality.dashboard.reading import Run
from quality.disclosure import Cell, Disclosure
from quality.measures.drift import distributions
from quality.report.names import Names
from quality.report.page import Row, Table
from quality.report.released import release
from quality.report.sections.bias import basis_of
from quality.report.sections.methods import stages_of
from quality.report.showing import pairs_reviewed

BASES = {"truth": "by truth", "review": "by review", "estimated_error": "estimated"}
LARGEST, FLAGGED = "Largest difference, either way", "Groups flagged"
_FEWEST_TIMES = 10  # times the least base of a share, of groups whose difference is compared


@dataclass(frozen=True)
class Figure:
    """One figure over all runs.

    Attributes:
        labels: what it is of and what it is, as the matrix's heads say.
        bounds: the 95 % interval of each run, where it has one.
    """

    labels: Sequence[str]
    cells: Sequence[Cell]
    bounds: Sequence[tuple[Cell, Cell]] | None = None


@dataclass(frozen=True)
class Matrix:
    """Figures down, runs across."""

    name: str
    title: str
    heads: Sequence[str]
    figures: Sequence[Figure]
    places: int = 0  # decimals of a change

    def table(self, runs: Sequence[str]) -> Table:
        """A column for each run."""
        rows: list[Row] = [[*figure.labels, *figure.cells] for figure in self.figures]
        return Table(self.title, [*self.heads, *runs], rows)

    def changes(self, two: tuple[int, int], runs: Sequence[str], d: Disclosure) -> Table:
        """Two runs and the change of what is shown, so that it discloses no more."""
        rows: list[Row] = [
            [*figure.labels, *(figure.cells[place] for place in two), change(figure, two, self.places, d)]
            for figure in self.figures
            if any(figure.cells[place].mark != "not_applicable" for place in two)
        ]
        return Table(self.title, [*self.heads, *(runs[place] for place in two), "Change"], rows)


def change(figure: Figure, two: tuple[int, int], places: int, d: Disclosure) -> Cell:
    """The second figure less the first, no finer than they are shown; none where either is hidden."""
    before, after = (figure.cells[place] for place in two)
    if before.value is None or after.value is None:
        return d.derived(before, after)
    by = after.value - before.value
    shown = max(len(cell.text.partition(".")[2]) for cell in (before, after))
    digits = 6 if by and abs(by) < 0.5 * 10 ** -min(places, shown) else min(places, shown)
    return Cell(f"{by:{'+' if by else ''},.{digits}f}".replace("-", "−"), round(by, 6))


def steps_of(runs: Sequence[Run], names: Names) -> list[tuple[str, list[Mapping[str, Any] | None]]]:
    """Every step of the newest run, the last first, with what each run counted of it; None where a run lacks it."""
    return [(names.step(step), [run.steps.get(key) for run in runs]) for key, step in reversed(runs[-1].steps.items())]


def counts(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """People on the spine, links and pairs in clerical review."""
    people = [d.count((run.evaluation.get("spine") or {}).get("people")) for run in runs]
    figures = [Figure(("Spine", "People"), people)]
    for title, steps in steps_of(runs, names):
        pairs = [release(step, d).cells if step else None for step in steps]
        for name, decision in (("Links", "accepted"), ("Pairs in clerical review", "review")):
            cells = [one["decision", decision] if one else d.marked("not_applicable") for one in pairs]
            figures.append(Figure((title, name), cells))
    return Matrix("counts", "Counts", ("Step", "Count"), figures)


def shares(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """Linked of the eligible; precision and recall with intervals by everything that measures them."""
    figures: list[Figure] = []
    none = d.marked("not_applicable")
    for title, steps in steps_of(runs, names):
        wholes = [release(step, d).left.whole if step and step["totals"] else None for step in steps]
        bounds = [(one.low, one.high) if one else (none, none) for one in wholes]
        figures.append(Figure((title, "Linked"), [one.rate if one else none for one in wholes], bounds))
        for basis, by in BASES.items():
            for measure in ("precision", "recall"):
                found = [_error(run, step, basis, measure) for run, step in zip(runs, steps, strict=True)]
                if any(share for share, _ in found):
                    cells = [d.accuracy(share, seen=seen) for share, seen in found]
                    bounds = [d.interval(share, seen=seen) for share, seen in found]
                    figures.append(Figure((title, f"{measure.capitalize()} {by}"), cells, bounds))
    return Matrix("shares", "Link rates and error, %", ("Step", "Share"), figures, 2)


def _error(run: Run, step: Mapping[str, Any] | None, basis: str, measure: str) -> tuple[Any, int | None]:
    """A share of precision or recall, None where nothing measures it; of a review also how many pairs it rests on."""
    if step is None:
        return None, None
    if basis == "review":
        review = next((one for one in run.reviews if one["step"] == step["step"]), None)
        return (review[measure]["middle"], pairs_reviewed(review, measure)) if review else (None, None)
    measured = step.get("accuracy" if basis == "truth" else "estimated_error")
    return (measured[measure] if measured else None), None


def best_basis(shares: Matrix, title: str) -> str | None:
    """What says most of a step's error in the newest run: truth, a review, else match probabilities."""
    labels = {figure.labels[1]: figure for figure in shares.figures if figure.labels[0] == title}
    for by in BASES.values():
        figure = labels.get(f"Precision {by}")
        if figure and figure.cells[-1].mark != "not_applicable":
            return by
    return None


def bias(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """By step: the largest standardised difference, and how many groups are flagged."""
    figures: list[Figure] = []
    none = d.marked("not_applicable")
    for title, steps in steps_of(runs, names):
        bases = {basis_of(step) for step in steps if step and step.get("bias")}
        basis = bases.pop() if len(bases) == 1 else "matched_unmatched"  # one for all runs
        differences = [_differences(step, basis, d) if step and step.get("bias") else [] for step in steps]
        if any(differences):
            largest = [_number(max(abs(one["difference"]) for one in of), 2) if of else none for of in differences]
            flagged = [_number(sum(one["flagged"] for one in of), 0) if of else none for of in differences]
            figures += [Figure((title, LARGEST), largest), Figure((title, FLAGGED), flagged)]
    return Matrix("bias", "Bias: standardised differences", ("Step", "Figure"), figures, 2)


def _differences(step: Mapping[str, Any], basis: str, d: Disclosure) -> list[Mapping[str, Any]]:
    """Differences of groups that are large enough on both sides."""
    part, whole = ("found", "in_both") if basis == "found_missed" else ("matched", "eligible")
    fewest = d.profile.fewest
    return [
        group[basis]
        for row in step["bias"]
        if len(row["characteristics"]) == 1
        for group in row["groups"]
        if group[basis]
        and min(group[part], group[whole] - group[part]) >= fewest
        and group[whole] >= _FEWEST_TIMES * fewest
    ]


def stability(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """Population stability index of the links' match weights, of each run and the one before."""
    figures = [
        Figure((title, "Match weights"), [d.marked("not_applicable"), *(_index(*two, d) for two in pairwise(steps))])
        for title, steps in steps_of(runs, names)
    ]
    return Matrix("stability", "Population stability index", ("Step", "Figure"), figures, 3)


def _index(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, d: Disclosure) -> Cell:
    if before is None or after is None:
        return d.marked("not_applicable")
    row = next((row for row in distributions(before, after) if row["what"] == "match weights"), None)
    if row is None:
        return d.marked("not_applicable")
    few = min(row["before"], row["after"]) < d.profile.fewest
    return d.marked("suppressed") if few else _number(row["psi"], 3)


def groups(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """Percentage linked of each group of people, left side of each step."""
    figures: list[Figure] = []
    for title, steps in steps_of(runs, names):
        rates = [
            {
                (characteristic, group.label): group.rate
                for name, characteristic, of in release(step, d).left.characteristics
                if name != "source"
                for group in of
            }
            if step
            else {}
            for step in steps
        ]
        for key in dict.fromkeys(key for one in rates for key in one):
            figures.append(Figure((title, *key), [one.get(key, d.marked("not_applicable")) for one in rates]))
    return Matrix("groups", "Linked by group, %", ("Step", "Characteristic", "Group"), figures, 1)


def levels(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """Match weight, m and u of each level: the model's parameters, no counts of people."""
    figures: list[Figure] = []
    for title, steps in steps_of(runs, names):
        models = [
            {(row["comparison"], row["label"]): row for row in ((step or {}).get("parameters") or {}).get("levels", ())}
            for step in steps
        ]
        for comparison, label in dict.fromkeys(key for model in models for key in model):
            level = names.columns_in(str(label).removeprefix(f"{comparison}: "))
            for key, text in (("match_weight", "match weight"), ("m", "m"), ("u", "u")):
                cells = [d.parameter(model.get((comparison, label), {}).get(key)) for model in models]
                figures.append(Figure((title, f"{names.column(comparison)}: {level}", text), cells))
    return Matrix("levels", "Match weight, m and u by level", ("Step", "Level", "Parameter"), figures, 2)


def seconds(runs: Sequence[Run], d: Disclosure) -> Matrix:
    """Seconds by kind of stage (the first word of its name), and of all."""
    by_kind: list[dict[str, float]] = []
    for run in runs:
        kinds: dict[str, float] = {}
        for stage in stages_of(run.manifest):
            kind = str(stage["name"]).split("-")[0]
            kinds[kind] = kinds.get(kind, 0.0) + float(stage.get("seconds") or 0.0)
        by_kind.append(kinds)
    figures = [Figure(("All stages",), [_number(sum(kinds.values()), 1) for kinds in by_kind])]
    for kind in dict.fromkeys(kind for kinds in reversed(by_kind) for kind in kinds):
        cells = [_number(kinds[kind], 1) if kind in kinds else d.marked("not_applicable") for kinds in by_kind]
        figures.append(Figure((kind.capitalize(),), cells))
    return Matrix("seconds", "Seconds by kind of stage", ("Stages",), figures, 1)


def _number(value: float, places: int) -> Cell:
    """A number that counts no people."""
    return Cell(f"{value:,.{places}f}".replace("-", "−"), round(value, places))
