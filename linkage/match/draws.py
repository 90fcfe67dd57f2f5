"""Link draws: alternative link sets drawn from the posterior of a step.

A result that is the same on each of them does not depend on the linkage; the spread of
an estimate over them is what the linkage adds to its variance (Rubin 1987;
docs/explanation/uncertainty.md). Each draw obeys the step's cardinality, and over many
draws a pair is in as many as its probability says. Links of at least the probability
CERTAIN are the same in all draws.

What is drawn of a component follows from the ids of its units: it is the same on either
engine, and independent of the other components.
"""

import functools
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.config import Step, single_sides
from linkage.engine import Engine, Table, by_component
from linkage.match.matchings import (
    Ids,
    Matchings,
    Numbers,
    Pairs,
    components,
    messages,
    numbered,
    probabilities,
)
from linkage.match.passes import OVERRIDE
from linkage.match.resolve import heaviest_first, ids_of

Chosen = npt.NDArray[np.bool_]
Lots = npt.NDArray[np.uint64]

CERTAIN = 1 - 1e-6  # probability from which a link is in every draw
LEAST = 1e-4  # probability below which a pair is in none


def link_draws(
    engine: Engine,
    step: Step,
    links: Table,
    persons: Table | None,
    adjustment: float,
    seed: int,
) -> Table:
    """`step.link_draws` sets of links.

    Args:
        links: left_id, right_id, method, match_weight, match_probability, decision.
        persons: left_id, right_id, left_person, right_person, same_person of pairs;
            None where each unit is a person.
        adjustment: the cardinality adjustment, in bits.
        seed: draw n is the same for the same links, however many are drawn.

    Returns:
        step, draw (from 1), left_id, right_id.
    """
    is_certain = (
        f"k.decision = 'accepted' and (k.method = '{OVERRIDE}' or "
        f"k.match_probability >= {CERTAIN!r})"
    )
    uncertain = engine.sql(
        f"""
        select k.left_id, k.right_id, k.match_weight + $adjustment as weight,
               {_PERSONS if persons else _NO_PERSONS}
        from {{links}} as k
        {"left join {persons} as q on q.left_id = k.left_id and q.right_id = k.right_id" if persons else ""}
        where k.match_probability >= $least and not ({is_certain})
        """,  # noqa: E501
        params={"adjustment": adjustment, "least": LEAST},
        links=links,
        store=True,
        **({"persons": persons} if persons else {}),
    )
    single = single_sides(step.cardinality)
    uncertain_draws = by_component(
        engine,
        uncertain,
        functools.partial(
            _drawn, single=tuple(single), draws=step.link_draws, seed=seed
        ),
        {"draw": "integer", "left_id": "bigint", "right_id": "bigint"},
        ends=[f"{side}_person" for side in single] or ["left_person"],
    )
    numbers = engine.from_arrow(
        pa.table({"draw": pa.array(range(1, step.link_draws + 1), pa.int32())})
    )
    drawn_pairs = engine.sql(
        f"""
        select n.draw, k.left_id, k.right_id, k.match_weight
        from {{links}} as k
        cross join {{numbers}} as n
        where {is_certain}
        union all
        select d.draw, d.left_id, d.right_id, k.match_weight
        from {{drawn}} as d
        join {{links}} as k on k.left_id = d.left_id and k.right_id = d.right_id
        """,
        params=None,
        links=links,
        numbers=numbers,
        drawn=uncertain_draws,
    )
    limits = [
        f"row_number() over (partition by draw, {other}_id order by "
        f"{heaviest_first()}, {side}_id) <= {int(limit)}"
        for side, other, limit in (
            ("left", "right", step.most_left),
            ("right", "left", step.most_right),
        )
        if limit is not None
    ]
    draws = engine.sql(
        f"""
        select cast($step as varchar) as step, draw, left_id, right_id
        from {{drawn_pairs}}
        {f"qualify {' and '.join(limits)}" if limits else ""}
        """,
        params={"step": step.name},
        drawn_pairs=drawn_pairs,
        store=True,
    )
    engine.drop(uncertain, uncertain_draws)
    return draws


_NO_PERSONS = "k.left_id as left_person, k.right_id as right_person, 1e0 as same_person"
_PERSONS = """coalesce(q.left_person, k.left_id) as left_person, coalesce(q.right_person, k.right_id) as right_person,
               coalesce(q.same_person, 1e0) as same_person"""  # noqa: E501


def _drawn(pairs: pa.Table, single: Collection[str], draws: int, seed: int) -> pa.Table:
    """draw, left_id, right_id of the uncertain pairs of some components."""
    pairs = pairs.sort_by([("left_id", "ascending"), ("right_id", "ascending")])
    left, right = ids_of(pairs, "left_id"), ids_of(pairs, "right_id")
    weight, chance = (
        pairs[name].to_numpy().astype(np.float64) for name in ("weight", "same_person")
    )
    # A unit that holds many links is one of its own for each of its pairs.
    ends = [
        numbered(ids_of(pairs, f"{side}_person"))
        if side in single
        else np.arange(len(left))
        for side in ("left", "right")
    ]
    _, place = np.unique(np.stack(ends), axis=1, return_inverse=True)
    person_pair = place.reshape(-1)
    heaviest = np.full(int(person_pair.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(heaviest, person_pair, weight)
    first = np.unique(person_pair, return_index=True)[1]
    urn = Urn(
        Pairs(numbered(ends[0][first]), numbered(ends[1][first]), heaviest),
        lots(left[first], right[first]),
    )
    places = [
        np.flatnonzero(
            urn.draw(seed, draw)[person_pair]
            & (_between_0_and_1(lots(left, right, seed, draw)) < chance)
        )
        for draw in range(1, draws + 1)
    ]
    rows = np.concatenate([*places, np.zeros(0, np.int64)])
    number = np.repeat(
        np.arange(1, draws + 1), [len(pair_places) for pair_places in places]
    )
    return pa.table(
        {
            "draw": pa.array(number, pa.int32()),
            "left_id": left[rows],
            "right_id": right[rows],
        }
    )


def _between_0_and_1(numbers: Lots) -> Numbers:
    return (numbers >> np.uint64(11)).astype(np.float64) * 2.0**-53


def lots(*numbers: npt.ArrayLike) -> Lots:
    """Pseudo-random numbers that follow from whole numbers only, by the mixer of
    SplitMix64 (Steele, Lea, Flood 2014).
    """
    state = np.zeros(1, np.uint64)
    for number in numbers:
        state = state + np.asarray(number).astype(np.uint64) + _GOLDEN
        for shift, factor in _MIXER:
            state = (state ^ (state >> shift)) * factor
        state ^= state >> np.uint64(31)
    return state


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIXER = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)


class Urn:
    """Draws matchings of a graph by their probability, component by component.

    Where all pairs of a component share a unit, one draw chooses among them and none.
    Else a matching is drawn unit by unit; where there are too many, pairs are drawn one
    after the other by belief propagation.

    Args:
        names: a distinct number for each pair: the smallest of a component is the seed
            of its draws.
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
            matchings = Matchings.of(pairs.of(places))
            if matchings is None:
                self._large.append(places)
            else:
                self._walks.append((places, matchings))
        running_sum = np.cumsum(self.chance[order])
        offsets = (running_sum - self.chance[order])[starts]
        self._upto: Numbers = np.empty(
            len(pairs)
        )  # cumulative probability within the component
        self._upto[order] = running_sum - offsets[np.cumsum(starts) - 1]

    def draw(self, seed: int, number: int) -> Chosen:
        """Which pairs are in draw `number`."""
        lot = lots(self._name, seed, number)
        point = _between_0_and_1(lot)
        mask: Chosen = (
            self._stars & (point < self._upto) & (point >= self._upto - self.chance)
        )
        for places, matchings in self._walks:
            mask[places[matchings.draw(np.random.default_rng(int(lot[places[0]])))]] = (
                True
            )
        for places in self._large:
            mask[
                _one_by_one(
                    self.pairs, places, np.random.default_rng(int(lot[places[0]]))
                )
            ] = True
        return mask


def _share_a_unit(pairs: Pairs, places: Ids) -> bool:
    return any(
        bool((side[places] == side[places[0]]).all())
        for side in (pairs.left, pairs.right)
    )


def _one_by_one(pairs: Pairs, places: Ids, chance: np.random.Generator) -> Ids:
    """A partner of each left unit in turn, given the partners of those before it."""
    drawn_places, rest = [], places
    while len(rest):
        graph = pairs.of(rest)
        choices = graph.left == graph.left[0]
        share = np.cumsum(
            messages(Pairs(numbered(graph.left), numbered(graph.right), graph.weight))[
                choices
            ]
        )
        place = int(np.searchsorted(share, chance.random(), side="right"))
        compatible = ~choices
        if place < len(share):
            partner = np.flatnonzero(choices)[place]
            drawn_places.append(rest[partner])
            compatible &= graph.right != graph.right[partner]
        rest = rest[compatible]
    return np.array(drawn_places, np.int64)
