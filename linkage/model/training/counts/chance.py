"""Pairs drawn at random from two sides: u is the share of them at a level."""

from collections.abc import Sequence

from linkage.engine import Engine, one
from linkage.model.sampling import Side, below
from linkage.model.training.counts.patterns import Layout, Pairs, carried

RANDOM_PAIRS = 100_000
"""Pairs for u of levels of partial agreement; how often values are equal is counted on far more (see rules)."""

_SAMPLE_ROWS = 50_000  # of each side: units that meet few partners tell more than few units that meet all others


def random_pairs(engine: Engine, layout: Layout, sides: Sequence[Side]) -> Pairs:
    """Random pairs; all pairs where there are no more than RANDOM_PAIRS.

    Units stand in the order of their slots, which are of another kind on each side, and a unit meets those of the other
    side that stand where it does, and at equal steps from there.
    """
    compared = layout.model.comparisons
    shares = [min(side.share, _SAMPLE_ROWS / max(side.units, 1)) for side in sides]
    placed, sizes = {}, {}
    for letter, name, side, share in zip("lr", ("left", "right"), sides, shares, strict=True):
        placed[letter] = (
            "(select *, row_number() over (order by slot, unit_id) - 1 as place "
            f"from {{{name}_sample}} where slot < {below(share)})"
        )
        size = f"select count(*) as units from {{sample}} where slot < {below(share)}"
        sizes[letter] = int(one(engine, engine.sql(size, sample=side.sample))["units"])
    turning, met = ("l", "r") if sizes["l"] >= sizes["r"] else ("r", "l")
    larger, smaller = sizes[turning], max(sizes[met], 1)
    meetings = smaller if smaller * larger <= RANDOM_PAIRS else max(RANDOM_PAIRS // larger, 1)
    further = ", ".join(f"({n * (smaller // meetings)})" for n in range(meetings))
    return Pairs(
        f"""
        select l.unit_id as left_id, r.unit_id as right_id, {carried(compared, compared)}
        from (
            select u.*, (u.place + m.further) % {smaller} as partner
            from {placed[turning]} as u cross join (values {further}) as m(further)
        ) as {turning}
        join {placed[met]} as {met} on {met}.place = {turning}.partner
        """,
        compared,
    )
