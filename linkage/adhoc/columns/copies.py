"""Columns that say again what another one says: an address of post beside that of residence, a town's name in its code.

Two fields that agree because they are one would count twice, and whoever lives in one house would look like one person.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.files.columns_made import as_text
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.recognise import Columns, named_fields
from linkage.engine import Engine, one, quote

_LOOKED_AT = 20_000  # rows of a file
_SAME = 0.8  # share of the rows that know both, from which one column is a copy of the other
_FEWEST = 20  # such rows
_MOST = 40  # fields that are asked
_WHOLES = (("forename", "surname"), ("address", "town"), ("address", "postcode"), ("town", "postcode"))
"""Fields both of which a further column may hold: a name in full beside its parts, an address of post beside lines."""
_Pair = tuple[str, ...]  # fields of which the last may be a copy


def without_copies(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> Columns:
    """The columns without those that no list knows and that hold in every file what another field does, or two do.

    Args:
        files: two files, or one that is compared with itself.
    """
    known = [*named_fields(columns.left)]
    free = [name for name in columns.fields if name not in known][:_MOST]
    fields = [*[name for name in columns.fields if name in known], *free]
    asked: list[_Pair] = [(one_, other) for one_, other in itertools.combinations(fields, 2) if other in free]
    asked += [(*parts, other) for parts in _WHOLES if set(parts) <= set(fields) for other in free]
    for file, held in zip(files, (columns.left, columns.right), strict=False):
        asked = _same(engine, file, held, asked)
    idle = {fields[-1] for fields in asked}
    left, right = (
        {name: column for name, column in side.items() if name not in idle} for side in (columns.left, columns.right)
    )
    return replace(columns, left=left, right=right)


def _same(engine: Engine, file: PersonFile, held: Mapping[str, str], asked: Sequence[_Pair]) -> list[_Pair]:
    """Those of which the last field holds in nearly all rows what the other one holds, or what both others hold."""
    if not asked:
        return []
    names = list(dict.fromkeys(name for fields in asked for name in fields))
    texts = ", ".join(f"{_letters(held[name])} as v{n}" for n, name in enumerate(names))
    counts = ", ".join(
        _counts([f"v{names.index(name)}" for name in fields], f"known{n}", f"same{n}") for n, fields in enumerate(asked)
    )
    step = max(1, file.rows // _LOOKED_AT)
    found = one(
        engine,
        engine.sql(
            f"""
            with texts as (select {texts} from {{t}} where {quote(PLACE)} % $step = 0)
            select {counts} from texts
            """,
            params={"step": step},
            t=file.table,
        ),
    )
    return [
        fields
        for n, fields in enumerate(asked)
        if int(found[f"known{n}"]) >= _FEWEST and int(found[f"same{n}"]) >= _SAME * int(found[f"known{n}"])
    ]


def _counts(values: Sequence[str], known: str, same: str) -> str:
    """SQL of the rows that know all values, and of those of them whose last one says the others again."""
    *others, last = values
    if len(others) == 1:
        again = f"{others[0]} = {last}"
    else:
        again = " and ".join(f"contains({last}, {value})" for value in others)
    return f"count({' || '.join(values)}) as {known}, count(case when {again} then 1 end) as {same}"


def _letters(column: str) -> str:
    """SQL of a value in capitals without blanks and signs; NULL where nothing else is there."""
    return f"nullif(regexp_replace(upper({as_text(column)}), '[ .,;:/()_-]', '', 'g'), '')"
