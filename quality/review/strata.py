"""Strata of a step's pairs, how many pairs of each are reviewed, and the draw.

Strata are passes and blocking rules by bands of match weight, links and other pairs apart. The sample is allocated by
Neyman (1934) and drawn by permanent random numbers, so that the next release draws as many of the same pairs as it can
(Ohlsson, Coordination of samples using permanent random numbers, in Business Survey Methods, 1995).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.engine import Engine, Table, rows
from quality.measures.definitions import Definitions

OTHERS = "others"
SMALLEST_STRATUM = 25  # pairs; smaller ones are merged, since each costs the reviewers FEWEST_PAIRS pairs at least
FEWEST_PAIRS = 2  # reviewed pairs of a stratum, so that its variance can be estimated
LOWEST_RATE = 0.01
"""Error rate that a stratum is taken to have at least: otherwise the result would rest on the model under review."""
SMALLEST_SHARE = 0.1
"""Share of the sample for links, and for other pairs: recall rests on other pairs, which Neyman's rule may leave out."""

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stratum:
    """Pairs that are sampled together.

    Attributes:
        accepted: whether its pairs are links.
        made_by: the pass or rule, or OTHERS.
        low, high: match weights; None at the ends and where bands are merged.
        expected_true: mean match probability; None where the pairs have none.
        looked_at: whether its pairs have answers that the linkage followed: they represent themselves only.
    """

    name: str
    accepted: bool
    made_by: str
    low: float | None
    high: float | None
    pairs: int
    expected_true: float | None
    looked_at: bool = False

    @property
    def expected_errors(self) -> float:
        """The expected share of false links, or of matches among the other pairs."""
        if self.expected_true is None:
            return 0.5
        return 1 - self.expected_true if self.accepted else self.expected_true


def stratify(engine: Engine, links: Table, definitions: Definitions, looked_at: Table | None = None) -> Table:
    """The pairs of a step with their stratum.

    Args:
        links: every scored pair: accepted, for review and rejected.
        looked_at: left_id, right_id of pairs with answers that the linkage followed. Wrong links among them are gone, so
            that the remaining ones represent no others.

    Returns:
        stratum, left_id, right_id, decision, accepted, made_by, band, looked_at, match_weight, match_probability.
    """
    if looked_at is None:
        looked_at = engine.sql("select left_id, right_id from {links} where false", links=links)
    edges = definitions.weight_bands
    band = " + ".join(f"case when match_weight >= cast({edge!r} as double) then 1 else 0 end" for edge in edges)
    cells = engine.sql(
        f"""
        select l.left_id, l.right_id, l.decision, l.decision = 'accepted' as accepted,
               coalesce(l.pass, l.method) as made_by, l.match_weight, l.match_probability,
               case when l.match_weight is null then -1 else {band} end as band, b.left_id is not null as looked_at
        from {{links}} as l
        left join {{looked_at}} as b on b.left_id = l.left_id and b.right_id = l.right_id
        """,
        links=links,
        looked_at=looked_at,
    )
    key = "accepted, made_by, band, looked_at"
    counted = engine.sql(f"select {key}, count(*) as pairs from {{cells}} group by {key} order by {key}", cells=cells)
    return engine.sql(
        """
        select named.stratum, cells.left_id, cells.right_id, cells.decision, cells.accepted, cells.made_by, cells.band,
               cells.looked_at, cells.match_weight, cells.match_probability
        from {cells} as cells
        join {named} as named
          on named.accepted = cells.accepted and named.made_by = cells.made_by and named.band = cells.band
         and named.looked_at = cells.looked_at
        """,
        store=True,
        cells=cells,
        named=engine.from_arrow(_named(rows(engine, counted))),
    )


def _named(cells: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Stratum of each cell of decision, pass and band; small cells are merged within their band, then across bands."""
    small: dict[tuple[bool, int], int] = {}
    for cell in cells:
        if cell["pairs"] < SMALLEST_STRATUM and not cell["looked_at"]:
            place = bool(cell["accepted"]), int(cell["band"])
            small[place] = small.get(place, 0) + int(cell["pairs"])

    def stratum(cell: Mapping[str, Any]) -> str:
        side = "links" if cell["accepted"] else "other pairs"
        if cell["looked_at"]:
            return f"{side} looked at before|{cell['made_by']}|{cell['band']}"
        if cell["pairs"] >= SMALLEST_STRATUM:
            return f"{side}|{cell['made_by']}|{cell['band']}"
        is_enough = small[bool(cell["accepted"]), int(cell["band"])] >= SMALLEST_STRATUM
        return f"{side}|{OTHERS}|{cell['band'] if is_enough else 'all'}"

    schema = pa.schema(
        [("accepted", pa.bool_()), ("made_by", pa.string()), ("band", pa.int32()), ("looked_at", pa.bool_()),
         ("stratum", pa.string())]
    )  # fmt: skip
    return pa.Table.from_pylist([{**cell, "stratum": stratum(cell)} for cell in cells], schema)


def frame(engine: Engine, stratified: Table, definitions: Definitions) -> list[Stratum]:
    """The strata of a step, links first, heavier bands first."""
    counted = engine.sql(
        """
        select stratum, accepted, looked_at, min(band) as band, count(*) as pairs, avg(match_probability) as mean
        from {stratified}
        group by stratum, accepted, looked_at
        order by accepted desc, band desc, stratum
        """,
        stratified=stratified,
    )
    edges, strata = definitions.weight_bands, []
    for row in rows(engine, counted):
        _, made_by, band = str(row["stratum"]).rsplit("|", 2)
        place = int(band) if band.isdigit() else None  # bands merged, or pairs without a weight
        low = edges[place - 1] if place else None
        high = edges[place] if place is not None and place < len(edges) else None
        strata.append(
            Stratum(
                row["stratum"], row["accepted"], made_by, low, high, int(row["pairs"]), row["mean"], row["looked_at"]
            )
        )
    return strata


def allot(strata: Sequence[Stratum], size: int, *, fewest: float = 0) -> dict[str, int]:
    """Stratum to number of pairs drawn, by Neyman's allocation: pairs times standard deviation.

    This minimises the variance of the estimated number of errors. No stratum gives more pairs than it has nor fewer than
    FEWEST_PAIRS, so that the total may exceed `size`. Links and other pairs have SMALLEST_SHARE of the sample each at
    least. All pairs that were looked at before are drawn on top of `size`: they cost nothing.

    Args:
        fewest: links, and other pairs, at least, up to half of the sample: results that rest on fewer are suppressed.

    Raises:
        ValueError: the size is not positive.
    """
    if size < 1:
        raise ValueError("a sample has one pair at least")
    known = {stratum.name: stratum.pairs for stratum in strata if stratum.looked_at}
    new = [stratum for stratum in strata if not stratum.looked_at]
    allotted = _neyman(new, size)
    for accepted in (True, False):
        side = [stratum for stratum in new if stratum.accepted == accepted]
        least = min(np.ceil(max(SMALLEST_SHARE * size, fewest)), size // 2, sum(stratum.pairs for stratum in side))
        if sum(allotted[stratum.name] for stratum in side) < least:
            others = [stratum for stratum in new if stratum.accepted != accepted]
            return known | _neyman(side, int(least)) | _neyman(others, size - int(least))
    return known | allotted


def _neyman(strata: Sequence[Stratum], size: int) -> dict[str, int]:
    """Whole numbers in proportion to pairs times standard deviation, within their bounds, that add up to `size`."""
    if not strata:
        return {}
    rates = np.clip([stratum.expected_errors for stratum in strata], LOWEST_RATE, 1 - LOWEST_RATE)
    most = np.array([stratum.pairs for stratum in strata], dtype=float)
    least, wanted = np.minimum(FEWEST_PAIRS, most), most * np.sqrt(rates * (1 - rates))
    target = float(np.clip(size, least.sum(), most.sum()))
    low, high = 0.0, 1.0
    while np.clip(high * wanted, least, most).sum() < target:
        high *= 2
    for _ in range(100):  # halvings: the total grows with the scale
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(middle * wanted, least, most).sum() < target else (low, middle)
    shares = np.clip(high * wanted, least, most)
    whole = np.maximum(np.floor(shares + 1e-9), least)
    rest = max(round(shares.sum()) - int(whole.sum()), 0)
    for place in sorted(range(len(strata)), key=lambda n: (whole[n] - shares[n], strata[n].name))[:rest]:
        whole[place] = min(whole[place] + 1, most[place])
    return {stratum.name: int(number) for stratum, number in zip(strata, whole, strict=True)}


def draw(
    engine: Engine, stratified: Table, allotted: Mapping[str, int], names: tuple[Table, Table], *, seed: int
) -> Table:
    """A stratified simple random sample without replacement.

    Args:
        names: unit_id, name of the left and of the right side; a name is the same in every run.

    Returns:
        place (1, 2, ..., in an order that mixes the strata, so that any first pairs are a sample too), stratum, left_id,
        right_id, decision, made_by, match_weight, match_probability.
    """
    wanted = pa.table(
        {"stratum": pa.array(list(allotted), pa.string()), "wanted": pa.array(list(allotted.values()), pa.int64())}
    )
    return engine.sql(
        """
        with numbered as (
            select p.*, md5(cast($seed as varchar) || ':' || l.name || ':' || r.name) as random_number
            from {stratified} as p
            join {left} as l on l.unit_id = p.left_id
            join {right} as r on r.unit_id = p.right_id
        ),
        ranked as (
            select *, row_number() over (partition by stratum order by random_number, left_id, right_id) as rank_in
            from numbered
        )
        select row_number() over (order by r.random_number, r.left_id, r.right_id) as place, r.stratum, r.left_id,
               r.right_id, r.decision, r.made_by, r.match_weight, r.match_probability
        from ranked as r
        join {wanted} as w on w.stratum = r.stratum
        where r.rank_in <= w.wanted
        """,
        params={"seed": seed},
        store=True,
        stratified=stratified,
        wanted=engine.from_arrow(wanted),
        left=names[0],
        right=names[1],
    )
