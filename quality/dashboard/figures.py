"""Figures of several runs after disclosure control: a row a figure, a cell a run.

Groups are shown by percentages only, as the run's report shows them; what a run hides
of a group is hidden here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from quality.dashboard.reading import Run
from quality.disclosure import Cell, Disclosure
from quality.measures.drift import FEWEST
from quality.report.document import banner_of
from quality.report.linked_tables import CORRECT, FALSE, MISSED, Step
from quality.report.names import Names
from quality.report.page import Row, Table
from quality.report.released import Released, release
from quality.report.sections.bias import Difference, GroupCells, basis_of
from quality.report.sections.methods import stages_of
from quality.report.showing import number, pairs_reviewed, with_interval

BASES = {"truth": "by truth", "review": "by review", "estimated_error": "estimated"}
LARGEST, FLAGGED = "Largest difference, either way", "Groups flagged"


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

    def figure(self, *labels: str) -> Figure:
        """A figure by its labels."""
        return next(figure for figure in self.figures if tuple(figure.labels) == labels)

    def table(self, runs: Sequence[str]) -> Table:
        """A column for each run."""
        rows: list[Row] = [[*figure.labels, *figure.cells] for figure in self.figures]
        return Table(self.title, [*self.heads, *runs], rows)

    def changes(
        self, two: tuple[int, int], runs: Sequence[str], d: Disclosure
    ) -> Table:
        """Two runs and the change of what is shown, so that it discloses no more."""
        rows: list[Row] = [
            [
                *figure.labels,
                *(figure.cells[place] for place in two),
                change(figure, two, self.places, d),
            ]
            for figure in self.figures
            if any(figure.cells[place].mark != "not_applicable" for place in two)
        ]
        return Table(
            self.title, [*self.heads, *(runs[place] for place in two), "Change"], rows
        )


def change(figure: Figure, two: tuple[int, int], places: int, d: Disclosure) -> Cell:
    """The second figure less the first, no finer than they are shown; none where either
    is hidden.
    """
    before, after = (figure.cells[place] for place in two)
    if before.value is None or after.value is None:
        return d.derived(before, after)
    difference = after.value - before.value
    decimals = max(len(cell.text.partition(".")[2]) for cell in (before, after))
    digits = (
        6
        if difference and abs(difference) < 0.5 * 10 ** -min(places, decimals)
        else min(places, decimals)
    )
    return Cell(
        f"{difference:{'+' if difference else ''},.{digits}f}".replace("-", "−"),
        round(difference, 6),
    )


class Figures:
    """All figures of runs, the newest run's steps, the last first."""

    def __init__(self, runs: Sequence[Run], names: Names, d: Disclosure) -> None:
        self.runs, self.names, self.d = runs, names, d
        self._none = d.marked("not_applicable")

    @property
    def banner(self) -> str:
        """The warning that runs are on synthetic data."""
        return banner_of(*(run.manifest for run in self.runs))

    @property
    def matrices(self) -> list[Matrix]:
        """Every matrix, in the order of a page."""
        return [
            self.counts,
            self.shares,
            self.bias,
            self.groups,
            self.stability,
            self.levels,
            self.seconds,
        ]

    @cached_property
    def steps(self) -> list[tuple[str, list[Step | None]]]:
        """Every step of the newest run, the last first, with what each run counted of
        it; None where a run lacks it.
        """
        newest = reversed(self.runs[-1].steps.items())
        return [
            (self.names.step(step), [run.steps.get(key) for run in self.runs])
            for key, step in newest
        ]

    @cached_property
    def released(self) -> list[tuple[str, list[Released | None]]]:
        """The same as each run's report shows it."""
        releases = [release(run.evaluation, self.d).steps for run in self.runs]
        return [
            (
                title,
                [
                    views[step["step"]] if step else None
                    for views, step in zip(releases, steps, strict=True)
                ],
            )
            for title, steps in self.steps
        ]

    @cached_property
    def counts(self) -> Matrix:
        """People on the spine, links and pairs in clerical review."""
        none, key = self.d.marked("unavailable"), ("spine", "people")
        people = [
            release(run.evaluation, self.d).cells.get(key, none) for run in self.runs
        ]
        figures = [Figure(("Spine", "People"), people)]
        for title, steps in self.released:
            for name, decision in (
                ("Links", "accepted"),
                ("Pairs in clerical review", "review"),
            ):
                cells = [
                    step.cells["decision", decision] if step else self._none
                    for step in steps
                ]
                figures.append(Figure((title, name), cells))
        return Matrix("counts", "Counts", ("Step", "Count"), figures)

    @cached_property
    def shares(self) -> Matrix:
        """Linked of the eligible; precision and recall with intervals by everything
        that measures them.
        """
        figures: list[Figure] = []
        for (title, steps), (_, releases) in zip(
            self.steps, self.released, strict=True
        ):
            wholes = [
                of.left.whole if of and of.left.step["totals"] else None
                for of in releases
            ]
            bounds = [
                (one.low, one.high) if one else (self._none, self._none)
                for one in wholes
            ]
            figures.append(
                Figure(
                    (title, "Linked"),
                    [one.rate if one else self._none for one in wholes],
                    bounds,
                )
            )
            for basis, text in BASES.items():
                for measure in ("precision", "recall"):
                    errors = [
                        _error(run, step, basis, measure)
                        for run, step in zip(self.runs, steps, strict=True)
                    ]
                    if not any(share for share, _ in errors):
                        continue
                    cells = [
                        self._error(of, basis, measure, *one)
                        for of, one in zip(releases, errors, strict=True)
                    ]
                    bounds = [(low, high) for _, low, high in cells]
                    figures.append(
                        Figure(
                            (title, f"{measure.capitalize()} {text}"),
                            [one[0] for one in cells],
                            bounds,
                        )
                    )
        return Matrix(
            "shares", "Link rates and error, %", ("Step", "Share"), figures, 2
        )

    def _error(
        self,
        view: Released | None,
        basis: str,
        measure: str,
        share: Any,
        pairs: int | None,
    ) -> list[Cell]:
        """Precision or recall with its interval, as the run's report shows it."""
        if view and share and basis == "truth":
            return view.share(CORRECT, FALSE if measure == "precision" else MISSED)
        if (
            view
            and share
            and basis == "estimated_error"
            and view.links.mark == "suppressed"
        ):
            return [view.links] * 3
        return with_interval(share, self.d, pairs=pairs)

    def best_basis(self, title: str) -> str | None:
        """What says most of a step's error in the newest run: truth, a review, else
        match probabilities.
        """
        known = {
            figure.labels[1]: figure.cells[-1]
            for figure in self.shares.figures
            if figure.labels[0] == title
        }
        bases = (
            text
            for text in BASES.values()
            if known.get(f"Precision {text}", self._none).mark != "not_applicable"
        )
        return next(bases, None)

    @cached_property
    def bias(self) -> Matrix:
        """By step: the largest standardised difference, and how many groups are
        flagged.
        """
        figures: list[Figure] = []
        for (title, steps), (_, releases) in zip(
            self.steps, self.released, strict=True
        ):
            bases = {basis_of(step) for step in steps if step and step.get("bias")}
            basis = (
                bases.pop() if len(bases) == 1 else "matched_unmatched"
            )  # one for all runs
            runs = [
                _differences(view, basis) if view and view.left.step.get("bias") else []
                for view in releases
            ]
            if any(runs):
                largest = [
                    number(max(abs(one.value or 0) for one in part))
                    if part
                    else self._none
                    for part in runs
                ]
                flagged = [
                    number(sum(one.flagged for one in part), 0) if part else self._none
                    for part in runs
                ]
                figures += [
                    Figure((title, LARGEST), largest),
                    Figure((title, FLAGGED), flagged),
                ]
        return Matrix(
            "bias", "Bias: standardised differences", ("Step", "Figure"), figures, 2
        )

    @cached_property
    def stability(self) -> Matrix:
        """Population stability index of the links' match weights, of each run and the
        one before.
        """
        figures = []
        for title, steps in self.released:
            shifts = [
                after.stability(before) if before and after else {}
                for before, after in pairwise(steps)
            ]
            cells = [
                one["match weights"][0] if "match weights" in one else self._none
                for one in shifts
            ]
            figures.append(Figure((title, "Match weights"), [self._none, *cells]))
        return Matrix(
            "stability", "Population stability index", ("Step", "Figure"), figures, 3
        )

    @cached_property
    def groups(self) -> Matrix:
        """Percentage linked of each group of people, left side of each step."""
        figures: list[Figure] = []
        for title, steps in self.released:
            rates = [
                {
                    (characteristic, group.label): group.rate
                    for name, characteristic, groups in (
                        step.left.characteristics if step else ()
                    )
                    if name != "source"
                    for group in groups
                }
                for step in steps
            ]
            for key in dict.fromkeys(key for one in rates for key in one):
                figures.append(
                    Figure((title, *key), [one.get(key, self._none) for one in rates])
                )
        return Matrix(
            "groups",
            "Linked by group, %",
            ("Step", "Characteristic", "Group"),
            figures,
            1,
        )

    @cached_property
    def levels(self) -> Matrix:
        """Match weight, m and u of each level: the model's parameters, no counts of
        people.
        """
        figures: list[Figure] = []
        for title, steps in self.steps:
            models = [(step or {}).get("parameters") or {} for step in steps]
            levels = [
                {
                    (row["comparison"], row["label"]): row
                    for row in model.get("levels", ())
                }
                for model in models
            ]
            for key in dict.fromkeys(key for one in levels for key in one):
                label = self.names.columns_in(str(key[1]).removeprefix(f"{key[0]}: "))
                for name, text in (
                    ("match_weight", "match weight"),
                    ("m", "m"),
                    ("u", "u"),
                ):
                    cells = [
                        self.d.parameter(one.get(key, {}).get(name)) for one in levels
                    ]
                    figures.append(
                        Figure(
                            (title, f"{self.names.column(key[0])}: {label}", text),
                            cells,
                        )
                    )
        return Matrix(
            "levels",
            "Match weight, m and u by level",
            ("Step", "Level", "Parameter"),
            figures,
            2,
        )

    @cached_property
    def seconds(self) -> Matrix:
        """Seconds by kind of stage (the first word of its name), and of all."""
        by_kind: list[dict[str, float]] = []
        for run in self.runs:
            kinds: dict[str, float] = {}
            for stage in stages_of(run.manifest):
                kind = str(stage["name"]).split("-")[0]
                kinds[kind] = kinds.get(kind, 0.0) + float(stage.get("seconds") or 0.0)
            by_kind.append(kinds)
        figures = [
            Figure(
                ("All stages",), [number(sum(kinds.values()), 1) for kinds in by_kind]
            )
        ]
        for kind in dict.fromkeys(
            kind for kinds in reversed(by_kind) for kind in kinds
        ):
            cells = [
                number(kinds[kind], 1) if kind in kinds else self._none
                for kinds in by_kind
            ]
            figures.append(Figure((kind.capitalize(),), cells))
        return Matrix("seconds", "Seconds by kind of stage", ("Stages",), figures, 1)


def _differences(view: Released, basis: str) -> list[Difference]:
    """Differences that are shown of groups that are large enough: chance moves smaller
    ones.
    """
    cells = GroupCells(view)
    return [
        difference
        for row in view.left.step["bias"]
        if len(row["characteristics"]) == 1
        for group in row["groups"]
        if (group_cells := cells.group(row, group))
        and (group_cells.eligible.value or 0) >= FEWEST
        for difference in [cells.difference(row, group, basis)]
        if difference.value is not None
    ]


def _error(
    run: Run, step: Step | None, basis: str, measure: str
) -> tuple[Any, int | None]:
    """A share of precision or recall, None where nothing measures it; of a review also
    how many pairs it rests on.
    """
    if step is None:
        return None, None
    if basis == "review":
        review = next((one for one in run.reviews if one["step"] == step["step"]), None)
        return (
            (review[measure]["middle"], pairs_reviewed(review, measure))
            if review
            else (None, None)
        )
    accuracy = step.get("accuracy" if basis == "truth" else "estimated_error")
    return (accuracy[measure] if accuracy else None), None
