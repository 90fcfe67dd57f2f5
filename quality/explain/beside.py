"""What decided of a pair beside its weight and its rivals: the limits of a person, the spine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkage.config import OTHER_SIDE
from linkage.engine import Engine, rows
from linkage.match.resolve import CAPPED
from linkage.spine.conflicts import shipped as conflicts
from quality.explain.opening import OpenStep
from quality.explain.weighing import Weighed

Row = Mapping[str, Any]


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
    if reason == CAPPED:
        words, settings = _beyond(step, pair, met)
    parted = parted_by(engine, step, pair.left, pair.right)
    return Beside((*words, *([in_words(parted)] if parted else ())), tuple(settings), parted)


def parted_by(engine: Engine, step: OpenStep, left: int, right: int) -> str | None:
    """The rule by which the spine parted what a link had joined; None where it followed the link."""
    if step.removed_links is None:
        return None
    query = "select rule from {removed_links} where left_id = $left and right_id = $right"
    found = rows(engine, engine.sql(query, params={"left": left, "right": right}, removed_links=step.removed_links))
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
            and (row["decision"] == "accepted" or row["reason"] == CAPPED)
            and (-row["match_weight"], row[f"{side}_id"]) < (-pair.match_weight, mine[side])
        ]
        if most is not None and len(heavier) >= most:
            told = f"The {holder} unit holds {most:,} of the {side} already that weigh more (most_{side} = {most})."
            setting = {"setting": f"most_{side}", "now": most, "needed": "at least", "value": len(heavier) + 1}
            return [told], [{**setting, "then": "accepted"}]
    return [], []
