"""The links that a step keeps: what passes and model have decided, each pair with how likely it is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkage.engine import Engine, Table, one
from linkage.match.candidates.passes import METHOD, STANDS
from linkage.match.further.further_records import Further
from linkage.match.further.in_doubt import records_in_doubt
from linkage.match.further.other_records import no_other_records, with_other_records
from linkage.match.further.second_records import SecondRecords, with_second_records
from linkage.match.further.together import likely_together
from linkage.match.likelihood.posterior import of_possible, with_apart
from linkage.match.likelihood.sampled import links_sampled
from linkage.match.likelihood.strangers import Band, as_within, strangers_as_heavy
from linkage.match.resolution.decide import Matched
from linkage.match.resolution.limits import capped, refused
from linkage.match.resolution.resolve import DECISION, REASON
from linkage.match.resolution.weighed import SEED
from linkage.model.compiled import pattern_text


@dataclass(frozen=True)
class Kept:
    """What a step keeps, and what it has learnt from it.

    Attributes:
        links: as docs/tables.md has them.
        sampled: alternative link sets, where the step asks for them.
        second: what the step found that looked for second records.
        known: left_id, right_id, probability of other records of which more is known than their pair shows; None for
            none.
        further: by side, what the links say of other records of people who are linked; of files that hold each person
            once, nothing.
        bands: strangers as heavy as links, by weight, of such files.
    """

    links: Table
    sampled: Table | None
    second: SecondRecords | None
    known: Table | None = None
    further: Mapping[str, Further] = field(default_factory=dict)
    bands: Sequence[Band] = ()


def kept_links(engine: Engine, found: Matched) -> Kept:
    """The links of two sides that are matched; what held their pairs is given back."""
    step, thresholds = found.step, found.thresholds
    scored, outcomes = found.scored, refused(engine, found.outcomes, found.apart)
    contested = of_possible(engine, step, found.model, found.rivals, found.still_open, found.frequencies, thresholds)
    engine.drop(found.rivals)
    likely = with_apart(engine, contested, found.apart, found.doubted)
    second = with_second_records(engine, found, outcomes) if step.duplicates == "join" else None
    if second:
        scored, outcomes = second.scored, second.outcomes
    read_again = bool(second or _reads_links_again(found))
    links = capped(engine, _links(engine, found, scored, outcomes, likely, store=read_again), step)
    sampled = None
    if step.samples:
        seed = found.given.get("seed", SEED)
        sampled = links_sampled(engine, step, links, likely, thresholds.gain, seed)
    if second:
        links = likely_together(engine, links, step.cardinality, second.joined)
    if step.each_once:
        links, bands = _beside_strangers(engine, found, links)
        kept = Kept(links, sampled, second, bands=bands)
    else:
        in_two = found.given.get("in_two") or {}
        known = records_in_doubt(engine, links, in_two, second.refused if second else None)
        nobody = no_other_records(engine, found.model, found.apart, scored)
        links, further = with_other_records(
            engine,
            links,
            nobody,
            thresholds.gain,
            step.cardinality,
            contested=None if second else contested,
            linked=None if read_again else _accepted(engine, found, outcomes),
            second=second,
            known=known,
        )
        engine.drop(nobody)
        kept = Kept(links, sampled, second, known, further)
    engine.drop(contested, *found.stored)
    return kept


def _reads_links_again(found: Matched) -> bool:
    """Whether links are read before their last probabilities are written: wide rows are stored once, by who does."""
    step = found.step
    limited = step.most_left or step.most_right
    return bool(step.samples or step.each_once or limited or step.cardinality == "many-to-many")


def _beside_strangers(engine: Engine, found: Matched, links: Table) -> tuple[Table, list[Band]]:
    """Links of files that hold each person once, no likelier than the pairs of strangers within these let them be."""
    step, thresholds = found.step, found.thresholds
    sides = found.left.units, found.right.units
    bands = strangers_as_heavy(engine, found.model, *sides, found.frequencies, links, thresholds.accept)
    named = step.accept_weight
    threshold = step.accept_probability if named is None else 1 / (1 + 2**-named)
    return as_within(engine, links, bands, threshold), bands


def _links(engine: Engine, found: Matched, scored: Table, outcomes: Table, likely: Table, *, store: bool) -> Table:
    """Both kinds of links in one table. A pass's link that the model speaks against goes to review."""
    by_pass, by_model = (pattern_text(found.model, alias) for alias in "cp")
    return engine.sql(
        f"""
        with found as (
            select c.left_id, c.right_id, {METHOD} as method, c.pass, {by_pass} as pattern, c.match_weight,
                   cast(null as double) as match_probability, cast(null as double) as runner_up_weight,
                   case when not {STANDS} then 'review' else 'accepted' end as decision,
                   case when not {STANDS} then 'the model disagrees' end as reason
            from {{certain}} as c
            union all
            select p.left_id, p.right_id, 'probabilistic' as method, 'rule ' || cast(p.rule + 1 as varchar) as pass,
                   {by_model} as pattern, p.match_weight, q.match_probability, o.runner_up_weight,
                   {DECISION} as decision, {REASON} as reason
            from {{scored}} as p
            left join {{outcomes}} as o on o.left_id = p.left_id and o.right_id = p.right_id
            left join {{likely}} as q on q.left_id = p.left_id and q.right_id = p.right_id
        )
        select cast($step as varchar) as step, left_id, right_id, method, pass, pattern, match_weight,
               coalesce(match_probability, 1 / (1 + exp(-ln(2) * (match_weight + $gain)))) as match_probability,
               runner_up_weight, decision, reason
        from found
        """,
        params={"step": found.step.name, "review": found.thresholds.review, "gain": found.thresholds.gain},
        certain=found.certain,
        likely=likely,
        outcomes=outcomes,
        scored=scored,
        store=store,
    )


def _accepted(engine: Engine, found: Matched, outcomes: Table) -> int:
    """How many of `_links` are accepted, without making them."""
    counted = engine.sql(
        f"""
        select (select count(*) from {{certain}} where {STANDS}) as by_pass,
               (select count(*) from {{outcomes}} where decision = 'accepted') as by_model
        """,
        params={"review": found.thresholds.review},
        certain=found.certain,
        outcomes=outcomes,
    )
    return sum(int(n) for n in one(engine, counted).values())
