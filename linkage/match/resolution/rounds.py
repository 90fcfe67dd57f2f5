"""SQL of resolution's rounds: who has rivals, who is best, who is accepted and who is left."""

from dataclasses import dataclass

from linkage.config import OTHER_SIDE, Cardinality, single_sides

HELD = "held since the last release"
"""The reason of a pair that would not be joined today, but was before."""

TOLD_APART = 9
"""Decimals of a weight by which two differ. Engines add up a weight in an order of their own, so that one may have two
weights apart by a last digit which are the same on the other."""


def heaviest_first(weight: str) -> str:
    """SQL of the order of a unit's pairs, before their ids."""
    return f"round({weight}, {TOLD_APART}) desc"


HEAVIEST = heaviest_first("match_weight")


def leads(weight: str, rival: str, by: str) -> str:
    """SQL: whether a weight is greater than a rival's by so many bits."""
    return f"round({weight} - {rival}, {TOLD_APART}) >= {by}"


# The best rival of those that matter; where light pairs are ranked too, it may be lighter than that.
RUNNER_UP = "case when runner_up_weight >= $reach then runner_up_weight end"


def odds_of(side: str) -> str:
    """SQL of the odds of all pairs of a unit of a side, its own among them, before the cardinality adds to them.

    They are added up where a window over the unit's pairs is made in any case.
    """
    return f"sum({ODDS}) over (partition by {side}_id) as {side}_odds"


def sums_of(cardinality: Cardinality) -> str:
    """SQL of further columns of pairs: of_left, of_right, what the probabilities of either unit's pairs come to, where
    it holds one link."""
    return "".join(
        f", sum(match_probability) over (partition by {side}_id) as of_{side}" for side in single_sides(cardinality)
    )


ODDS = "exp(ln(2) * least(match_weight, 200e0))"


@dataclass(frozen=True)
class Round:
    """SQL of one round. With `held`, a pair carries what it has since the last release; without, nothing is carried.

    Attributes:
        at_once: whether pairs are ranked where it is told which are contested, and not these alone afterwards.
    """

    cardinality: Cardinality
    held: bool
    at_once: bool = False

    @property
    def _single(self) -> list[str]:
        return single_sides(self.cardinality)

    @property
    def _standing(self) -> str:
        """The weight that a pair takes into the race: a held one stands before rivals within the margin."""
        return "match_weight + case when held then $margin else 0 end" if self.held else "match_weight"

    @property
    def columns(self) -> str:
        """Of a pair: what a round reads."""
        return "left_id, right_id, match_weight" + (", held" if self.held else "")

    def started(self, some_apart: bool) -> str:
        """Pairs of some weight: `columns`, contested: whether another pair wants one of their units, and `odds_of`.

        Nothing that happens in the race makes a contested pair of another. All pairs of a unit are contested, or it has
        one: among all pairs a contested one has the rank that it has among those.
        """
        held, joined = "", ""
        if self.held:
            held = ", h.left_id is not null as held"
            joined = "left join {held} as h on h.left_id = p.left_id and h.right_id = p.right_id"
        apart = "not exists (select 1 from {apart} as a where a.left_id = p.left_id and a.right_id = p.right_id)"
        racing = f"""
            racing as (
                select p.left_id, p.right_id, p.match_weight{held}
                from {{pairs}} as p
                {joined}
                where p.match_weight >= $lowest {f"and {apart}" if some_apart else ""}
            )"""
        if self.at_once:
            pairs_of = [f"{s}_pairs" for s in self._single]
            contested = f"{' + '.join(pairs_of)} > {len(pairs_of)}"
            return f"with {racing},\n{self._ranking('racing', f'{contested} as contested')}"
        pairs_of = [f"count(*) over (partition by {s}_id)" for s in self._single]
        contested = f"{' + '.join(pairs_of)} > {len(pairs_of)}" if pairs_of else "false"
        odds = "".join(f", {odds_of(s)}" for s in self._single)
        return f"with {racing}\nselect *, {contested} as contested{odds} from racing"

    def ranked(self) -> str:
        """Each pair with its best rival, and whether it is the best on every side that holds one link."""
        if not self._single:  # nobody has a rival: no rows
            nobody = "".join(f", cast(null as double) as {name}" for name, _ in self._weights)
            return f"select {self.columns}{nobody}, true as best from {{pairs}}"
        return f"with {self._ranking('{pairs}')}"

    def _ranking(self, pairs: str, *contested: str) -> str:
        """The last part of a query that ranks pairs, as `ranked` has them.

        Args:
            contested: SQL of what is told of all pairs of their units, by how many there are; with it goes `odds_of`.
        """
        heaviest = heaviest_first(self._standing)
        of_unit = {s: f"partition by {s}_id order by {heaviest}, {OTHER_SIDE[s]}_id" for s in self._single}
        ranks = [f"row_number() over by_{s} as {s}_rank" for s in self._single]
        ranks += [self._neighbours(s, *weight) for s in self._single for weight in self._weights]
        told = [f"{self._rival(name)} as {name}" for name, _ in self._weights]
        told.append(" and ".join(f"{s}_rank = 1" for s in self._single) + " as best")
        for s in self._single if contested else ():
            whole = f"over ({of_unit[s]} rows between unbounded preceding and unbounded following)"
            ranks += [f"count(*) {whole} as {s}_pairs", f"sum({ODDS}) {whole} as {s}_odds"]
            told.append(f"{s}_odds")
        return f"""
            ranked as (
                select *, {", ".join(ranks)}
                from {pairs}
                {"where match_weight >= $reach" if self.held else ""}
                window {", ".join(f"by_{s} as ({spec})" for s, spec in of_unit.items())}
            )
            select {self.columns}, {", ".join([*told, *contested])}
            from ranked
            """

    @property
    def _weights(self) -> list[tuple[str, str]]:
        """The weights of rivals: as they are, and where pairs are held, as they stand."""
        weights = [("runner_up_weight", "match_weight")]
        return [*weights, ("rival", self._standing)] if self.held else weights

    @staticmethod
    def _neighbours(side: str, name: str, weight: str) -> str:
        return (
            f"lead({weight}) over by_{side} as {side}_next_{name}"
            f", first_value({weight}) over by_{side} as {side}_first_{name}"
        )

    def _rival(self, name: str) -> str:
        """The greatest that stands against a pair: the next one for the best of a side, else the best one."""
        rivals = ", ".join(
            f"case when {s}_rank = 1 then {s}_next_{name} else {s}_first_{name} end" for s in self._single
        )
        return f"greatest({rivals})" if len(self._single) > 1 else rivals

    def accepted(self) -> str:
        """The best pairs that are heavy enough and lead."""
        leading = f"(runner_up_weight is null or {leads('match_weight', 'runner_up_weight', '$margin')})"
        joins = f"match_weight >= $accept and {leading}"
        stays = f"held and match_weight >= $keep and (rival is null or {leads(f'({self._standing})', 'rival', '0')})"
        new_leads = f"(rival is null or {leads('match_weight', 'rival', '$margin')})"
        enough = f"(({stays}) or (not held and match_weight >= $accept and {new_leads}))" if self.held else joins
        reason = f"case when not ({joins}) then '{HELD}' end" if self.held else "null"
        return f"""
            select left_id, right_id, match_weight, {RUNNER_UP} as runner_up_weight,
                   cast({reason} as varchar) as reason
            from {{ranked}}
            where match_weight >= $reach and best and {enough}
            """

    def unopposed(self) -> str:
        """Of the pairs without a rival those that are heavy enough, in the columns of `accepted`."""
        enough, reason = self._enough("$accept", "$keep")
        return f"""
            select left_id, right_id, match_weight, cast(null as double) as runner_up_weight,
                   cast({reason} as varchar) as reason
            from {{alone}}
            where {enough}
            """

    def outcomes(self) -> str:
        """All outcomes: of the pairs with rivals as they are, and of those without any by their weight."""
        enough, reason = self._enough("$enough_accept", "$enough_keep")
        return f"""
            select left_id, right_id, match_weight, runner_up_weight, decision, reason
            from {{contested}}
            union all
            select left_id, right_id, match_weight, cast(null as double) as runner_up_weight,
                   case when {enough} then 'accepted' when match_weight >= $review then 'review'
                        else 'rejected' end as decision,
                   case when {enough} then {reason} else 'below threshold' end as reason
            from {{alone}}
            where match_weight >= $reach
            """

    def _enough(self, accept: str, keep: str) -> tuple[str, str]:
        """Whether the weight of a pair without a rival is enough; and the reason where it is so for the past alone."""
        if not self.held:
            return f"match_weight >= {accept}", "null"
        enough = f"match_weight >= {accept} or (held and match_weight >= {keep})"
        return enough, f"case when match_weight < {accept} then '{HELD}' end"

    def left_over(self) -> str:
        """Pairs whose units are both still free; where both sides hold many, those not accepted themselves."""
        taken = [f"not exists (select 1 from {{new}} as n where n.{s}_id = p.{s}_id)" for s in self._single] or [
            "not exists (select 1 from {new} as n where n.left_id = p.left_id and n.right_id = p.right_id)"
        ]
        return f"select {self.columns} from {{pairs}} as p where {' and '.join(taken)}"
