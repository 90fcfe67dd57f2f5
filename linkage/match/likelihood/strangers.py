"""How many pairs of strangers weigh as much as links, as files that hold each person once show it within themselves.

A model takes fields for independent but for what training found. Families are not: father and son bear one name at one
address, and where no birth date tells them apart they weigh what a match weighs. Two records of one file are two
people, if nobody is in it twice, and strangers are drawn into two files as into one: pairs within the files that weigh
as much as links say how many such there are among the links, whatever depends on what.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from linkage.engine import Engine, Table, quote, rows
from linkage.match.candidates.score import Frequencies, score_candidates
from linkage.match.likelihood.one_file import each_pair_once
from linkage.match.resolution.rounds import HELD
from linkage.model import Model
from linkage.model.blocking.counting import rule_pairs

AS_WITHIN = "as many pairs within the files"
"""Reason of a pair for review of whose weight there are nearly as many pairs of strangers."""
_MOST_ROWS, _MOST_PAIRS = 100_000, 5_000_000
"""Of a file that has more rows, or within which rules make more pairs, so many units or fewer meet all others, and
stand for the rest: rules chosen for a short list beside a large file make a hundred times as many within it."""
_FEW_ROWS = 20_000  # of a file, of which all pairs that rules make are soon scored
_MANY = 0.1  # of the links: of fewer a review tells, and nobody is warned
_MOST_BITS = 100.0  # beyond which odds are not told apart
_FEWEST = 40  # pairs of a band of weights: of fewer chance says the share of strangers


@dataclass(frozen=True)
class Band:
    """Pairs across the files from a weight on, up to the band before it.

    Attributes:
        start: match weight, in bits; -inf of the lightest.
        pairs: all that weigh so much; links: the accepted ones of them.
        strangers: pairs of two people expected among all.
        unlinked: those of them that lost to a better pair, or are not linked for another reason, as the pairs that are
            no links tell by their probabilities.
    """

    start: float
    pairs: int
    links: int
    strangers: float
    unlinked: float = 0.0

    @property
    def among_links(self) -> float:
        """Pairs of two people expected among the links: who has a partner of his own is seldom linked to another."""
        return min(max(self.strangers - self.unlinked, 0.0), float(self.links))

    @property
    def right(self) -> float:
        """The share of the links that they leave."""
        return 1.0 - self.among_links / max(self.links, 1)


def strangers_as_heavy(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    links: Table,
    accept: float,
    *,
    numbers: Sequence[str] = (),
) -> list[Band]:
    """Pairs across two files by weight, the heaviest first, and how many of strangers weigh as much.

    Args:
        left, right: unit_id and the model's columns; each person once.
        frequencies: as `term_frequencies` counts them over both.
        links: left_id, right_id, match_weight, match_probability, decision of all pairs that were kept.
        accept: match weight from which pairs are counted.
        numbers: columns of numbers and addresses that one person has alone: two records of a file that share one are
            of one person after all, and not counted.
    """
    sizes = [engine.count(side) for side in (left, right)]
    # n and k people meet n k times across; within they make n²/2 and k²/2 pairs.
    across = 2 * math.prod(sizes) / max(sum(size**2 for size in sizes), 1)
    strangers: dict[int, float] = {}
    for side, size in zip((left, right), sizes, strict=True):
        every = _one_in(engine, model, side, size)
        for start, pairs in _within(engine, model, side, frequencies, accept, every, numbers).items():
            strangers[start] = strangers.get(start, 0.0) + pairs * every * across
    # Where two records may be of one person, a pair's probability leaves its rivals their own: here they have none.
    counted = engine.sql(
        """
        with weighed as (
            select left_id, right_id, match_weight, match_probability, decision,
                   exp(ln(2) * least(match_weight, $most)) as odds
            from {links}
            where match_weight >= $accept
        ),
        rivals as (
            select *, sum(odds) over (partition by left_id) + sum(odds) over (partition by right_id) - odds as of_all
            from weighed
        )
        select cast(floor(match_weight) as integer) as start, count(*) as pairs,
               count(*) filter (where decision = 'accepted') as links,
               coalesce(
                   sum(1 - least(match_probability, odds / (1 + of_all))) filter (where decision <> 'accepted'), 0
               ) as unlinked
        from rivals
        group by 1
        """,
        params={"accept": accept, "most": _MOST_BITS},
        links=links,
    )
    across_files = {
        int(row["start"]): (int(row["pairs"]), int(row["links"]), float(row["unlinked"]))
        for row in rows(engine, counted)
    }
    return banded(across_files, strangers)


def banded(across: Mapping[int, tuple[int, int, float]], strangers: Mapping[int, float]) -> list[Band]:
    """Bits of weight put together from the heaviest on, until a band has pairs enough to tell a share by.

    Args:
        across: whole bits of weight to pairs, links, and strangers among the pairs that are no links.
        strangers: the same to pairs of strangers.
    """
    found: list[Band] = []
    held = Band(-math.inf, 0, 0, 0.0)
    for start in sorted({*across, *strangers}, reverse=True):
        pairs, links, unlinked = across.get(start, (0, 0, 0.0))
        held = _together(held, Band(float(start), pairs, links, strangers.get(start, 0.0), unlinked))
        if held.pairs >= _FEWEST:
            found.append(held)
            held = Band(-math.inf, 0, 0, 0.0)
    if found:  # what is left at the light end goes with the last
        return [*found[:-1], replace(_together(found[-1], held), start=-math.inf)]
    return [replace(held, start=-math.inf)] if held.pairs else []


def _together(heavier: Band, lighter: Band) -> Band:
    return Band(
        lighter.start,
        heavier.pairs + lighter.pairs,
        heavier.links + lighter.links,
        heavier.strangers + lighter.strangers,
        heavier.unlinked + lighter.unlinked,
    )


def _one_in(engine: Engine, model: Model, side: Table, size: int) -> int:
    """One unit in so many is enough to meet all others of its file."""
    if size <= _FEW_ROWS:
        return 1
    made = sum(counted.made for counted in rule_pairs(engine, model.blocking_rules, side, side))
    return max(-(-size // _MOST_ROWS), made // (2 * _MOST_PAIRS), 1)  # each pair is made twice, one way and the other


def _within(
    engine: Engine,
    model: Model,
    units: Table,
    frequencies: Frequencies,
    accept: float,
    every: int,
    numbers: Sequence[str],
) -> dict[int, int]:
    """Pairs of one file from a weight on, by whole bits, each once."""
    some = units if every == 1 else engine.sql(f"select * from {{u}} where unit_id % {every} = 0", u=units, store=True)
    scored = score_candidates(engine, each_pair_once(model), some, units, frequencies, accept, meetings=False).pairs
    shared = [f"a.{quote(name)} = b.{quote(name)}" for name in numbers]
    counted = engine.sql(
        f"""
        select cast(floor(p.match_weight) as integer) as start, count(*) as pairs
        from {{pairs}} as p
        join {{units}} as a on a.unit_id = p.left_id
        join {{units}} as b on b.unit_id = p.right_id
        where p.match_weight >= $accept and not coalesce({" or ".join(shared) or "false"}, false)
        group by 1
        """,
        params={"accept": accept},
        pairs=scored,
        units=units,
    )
    found = {int(row["start"]): int(row["pairs"]) for row in rows(engine, counted)}
    engine.drop(scored, *([] if some is units else [some]))
    return found


def told(bands: Sequence[Band], *, counted: bool) -> dict[str, Any]:
    """For a summary, without values: links, strangers expected among them, and whether these are to be warned of.

    Args:
        counted: the links are held against it, so that their probabilities say so.
    """
    links = sum(band.links for band in bands)
    strangers = round(sum(band.among_links for band in bands), 3)
    many = not counted and strangers >= max(_MANY * links, 1)
    return {"links": links, "strangers": strangers, "counted": counted, "many": many}


def as_within(engine: Engine, links: Table, bands: Sequence[Band], threshold: float) -> Table:
    """Links that are no likelier than their band lets them be; those below the threshold go to review.

    A link that stands on less, by a pass or since the last release, goes there where its band lets it be less likely.

    Args:
        links: a step's, as it writes them.
        threshold: probability from which a pair is accepted.
    """
    most = "\n".join(f"when match_weight >= {band.start!r} then {band.right!r}" for band in bands[:-1])
    rest = bands[-1].right if bands else 1.0
    share = f"case {most} else {rest!r} end" if most else repr(rest)
    linked = "decision = 'accepted' and method <> 'override'"
    on_less = f"(method = 'deterministic' or coalesce(reason = '{HELD}', false))"
    least = f"case when {on_less} then least($threshold, match_probability) else $threshold end"
    doubted = f"{linked} and likely < {least}"
    changed = {
        "match_probability": "likely",
        "decision": f"case when {doubted} then 'review' else decision end",
        "reason": f"case when {doubted} then '{AS_WITHIN}' else reason end",
    }
    selected = ", ".join(f"{changed.get(name, quote(name))} as {quote(name)}" for name in links.columns)
    return engine.sql(
        f"""
        with judged as (
            select *, case when {linked} then least(match_probability, cast({share} as double))
                           else match_probability end as likely
            from {{links}}
        )
        select {selected} from judged
        """,
        params={"threshold": threshold},
        links=links,
        store=True,
    )
