"""A file on the way to what can be compared: its table grows columns, and its fields move to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linkage.adhoc.files.person_file import PersonFile


@dataclass
class Shape:
    """A file on its way: its table grows columns, and fields move to them."""

    file: PersonFile
    fields: dict[str, str]
    parts: Mapping[str, str]


def put(shapes: Sequence[Shape], made: Sequence[tuple[PersonFile, dict[str, str]]]) -> None:
    """Files that grew columns, and where their fields are in them."""
    for shape, (file, fields) in zip(shapes, made, strict=True):
        shape.file, shape.fields = file, fields


def move(shapes: Sequence[Shape], name: str, to: Sequence[tuple[PersonFile, str]]) -> None:
    """A field's new columns. What else stood in the old one (a name in full) moves with it."""
    for shape, (file, column) in zip(shapes, to, strict=True):
        old = shape.fields[name]
        shape.file = file
        shape.fields = {field: column if held == old else held for field, held in shape.fields.items()}
        shape.parts = {part: column if held == old else held for part, held in shape.parts.items()}
