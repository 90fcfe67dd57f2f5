"""Files of many columns: of those that both have under one name and that no list knows, the ones that tell persons.

A survey has two hundred answers, of which most say nothing of who gave them, and every column that is compared costs
training and each pair. Pairs that agree on two known fields are persons, or nearly: what these have in common, more
than two of them at random have, tells.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

from linkage.adhoc.files.columns_made import as_text
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.recognise import Columns, named_fields
from linkage.engine import Engine, Table, one, quote

_MANY = 15  # columns that no list knows, up to which all are compared
_KEPT = 8  # of more, those that tell most
_FEWEST = 20  # pairs that show it
_BITS = 0.1  # that a column tells at least
_NAMESAKES = 3  # rows of a file that agree on both fields; of more most are strangers
_BY = ("surname", "dob", "forename", "email", "phone", "postcode", "address", "town")


def without_idle(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> Columns:
    """The columns without those that tell nothing, where many have a name that no list knows.

    Args:
        files: two files, or one that is compared with itself.
    """
    known = {*named_fields(columns.left), *(text.partition("=")[0].rpartition(".")[2] for text in columns.by_content)}
    free = [name for name in columns.fields if name not in known]
    if len(free) <= _MANY:
        return columns
    bits = {name: 1.0 / place for place, name in enumerate(free, 1)}  # the first ones, where nothing is shown
    for pair in itertools.combinations([name for name in _BY if name in columns.fields], 2):
        if found := _bits(engine, files, columns, pair, free):
            bits = found
            break
    best = sorted(free, key=lambda name: -bits[name])[:_KEPT]
    idle = {name for name in free if name not in best or bits[name] < _BITS}
    left, right = (
        {name: column for name, column in side.items() if name not in idle} for side in (columns.left, columns.right)
    )
    return replace(columns, left=left, right=right)


def _bits(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, by: Sequence[str], asked: Sequence[str]
) -> dict[str, float]:
    """What agreement on each field tells of pairs that agree on two others; nothing where these are too few."""
    sides = [
        _keyed(engine, file, fields, by, asked)
        for file, fields in zip(files, (columns.left, columns.right), strict=False)
    ]
    order = "and l.place < r.place" if len(files) == 1 else ""
    both = ", ".join(
        f"l.v{n} as l{n}, r.v{n} as r{n}, lead(r.v{n}) over (order by l.key, l.place, r.place) as other{n}"
        for n in range(len(asked))
    )
    counts = ", ".join(
        f"avg(cast(l{n} = r{n} as integer)) as same{n}, avg(cast(l{n} = other{n} as integer)) as chance{n}"
        for n in range(len(asked))
    )
    query = f"""
        with pairs as (select {both} from {{l}} as l join {{r}} as r on r.key = l.key {order})
        select count(*) as pairs, {counts} from pairs
        """
    found = one(engine, engine.sql(query, l=sides[0], r=sides[-1]))
    if int(found["pairs"]) < _FEWEST:
        return {}
    return {name: _told(found[f"same{n}"], found[f"chance{n}"]) for n, name in enumerate(asked)}


def _keyed(engine: Engine, file: PersonFile, fields: dict[str, str], by: Sequence[str], asked: Sequence[str]) -> Table:
    """Rows of which few agree on two fields, with the values of the others."""
    texts = [f"upper({as_text(fields[name])})" for name in by]
    key = " || '|' || ".join(texts)
    values = ", ".join(f"nullif({as_text(fields[name])}, '') as v{n}" for n, name in enumerate(asked))
    known = " and ".join(f"{text} <> ''" for text in texts)
    return engine.sql(
        f"""
        select {key} as key, {quote(PLACE)} as place, {values} from {{t}} where {known}
        qualify count(*) over (partition by {key}) <= $most
        """,
        params={"most": _NAMESAKES},
        t=file.table,
    )


def _told(same: float | None, chance: float | None) -> float:
    """Bits that a field tells on average: of persons, against chance."""
    if same is None or chance is None or same <= chance:
        return 0.0
    least = 1e-4
    p, q = (min(max(share, least), 1 - least) for share in (same, chance))
    return p * math.log2(p / q) + (1 - p) * math.log2((1 - p) / (1 - q))
