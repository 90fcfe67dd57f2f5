"""The first of several forenames and the others, where both files can tell one from another."""

from collections import Counter
from collections.abc import Sequence

from linkage.adhoc.files.columns_made import Texts, as_text, counted, expressed, looked_up
from linkage.adhoc.files.shapes import Shape
from linkage.adhoc.names.call_names import called_by_last, last_and_others
from linkage.adhoc.names.full_names import Counts
from linkage.engine import Engine
from linkage.records.names import forenames

_AS_ONE = 5  # times as often a name may stand in several words as in one, and is one name
_MIDDLE_NAMES = 0.05  # share of rows in both files with more than one forename, from which the others are a field


def part_forenames(engine: Engine, shapes: Sequence[Shape]) -> None:
    """The first forename and the others, where a file has a column for these or both write several."""
    if not all("forename" in shape.fields for shape in shapes):
        return
    values = [counted(engine, shape.file, shape.fields["forename"]) for shape in shapes]
    texts = [{value: forenames(value) for value in held} for held in values]
    several = [
        sum(rows for value, rows in held.items() if parted[value][1]) > _MIDDLE_NAMES * sum(held.values())
        for held, parted in zip(values, texts, strict=True)
    ]
    own = ["middle_names" in shape.fields for shape in shapes]
    if not all(own) and _are_syllables(values, texts):
        for shape, parted in zip(shapes, texts, strict=True):
            whole: Texts = {value: (_as_one_word(*held),) for value, held in parted.items()}
            column = shape.fields["forename"]
            shape.file, (shape.fields["forename"],) = looked_up(engine, shape.file, column, whole, ["whole forename"])
            shape.fields.pop("middle_names", None)
        return
    if not (all(own) or all(several)):
        if len(shapes) > 1 and any(own) and not any(several):
            _keep_further_names(engine, shapes)
            return
        for shape in shapes:
            shape.fields.pop("middle_names", None)
        if len(shapes) > 1 and any(several):
            _call_by_last(engine, shapes[several.index(True)], shapes[several.index(False)])
        return
    if (turned := _in_other_order(engine, shapes)) is not None:
        texts[turned] = {value: last_and_others(value) for value in values[turned]}
    for shape, parted in zip(shapes, texts, strict=True):
        column, middle = shape.fields["forename"], shape.fields.get("middle_names")
        shape.file, (first, others) = looked_up(
            engine, shape.file, column, parted, ["first forename", "other forenames"]
        )
        if middle and middle != column:
            both = f"trim({as_text(others)} || ' ' || {as_text(middle)})"
            shape.file, others = expressed(engine, shape.file, both, "all other forenames")
        shape.fields |= {"forename": first, "middle_names": others}


def _in_other_order(engine: Engine, shapes: Sequence[Shape]) -> int | None:
    """Which of two files, both with further names, has the call name last where the other has it first.

    Vietnam writes Nguyen Van Hung, and Hung, Van and Nguyen where forename, further names and surname have columns.
    Asked where a file has all forenames in one column and the other has not, or where names in full were parted.
    """
    apart = [shape.fields.get("middle_names", shape.fields["forename"]) != shape.fields["forename"] for shape in shapes]
    if len(shapes) < 2 or all(apart) or not (any(apart) or any("full_name" in shape.parts for shape in shapes)):
        return None
    here = apart.index(False)
    several, other = shapes[here], shapes[1 - here]
    return here if called_by_last(engine, [several.file, other.file], [several.fields, other.fields]) else None


def _keep_further_names(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Further forenames that one file has a column of: the other may call a person by one of them."""
    for shape in shapes:
        if shape.fields.get("middle_names", shape.fields["forename"]) == shape.fields["forename"]:  # of a name in full
            shape.file, none = expressed(engine, shape.file, "cast(null as varchar)", "no further forenames")
            shape.fields["middle_names"] = none


def _are_syllables(values: Sequence[Counts], texts: Sequence[Texts]) -> bool:
    """Whether most forenames of several words are written as one word too: Min Jun, and Minjun or Min-Jun."""
    single, several = Counter[str | None](), Counter[str | None]()
    for held, parted in zip(values, texts, strict=True):
        for value, rows in held.items():
            first, others = parted[value]
            (several if first and others else single)[_as_one_word(first, others)] += rows
    as_one = sum(rows for name, rows in several.items() if _AS_ONE * single[name] >= rows)
    return 2 * as_one > several.total()


def _as_one_word(*names: str | None) -> str | None:
    return "".join(name.replace(" ", "") for name in names if name) or None


def _call_by_last(engine: Engine, several: Shape, single: Shape) -> None:
    """The last of several forenames in the place of the first, where that is the one that the other file writes."""
    if called_by_last(engine, [several.file, single.file], [several.fields, single.fields]):
        column = several.fields["forename"]
        texts: Texts = {value: last_and_others(value)[:1] for value in counted(engine, several.file, column)}
        several.file, (several.fields["forename"],) = looked_up(engine, several.file, column, texts, ["last forename"])
