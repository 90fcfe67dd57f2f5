"""Rows of two persons each, as of couples and of accounts: both are compared, in one order in both files.

Who is named first is chance, or a habit that the other file does not share. The elder is the same in both.
"""

from collections.abc import Sequence
from dataclasses import replace

from linkage.adhoc.dates.dated import NoDatesError, in_one_form
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.numbered_headers import of_two
from linkage.engine import Engine, quote


def two_in_a_row(
    engine: Engine, files: Sequence[PersonFile], maps: Sequence[str]
) -> tuple[list[PersonFile], list[str]]:
    """The files with the elder of each row's two persons first, and maps of the other's fields beside an analyst's.

    As they are where not both files have two persons in a row, or the analyst has named a column of theirs.
    """
    held = [of_two(file.header) for file in files]
    fields = [field for field in held[0] if all(field in of for of in held)]
    named = {text.partition("=")[2] for text in maps}
    if not {"dob"} < {*fields} or named & {column for of in held for pair in of.values() for column in pair}:
        return list(files), list(maps)
    try:
        made = elder_first(engine, files)
    except NoDatesError:
        return list(files), list(maps)
    sides = zip(("left", "right"), held, strict=True)
    return made, [*maps, *(f"{side}.{field}_of_second={of[field][1]}" for side, of in sides for field in fields)]


def elder_first(engine: Engine, files: Sequence[PersonFile]) -> list[PersonFile]:
    """Files of two persons in a row with the elder in the columns of the first.

    Raises:
        NoDatesError: most of a column's birth dates are in no form that is read.
    """
    return [_elder_first(engine, file) for file in files]


def _elder_first(engine: Engine, file: PersonFile) -> PersonFile:
    held, dated, born = of_two(file.header), file, list[str]()
    for column in held["dob"]:
        dated, read = in_one_form(engine, dated, column)
        born.append(quote(read))
    swapped = f"{born[1]} < {born[0]}"  # not where one of the two is not known
    columns = ", ".join(
        f"case when {swapped} then {quote(other)} else {quote(one)} end as {quote(one)}"
        for pair in held.values()
        for one, other in (pair, pair[::-1])
    )
    table = engine.sql(f"select * replace ({columns}) from {{t}}", t=dated.table)
    return replace(file, table=table, values={}, clean=set(), both_persons=True)
