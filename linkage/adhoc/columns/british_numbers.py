"""Numbers that are called as British ones are and that are of another country: Nigeria's NIN is no National Insurance
number, and none of its values would be one."""

from collections.abc import Sequence
from dataclasses import replace

from linkage.adhoc.files.forms import share_of_form
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import Columns
from linkage.engine import Engine

_FORMS = {
    "nino": "^[A-Z]{2}[ -]?([0-9]{2}[ -]?){3}[A-Z]?$",
    "uln": "^([0-9][ -]?){10}$",
    "upn": "^[A-Z][ -]?([0-9][ -]?){11}[0-9A-Z]$",
}
_SHARE = 0.5  # of a column's values that have the form, below which it is of another kind
_OTHER = "national_number"


def with_other_countries(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> Columns:
    """The columns, where a number that has no British form in either file is any person's number."""
    for name in [name for name in columns.fields if name in _FORMS]:
        sides = (columns.left, columns.right)
        shares = [share_of_form(engine, f, side[name], _FORMS[name]) for f, side in zip(files, sides, strict=False)]
        if _OTHER not in {*columns.left, *columns.right} and max(shares) < _SHARE:
            left, right = ({_OTHER if of == name else of: at for of, at in side.items()} for side in sides)
            columns = replace(columns, left=left, right=right)
    return columns
