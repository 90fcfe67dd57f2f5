"""How each field is compared: by its role, and for the others by their values; and the
untrained model.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table
from linkage.files.header_names import NUMBERS
from linkage.model import Model, comparisons, from_dict

KINDS = {
    **dict.fromkeys(("forename", "middle_names", "surname", "second_surname"), "name"),
    "dob": "date",
    "age": "age",
    "sex": "category",
    **dict.fromkeys(NUMBERS, "number"),
    "email": "number",
    "phone": "code",
}
"""Field to the kind of its comparison."""
_SAMPLE_ROWS = 20_000
# of random pairs that agree: equal values then weigh log2(1 / 0.95) = 0.07 bits at most
_NEARLY_CONSTANT = 0.95
_WHOLE_NUMBER = 6  # characters; a shorter number is a part, which non-matches share
_FINER = (
    ("name", "names", lambda value: " " in value, 0.02),
    ("name", "name or initial", lambda value: len(value) == 1, 0.1),
    (
        "names",
        "names or initials",
        lambda value: all(len(word) == 1 for word in value.split()),
        0.1,
    ),
    ("date", "partial date", lambda value: value.endswith("-00-00"), 0.005),
)
"""Kinds that have a finer one, where more than a share of a file's rows, but not nearly
all of both, have a form.
"""
_SWAPPED = {"forename": "surname", "surname": "forename"}
_CROSSED = {"surname": "second_surname", "second_surname": "surname"}


def kinds_of(
    engine: Engine, units: Sequence[Table], *, british_postcodes: bool
) -> dict[str, str]:
    """The kind of comparison of each field; a field that says nothing (constant, or
    unknown on a side) is left out.
    """
    samples = [_sample(engine, table) for table in units]
    kinds: dict[str, str] = {}
    for name in (column for column in units[0].columns if column != "unit_id"):
        values = [sample[name].to_pylist() for sample in samples]
        known = [[value for value in side if value is not None] for side in values]
        if name == "other_surname" and any(known):
            kinds[name] = comparisons.FURTHER_NAMES
            continue
        if not all(known) or _is_constant(known):
            continue
        kind = KINDS.get(name) or (
            "postcode"
            if name == "postcode" and british_postcodes
            else _kind_of_values(known)
        )
        if kind == "category" and name == "address":  # HILL ST, HILL STREET
            kind = "text"
        if (
            kind == "number"
            and min(sum(map(len, side)) / len(side) for side in known) < _WHOLE_NUMBER
        ):
            kind = "code"
        kinds[name] = _finer(
            kind, [(side, len(rows)) for side, rows in zip(known, values, strict=True)]
        )
    return kinds


def _is_constant(known: Sequence[Sequence[str]]) -> bool:
    """Whether each side has one value, or nearly all random pairs agree (a postcode of
    00000 in nearly every row).
    """
    left, right = (Counter(known[side]) for side in (0, -1))
    agreeing = sum(count * right[value] for value, count in left.items())
    return (
        len(left) == len(right) == 1
        or agreeing >= _NEARLY_CONSTANT * left.total() * right.total()
    )


def _sample(engine: Engine, table: Table) -> pa.Table:
    step = max(1, engine.count(table) // _SAMPLE_ROWS)
    return engine.arrow(
        engine.sql(f"select * from {{t}} where unit_id % {step} = 0", t=table)
    )


def _kind_of_values(known: Sequence[Sequence[str]]) -> str:
    values = max(known, key=len)
    rows, signs = len(values), "".join(values)
    digits = sum(map(str.isdigit, signs)) / max(len(signs), 1)
    return str(
        comparisons.kind_of_values(len(set(values)), rows, len(signs) / rows, digits)
    )


def _finer(kind: str, sides: Sequence[tuple[Sequence[str], int]]) -> str:
    for coarse, finer, has_form, share in _FINER:
        if kind == coarse:
            shares = [
                sum(map(has_form, values)) / max(rows, 1) for values, rows in sides
            ]
            kind = finer if max(shares) > share and min(shares) < 1 - share else kind
    return kind


def untrained(kinds: Mapping[str, str], *, one_file: bool = False) -> Model:
    """A model of a comparison for each field; of one file, without conditional
    comparisons, which it cannot estimate.
    """
    settings: dict[str, dict[str, Any]] = {}
    for name, kind in kinds.items():
        if kind == comparisons.FURTHER_NAMES:
            continue
        swap_name = _SWAPPED.get(name) if _SWAPPED.get(name) in kinds else None
        cross_name = _CROSSED.get(name) if _CROSSED.get(name) in kinds else None
        settings[name] = comparisons.comparison(
            name,
            kind,
            swapped_with=swap_name,
            swap_counted=swap_name in settings,
            swap_with_typo=kind in comparisons.NAMES,
            crossed_with=cross_name,
            cross_counted=cross_name in settings,
            former="other_surname"
            if name == "surname" and "other_surname" in kinds
            else None,
        )
    fields = comparisons.with_home(list(settings.values()), kinds)
    return from_dict(
        comparisons.settings([*fields, *([] if one_file else _conditional(kinds))])
    )


def _conditional(kinds: Mapping[str, str]) -> list[dict[str, Any]]:
    """Conditional comparisons: a household shares surname, telephone, house number;
    twins a birth date; a forename a sex.
    """
    homes = [name for name in ("address", "postcode") if name in kinds] or ["town"]
    settings = [
        (name, [home], True)
        for home in homes
        for name in ("surname", "phone", "street_number")
    ]
    settings += [("dob", ["surname", home], False) for home in homes]
    settings += [("surname", ["phone"], True), ("sex", ["forename"], False)]
    # a postcode has many households: it speaks only where the address does not agree
    return [
        comparisons.given_comparison(
            name,
            on,
            unless="address" if homes[1:] == on[-1:] else "",
            adjusted=adjusted,
        )
        for name, on, adjusted in settings
        if {name, *on} <= kinds.keys()
    ]
