"""Forenames of parents in a file that names its own people: the names of these by which the other file may know them.

In a file that names mothers alone they are its people, as a register of births is of mothers.
"""

from collections.abc import Mapping, Sequence

from linkage.adhoc.headers.header_words import in_latin
from linkage.adhoc.headers.vocabulary import vocabulary

_PARENTS = ("mother_name", "father_name")


def parents_forenames(fields: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Fields of parents that a file has the forenames of, to their columns; none where its own people have no names.

    Args:
        fields: of the file, to their columns.
        names: its columns.
    """
    if "surname" not in fields:
        return {}
    known = {name: {*vocabulary()["field"][name]["forenames"]} for name in _PARENTS if name not in fields}
    free = [name for name in names if name not in fields.values()]
    found = {field: [name for name in free if in_latin(name) in called] for field, called in known.items()}
    return {field: columns[0] for field, columns in found.items() if columns}
