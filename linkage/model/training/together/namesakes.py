"""What is made of a name (an address of mail, a login) says little beside the name.

jay.spencer27 and jay.spencer4 are much alike, and so are those of any two people called Jay Spencer: beside equal names
the likeness is no news, and a weight that adds it up counts the names twice. How much alike such fields of strangers
are who share a name is counted among pairs of one file that share it and nothing else. Equality stays as it is: two
people have no address in common.
"""

import math
from collections.abc import Sequence
from copy import deepcopy

import numpy as np

from linkage.engine import Engine, Table
from linkage.model.dependence import Alike, Among, among_comparison
from linkage.model.sampling import Side, drawn
from linkage.model.splink_json import Model, from_dict, sided_columns
from linkage.model.training.counts.patterns import Floats, Layout
from linkage.model.training.counts.rules import exact_levels
from linkage.model.training.estimates.estimation import Estimates
from linkage.model.training.together.dependence import strangers_at_levels
from linkage.model.training.together.slips import Grade, grades
from linkage.model.training.together.together import COMMON, ENOUGH, differ, smoothed

_NAMES = (("forename", "surname"), ("forename",), ("surname",))
"""Names that may be shared; the first of these that are is what counts."""
_LIKENESS = "jaro_winkler_similarity"  # of text, in which a name may stand
_SAMPLE_ROWS = 40_000  # of each side
_BEYOND_CHANCE = 3.0  # standard deviations of the pairs that are alike by chance
_LEAST_REST = 1e-3  # share of the pairs that are not alike


def with_names_within(
    engine: Engine, trained: Model, layout: Layout, estimates: Estimates, left: Table, right: Table, *, seed: int
) -> Model:
    """The trained model with a comparison for each field that is more alike where names are equal.

    Args:
        layout, estimates: of the trained model's comparisons of one field each.
        left, right: unit_id and the model's columns; neither holds many people twice.
    """
    exact = exact_levels(layout)
    names = [given for given in _NAMES if set(given) <= exact.keys()]
    named = {name for given in names for name in given}
    held = {column: grades(layout, estimates, number) for column, number in exact.items() if column not in named}
    texts = {column: graded for column, graded in held.items() if _are_likeness(column, graded)}
    if not names or not texts:
        return trained
    signs = [column for column in held if float(estimates.u[0, exact[column]]) < COMMON]
    sides = drawn(engine, (left, right), [*dict.fromkeys([*named, *signs, *texts])], most=_SAMPLE_ROWS, seed=seed)
    raw = deepcopy(trained.raw)
    for column, graded in texts.items():
        equal = float(estimates.u[0, exact[column]])
        shown = [(given, _shown(engine, layout, exact[column], given, sides, signs)) for given in names]
        found = [_among(given, equal, graded, counts) for given, counts in shown if _tells(graded, counts)]
        if found:
            beside = among_comparison(column, found, adjusted=False)
            # Those of households are called "among": a town may have both, of people of one surname.
            beside["output_column_name"] = beside["output_column_name"].replace("_among_", "_beside_")
            raw["comparisons"].append(beside)
    engine.drop(*(side.sample for side in sides))
    return from_dict(raw)


def _are_likeness(column: str, graded: Sequence[Grade]) -> bool:
    """Whether a field's lesser grades are of its own text alone."""
    return bool(graded) and all(
        _LIKENESS in grade.condition.lower() and {*sided_columns(grade.condition)} == {column} for grade in graded
    )


def _shown(
    engine: Engine, layout: Layout, number: int, given: tuple[str, ...], sides: Sequence[Side], signs: Sequence[str]
) -> Floats:
    """Pairs of strangers of one file who share the names, at each lesser grade of a field, the last being the rest.

    Args:
        number: of the level that says the field to be equal.
        signs: fields on which who agrees may be one person, and the field itself, which two people have not in common.
    """
    comparison = layout.model.comparisons[layout.owner[number]]
    one = " or ".join(f'coalesce("{name}_l" = "{name}_r", false)' for name in signs) or "false"
    counted = np.sum([strangers_at_levels(engine, comparison, given, side, one, signs) for side in sides], axis=0)
    lesser: Floats = counted[1:]
    return lesser


def _tells(graded: Sequence[Grade], counts: Floats) -> bool:
    """Whether enough pairs show that a grade is more common among them than among all, beyond chance."""
    seen = float(counts.sum())
    return seen >= ENOUGH and any(
        n > grade.u * seen + _BEYOND_CHANCE * math.sqrt(grade.u * seen + 1)
        and differ(smoothed(float(n) / seen, seen, grade.u), grade.u)
        for grade, n in zip(graded, counts[:-1], strict=True)
    )


def _among(given: tuple[str, ...], equal: float, graded: Sequence[Grade], counts: Floats) -> Among:
    """Matches who share the names are as alike as all are: nearly all of them share names. Strangers are no less."""
    seen = float(counts.sum())
    shown = [smoothed(float(n) / seen, seen, grade.u) for grade, n in zip(graded, counts[:-1], strict=True)]
    shares = [max(share, grade.u) for share, grade in zip(shown, graded, strict=True)]
    room = min((1 - _LEAST_REST - equal) / sum(shares), 1.0)  # some differ, though none were seen
    alike = tuple(
        Alike(grade.condition, grade.label, grade.u, share * room) for grade, share in zip(graded, shares, strict=True)
    )
    return Among(given, True, 1.0, 1.0, equal, equal, alike)
