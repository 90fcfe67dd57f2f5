"""The page's form: names of its fields, how numbers are written there, and settings from what was sent."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from quality.tune.app.desk import Compared, Place, Settings

LIMITS = {"accept": "Link from", "review": "To people from"}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field."""

    field: str
    said: str


def field_of(kind: str, comparison: int, value: int) -> str:
    """The field of a level's m or u."""
    return f"{kind}-{comparison}-{value}"


def written(number: float) -> str:
    """A number as a field shows it. A field that is sent back as it was shown leaves the number as it was."""
    return f"{number:.6g}"


def settings_of(
    sent: Mapping[str, str],
    adjusted: Sequence[str],
    now: Settings,
    comparisons: Sequence[Compared],
    called: Callable[[str], str] = str,
    shown: Settings | None = None,
) -> tuple[Settings, list[Fault]]:
    """Settings from a form; what is missing in it stays as it is.

    Args:
        sent: field to text.
        adjusted: columns whose boxes are ticked.
        called: what a page calls a comparison.
        shown: settings that the page had; by `now` another one may have changed some, which stay as they are.

    Returns:
        The settings, and every fault; with a fault the number stays as it is.
    """
    faults: list[Fault] = []
    shown = shown or now

    def number(
        field: str, before: float, seen: float, name: str, is_fit: Callable[[float], bool], wanted: str
    ) -> float:
        text = sent.get(field, written(seen)).strip().replace("−", "-")
        if text == written(seen):
            return before
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if math.isfinite(found) and is_fit(found):
            return found
        faults.append(Fault(field, f"{name}: enter {wanted}"))
        return before

    probabilities: dict[str, dict[Place, float]] = {"m": dict(now.m), "u": dict(now.u)}
    seen: dict[str, Mapping[Place, float]] = {"m": shown.m, "u": shown.u}
    for at, comparison in enumerate(comparisons):
        for grade in comparison.grades:
            place = comparison.name, grade.value
            for kind, held in probabilities.items():
                name = f"{called(comparison.name)}, {kind} of {grade.label}"
                field = field_of(kind, at, grade.value)
                wanted = "a number above 0 and up to 1"
                held[place] = number(field, held[place], seen[kind][place], name, _is_share, wanted)
    bits = "a number of bits between"
    limits = {
        name: number(name, getattr(now, name), getattr(shown, name), said, _is_weight, f"{bits} -100 and 100")
        for name, said in LIMITS.items()
    }
    share = "Share of all pairs that match"
    prior = number("prior", now.prior, shown.prior, share, _is_prior, "a number between 0 and 1")
    if limits["review"] > limits["accept"]:
        faults.append(Fault("review", f"{LIMITS['review']}: enter no more than in {LIMITS['accept']}"))
    known = frozenset(adjusted)
    found = Settings(probabilities["m"], probabilities["u"], prior, limits["accept"], limits["review"], known)
    return (now if faults else found), faults


def _is_share(value: float) -> bool:
    return 0 < value <= 1


def _is_prior(value: float) -> bool:
    return 0 < value < 1


def _is_weight(value: float) -> bool:
    return -100 <= value <= 100
