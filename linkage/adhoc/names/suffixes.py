"""What tells father and son of one name apart: Jr, III, in a column of its own or behind the name.

American rolls have a column for it; another file writes "Smith Jr., John" or "John Smith III".
"""

import functools
from collections.abc import Mapping, Sequence

from linkage.adhoc.files.columns_made import Texts, counted, looked_up
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine

NAME_SUFFIX = "name_suffix"


def with_suffixes(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, dict[str, str]]]:
    """Each file with a column of suffixes in one form, and where its fields are now; nowhere where a file has none.

    Args:
        fields: of each file; the suffix may stand in the column of the surname.
    """
    made = []
    for file, of in zip(files, fields, strict=True):
        column = of[NAME_SUFFIX]
        is_name = column == of.get("surname")
        texts: Texts = {value: (suffix(value, is_name=is_name),) for value in counted(engine, file, column)}
        if not any(found for (found,) in texts.values()):
            return [
                (file, {name: at for name, at in of.items() if name != NAME_SUFFIX})
                for file, of in zip(files, fields, strict=True)
            ]
        new, (name,) = looked_up(engine, file, column, texts, ["suffix of the name"])
        made.append((new, {**of, NAME_SUFFIX: name}))
    return made


def suffix(value: str, *, is_name: bool) -> str | None:
    """The suffix of a name, or the one that a value is; None where there is none.

    >>> suffix("Smith Jr., John", is_name=True), suffix("John Smith III", is_name=True), suffix("Senior", is_name=False)
    ('JR', 'III', 'SR')
    >>> suffix("Junior", is_name=True), suffix("John V", is_name=True), suffix("V", is_name=False)
    (None, None, 'V')
    """
    if not is_name:
        return _forms().get("".join(sign for sign in value.upper() if sign.isalnum()))
    parts = [part.replace(".", " ").upper().split() for part in value.split(",")]
    ends = [words[-1] for place, words in enumerate(parts) if words and (place or len(words) > 1)]
    return next((_forms()[end] for end in ends if len(end) > 1 and end in _forms()), None)


@functools.cache
def _forms() -> dict[str, str]:
    forms: dict[str, list[str]] = vocabulary()["suffixes"]
    return {form: known for known, held in forms.items() for form in (known, *held)}
