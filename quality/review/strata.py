"""Strata of a step's pairs, how many pairs of each are reviewed, and the draw.

Strata are passes and blocking rules by bands of match weight, links and other pairs
apart. The sample is allocated by Neyman (1934) and drawn by permanent random numbers,
so that the next release draws as many of the same pairs as it can (Ohlsson,
Coordination of samples using permanent random numbers, in Business Survey Methods,
1995).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from linkage.engine import Engine, Table, rows

OTHERS = "others"
# pairs; smaller ones are merged, since each costs the reviewers FEWEST_PAIRS pairs at
# least
SMALLEST_STRATUM = 25
FEWEST_PAIRS = 2  # reviewed pairs of a stratum, so that its variance can be estimated
LOWEST_RATE = 0.01
"""Error rate that a stratum is taken to have at least: otherwise the result would rest
on the model under review.
"""
SMALLEST_SHARE = 0.1
"""Share of the sample for links, and for other pairs: recall rests on other pairs,
which Neyman's rule may leave out.
"""
_CELL = ("accepted", "made_by", "band", "followed")


@dataclass(frozen=True)
class Stratum:
    """Pairs that are sampled together.

    Attributes:
        accepted: whether its pairs are links.
        made_by: the pass or rule, or OTHERS.
        low, high: match weights; None at the ends and where bands are merged.
        expected_true: mean match probability; None where the pairs have none.
        followed: whether its pairs have answers that the linkage followed: they
            represent themselves only.
    """

    name: str
    accepted: bool
    made_by: str
    low: float | None
    high: float | None
    pairs: int
    expected_true: float | None
    followed: bool = False

    @property
    def expected_errors(self) -> float:
        """The expected share of false links, or of matches among the other pairs."""
        if self.expected_true is None:
            return 0.5
        return 1 - self.expected_true if self.accepted else self.expected_true


def stratify(
    engine: Engine, links: Table, edges: Sequence[float], followed: Table | None = None
) -> tuple[Table, list[Stratum]]:
    """The pairs of a step with their stratum, and the strata: links first, heavier
    bands first.

    Args:
        links: every scored pair: accepted, for review and rejected.
        edges: of the bands of match weight, ascending.
        followed: left_id, right_id of pairs with answers that the linkage followed.
            Wrong links among them are gone, so that the remaining ones represent no
            others.

    Returns:
        stratum, left_id, right_id; and the strata.
    """
    if followed is None:
        followed = engine.sql(
            "select left_id, right_id from {links} where false", links=links
        )
    band = " + ".join(
        f"case when match_weight >= cast({edge!r} as double) then 1 else 0 end"
        for edge in edges
    )
    cells = engine.sql(
        f"""
        select l.left_id, l.right_id, l.decision = 'accepted' as accepted,
            coalesce(l.pass, l.method) as made_by,
               l.match_probability, case when l.match_weight is null then -1 else {band}
                   end as band,
               f.left_id is not null as followed
        from {{links}} as l
        left join {{followed}} as f on f.left_id = l.left_id and f.right_id = l.right_id
        """,
        links=links,
        followed=followed,
    )
    key = ", ".join(_CELL)
    cell_counts = engine.sql(
        f"select {key}, count(*) as pairs, avg(match_probability) as mean from "
        f"{{cells}} group by {key} order by {key}",
        cells=cells,
    )
    parts = _named(rows(engine, cell_counts))
    schema = pa.schema(
        [
            *zip(_CELL, (pa.bool_(), pa.string(), pa.int32(), pa.bool_()), strict=True),
            ("stratum", pa.string()),
        ]
    )
    stratified = engine.sql(
        f"""
        select n.stratum, c.left_id, c.right_id
        from {{cells}} as c
        join {{parts}} as n on {" and ".join(f"n.{name} = c.{name}" for name in _CELL)}
        """,
        store=True,
        cells=cells,
        parts=engine.from_arrow(
            pa.Table.from_pylist(
                [
                    {**cell, "stratum": name}
                    for name, part in parts.items()
                    for cell in part
                ],
                schema,
            )
        ),
    )
    strata = [_stratum(name, part, edges) for name, part in parts.items()]
    order = {
        stratum.name: (
            not stratum.accepted,
            -parts[stratum.name][0]["band"],
            stratum.name,
        )
        for stratum in strata
    }
    return stratified, sorted(strata, key=lambda stratum: order[stratum.name])


def _named(cells: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Stratum to its cells of decision, pass and band; small cells are merged within
    their band, then across bands.
    """
    small: dict[tuple[bool, int], int] = {}
    for cell in cells:
        if cell["pairs"] < SMALLEST_STRATUM and not cell["followed"]:
            place = bool(cell["accepted"]), int(cell["band"])
            small[place] = small.get(place, 0) + int(cell["pairs"])
    strata: dict[str, list[Mapping[str, Any]]] = {}
    for cell in cells:
        side = "links" if cell["accepted"] else "other pairs"
        name = f"{side}|{cell['made_by']}|{cell['band']}"
        if cell["followed"]:
            name = f"{side} reviewed before|{cell['made_by']}|{cell['band']}"
        elif cell["pairs"] < SMALLEST_STRATUM:
            is_enough = (
                small[bool(cell["accepted"]), int(cell["band"])] >= SMALLEST_STRATUM
            )
            name = f"{side}|{OTHERS}|{cell['band'] if is_enough else 'all'}"
        strata.setdefault(name, []).append(cell)
    return strata


def _stratum(
    name: str, cells: Sequence[Mapping[str, Any]], edges: Sequence[float]
) -> Stratum:
    _, made_by, band = name.rsplit("|", 2)
    place = (
        int(band) if band.isdigit() else None
    )  # bands merged, or pairs without a weight
    low = edges[place - 1] if place else None
    high = edges[place] if place is not None and place < len(edges) else None
    known = [
        (int(cell["pairs"]), float(cell["mean"]))
        for cell in cells
        if cell["mean"] is not None
    ]
    mean = (
        sum(n * mean for n, mean in known) / sum(n for n, _ in known) if known else None
    )
    pairs = sum(int(cell["pairs"]) for cell in cells)
    return Stratum(
        name,
        bool(cells[0]["accepted"]),
        made_by,
        low,
        high,
        pairs,
        mean,
        bool(cells[0]["followed"]),
    )


def allot(strata: Sequence[Stratum], size: int, *, fewest: float = 0) -> dict[str, int]:
    """Stratum to number of pairs drawn, by Neyman's allocation: pairs times standard
    deviation.

    This minimises the variance of the estimated number of errors. No stratum gives more
    pairs than it has nor fewer than FEWEST_PAIRS, so that the total may exceed `size`.
    Links and other pairs have SMALLEST_SHARE of the sample each at least. All pairs
    whose answers were followed are drawn on top of `size`: they cost nothing.

    Args:
        fewest: links, and other pairs, at least, up to half of the sample: results that
            rest on fewer are suppressed.

    Raises:
        ValueError: the size is not positive.
    """
    if size < 1:
        raise ValueError("a sample has one pair at least")
    known = {stratum.name: stratum.pairs for stratum in strata if stratum.followed}
    new = [stratum for stratum in strata if not stratum.followed]
    allotted = _neyman(new, size)
    for is_accepted in (True, False):
        side = [stratum for stratum in new if stratum.accepted == is_accepted]
        minimum = min(
            np.ceil(max(SMALLEST_SHARE * size, fewest)),
            size // 2,
            sum(stratum.pairs for stratum in side),
        )
        if sum(allotted[stratum.name] for stratum in side) < minimum:
            others = [stratum for stratum in new if stratum.accepted != is_accepted]
            return (
                known
                | _neyman(side, int(minimum))
                | _neyman(others, size - int(minimum))
            )
    return known | allotted


def _neyman(strata: Sequence[Stratum], size: int) -> dict[str, int]:
    """Whole numbers in proportion to pairs times standard deviation, within their
    bounds, that add up to `size`.
    """
    if not strata:
        return {}
    rates = np.clip(
        [stratum.expected_errors for stratum in strata], LOWEST_RATE, 1 - LOWEST_RATE
    )
    maxima = np.array([stratum.pairs for stratum in strata], dtype=float)
    minima, weights = (
        np.minimum(FEWEST_PAIRS, maxima),
        maxima * np.sqrt(rates * (1 - rates)),
    )
    target = float(np.clip(size, minima.sum(), maxima.sum()))
    low, high = (
        0.0,
        float((maxima / weights).max()),
    )  # pairs for each unit of weight; the high end takes all
    for _ in range(100):  # halvings: the total grows with the scale
        middle = (low + high) / 2
        low, high = (
            (middle, high)
            if np.clip(middle * weights, minima, maxima).sum() < target
            else (low, middle)
        )
    shares = np.clip(high * weights, minima, maxima)
    whole = np.maximum(np.floor(shares + 1e-9), minima)
    rest = max(round(shares.sum()) - int(whole.sum()), 0)
    for place in sorted(
        range(len(strata)), key=lambda n: (whole[n] - shares[n], strata[n].name)
    )[:rest]:
        whole[place] = min(whole[place] + 1, maxima[place])
    return {
        stratum.name: int(number) for stratum, number in zip(strata, whole, strict=True)
    }


def draw(
    engine: Engine,
    stratified: Table,
    allotted: Mapping[str, int],
    names: tuple[Table, Table],
    *,
    seed: int,
) -> Table:
    """A stratified simple random sample without replacement.

    Args:
        names: unit_id, name of the left and of the right side; a name is the same in
            every run.

    Returns:
        place (1, 2, ..., in an order that mixes the strata, so that any first pairs are
        a sample too), stratum, left_id, right_id.
    """
    schema = pa.schema([("stratum", pa.string()), ("size", pa.int64())])
    sizes = [
        {"stratum": stratum, "size": number} for stratum, number in allotted.items()
    ]
    return engine.sql(
        """
        with numbered as (
            select p.*, md5(cast($seed as varchar) || ':' || l.name || ':' || r.name)
                as random_number
            from {stratified} as p
            join {left} as l on l.unit_id = p.left_id
            join {right} as r on r.unit_id = p.right_id
        ),
        ranked as (
            select *, row_number() over (partition by stratum order by random_number,
                left_id, right_id) as rank_in
            from numbered
        )
        select row_number() over (order by r.random_number, r.left_id, r.right_id)
            as place, r.stratum, r.left_id,
               r.right_id
        from ranked as r
        join {sizes} as s on s.stratum = r.stratum
        where r.rank_in <= s.size
        """,
        params={"seed": seed},
        store=True,
        stratified=stratified,
        sizes=engine.from_arrow(pa.Table.from_pylist(sizes, schema)),
        left=names[0],
        right=names[1],
    )
