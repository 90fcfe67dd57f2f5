"""Columns whose header says one field and whose values are of another."""

from collections.abc import Callable, Collection, Sequence

from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.maps import LEFT_OUT
from linkage.adhoc.headers.recognise import Columns


def misnamed(
    files: Sequence[PersonFile],
    columns: Columns,
    told: Collection[str],
    field: str,
    instead: str,
    is_so: Callable[[PersonFile, str], bool],
) -> list[str]:
    """Maps of such columns, as an analyst would say it; where the file has the other field already, of no field.

    Args:
        files: two files, or one that is compared with itself.
        columns: what names and the analyst told.
        told: columns that the analyst named.
        field, instead: what the header says, and what the values are.
        is_so: whether they are, of a file and its column.
    """
    found = []
    for side, held, file in (("left", columns.left, files[0]), ("right", columns.right, files[-1])):
        column = held.get(field)
        if column and column not in told and is_so(file, column):
            found.append(f"{side}.{LEFT_OUT if instead in held else instead}={column}")
    return found
