"""Cells of two fields, which the other file has apart: both parents' names, and when and where somebody was born."""

from collections.abc import Callable, Mapping, Sequence

from linkage.adhoc.columns.made_of import both_parents, place_beside_date, with_part
from linkage.adhoc.files.columns_made import counted
from linkage.adhoc.files.person_file import FATHER, MOTHER, PLACE_OF_BIRTH, PersonFile
from linkage.adhoc.headers.header_words import in_latin, in_own_script, words_of
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.adhoc.names.parents import PARENTS
from linkage.engine import Engine

_HALF = 0.5  # of the values, in which both are found


def two_in_a_cell(
    engine: Engine, files: Sequence[PersonFile], maps: Sequence[str]
) -> tuple[list[PersonFile], list[str]]:
    """The files with a column of each field, and maps of these beside an analyst's.

    As they are where the other file knows no more than one of the two, or the analyst has named the column.
    """
    columns = recognise(files[0].header, files[-1].header, enough=False)
    held, made, said = (columns.left, columns.right), list(files), list[str]()
    named = {text.partition("=")[2] for text in maps}
    both = [[name for name in file.header if _is_of_parents(name) and name not in named] for file in files]
    for here, side in ((0, "left"), (1, "right")):
        theirs = {*held[1 - here], *(PARENTS if both[1 - here] else ())}
        for column in both[here][:1]:
            parents = {FATHER: "father_name", MOTHER: "mother_name"}
            own = {held[here].get(field) for field in PARENTS} - {None, column}
            if {*PARENTS} & theirs and not own and _share(counted(engine, files[here], column), both_parents) > _HALF:
                for how, field in parents.items():
                    made, name = with_part(engine, made, here, how, column)
                    said.append(f"{side}.{field}={name}")
        if {"dob", "birth_place"} <= theirs and "birth_place" not in held[here]:
            for column in [name for name in files[here].header if _may_be_of_births(name, held[here])]:
                if column not in named and _share(counted(engine, files[here], column), place_beside_date) > _HALF:
                    made, name = with_part(engine, made, here, PLACE_OF_BIRTH, column)
                    said += [f"{side}.dob={column}", f"{side}.birth_place={name}"]
                    break
    return made, [*maps, *said]


def _is_of_parents(column: str) -> bool:
    return not {in_latin(column), in_own_script(column)}.isdisjoint(vocabulary()["made_of"]["parents"])


def _may_be_of_births(column: str, fields: Mapping[str, str]) -> bool:
    """Whether a header says birth, and the file tells birth dates under no other."""
    says_birth = not {*vocabulary()["birth_words"]["birth"]}.isdisjoint(words_of(column))
    return fields.get("dob", column) == column and (says_birth or fields.get("dob") == column)


def _share(values: Mapping[str, int], found: Callable[[str], object]) -> float:
    """Of the rows those in which something is found."""
    return sum(rows for value, rows in values.items() if found(value)) / max(sum(values.values()), 1)
