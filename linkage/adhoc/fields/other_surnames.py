"""Surnames at birth, or before a marriage, beside those that people have now.

Of a woman who married, one file may have the one and the other the other. A column of them is never compared by itself:
most people have none, and of those who do not it would say once more what the surname says.
"""

from collections.abc import Sequence

from linkage.adhoc.fields import spellings
from linkage.adhoc.files.columns_made import Texts, as_text, counted, expressed, looked_up
from linkage.adhoc.files.shapes import Shape
from linkage.adhoc.headers.recognise import OTHER_SURNAME
from linkage.engine import Engine
from linkage.records.names import surname


def with_other_surnames(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Files with their other surnames in one form, and in the place of surnames that they do not know.

    A file without such a column has one of which nothing is known.
    """
    if not any(OTHER_SURNAME in shape.fields for shape in shapes):
        return
    if not all("surname" in shape.fields for shape in shapes):
        for shape in shapes:
            shape.fields.pop(OTHER_SURNAME, None)
        return
    held = [(shape.file, shape.fields.get(OTHER_SURNAME, shape.fields["surname"])) for shape in shapes]
    for shape, (file, column) in zip(shapes, spellings.letters(engine, held), strict=True):
        if OTHER_SURNAME not in shape.fields:
            shape.file, none = expressed(engine, shape.file, "cast(null as varchar)", "no other surname")
            shape.fields[OTHER_SURNAME] = none
            continue
        texts: Texts = {value: (surname(value),) for value in counted(engine, file, column)}
        file, (other,) = looked_up(engine, file, column, texts, ["other surname"])
        now = f"coalesce(nullif({as_text(shape.fields['surname'])}, ''), nullif({as_text(other)}, ''))"
        shape.file, known = expressed(engine, file, now, "surname, or the other one")
        shape.fields |= {"surname": known, OTHER_SURNAME: other}
