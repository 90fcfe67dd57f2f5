"""What decided of a pair beside its weight and its rivals: second records, limits of a person, twins, the spine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkage.config import OTHER_SIDE, holds_many
from linkage.engine import Engine, rows
from linkage.match.further.second_records import ANOTHER
from linkage.match.resolution.duplicates import same_person_from
from linkage.match.resolution.limits import BEYOND
from linkage.match.two_people.apart_rules import shipped as people_apart
from linkage.model.stages import pattern_column
from linkage.spine.conflicts import shipped as conflicts
from quality.explain.opening import OpenStep
from quality.explain.outcome import bits, zone
from quality.explain.sides import listed_units
from quality.explain.weighing import Weighed, frequencies_of, weigh

Row = Mapping[str, Any]

EXCUSED = "rivals are the same person"
_MOST_RIVALS = 3  # that are told of


@dataclass(frozen=True)
class Beside:
    """Sentences, and the one setting of the step that would have it otherwise.

    Attributes:
        parted: the rule that one person of the two would have broken, so that the spine did not follow their link.
    """

    words: tuple[str, ...] = ()
    settings: tuple[dict[str, Any], ...] = field(default=())
    parted: str | None = None


def beside(engine: Engine, step: OpenStep, pair: Weighed, link: Row | None, met: Sequence[Row]) -> Beside:
    """What else decided of a pair.

    Args:
        link: its row in the table of links, if it has one.
        met: rows of links that one of its units is in.
    """
    reason = link["reason"] if link else None
    words: list[str] = []
    settings: list[dict[str, Any]] = []
    rule = next((rule for rule in people_apart() if rule.name == reason), None)
    if rule:
        words.append(f"The rule '{rule.name}' says that they are two people: {_in_a_line(rule.why)}.")
        if (then := zone(step, pair.match_weight)) != "rejected":
            settings.append({"setting": "twins", "now": "apart", "needed": "set to", "value": "model", "then": then})
    elif reason == BEYOND:
        words, settings = _beyond(step, pair, met)
    elif reason == EXCUSED:
        words = _same_as_rivals(engine, step, pair, met)
    elif step.step.duplicates == "join":
        words = _second_record(engine, step, pair, link, met)
    parted = parted_by(engine, step, pair.left, pair.right)
    return Beside((*words, *([in_words(parted)] if parted else ())), tuple(settings), parted)


def parted_by(engine: Engine, step: OpenStep, left: int, right: int) -> str | None:
    """The rule by which the spine parted what a link had joined; None where it followed the link."""
    if step.cuts is None:
        return None
    query = "select rule from {cuts} where left_id = $left and right_id = $right"
    found = rows(engine, engine.sql(query, params={"left": left, "right": right}, cuts=step.cuts))
    return str(found[0]["rule"]) if found else None


def in_words(rule: str) -> str:
    """Why the spine did not follow a link."""
    named = next((known for known in conflicts() if known.name == rule), None)
    why = f": {_in_a_line(named.why)}" if named else ", which is more than the steps allow"
    return f"The spine parted the two again: one person of both would have {rule}{why}."


def _in_a_line(why: str) -> str:
    return " ".join(why.split())


def _beyond(step: OpenStep, pair: Weighed, met: Sequence[Row]) -> tuple[list[str], list[dict[str, Any]]]:
    """Of whom its unit holds enough, and how many it would have to hold."""
    mine = {"left": pair.left, "right": pair.right}
    for side, most in (("left", step.step.most_left), ("right", step.step.most_right)):
        holder = OTHER_SIDE[side]
        heavier = [
            row
            for row in met
            if row[f"{holder}_id"] == mine[holder]
            and (row["decision"] == "accepted" or row["reason"] == BEYOND)
            and (-row["match_weight"], row[f"{side}_id"]) < (-pair.match_weight, mine[side])
        ]
        if most is not None and len(heavier) >= most:
            told = f"The {holder} unit holds {most:,} of the {side} already that weigh more (most_{side} = {most})."
            setting = {"setting": f"most_{side}", "now": most, "needed": "at least", "value": len(heavier) + 1}
            return [told], [{**setting, "then": "accepted"}]
    return [], []


def _same_as_rivals(engine: Engine, step: OpenStep, pair: Weighed, met: Sequence[Row]) -> list[str]:
    """The rivals near a pair, each weighed as a second record of the unit that was linked."""
    mine, told = {"left": pair.left, "right": pair.right}, []
    for side, other in OTHER_SIDE.items():
        if holds_many(step.cardinality, other):
            continue
        near = [
            int(row[f"{side}_id"])
            for row in met
            if row[f"{other}_id"] == mine[other]
            and row[f"{side}_id"] != mine[side]
            and row["match_weight"] > pair.match_weight - step.thresholds.margin
        ]
        told += [
            f"Its rival {_called(side, rival)} and {_called(side, mine[side])} are one person: as records of one side "
            f"they weigh {bits(_between(engine, step, side, rival, mine[side]).match_weight)}, where "
            f"{bits(_same(step, side))} is asked for."
            for rival in near[:_MOST_RIVALS]
        ]
    return told


def _second_record(engine: Engine, step: OpenStep, pair: Weighed, link: Row | None, met: Sequence[Row]) -> list[str]:
    """Whether one of the two joins, or why not, as a second record of somebody whom the other is linked to."""
    mine, joins = {"left": pair.left, "right": pair.right}, link is not None and link["reason"] == ANOTHER
    if link is not None and link["decision"] == "accepted" and not joins:
        return []
    for side, other in OTHER_SIDE.items():
        accepted = [row for row in met if row["decision"] == "accepted"]
        partners = [row for row in accepted if row[f"{other}_id"] == mine[other] and row["reason"] != ANOTHER]
        partners = [row for row in partners if row[f"{side}_id"] != mine[side]]
        has_own = any(row[f"{side}_id"] == mine[side] and row[f"{other}_id"] != mine[other] for row in accepted)
        if holds_many(step.cardinality, other) or not partners or has_own or side not in step.further:
            continue
        first = int(partners[0][f"{side}_id"])
        words = f"The {side} unit does not join as a second record:"
        two = f"{_called(side, first)}, which the {other} unit is linked to"
        if pair.match_weight < step.thresholds.accept:
            return [f"{words} it would have to weigh {bits(step.thresholds.accept)} with the {other} unit itself."]
        likely, asked = _likely(engine, step, side, first, pair), 1 / (1 + 2**-step.thresholds.certain)
        shares = (
            f"what it shares with the {other} unit or with {two}, makes it {likely:.1%} likely another record of the "
            f"same person, where {asked:.1%} is asked for"
        )
        if joins and likely < asked:  # a unit is one person with all records of its partner, or with none
            unit = _called(side, mine[side])
            return [f"Second records join {unit} with all records of a partner: by another it is as likely as asked."]
        if joins:
            return [f"Second records join {_called(side, mine[side])}: {shares}."]
        if likely < asked:
            return [f"{words} {shares}."]
        return [f"{words} another unit comes within the margin, or it and {two}, are twins or parted by people."]
    return []


def _likely(engine: Engine, step: OpenStep, side: str, first: int, pair: Weighed) -> float:
    """How likely a pair is of another record of the person whose first unit of the side is linked (second_records)."""
    me = pair.left if side == "left" else pair.right
    within = _between(engine, step, side, first, me)
    both = list(zip(pair.parts, within.parts, strict=True))
    more = sum(
        (min if of_pair.comparison.given else max)(of_first.weight - of_pair.weight, 0) for of_pair, of_first in both
    )
    levels = {pattern_column(a.comparison): (b if b.weight > a.weight else a).level.value for a, b in both}
    return step.further[side].probability(pair.match_weight + more, levels)


def _between(engine: Engine, step: OpenStep, side: str, one: int, other: int) -> Weighed:
    """Two units of one side, by the step's model."""
    units = step.sides[side].latest(listed_units(engine, [one, other]), step.model.columns)
    frequencies = frequencies_of(engine, step, units, units)
    return weigh(engine, step.model, units, units, frequencies, [(one, other)])[0]


def _same(step: OpenStep, side: str) -> float:
    return same_person_from(step.model, step.sides[side].size, step.thresholds)


def _called(side: str, unit: int) -> str:
    return f"{side} unit {unit}"
