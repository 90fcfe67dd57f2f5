"""How often strangers agree who agree on something else already: the u of comparisons that are given other columns.

Strangers are pairs of one file, without the people who are in it twice. Those of one household, or of one forename, are
found by joining a sample with its whole file, so that a sample of a national file still has its brothers and sisters.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np

from linkage.engine import Engine, Table, columns, one, quote, rows
from linkage.errors import ConfigError
from linkage.model.compiled import level_columns
from linkage.model.sampling import Side, below, drawn
from linkage.model.splink_json import Comparison, Model, from_dict
from linkage.model.stages import pattern_column
from linkage.model.training.counts.patterns import Floats, Layout
from linkage.model.training.counts.rules import exact_levels
from linkage.model.training.strangers.block_strangers import RANDOM_COUNTS_AS, of_both_files

_SAMPLE_ROWS = 40_000  # of each side
_PAIRS = 100_000  # of each side and comparison
_ONE_PERSON = ("forename", "dob")  # who agrees on these and on what is given is taken for one person


def without_dependence(model: Model) -> Model:
    """The comparisons that EM learns: inside its blocks, u of strangers has every dependence in it already."""
    return _without(model, lambda comparison: bool(comparison.given))


def without_togetherness(model: Model) -> Model:
    """The comparisons that were asked for: what an earlier training found to go together is found anew."""
    return _without(model, lambda comparison: comparison.together or comparison.changed)


def _without(model: Model, left_out: Callable[[Comparison], bool]) -> Model:
    raw = deepcopy(model.raw)
    raw["comparisons"] = [
        said for said, comparison in zip(raw["comparisons"], model.comparisons, strict=True) if not left_out(comparison)
    ]
    return from_dict(raw)


def with_dependence(engine: Engine, model: Model, trained: Model, left: Table, right: Table, *, seed: int) -> Model:
    """The trained model with the comparisons that EM did not learn, measured on strangers of both files.

    Args:
        model: with all its comparisons, as before training.
        trained: of `without_dependence`.
    """
    raw = deepcopy(trained.raw)
    raw["comparisons"] = []
    learnt = iter(trained.raw["comparisons"])
    asked = [comparison for comparison in model.comparisons if comparison.given]
    names = dict.fromkeys(c for comparison in asked for c in (*comparison.columns, *comparison.given))
    held = [name for name in _ONE_PERSON if name in left.columns and name in right.columns]
    twice = " and ".join(f"{quote(f'{name}_l')} = {quote(f'{name}_r')}" for name in held) or "false"
    sides = drawn(engine, (left, right), [*dict.fromkeys([*names, *held])], most=_SAMPLE_ROWS, seed=seed)
    for said, comparison in zip(model.raw["comparisons"], model.comparisons, strict=True):
        if not comparison.given:
            raw["comparisons"].append(next(learnt))
            continue
        chance = _by_chance(trained, comparison)
        each = [strangers_at_levels(engine, comparison, comparison.given, side, twice, held) for side in sides]
        given = _given(each, chance)
        raw["comparisons"].append(_measured(said, comparison, chance, given))
    engine.drop(*(side.sample for side in sides))
    return from_dict(raw)


def _given(each: Sequence[Floats], chance: Floats) -> Floats:
    """u of each level by pairs within each file, the last being the rest; where these are few random pairs speak."""
    shown = np.sum(each, axis=0)
    found = (shown + chance * RANDOM_COUNTS_AS) / (shown.sum() + RANDOM_COUNTS_AS)
    graded = of_both_files([one[:-1] for one in each], [np.full(len(one) - 1, one.sum()) for one in each], found[:-1])
    return np.append(graded, 1 - graded.sum())


def _by_chance(trained: Model, comparison: Comparison) -> Floats:
    """u of random pairs for each level, from the field's own comparison: the levels that its condition is part of.

    Raises:
        ConfigError: the field has no comparison of its own.
    """
    layout = Layout(trained)
    exact = exact_levels(layout)
    graded = [level for level in comparison.levels if level.value >= 0]
    column = next((name for name in comparison.columns if name in exact and name not in comparison.given), None)
    if column is None:
        raise ConfigError(
            f"comparison '{comparison.name}': no other comparison has its column, or none says that it is equal\n"
            f"  compare the column by itself too, or leave out '{comparison.name}'"
        )
    own = trained.comparisons[layout.owner[exact[column]]]
    found = [
        sum(level.u or 0.0 for level in own.levels if level.condition and (asked.condition or "-") in level.condition)
        for asked in graded[:-1]
    ]
    return np.array([*found, 1.0 - sum(found)])


def strangers_at_levels(
    engine: Engine, comparison: Comparison, given: Sequence[str], side: Side, one_person: str, read: Sequence[str]
) -> Floats:
    """Pairs of one file at each level, of those that agree on what is given.

    Args:
        one_person: SQL over <column>_l and <column>_r of the columns `read`: pairs that may be one person, left out.
    """
    known = " and ".join(f"{quote(name)} is not null" for name in given)
    listed = columns(given)
    counted = engine.sql(
        f"""
        with blocks as (select {listed}, count(*) as units from {{sample}} where {known} group by {listed})
        select coalesce(sum(units * (units - 1)), 0) as pairs from blocks
        """,
        sample=side.sample,
    )
    within = float(one(engine, counted)["pairs"])
    whole = within < _PAIRS  # the sample alone has too few
    made = within / max(side.share, 1e-12) if whole else within
    share = side.share * min(_PAIRS / max(made, 1.0), 1.0)
    carried = ", ".join(
        f"{s}.{quote(name)} as {quote(f'{name}_{s}')}"
        for name in dict.fromkeys((*comparison.columns, *given, *read))
        for s in "lr"
    )
    equal = " and ".join(f"l.{quote(name)} = r.{quote(name)}" for name in given)
    (gamma,) = level_columns(Model((comparison,), (), 0.5, {}))
    found = engine.sql(
        f"""
        with pairs as (
            select {carried}
            from (select * from {{sample}} where slot < {below(share)} and {known}) as l
            join {{others}} as r on {equal} and l.unit_id <> r.unit_id
        ),
        strangers as (
            select {gamma} from pairs where not coalesce({one_person}, false)
        )
        select {quote(pattern_column(comparison))} as level, count(*) as pairs from strangers group by level
        """,
        sample=side.sample,
        others=side.table if whole else side.sample,
    )
    by_level = {int(row["level"]): float(row["pairs"]) for row in rows(engine, found)}
    return np.array([by_level.get(level.value, 0.0) for level in comparison.levels if level.value >= 0])


def _measured(said: dict[str, object], comparison: Comparison, chance: Floats, given: Floats) -> dict[str, object]:
    """m is what random pairs show, u what strangers show who agree on what is given.

    Where a level's frequency adjustment takes back another's, the frequency says how often random pairs agree, so that
    m is u.
    """
    made = deepcopy(said)
    levels: list[dict[str, object]] = made["comparison_levels"]  # type: ignore[assignment]
    graded = [place for place, level in enumerate(comparison.levels) if level.value >= 0]
    for place, by_chance, strangers in zip(graded, chance, given, strict=True):
        adjusted = comparison.levels[place].adjusted
        levels[place]["m_probability"] = float(f"{strangers if adjusted else by_chance:.12g}")
        levels[place]["u_probability"] = float(f"{strangers:.12g}")
    return made
