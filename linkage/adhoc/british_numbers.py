"""Numbers that are called as British ones are and that are of another country: Nigeria's NIN is no National Insurance
number, and none of its values would be one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.columns_made import counted
from linkage.adhoc.person_file import PersonFile
from linkage.adhoc.recognise import Columns
from linkage.engine import Engine

_FORMS = {"nino": "[A-Z]{2}[0-9]{6}[A-Z]?", "uln": "[0-9]{10}", "upn": "[A-Z][0-9]{11}[0-9A-Z]"}
_SHARE = 0.5  # of a column's values that have the form, below which it is of another kind
_OTHER = "national_number"


def with_other_countries(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> Columns:
    """The columns, where a number that has no British form is any person's number; both files' or none."""
    for name in [name for name in columns.fields if name in _FORMS]:
        sides = (columns.left, columns.right)
        held = [counted(engine, file, side[name]) for file, side in zip(files, sides, strict=False)]
        if _OTHER not in {*columns.left, *columns.right} and not any(_is_british(name, values) for values in held):
            left, right = ({_OTHER if of == name else of: at for of, at in side.items()} for side in sides)
            columns = replace(columns, left=left, right=right)
    return columns


def _is_british(name: str, values: Mapping[str, int]) -> bool:
    form, rows = re.compile(_FORMS[name]), sum(values.values())
    plain = ((re.sub("[^A-Z0-9]", "", value.upper()), held) for value, held in values.items())
    return sum(held for value, held in plain if form.fullmatch(value)) >= _SHARE * rows
