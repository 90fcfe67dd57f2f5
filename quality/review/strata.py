"""Strata of a step's pairs: what made a pair, by its band of match weight, links and other pairs apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, rows
from quality.measures.definitions import Definitions

OTHERS = "others"
FEWEST = 25
"""A stratum of fewer pairs is looked at together with others: each costs the reviewers two pairs at least."""


@dataclass(frozen=True)
class Stratum:
    """Pairs that are sampled together.

    Attributes:
        name: unique in its step.
        accepted: whether its pairs are links.
        made_by: the pass or rule that made them, or OTHERS.
        low, high: match weights from and to; None at the ends and where bands are taken together.
        pairs: how many there are.
        expected_true: mean of their probabilities; None where they have none.
        looked_at: whether all of them were looked at before they were linked or let go, so that the answers may be
            why they are here. They stand for themselves alone.
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
    def expected_rare(self) -> float:
        """The share of the answers that are not as decided: false links, or matches among other pairs."""
        if self.expected_true is None:
            return 0.5
        return 1 - self.expected_true if self.accepted else self.expected_true


def stratify(engine: Engine, links: Table, definitions: Definitions, looked_at: Table | None = None) -> Table:
    """The pairs of a step with their stratum: left_id, right_id, decision, made_by, match_weight, match_probability.

    Args:
        links: every pair that the step kept: accepted, for review and rejected.
        looked_at: left_id, right_id of pairs with answers that the linkage has followed. The wrong ones among them are
            gone, so that those left stand for no others; nor do others stand for them.
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
    counted = rows(
        engine,
        engine.sql(
            """
            select accepted, made_by, band, looked_at, count(*) as pairs
            from {cells}
            group by accepted, made_by, band, looked_at
            order by accepted, made_by, band, looked_at
            """,
            cells=cells,
        ),
    )
    named = engine.from_arrow(_named(counted))
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
        named=named,
    )


def _named(counted: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Stratum of each cell of decision, pass and band; small ones with those of their band, then of any band."""
    cells = [(bool(row["accepted"]), str(row["made_by"]), int(row["band"]), bool(row["looked_at"])) for row in counted]
    size = dict(zip(cells, (int(row["pairs"]) for row in counted), strict=True))
    of_band: dict[tuple[bool, int], int] = {}
    for (accepted, _, band, looked_at), pairs in size.items():
        if pairs < FEWEST and not looked_at:
            of_band[accepted, band] = of_band.get((accepted, band), 0) + pairs

    def stratum(cell: tuple[bool, str, int, bool]) -> str:
        accepted, made_by, band, looked_at = cell
        side = "links" if accepted else "other pairs"
        if looked_at:  # however few: they cost the reviewers nothing
            return f"{side} looked at before|{made_by}|{band}"
        if size[cell] >= FEWEST:
            return f"{side}|{made_by}|{band}"
        return f"{side}|{OTHERS}|{band}" if of_band[accepted, band] >= FEWEST else f"{side}|{OTHERS}|all"

    return pa.table(
        {
            "accepted": pa.array([cell[0] for cell in cells], pa.bool_()),
            "made_by": pa.array([cell[1] for cell in cells], pa.string()),
            "band": pa.array([cell[2] for cell in cells], pa.int32()),
            "looked_at": pa.array([cell[3] for cell in cells], pa.bool_()),
            "stratum": pa.array([stratum(cell) for cell in cells], pa.string()),
        }
    )


def frame(engine: Engine, stratified: Table, definitions: Definitions) -> list[Stratum]:
    """The strata of a step, links first, heavier bands first.

    Args:
        stratified: as `stratify` makes it, with the same definitions.
    """
    counted = rows(
        engine,
        engine.sql(
            """
            select stratum, accepted, looked_at, min(band) as band, count(*) as pairs, avg(match_probability) as said
            from {stratified}
            group by stratum, accepted, looked_at
            order by accepted desc, band desc, stratum
            """,
            stratified=stratified,
        ),
    )
    return [_stratum(row, definitions.weight_bands) for row in counted]


def _stratum(row: Mapping[str, Any], edges: Sequence[float]) -> Stratum:
    _, made_by, band = str(row["stratum"]).rsplit("|", 2)
    found = Stratum(
        row["stratum"], row["accepted"], made_by, None, None, int(row["pairs"]), row["said"], row["looked_at"]
    )
    if not band.isdigit():  # bands taken together, or pairs without a weight
        return found
    place = int(band)
    return replace(
        found, low=edges[place - 1] if place > 0 else None, high=edges[place] if place < len(edges) else None
    )
