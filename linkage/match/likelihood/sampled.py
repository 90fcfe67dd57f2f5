"""Alternative link sets, drawn from the posterior of a step: what else the links could have been.

A finding that holds on each of them does not hang on the linkage; the spread of an estimate over them is what the
linkage adds to its variance (Rubin 1987; docs/uncertainty.md). Each draw obeys the step's cardinality, and over many
draws a pair is in as many as its probability says. Links that nothing contests are the same in all draws where they are
as good as certain, and come and go by themselves where they are not.

What is drawn of pairs that hang together goes by the numbers of their units: it is the same whoever draws it, and
whatever others there are.
"""

import functools
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.config import Step, single_sides
from linkage.engine import Engine, Table, by_component
from linkage.match.candidates.passes import OVERRIDE
from linkage.match.further.second_records import ANOTHER
from linkage.match.likelihood.matchings import (
    Ids,
    Matchings,
    Numbers,
    Pairs,
    components,
    messages,
    numbered,
    probabilities,
)
from linkage.match.resolution.rounds import HEAVIEST
from linkage.match.resolution.same_people import whole

Chosen = npt.NDArray[np.bool_]
Lots = npt.NDArray[np.uint64]

_CERTAIN = 1 - 1e-6
_LEAST = 1e-4  # what is less likely is not drawn
_LINKED, _OTHER, _JOINS = 0, 1, 2
"""The place of a pair among those of two people: the linked one, one that is not, and one that joins the linked one."""


def links_sampled(engine: Engine, step: Step, links: Table, likely: Table, gain: float, seed: int) -> Table:
    """`step.samples` link sets.

    Args:
        links: of the step, as docs/tables.md has them.
        likely: left_id, right_id, left_person, right_person of contested pairs, as `posterior` returns them.
        gain: bits that the cardinality adds to a weight.
        seed: the same draws for the same links; draw n is the same however many are asked for.

    Returns:
        step, draw (1 to samples), left_id, right_id.
    """
    limits: dict[str, float | str] = {"gain": gain, **_LIMITS, "another": ANOTHER}
    uncertain = engine.sql(_UNCERTAIN, params=limits, links=links, likely=likely, store=True)
    single = single_sides(step.cardinality)
    drawn = by_component(
        engine,
        engine.sql(_OF_PEOPLE, uncertain=uncertain),
        functools.partial(_drawn, single=single, draws=step.samples, seed=seed),
        {"draw": "integer", "left_id": "bigint", "right_id": "bigint"},
        ends=[f"{side}_person" for side in single] or ["left_person"],
    )
    numbers = engine.from_arrow(pa.table({"draw": pa.array(range(1, step.samples + 1), pa.int32())}))
    found = engine.sql(
        _ALL_DRAWS,
        params={"step": step.name, **_LIMITS},
        links=links,
        likely=likely,
        numbers=numbers,
        drawn=drawn,
        store=True,
    )
    engine.drop(uncertain, drawn)
    return _capped(engine, step, found)


_LIMITS: dict[str, float | str] = {"certain": _CERTAIN, "least": _LEAST}

# Links that stand in every draw: those of people, and those that are as good as certain and have no rival.
_STANDING = (
    f"(k.method = '{OVERRIDE}' or (k.match_probability >= $certain and q.left_id is null)) and k.decision = 'accepted'"
)

_UNCERTAIN = f"""
    select k.left_id, k.right_id, k.match_weight + $gain as weight, k.match_probability,
           q.left_id is not null as contested,
           case when k.reason = $another then {_JOINS} when k.decision = 'accepted' then {_LINKED} else {_OTHER}
           end as place,
           coalesce(q.left_person, k.left_id) as left_person, coalesce(q.right_person, k.right_id) as right_person
    from {{links}} as k
    left join {{likely}} as q on q.left_id = k.left_id and q.right_id = k.right_id
    where k.match_probability >= $least and not ({_STANDING})
    """


def _whom_they_join(side: str, other: str) -> str:
    """Units that have joined a linked one, and the person that this is."""
    return f"""
        select j.{side}_id, min(k.{side}_person) as person
        from {{uncertain}} as j
        join {{uncertain}} as k on k.{other}_id = j.{other}_id
        where j.place = {_JOINS} and k.place = {_LINKED}
        group by j.{side}_id
        """


# The posterior takes two records that do not look alike for rivals; the step has joined them since.
_OF_PEOPLE = f"""
    with joined_left as ({_whom_they_join("left", "right")}),
    joined_right as ({_whom_they_join("right", "left")})
    select u.left_id, u.right_id, u.weight, u.contested, u.place,
           coalesce(l.person, u.left_person) as left_person, coalesce(r.person, u.right_person) as right_person
    from {{uncertain}} as u
    left join joined_left as l on l.left_id = u.left_id
    left join joined_right as r on r.right_id = u.right_id
    """

_ALL_DRAWS = f"""
    with standing as (
        select k.left_id, k.right_id, k.match_weight
        from {{links}} as k
        left join {{likely}} as q on q.left_id = k.left_id and q.right_id = k.right_id
        where {_STANDING}
    )
    select cast($step as varchar) as step, n.draw, s.left_id, s.right_id, s.match_weight
    from standing as s
    cross join {{numbers}} as n
    union all
    select cast($step as varchar) as step, d.draw, d.left_id, d.right_id, k.match_weight
    from {{drawn}} as d
    join {{links}} as k on k.left_id = d.left_id and k.right_id = d.right_id
    where k.match_probability >= $least
    """


def _capped(engine: Engine, step: Step, found: Table) -> Table:
    """No unit holds more in a draw than the step allows; the heaviest stay."""
    limits = [
        f"row_number() over (partition by draw, {other}_id order by {HEAVIEST}, {side}_id) <= {int(most)}"
        for side, other, most in (("left", "right", step.most_left), ("right", "left", step.most_right))
        if most is not None
    ]
    qualify = f"qualify {' and '.join(limits)}" if limits else ""
    return engine.sql(f"select step, draw, left_id, right_id from {{found}} {qualify}", found=found, store=True)


def _drawn(pairs: pa.Table, single: Collection[str], draws: int, seed: int) -> pa.Table:
    """draw, left_id, right_id of the pairs of some components that are not in every draw."""
    pairs = pairs.sort_by([("left_id", "ascending"), ("right_id", "ascending")])
    left, right, place = (whole(pairs, name) for name in ("left_id", "right_id", "place"))
    weight = pairs["weight"].to_numpy().astype(np.float64)
    contested = pairs["contested"].to_numpy(zero_copy_only=False).astype(bool)
    alone = np.arange(len(left))
    # Who holds many links, or has no rival, is a unit of its own for each of its pairs.
    ends = [
        np.where(contested & (side in single), numbered(whole(pairs, f"{side}_person")), len(left) + alone)
        for side in ("left", "right")
    ]
    # Of the records of two people the linked one stands for all, else the heaviest; with it come those that join it.
    _, of_people = np.unique(np.stack(ends), axis=1, return_inverse=True)
    of_people = of_people.reshape(-1)
    order = np.lexsort((alone, -weight, place, of_people))
    first = order[np.append(True, np.diff(of_people[order]) > 0)] if len(order) else order
    stands = place == _JOINS
    stands[first] = True
    heaviest = np.full(len(first), -np.inf)
    np.maximum.at(heaviest, of_people, weight)
    urn = Urn(Pairs(numbered(ends[0][first]), numbered(ends[1][first]), heaviest), lots(left[first], right[first]))
    places = [np.flatnonzero(urn.draw(seed, draw)[of_people] & stands) for draw in range(1, draws + 1)]
    chosen = np.concatenate([*places, np.zeros(0, np.int64)])
    number = np.repeat(np.arange(1, draws + 1), [len(found) for found in places])
    return pa.table({"draw": pa.array(number, pa.int32()), "left_id": left[chosen], "right_id": right[chosen]})


def lots(*numbers: npt.ArrayLike) -> Lots:
    """Whole numbers that tell nothing of those they are made of: equal for equal ones, as if drawn by lot for others.

    By the mixer of SplitMix64 (Steele, Lea and Flood 2014), one number after the other.
    """
    found = np.zeros(1, np.uint64)
    for number in numbers:
        found = found + np.asarray(number).astype(np.uint64) + _GOLDEN
        for shift, factor in _MIXER:
            found = (found ^ (found >> shift)) * factor
        found ^= found >> np.uint64(31)
    return found


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIXER = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)


class Urn:
    """Matchings of a graph, to be drawn as likely as they are: component by component, each in its own way.

    Where all pairs of a component share a unit, one draw chooses among them and none. Where they do not, the matchings
    are walked through unit by unit. Where there are too many for that, pairs are drawn one after the other, each given
    those before it, with probabilities from messages.

    Args:
        names: a number of each pair that is nobody else's: what is drawn of a component goes by the smallest of its.
    """

    def __init__(self, pairs: Pairs, names: Lots) -> None:
        self.pairs = pairs
        label = components(pairs)
        self.chance = probabilities(pairs)
        self._name = np.full(int(label.max(initial=-1)) + 1, np.iinfo(np.uint64).max)
        np.minimum.at(self._name, label, names)
        self._name = self._name[label]
        order = np.argsort(label, kind="stable")
        starts = np.append(True, np.diff(label[order]) > 0)[: len(order)]
        self._stars = np.ones(len(pairs), bool)
        self._walks: list[tuple[Ids, Matchings]] = []
        self._large: list[Ids] = []
        for places in np.split(order, np.flatnonzero(starts)[1:]):
            if len(places) < 2 or _share_a_unit(pairs, places):
                continue
            self._stars[places] = False
            every = Matchings.of(pairs.of(places))
            if every is None:
                self._large.append(places)
            else:
                self._walks.append((places, every))
        running = np.cumsum(self.chance[order])
        before = (running - self.chance[order])[starts]
        self._upto: Numbers = np.empty(len(pairs))  # the pair's share added to those before it in its component
        self._upto[order] = running - before[np.cumsum(starts) - 1]

    def draw(self, seed: int, number: int) -> Chosen:
        """Which pairs are in draw `number`."""
        lot = lots(self._name, seed, number)
        point = (lot >> np.uint64(11)) * 2.0**-53
        chosen: Chosen = self._stars & (point < self._upto) & (point >= self._upto - self.chance)
        for places, every in self._walks:
            chosen[places[every.draw(np.random.default_rng(int(lot[places[0]])))]] = True
        for places in self._large:
            chosen[_one_by_one(self.pairs, places, np.random.default_rng(int(lot[places[0]])))] = True
        return chosen


def _share_a_unit(pairs: Pairs, places: Ids) -> bool:
    return any(bool((side[places] == side[places[0]]).all()) for side in (pairs.left, pairs.right))


def _one_by_one(pairs: Pairs, places: Ids, chance: np.random.Generator) -> Ids:
    """Each left unit in turn chooses, given what those before it have chosen."""
    chosen, rest = [], places
    while len(rest):
        near = pairs.of(rest)
        mine = near.left == near.left[0]
        share = np.cumsum(messages(Pairs(numbered(near.left), numbered(near.right), near.weight))[mine])
        place = int(np.searchsorted(share, chance.random(), side="right"))
        left = ~mine
        if place < len(share):
            taken = np.flatnonzero(mine)[place]
            chosen.append(rest[taken])
            left &= near.right != near.right[taken]
        rest = rest[left]
    return np.array(chosen, np.int64)
