"""Which of several forenames a person is called by: the first one in most of the world, the last one in Vietnam."""

import math
from collections.abc import Mapping, Sequence

from linkage.adhoc.files.columns_made import counted, looked_up
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.engine import Engine, Table, one, quote
from linkage.records.names import forenames, surname

TELLING = ("dob", "email", "phone", "postcode")  # with the surname these show who may be one person
_SAMPLE_ROWS = 20_000
_BEYOND_CHANCE = 3.0  # standard deviations of a difference of counts


def called_by_last(engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]) -> bool:
    """Whether the other file's forename is the last of the first file's several, rather than their first.

    People who agree on surname and birth date (or what else there is) show it: of one person's two records the
    call name is the same, and of strangers' neither name is.

    Args:
        files: the one that writes several forenames, and the one that writes one.
        fields: of each, field -> column.
    """
    telling = next((name for name in TELLING if all(name in of for of in fields)), None)
    if telling is None or not all("surname" in of for of in fields):
        return False
    sides: list[Table] = []
    for file, of in zip(files, fields, strict=True):
        named = {value: (surname(value),) for value in counted(engine, file, of["surname"])}
        file, (family,) = looked_up(engine, file, of["surname"], named, ["plain surname"])
        given = {value: first_and_last(value) for value in counted(engine, file, of["forename"])}
        file, (first, last) = looked_up(engine, file, of["forename"], given, ["first", "last"])
        held = zip((family, of[telling], first, last), ("surname", "telling", "first", "last"), strict=True)
        read = ", ".join(f"{quote(column)} as {quote(f'plain {name}')}" for column, name in held)
        step = max(1, file.rows // _SAMPLE_ROWS) if not sides else 1
        sides.append(
            engine.sql(
                f"select {read} from {{t}} where {quote(PLACE)} % $step = 0",
                params={"step": step},
                t=file.table,
            )
        )
    shown = one(engine, engine.sql(_SHOWN, several=sides[0], single=sides[1]))
    first_same, last_same = int(shown["first_same"]), int(shown["last_same"])
    return last_same - first_same > _BEYOND_CHANCE * math.sqrt(last_same + first_same)


def first_and_last(value: str) -> tuple[str | None, str | None]:
    """The first and the last of several forenames; the same where there is one."""
    first, others = forenames(value)
    return first, (others.split()[-1] if others else first)


def last_and_others(value: str) -> tuple[str | None, str | None]:
    """The last forename, and those before it."""
    first, others = forenames(value)
    if not first or not others:
        return first, None
    *between, last = others.split()
    return last, " ".join([first, *between])


_SHOWN = """
    select count(*) filter (where s."plain first" = o."plain first") as first_same,
           count(*) filter (where s."plain last" = o."plain first") as last_same
    from {several} as s
    join {single} as o on o."plain surname" = s."plain surname" and o."plain telling" = s."plain telling"
    where s."plain first" <> s."plain last"
    """
