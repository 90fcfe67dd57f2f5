"""Conditional comparisons measured: what agreements that depend on each other are worth
together.

A Fellegi-Sunter weight adds up fields as if they were conditionally independent. Among
non-matches they are not: who lives at one postcode often has one surname, brothers and
sisters born on one day are twins, and people of one forename are of one sex. A
conditional comparison speaks only of pairs that agree on some columns already, and
takes back what another field says too much of them:

    surname given postcode:
    log2( P(surname equal) / P(surname equal | non-matches of one postcode) )

Added to what surname and postcode say, this is the weight of both with the u that
non-matches show for both. In Splink's terms it is a comparison whose null level holds
where the given columns do not agree, whose m is the u of random pairs and whose u is
that of non-matches who agree on them; both are fixed, so that Splink's training leaves
them. Where a field has a term-frequency adjustment, its full agreement has a weight of
0 here and an adjustment of the opposite sign: in a household, a rare surname is shared
as easily as a common one.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from linkage.engine import Engine, Table, columns, one, quote, rows
from linkage.errors import ConfigError
from linkage.model.compiled import level_columns
from linkage.model.sampling import Side, below, drawn
from linkage.model.splink_json import Comparison, Model, from_dict
from linkage.model.stages import pattern_column
from linkage.model.training.counts import COUNTED_ROWS, RANDOM_PAIRS, Floats, Layout
from linkage.model.training.evidence import Evidence
from linkage.model.training.u import PSEUDO_PAIRS, across_files

_PERSON = (
    "forename",
    "surname",
    "dob",
)  # who agrees on two of these, and on what is given, is taken for one person


def with_dependence(
    engine: Engine,
    evidence: Evidence,
    u: Floats,
    left: Table,
    right: Table,
    *,
    seed: int,
) -> Evidence:
    """The evidence with its conditional comparisons measured on non-matches: pairs of
    one file.

    Those of one household, or of one forename, are found by joining a sample with its
    whole file, so that a sample of a national file still has its brothers and sisters.

    Args:
        u: (levels,) of random pairs.

    Raises:
        ConfigError: a conditional comparison's column has no comparison of its own.
    """
    layout = evidence.layout
    conditional = [
        comparison for comparison in layout.model.comparisons if comparison.given
    ]
    if not conditional:
        return evidence
    names = dict.fromkeys(
        c
        for comparison in conditional
        for c in (*comparison.columns, *comparison.given)
    )
    person = [
        name for name in _PERSON if name in left.columns and name in right.columns
    ]
    sides = drawn(
        engine,
        (left, right),
        [*dict.fromkeys([*names, *person])],
        most=COUNTED_ROWS,
        seed=seed,
    )
    comparisons = []
    for raw, comparison in zip(
        layout.model.raw["comparisons"], layout.model.comparisons, strict=True
    ):
        if comparison.given:
            by_chance = _u_of_random_pairs(layout, u, comparison)
            conditional_u = _conditional_u(
                [_non_matches(engine, comparison, side, person) for side in sides],
                by_chance,
            )
            raw = _measured(raw, comparison, by_chance, conditional_u)
        comparisons.append(raw)
    engine.drop(*(side.sample for side in sides))
    return replace(
        evidence,
        layout=Layout(from_dict({**layout.model.raw, "comparisons": comparisons})),
    )


def _non_matches(
    engine: Engine, comparison: Comparison, side: Side, person: Sequence[str]
) -> Floats:
    """Pairs of one file at each level, of those that agree on what is given.

    Args:
        person: columns; a pair that agrees on two of them, of those that the comparison
            does not read, is taken for one person.
    """
    known = " and ".join(f"{quote(name)} is not null" for name in comparison.given)
    keys = columns(comparison.given)
    pair_counts = engine.sql(
        f"""
        with blocks as (select {keys}, count(*) as units from {{sample}} where {known}
            group by {keys})
        select coalesce(sum(units * (units - 1)), 0) as pairs from blocks
        """,
        sample=side.sample,
    )
    inner_pairs = float(one(engine, pair_counts)["pairs"])
    whole = inner_pairs < RANDOM_PAIRS  # the sample has too few
    pairs = inner_pairs / max(side.share, 1e-12) if whole else inner_pairs
    share = side.share * min(RANDOM_PAIRS / max(pairs, 1.0), 1.0)
    select_list = ", ".join(
        f"{s}.{quote(name)} as {quote(f'{name}_{s}')}"
        for name in dict.fromkeys((*comparison.columns, *comparison.given, *person))
        for s in "lr"
    )
    equal = " and ".join(
        f"l.{quote(name)} = r.{quote(name)}" for name in comparison.given
    )
    others = [
        name for name in person if name not in {*comparison.columns, *comparison.given}
    ]
    agree = (
        " + ".join(
            f"case when {quote(f'{n}_l')} = {quote(f'{n}_r')} then 1 else 0 end"
            for n in others
        )
        or "0"
    )
    (gamma,) = level_columns(Model((comparison,), (), 0.5, {}))
    table = engine.sql(
        f"""
        with pairs as (
            select {select_list}
            from (select * from {{sample}} where slot < {below(share)} and {known}) as l
            join {{others}} as r on {equal} and l.unit_id <> r.unit_id
        ),
        non_matches as (
            select {gamma} from pairs where {agree} < {max(min(len(others), 2), 1)}
        )
        select {quote(pattern_column(comparison))} as level, count(*) as pairs
            from non_matches group by level
        """,
        sample=side.sample,
        others=side.table if whole else side.sample,
    )
    by_level = {int(row["level"]): float(row["pairs"]) for row in rows(engine, table)}
    return np.array(
        [
            by_level.get(level.value, 0.0)
            for level in comparison.levels
            if level.value >= 0
        ]
    )


def _conditional_u(file_counts: Sequence[Floats], by_chance: Floats) -> Floats:
    """u of each level by pairs within each file, the last being the rest; where these
    are few random pairs decide.
    """
    totals = [np.full(len(counts), counts.sum()) for counts in file_counts]
    pooled = (np.sum(file_counts, axis=0) + by_chance * PSEUDO_PAIRS) / (
        np.sum(totals, axis=0) + PSEUDO_PAIRS
    )
    u = across_files(file_counts, totals, pooled)
    return np.append(u[:-1], 1 - u[:-1].sum())


def _u_of_random_pairs(
    layout: Layout, random_u: Floats, comparison: Comparison
) -> Floats:
    """u of random pairs for each level, from the field's own comparison: the levels
    that its condition is part of.
    """
    exact = layout.exact_levels
    column = next(
        (
            name
            for name in comparison.columns
            if name in exact and name not in comparison.given
        ),
        None,
    )
    owner = layout.owner[exact[column]] if column else None
    if owner is None or layout.model.comparisons[owner].given:
        raise ConfigError(
            f"comparison '{comparison.name}': no other comparison has its column, or "
            "none has a level of equal values\n"
            f"  compare the column by itself too, or leave out '{comparison.name}'"
        )
    levels = [level for level in comparison.levels if level.value >= 0]
    conditions = {
        n: layout.levels[n].condition or ""
        for n in np.flatnonzero(layout.owner == owner)
    }
    u = [
        sum(
            random_u[n]
            for n, text in conditions.items()
            if (part.condition or "-") in text
        )
        for part in levels[:-1]
    ]
    return np.array([*u, 1.0 - sum(u)])


def _measured(
    raw: dict[str, Any], comparison: Comparison, by_chance: Floats, u: Floats
) -> dict[str, Any]:
    """m is the u of random pairs, u that of non-matches who agree on what is given.

    Where a level takes back a term-frequency adjustment, the frequency says how often
    random pairs agree: m is u.
    """
    settings = deepcopy(raw)
    places = [
        place for place, level in enumerate(comparison.levels) if level.value >= 0
    ]
    for place, random, conditional in zip(places, by_chance, u, strict=True):
        m = conditional if comparison.levels[place].adjusted else random
        settings["comparison_levels"][place]["m_probability"] = float(f"{m:.12g}")
        settings["comparison_levels"][place]["u_probability"] = float(
            f"{conditional:.12g}"
        )
    return settings
