"""One step of a run: two sides' units become links, and every unit without one gets its reason."""

from dataclasses import asdict, dataclass
from typing import Any, Unpack

from linkage.config import Step
from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.candidates.reach import passes_and_rules
from linkage.match.candidates.units import Units
from linkage.match.further.missed_records import MissedRecords, missed_records
from linkage.match.further.other_records import that_speak
from linkage.match.kept import Kept, kept_links
from linkage.match.likelihood.not_kept import NotKept, not_kept
from linkage.match.likelihood.strangers import told as told_of_strangers
from linkage.match.reasons import reasons
from linkage.match.resolution.decide import Matched, matched
from linkage.match.resolution.limits import explained
from linkage.match.resolution.weighed import Given
from linkage.match.two_people.apart import two_people
from linkage.match.two_people.apart_rules import asked_for
from linkage.model import Model


@dataclass(frozen=True)
class StepResult:
    """What a step made; columns as in docs/tables.md."""

    links: Table
    unlinked: Table
    units: Table
    sampled: Table | None  # alternative link sets, where the step asks for them
    model: Model
    summary: dict[str, Any]  # counts, seconds and training report; no values


@dataclass(frozen=True)
class _LetGo:
    """What a step did not link: units, each with its reason, and the matches that are expected to be among them."""

    unlinked: Table
    records: MissedRecords  # other records of people who are linked
    pairs: NotKept  # pairs that blocking rules made


def link_step(engine: Engine, step: Step, left: Units, right: Units, **given: Unpack[Given]) -> StepResult:
    """Link two sides: deterministic passes first, then the model on what they leave.

    Args:
        step: cardinality, thresholds, and whether the model is trained on these sides first.
        given: passes, model and what else `Given` names.

    Raises:
        ConfigError: the model names columns that the units do not have, or is neither trained nor to be.
        LeoError: there is nothing to train on.
    """
    say = given.get("progress") or (lambda _: None)
    found = matched(engine, step, left, right, **given)
    say("probabilities")
    kept = kept_links(engine, found)
    say("reasons")
    let_go = _let_go(engine, found, kept)
    engine.drop(*found.frequencies.values())
    units = members(engine, step, left, right)
    summary = _summary(engine, found, kept, let_go)
    return StepResult(kept.links, let_go.unlinked, units, kept.sampled, found.model, summary)


def _let_go(engine: Engine, found: Matched, kept: Kept) -> _LetGo:
    """Why units have no link, and what is expected to be missed."""
    model, left, right, lowest = found.model, found.left, found.right, found.thresholds.lowest
    unlinked, taken = reasons(engine, found, kept.links)
    unlinked = explained(engine, unlinked, kept.links)
    speaking = {}
    for side, pairs in taken.items():
        apart = two_people(engine, pairs, left, right, lowest, asked_for(found.step), model=model)
        speaking[side] = that_speak(engine, model, pairs, apart)
    passed = sum(int(counts["accepted"]) for counts in found.passed.counts)
    records = missed_records(
        engine, model, speaking, kept.further, passed, known=kept.known, searched=bool(kept.second)
    )
    dropped = not_kept(engine, found, kept.links, counted=list(taken.values()), others=records)
    if kept.known:
        engine.drop(kept.known)  # by nobody read again
    return _LetGo(unlinked, records, dropped)


def _summary(engine: Engine, found: Matched, kept: Kept, let_go: _LetGo) -> dict[str, Any]:
    """What a step tells of itself: counts, seconds and figures of its models, and no values."""
    overrides, second, missed = found.given.get("overrides"), kept.second, let_go.records
    return {
        "training": found.training,
        "overrides": overrides.counts if overrides else {},
        **_reach(engine, found, kept, let_go),
        "other_records": {
            "kept": {side: known.to_json() for side, known in kept.further.items()},
            "missed": {side: known.to_json() for side, known in missed.further.items()},
            "beside": {side: known.to_json() for side, known in second.beside.items()} if second else {},
            "expected_missed": round(missed.expected, 3),
        },
        "not_kept": {"looked_at_one_in": let_go.pairs.one_in, "expected_missed": round(let_go.pairs.expected, 3)},
        "thresholds": asdict(found.thresholds),
        "strangers": told_of_strangers(kept.bands, counted=True) if kept.bands else {},
        "known": _known(engine, found.model, found.left.units, found.right.units),
        "left_units": found.sizes["left"],
        "right_units": found.sizes["right"],
        "decisions": counted(engine, kept.links, "decision"),
        "unlinked": counted(engine, let_go.unlinked, "reason"),
    }


def _reach(engine: Engine, found: Matched, kept: Kept, let_go: _LetGo) -> dict[str, Any]:
    """What passes and blocking rules made of the step."""
    earlier = found.given.get("earlier")
    return passes_and_rules(
        engine,
        found.model,
        (found.left.units, found.right.units),
        found.still_open,
        passes=found.passed.counts,
        rules=found.candidates.counts,
        links=kept.links,
        dropped=let_go.pairs.patterns,
        known=earlier.together if earlier else None,
    )


def _known(engine: Engine, model: Model, left: Table, right: Table) -> dict[str, int]:
    """Column of the term frequencies to the units of both sides that know it: what frequencies are shares of."""
    asked = (*model.tf_columns, *model.tf_lists)
    if not asked:
        return {}
    latest = {column: quote(column.removesuffix("_all") if column in model.tf_lists else column) for column in asked}
    counted = ", ".join(f"count({value}) as {quote(column)}" for column, value in latest.items())
    found = [one(engine, engine.sql(f"select {counted} from {{t}}", t=table)) for table in (left, right)]
    return {column: sum(int(side[column]) for side in found) for column in asked}


def members(engine: Engine, step: Step, left: Units, right: Units) -> Table:
    """step, side, unit_id, entity_id of both sides: which records are one unit."""
    return engine.sql(
        """
        select cast($step as varchar) as step, 'left' as side, unit_id, entity_id from {l}
        union all
        select cast($step as varchar) as step, 'right' as side, unit_id, entity_id from {r}
        """,
        params={"step": step.name},
        l=left.members,
        r=right.members,
    )


def counted(engine: Engine, table: Table, column: str) -> dict[str, int]:
    """What stands in a column to the rows that hold it."""
    found = engine.sql(f"select {column} as what, count(*) as n from {{t}} group by {column}", t=table)
    return {row["what"]: int(row["n"]) for row in sorted(rows(engine, found), key=lambda row: str(row["what"]))}
