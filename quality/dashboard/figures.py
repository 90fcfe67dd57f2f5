"""What is shown of each run: released numbers only, a row for each figure and a cell for each run.

Groups are shown by percentages alone, and are those that the run's report shows; what a run hides of a group is hidden
of that run's change too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from quality.dashboard.reading import Run
from quality.disclosure import Cell, Disclosure
from quality.measures.drift import distributions
from quality.report.names import Names
from quality.report.pairs import pairs
from quality.report.released import side
from quality.report.sections.bias import basis_of
from quality.report.sections.reviewed import seen_of

BASES = {"truth": "by truth", "review": "by review", "expected": "expected"}
LARGEST = "Largest difference, either way"
FLAGGED, TOLD_OF = "Groups flagged", "Groups told of"
_MOST_BIASED = 10  # times the threshold: differences of smaller groups than that are not told


@dataclass(frozen=True)
class Row:
    """One figure over all runs.

    Attributes:
        labels: what it is of and what it is, as the matrix's heads say.
        cells: of each run, in order.
        bounds: the 95 % interval of each, where it has one.
    """

    labels: Sequence[str]
    cells: Sequence[Cell]
    bounds: Sequence[tuple[Cell, Cell]] | None = None


@dataclass(frozen=True)
class Matrix:
    """Figures down, runs across.

    Attributes:
        places: after the point, of a change.
        step: to what the figures are rounded, where that is more than a place.
    """

    name: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Row]
    places: int = 0
    step: float = 0.0


Steps = Sequence[tuple[str, Sequence[Mapping[str, Any] | None]]]


def steps_of(runs: Sequence[Run], names: Names) -> Steps:
    """Every step of the newest run, with what each run counted of it; None where a run has it not."""
    return [(names.step(step), [run.steps.get(key) for run in runs]) for key, step in reversed(runs[-1].steps.items())]


def counts(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """People on the spine, links and pairs for review."""
    rows = [Row(("Spine", "People"), [d.count((run.evaluation.get("spine") or {}).get("people")) for run in runs])]
    for title, steps in steps_of(runs, names):
        shown = [pairs(step, d) if step else None for step in steps]
        for name, decision in (("Links", "accepted"), ("Pairs for review", "review")):
            cells = [one.decisions[decision] if one else d.marked("not_applicable") for one in shown]
            rows.append(Row((title, name), cells))
    return Matrix("counts", "Counts", ("Step", "Count"), rows, step=d.profile.round_to)


def shares(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """Matched of those in the calculation; precision and recall with intervals by all that says them."""
    rows: list[Row] = []
    for title, steps in steps_of(runs, names):
        rows.append(_matched(title, steps, d))
        for basis, said in BASES.items():
            for measure in ("precision", "recall"):
                found = [_error(run, step, basis, measure) for run, step in zip(runs, steps, strict=True)]
                if any(share for share, _ in found):
                    cells = [d.accuracy(share, seen=seen) for share, seen in found]
                    bounds = [d.interval(share, seen=seen) for share, seen in found]
                    rows.append(Row((title, f"{measure.capitalize()} {said}"), cells, bounds))
    return Matrix("shares", "Link rates and error, %", ("Step", "Share"), rows, 2)


def _matched(title: str, steps: Sequence[Mapping[str, Any] | None], d: Disclosure) -> Row:
    """As the report releases it, with its groups: what it hides there must not be had from here."""
    none = d.marked("not_applicable")
    wholes = [side(step, "left", d).whole if step and step["totals"] else None for step in steps]
    cells = [one.rate if one else none for one in wholes]
    return Row((title, "Matched"), cells, [(one.low, one.high) if one else (none, none) for one in wholes])


def _error(run: Run, step: Mapping[str, Any] | None, basis: str, measure: str) -> tuple[Any, int | None]:
    """A share of precision or recall, None where nothing says it; of a review also how many pairs it rests on."""
    if step is None:
        return None, None
    if basis == "review":
        review = next((one for one in run.reviews if one["step"] == step["step"]), None)
        return (review[measure]["middle"], seen_of(review, measure)) if review else (None, None)
    said = step.get("accuracy" if basis == "truth" else "expected")
    return (said[measure] if said else None), None


def bias(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """By step: the largest standardised difference either way, how many groups are told of and flagged of them."""
    rows: list[Row] = []
    for title, steps in steps_of(runs, names):
        known = [step for step in steps if step and step.get("bias")]
        # One basis for all runs: what is taken of all people is not held against what is taken of those with a match.
        bases = {basis_of(step) for step in known}
        basis = bases.pop() if len(bases) == 1 else "matched_unmatched"
        told = [_told(step, basis, d) if step and step.get("bias") else None for step in steps]
        if not any(told):
            continue
        none = d.marked("not_applicable")
        # Of no group that is large enough nothing is known: a nought would say that none is flagged.
        flagged = [none if not one else _whole(sum(group["flagged"] for group in one)) for one in told]
        of = [none if one is None else _whole(len(one)) for one in told]
        largest = [none if not one else _places(max(abs(group["difference"]) for group in one), 2) for one in told]
        rows += [
            Row((title, LARGEST), largest),
            Row((title, FLAGGED), flagged),
            Row((title, TOLD_OF), of),
        ]
    return Matrix("bias", "Bias: standardised differences", ("Step", "Figure"), rows, 2)


def _told(step: Mapping[str, Any], basis: str, d: Disclosure) -> list[Mapping[str, Any]]:
    """Differences of groups that are large enough on both sides: of the found beside the missed, or of the matched."""
    fewest = d.profile.fewest
    found = []
    for row in step["bias"]:
        if len(row["characteristics"]) > 1:
            continue
        for group in row["groups"]:
            part, whole = ("found", "in_both") if basis == "found_missed" else ("matched", "eligible")
            few = min(group[part], group[whole] - group[part]) < fewest or group[whole] < _MOST_BIASED * fewest
            if not few:
                found.append(group[basis])
    return [one for one in found if one is not None]


def _whole(value: int) -> Cell:
    """A number of groups, no count of people."""
    return Cell(str(value), float(value))


def _places(value: float, places: int) -> Cell:
    return Cell(f"{value:,.{places}f}".replace("-", "−"), round(value, places))


def moved(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """Population stability index of the links' match weights, of each run beside the one before."""
    rows = [
        Row(
            (title, "Match weights, beside the run before"),
            [d.marked("not_applicable"), *(index(*two, d) for two in pairwise(steps))],
        )
        for title, steps in steps_of(runs, names)
    ]
    return Matrix("moved", "Population stability index", ("Step", "Figure"), rows, 3)


def index(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, d: Disclosure) -> Cell:
    """How far match weights have moved between two runs of a step; hidden where the links are few."""
    if before is None or after is None:
        return d.marked("not_applicable")
    row = next((row for row in distributions(before, after) if row["what"] == "match weights"), None)
    if row is None:
        return d.marked("not_applicable")
    few = min(row["before"], row["after"]) < d.profile.fewest
    return d.marked("suppressed") if few else _places(row["psi"], 3)


def groups(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """Percentage matched of each group of people, left side of each step."""
    rows: list[Row] = []
    for title, steps in steps_of(runs, names):
        cells = [_group_rates(step, d) if step else {} for step in steps]
        for key in dict.fromkeys(key for found in cells for key in found):
            of = [found.get(key, d.marked("not_applicable")) for found in cells]
            rows.append(Row((title, *key), of))
    return Matrix("groups", "Matched by group, %", ("Step", "Characteristic", "Group"), rows, 1)


def _group_rates(step: Mapping[str, Any], d: Disclosure) -> dict[tuple[str, str], Cell]:
    """As the report releases them: whoever holds both must not have from one what the other hides."""
    return {
        (title, group.label): group.rate
        for name, title, found in side(step, "left", d).characteristics
        if name != "source"
        for group in found
    }


def levels(runs: Sequence[Run], names: Names, d: Disclosure) -> Matrix:
    """m, u and match weight of each level: the model's parameters, no counts of people."""
    rows: list[Row] = []
    for title, steps in steps_of(runs, names):
        found = [
            {(row["comparison"], row["label"]): row for row in ((step or {}).get("parameters") or {}).get("levels", ())}
            for step in steps
        ]
        for comparison, label in dict.fromkeys(key for one in found for key in one):
            level = names.columns_in(str(label).removeprefix(f"{comparison}: "))
            for key, said in (("match_weight", "match weight"), ("m", "m"), ("u", "u")):
                cells = [d.parameter(one.get((comparison, label), {}).get(key)) for one in found]
                rows.append(Row((title, f"{names.column(comparison)}: {level}", said), cells))
    return Matrix("levels", "Models: match weight, m and u by level", ("Step", "Level", "Parameter"), rows, 2)


def seconds(runs: Sequence[Run], d: Disclosure) -> Matrix:
    """Seconds of all stages of a kind (the first word of their names), and of all."""
    taken = [_by_kind(run.manifest) for run in runs]
    kinds = list(dict.fromkeys(kind for one in reversed(taken) for kind in one))
    rows = [Row(("All stages",), [_places(sum(one.values()), 1) for one in taken])]
    for kind in kinds:
        cells = [_places(one[kind], 1) if kind in one else d.marked("not_applicable") for one in taken]
        rows.append(Row((kind.capitalize(),), cells))
    return Matrix("seconds", "Seconds by kind of stage", ("Stages",), rows, 1)


def _by_kind(manifest: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for stage in manifest.get("stages") or ():
        kind = str(stage["name"]).split("-")[0]
        found[kind] = found.get(kind, 0.0) + float(stage.get("seconds") or 0.0)
    return found
