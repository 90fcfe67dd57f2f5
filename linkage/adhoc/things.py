"""Columns called "name" that name products, not persons: nobody has a digit in the name."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from linkage.adhoc.person_file import PersonFile
from linkage.adhoc.persons import share_of_form
from linkage.adhoc.recognise import Columns, own_name
from linkage.engine import Engine

_OF_THINGS = 0.3  # share of the names with a digit, from which they are of no persons: of these a few have a number


def names_of_things(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, told: Collection[str] = ()
) -> Columns:
    """The columns with a name in full as a text like others, where it names things in every file.

    Args:
        files: two files, or one that is compared with itself.
        told: columns that the analyst has named.
    """
    parts = (columns.left_parts, columns.right_parts)[: len(files)]
    names = [held.get("full_name") for held in parts]
    if any(name is None or name in told for name in names):
        return columns
    held = zip(files, map(str, names), strict=True)
    if not all(share_of_form(engine, file, name, "[0-9]") >= _OF_THINGS for file, name in held):
        return columns
    left, right = (
        {field: column for field, column in fields.items() if column != name}
        for fields, name in ((columns.left, names[0]), (columns.right, names[-1]))
    )
    field = own_name(str(names[0]), {*left, *right})
    kept = [
        {part: column for part, column in of_side.items() if column != name}
        for of_side, name in ((columns.left_parts, names[0]), (columns.right_parts, names[-1]))
    ]
    return replace(
        columns,
        left={**left, field: str(names[0])},
        right={**right, field: str(names[-1])},
        left_parts=kept[0],
        right_parts=kept[1],
    )
