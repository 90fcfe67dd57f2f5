"""Rivals who are two records of one person, found among all units of a side that compete for a unit of the other.

The model knows strangers and matches, but rivals are mostly neither: twins share a birth date, a surname and an
address, and their weight is that of one person who goes by another name. What tells them apart are numbers of cases.
Rivals who agree in everything are one person, and the model says how often one person then differs in a field; where
many more pairs show that difference than there can be such persons, most of them are relatives.
"""

import math
from collections.abc import Mapping, Sequence, Set

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.config import OTHER_SIDE
from linkage.engine import Engine, Table, columns, components, empty, one, rows
from linkage.match.candidates.score import Frequencies, score_within
from linkage.match.resolution.duplicates import within_one_file
from linkage.match.resolution.rounds import HEAVIEST
from linkage.model import Model
from linkage.model.splink_json import Comparison
from linkage.model.stages import pattern_column

_MOST_RIVALS = 6  # of a unit, the best; who has more likely partners has a common name, and no six of them are one
Pattern = tuple[int, ...]


def same_people(
    engine: Engine, model: Model, pairs: Table, side: str, units: Table, frequencies: Frequencies, accept: float
) -> Table:
    """Units of a side that compete for one unit of the other and are more likely one person than not.

    Args:
        pairs: left_id, right_id, match_weight.
        units: unit_id and the model's columns.
        accept: match weight from which a pair alone would be accepted; lighter ones are hardly one of a person's two.

    Returns:
        unit_id, same_as: the smallest unit of the same person; units that are nobody else are left out.
    """
    likely = engine.sql(
        _LIKELY.format(side=side, other=OTHER_SIDE[side]), params={"accept": accept}, pairs=pairs, store=True
    )
    if engine.count(likely) == 0:
        engine.drop(likely)
        return nobody(engine)
    rivals = engine.sql(_RIVALS, likely=likely, store={"left_id": "bigint", "right_id": "bigint"})
    engine.drop(likely)
    scored = score_within(engine, model, units, frequencies, rivals)
    within = within_one_file(engine, model, units)
    named = [pattern_column(comparison) for comparison in model.fields]
    counted = engine.sql(
        f"""
        select {columns(named)}, count(*) as pairs,
               avg(1 / (1 + pow(cast(2 as double), -match_weight - $within))) as as_weighed
        from {{scored}}
        group by {columns(named)}
        """,
        params={"within": within},
        scored=scored,
    )
    patterns = {tuple(row[name] for name in named): (row["pairs"], row["as_weighed"]) for row in rows(engine, counted)}
    own = _of_one_record(engine, model.fields, patterns, units)
    alike = _alike(model.fields, named, patterns, own)
    if not alike.num_rows:
        engine.drop(rivals, scored)
        return nobody(engine)
    agreed = " and ".join(f"a.{columns([name])} = s.{columns([name])}" for name in named)
    found = engine.sql(
        f"select s.left_id, s.right_id from {{scored}} as s join {{alike}} as a on {agreed}"
        " where s.match_weight >= $least",
        params={"least": -within},
        store={"left_id": "bigint", "right_id": "bigint"},
        scored=scored,
        alike=engine.from_arrow(alike),
    )
    labels = components(engine, found)
    engine.drop(rivals, scored, found)
    return engine.sql("select node as unit_id, label as same_as from {t}", t=labels)


# The likely partners of units that have several: few of all pairs, which are looked through once.
_LIKELY = f"""
    select {{other}}_id as wanted, {{side}}_id as unit_id
    from {{{{pairs}}}}
    where match_weight >= $accept
    qualify row_number() over (partition by {{other}}_id order by {HEAVIEST}, {{side}}_id) <= {_MOST_RIVALS}
        and count(*) over (partition by {{other}}_id) > 1
    """

# Those of one unit, two by two.
_RIVALS = """
    select distinct a.unit_id as left_id, b.unit_id as right_id
    from {likely} as a
    join {likely} as b on b.wanted = a.wanted
    where a.unit_id < b.unit_id
    """


def _of_one_record(
    engine: Engine, comparisons: Sequence[Comparison], patterns: Mapping[Pattern, tuple[int, float]], units: Table
) -> set[int]:
    """Places of comparisons of a number that is each record's own: two records of a person differ in it."""
    found = set()
    for place, comparison in enumerate(comparisons):
        column = comparison.columns[0]
        known = sum(pairs for levels, (pairs, _) in patterns.items() if levels[place] != -1)
        equal = sum(pairs for levels, (pairs, _) in patterns.items() if levels[place] == _full(comparison))
        if equal > _SELDOM * known or column.endswith("_all"):
            continue
        held = one(engine, engine.sql(_HELD.format(column=columns([column])), units=units))
        if held["known"] - held["different"] <= _SELDOM * held["known"]:
            found.add(place)
    return found


_SELDOM = 0.02
_HELD = "select count({column}) as known, count(distinct {column}) as different from {{units}}"


def _full(comparison: Comparison) -> int:
    return max(known.value for known in comparison.levels)


def _alike(
    comparisons: Sequence[Comparison],
    named: Sequence[str],
    patterns: Mapping[Pattern, tuple[int, float]],
    own: Set[int],
) -> pa.Table:
    """The patterns of which more pairs than not are one person; what is each record's own is set aside."""

    def without_own(pattern: Pattern) -> Pattern:
        return tuple(-1 if place in own else level for place, level in enumerate(pattern))

    counted: dict[Pattern, tuple[int, float]] = {}
    for pattern, (pairs, as_weighed) in patterns.items():
        before, weighed = counted.get(without_own(pattern), (0, 0.0))
        together = before + pairs
        counted[without_own(pattern)] = together, (before * weighed + pairs * as_weighed) / together
    kept = [pattern for pattern in patterns if share_same(comparisons, without_own(pattern), counted) >= 0.5]
    arrays = [pa.array([pattern[place] for pattern in kept], pa.int32()) for place in range(len(named))]
    return pa.table(dict(zip(named, arrays, strict=True)))


def share_same(
    comparisons: Sequence[Comparison], pattern: Pattern, pairs: Mapping[Pattern, tuple[int, float]]
) -> float:
    """The share of the pairs of a pattern that are one person.

    As many persons agree in everything that the pattern knows as the counts say; m says how many of such persons show
    the pattern instead. What the weights say counts as one pair more, so that a pattern seen once is judged by them.

    Args:
        pairs: for each pattern the number of pairs, and the probability that their weights give.
    """
    full = tuple(
        -1 if level == -1 else _full(comparison) for comparison, level in zip(comparisons, pattern, strict=True)
    )
    rarer = math.prod(
        _m(comparison, level) / _m(comparison, best)
        for comparison, level, best in zip(comparisons, pattern, full, strict=True)
    )
    agreeing, sure = pairs.get(full, (0, 0.0))
    seen, as_weighed = pairs[pattern]
    return min(1.0, (agreeing * sure * rarer + as_weighed) / (seen + 1))


def _m(comparison: Comparison, level: int) -> float:
    """m of a level; 1 where nothing was learned or a side is not known."""
    return next((known.m for known in comparison.levels if known.value == level and known.m), 1.0)


def nobody(engine: Engine) -> Table:
    """unit_id, same_as of nobody."""
    return empty(engine, {"unit_id": "bigint", "same_as": "bigint"})


def whole(table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """A column of ids."""
    ids: npt.NDArray[np.int64] = table[column].to_numpy().astype(np.int64)
    return ids
