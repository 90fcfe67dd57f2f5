"""What became of a pair and why, in plain words; and what would have to be otherwise for another outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from linkage.match.passes import OVERRIDE
from linkage.match.resolve import BELOW, DUPLICATE, HELD, LOST, UNRESOLVED
from quality.explain.opening import OpenStep
from quality.explain.weighing import Weighed, level_name

NOT_KEPT, NOT_COMPARED, FORBIDDEN = "not kept", "not compared", "forbidden"


@dataclass(frozen=True)
class Facts:
    """What is known of a pair beside its weight.

    Attributes:
        link: its row in the table of links, if it has one.
        rivals: side to the best other pair of that unit that the step kept, of sides whose units hold one link.
        taken: side to the pass, or OVERRIDE, that linked its unit to somebody else, of the same sides.
        rules: numbers of the blocking rules that make the pair, from 1.
        passes: names of the passes that hold for it.
        beside: what else decided, in sentences; parted: the rule by which the spine parted it again.
    """

    link: Mapping[str, Any] | None
    rivals: Mapping[str, Mapping[str, Any]]
    taken: Mapping[str, str]
    rules: Sequence[int]
    passes: Sequence[str]
    beside: Sequence[str] = ()
    parted: str | None = None


@dataclass(frozen=True)
class Outcome:
    """decision: accepted, review, rejected, not kept, not compared or forbidden; why in sentences."""

    decision: str
    reason: str | None
    words: tuple[str, ...]
    parted: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = {"decision": self.decision, "reason": self.reason, "in_words": list(self.words)}
        return {**told, "parted": self.parted} if self.parted else told


def outcome(step: OpenStep, pair: Weighed, facts: Facts) -> Outcome:
    """What became of a pair."""
    found = _became(step, pair, facts)
    return replace(found, words=(*found.words, *facts.beside), parted=facts.parted)


def _became(step: OpenStep, pair: Weighed, facts: Facts) -> Outcome:
    if facts.link is not None:
        decision, reason = str(facts.link["decision"]), facts.link["reason"]
        return Outcome(decision, reason, tuple(_of_a_link(step, pair, facts, facts.link)))
    weighs = f"It would weigh {bits(pair.match_weight)}."
    if facts.taken:
        told = [
            f"The {side} unit was linked to another unit {_by_whom(name)} before the model was asked."
            for side, name in facts.taken.items()
        ]
        which = "people" if set(facts.taken.values()) == {OVERRIDE} else "a pass"
        return Outcome(NOT_COMPARED, f"{which} linked one of them elsewhere", (*told, weighs))
    if not facts.rules:
        told = ["No blocking rule brings the two together, so that the model was never asked."]
        if facts.passes:
            told.append(f"The pass '{facts.passes[0]}' holds for them, but not for them alone.")
        return Outcome(NOT_COMPARED, "no blocking rule reaches it", (*told, weighs))
    if pair.match_weight < step.floor:
        told = [
            f"It weighs {bits(pair.match_weight)}. Below {bits(step.floor)} a pair can be neither a link nor a rival "
            "of one, and is not kept."
        ]
        return Outcome(NOT_KEPT, "too light to matter", tuple(told))
    kept_out = f"It weighs {bits(pair.match_weight)}, and a blocking rule reaches it, but the step has kept it out."
    if step.decided:
        why = f"The step was given {step.decided:,} decisions of people; one of them parts these two."
        return Outcome(FORBIDDEN, "people have parted them", (kept_out, why))
    return Outcome(FORBIDDEN, None, (kept_out, "Its files may have been changed since the run."))


def _by_whom(name: str) -> str:
    return "by people" if name == OVERRIDE else f"by the pass '{name}'"


def _of_a_link(step: OpenStep, pair: Weighed, facts: Facts, link: Mapping[str, Any]) -> list[str]:
    limits, weight = step.thresholds, bits(pair.match_weight)
    if link["method"] == "override":
        return ["People have decided that the two are one person. What they weigh does not matter."]
    if link["method"] == "deterministic":
        by_pass = f"The pass '{link['pass']}' holds for this pair and for no other of its units."
        if link["decision"] == "accepted":
            return [by_pass, f"The model agrees: {weight}, where it would object below {bits(limits.review)}."]
        return [by_pass, f"But the model objects: {weight}, below {bits(limits.review)}, so a person should look."]
    reaches = f"It weighs {weight}; a link needs {bits(limits.accept)}"
    rival = _rival_in_words(facts, pair)
    reason = link["reason"]
    if link["decision"] == "accepted":
        if reason == HELD:
            return [f"It was one person in the last release, and stays so from {bits(limits.keep)} on.", *rival]
        if reason == DUPLICATE:
            return [f"{reaches}.", *rival, "It is a duplicate record of a person who is linked."]
        if link["runner_up_weight"] is None:
            return [f"{reaches}, and no candidate competes with it.", *rival]
        ahead = bits(pair.match_weight - link["runner_up_weight"])
        return [f"{reaches}. It leads the best competing pair by {ahead}.", *rival]
    if reason == UNRESOLVED:
        return [f"{reaches}, which it has.", *rival, "A competing pair is about as likely, so that neither is linked."]
    if reason == LOST:
        return ["One of its units is linked to a higher-scoring record.", *rival]
    if reason != BELOW:
        return [f"It weighs {weight}, where a link needs {bits(limits.accept)}, but: {reason}.", *rival]
    if link["decision"] == "review":
        return [f"{reaches}. From {bits(limits.review)} on a person should look.", *rival]
    return [f"{reaches}, and from {bits(limits.review)} on a person would look.", *rival]


def _rival_in_words(facts: Facts, pair: Weighed) -> list[str]:
    told = []
    for side, rival in facts.rivals.items():
        lead = pair.match_weight - rival["match_weight"]
        stands = f"{abs(lead):.2f} {'less' if lead >= 0 else 'more'} than this pair"
        if abs(lead) < 0.005:
            stands = "as much as this pair"
        became = "" if rival["decision"] == "rejected" else f", {rival['decision']}"
        told.append(f"The {side} unit's best other pair weighs {bits(rival['match_weight'])}, {stands}{became}.")
    return told


def zone(step: OpenStep, match_weight: float) -> str:
    """Where a weight lies: accepted, review or rejected, if nothing else stands against it."""
    if match_weight >= step.thresholds.accept:
        return "accepted"
    return "review" if match_weight >= step.thresholds.review else "rejected"


def other_levels(step: OpenStep, pair: Weighed) -> list[dict[str, Any]]:
    """What the pair would weigh if one comparison had come out otherwise, the rest being equal.

    A level that is adjusted is taken for a value as common as the average, which adjusts nothing.
    """
    now = zone(step, pair.match_weight)
    found = []
    for part in pair.parts:
        for level in part.comparison.levels:
            if level.value == part.level.value:
                continue
            weight = pair.match_weight - part.weight + level.weight
            found.append(
                {
                    "comparison": part.comparison.name,
                    "level": level_name(part.comparison, level),
                    "bits": level.weight,
                    "changed_by": level.weight - part.weight,
                    "match_weight": weight,
                    "total": weight + step.thresholds.gain,
                    "would_be": zone(step, weight),
                    "crosses": zone(step, weight) != now,
                }
            )
    return found


def other_settings(
    step: OpenStep,
    pair: Weighed,
    found: Outcome,
    method: str | None,
    lead: float | None,
    more: Sequence[dict[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Which one setting of the step, changed how, would give another outcome; by the names that its user knows.

    Args:
        method: of the link, where there is one.
        lead: over the best rival, where there is one.
        more: changes that do not lie in a weight.

    Returns:
        setting, now, needed (at most or at least, and the value), then (the outcome), where the rest stays; `no_lower`
        names the setting that must not lie below the changed one, where it does.
    """
    changes = [*_settings(step, pair, found, method, lead), *more]
    if step.options is None:
        return changes
    named = [(step.options.get(row["setting"]), row) for row in changes]
    return [{**row, "setting": name} for name, row in named if name]


def _settings(
    step: OpenStep, pair: Weighed, found: Outcome, method: str | None, lead: float | None
) -> list[dict[str, Any]]:
    limits, config = step.thresholds, step.step
    accept, accept_now = "accept_probability", config.accept_probability
    likely = here = probability(pair.match_weight + limits.gain)

    def change(setting: str, now: float | None, way: str, value: float, then: str) -> dict[str, Any]:
        return {"setting": setting, "now": now, "needed": way, "value": value, "then": then}

    def review(way: str, then: str) -> dict[str, Any]:
        return change("review_probability", config.review_probability, way, likely, then)

    if method == "override":
        return []
    if method == "deterministic":
        if found.decision != "accepted":
            return [review("at most", "accepted")]
        beyond = {"no_lower": accept} if pair.match_weight >= limits.accept else {}  # no review lies above acceptance
        return [review("above", "review") | beyond]
    if found.decision == "accepted":
        return [change(accept, accept_now, "above", here, "review")] if found.reason is None else []
    if found.reason in (BELOW, "too light to matter"):
        lowered = [change(accept, accept_now, "at most", here, "accepted")] if lead is None or lead > 0 else []
        return lowered if found.decision == "review" else [*lowered, review("at most", "review")]
    return []


def probability(weight: float) -> float:
    """A probability from log2 odds."""
    return 1 / (1 + 2.0**-weight) if weight > -1000 else 0.0


def bits(weight: float) -> str:
    """A weight with its sign."""
    return f"{weight:+.2f}".replace("-", "−")
