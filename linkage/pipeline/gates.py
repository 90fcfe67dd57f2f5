"""What must hold before anything of a run is published: its [gates]. One that fails is named, with its figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.config import Gates
from linkage.errors import GateError


def asked_of(
    evaluation: Mapping[str, Any], drift: Mapping[str, Any] | None, reviews: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What the gates ask of an evaluation: precision and unlinked by step, falls and changes since the last release.

    Precision is against truth where there is one, else as people found who reviewed the links, else as the links' own
    probabilities say.
    """
    from quality.measures.drift import falls

    return {
        "precision": _precisions(evaluation, {review["step"]: review for review in reviews}),
        "unlinked": unlinked(evaluation),
        "falls": [dict(row) for row in falls(drift)][:_MOST] if drift else [],
        "changes": [row for row in drift["counts"] if row["change"] or _from_nought(row)] if drift else [],
    }


_MOST = 50  # falls kept, the largest first: a gate needs one


def _from_nought(change: Mapping[str, Any]) -> bool:
    """Whether there was none of what is counted: a count that the last release has not at all is another matter."""
    return change.get("before") == 0 and bool(change.get("after"))


def _precisions(evaluation: Mapping[str, Any], reviews: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    from quality.measures.review_estimates import all_readings

    found = {}
    for step in evaluation["steps"]:
        known_shares: list[tuple[str, Mapping[str, Any]]] = []
        if step["accuracy"]:
            known_shares.append(("truth", step["accuracy"]["precision"]))
        if step["step"] in reviews:
            known_shares.append(("review", all_readings(reviews[step["step"]]["precision"])))
        if step.get("estimated_error"):
            known_shares.append(("probabilities", step["estimated_error"]["precision"]))
        known = next(((by, share) for by, share in known_shares if share["of"]), None)
        if known:
            found[step["step"]] = {"by": known[0], **{key: known[1][key] for key in ("value", "low", "high")}}
    return found


def unlinked(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Step to the share of its smaller side's people in the calculation who have no link, as its report's rates are.

    No link is expected of those outside it: pupils who have no National Insurance number yet are no fault of a run.
    """
    smaller = {step["step"]: min(sides) for step in evaluation["steps"] if (sides := _in_calculation(step))}
    return {name: 1 - linked / people for name, (people, linked) in smaller.items() if people}


def _in_calculation(step: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Of each side those in the calculation, and the linked of them; everybody where only the sides were counted."""
    rows = [(row["eligible"], row["linked"]) for row in step.get("totals", ())]
    return rows or [(side["units"], side["linked"]) for side in step["sides"]]


def hold(gates: Gates, asked: Mapping[str, Any]) -> None:
    """See that every gate holds.

    Args:
        asked: as `asked_of` gives it.

    Raises:
        GateError: the gates that do not, a line each, with what was found and what is asked for.
    """
    faults = _faults(gates, asked)
    if faults:
        faults.append("  see quality/evaluation.json and the report in the run's folder; nothing is published")
        raise GateError("\n".join(faults))


def failed(
    gates: Gates,
    evaluation: Mapping[str, Any],
    drift: Mapping[str, Any] | None,
    contracts: Sequence[Mapping[str, Any]],
    reviews: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """Names of the gates that do not hold, for those who read a report; by which figures is the operator's to see."""
    lines = _faults(gates, asked_of(evaluation, drift, reviews))
    names = [line.removeprefix("gate ").partition(":")[0] for line in lines]
    if gates.critical_contracts and any(not c["success"] and c["severity"] == "critical" for c in contracts):
        names.append("critical_contracts")
    return list(dict.fromkeys(names))


def not_asked(
    gates: Gates,
    evaluation: Mapping[str, Any],
    drift: Mapping[str, Any] | None,
    reviews: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """Gates that are set and could not be checked, each with the reason: such a gate did not pass."""
    known = asked_of(evaluation, drift, reviews)["precision"]
    unknown = [step["step"] for step in evaluation["steps"] if step["step"] not in known]
    found = []
    found += [
        f"{name}: nothing is known of the links of {', '.join(unknown)}"
        for name in ("min_precision", "precision_lower_bound")
        if unknown and getattr(gates, name) is not None
    ]
    if gates.max_unlinked is not None:
        empty = [step for step in evaluation["steps"] if any(not people for people, _ in _in_calculation(step))]
        found += [f"max_unlinked: a side of {step['step']} has no people{_who(step)}" for step in empty]
    if drift is None:
        since = ("max_rate_fall", "max_count_change")
        found += [
            f"{name}: there is no last release; give it by --previous"
            for name in since
            if getattr(gates, name) is not None
        ]
        return found
    compared_steps = {row["step"] for row in drift["rates"]}
    new = [step["step"] for step in evaluation["steps"] if step["step"] not in compared_steps]
    if gates.max_rate_fall is not None and new:
        found.append(f"max_rate_fall: no group of {', '.join(new)} has a hundred people in both releases")
    counts = [row["count"] for row in drift["counts"] if row["before"] is None]
    if gates.max_count_change is not None and counts:
        more = f" and {len(counts) - _MOST_NAMED} more" if len(counts) > _MOST_NAMED else ""
        found.append(f"max_count_change: the last release does not count {', '.join(counts[:_MOST_NAMED])}{more}")
    return found


_MOST_NAMED = 5


def _who(step: Mapping[str, Any]) -> str:
    return " in the calculation" if step.get("eligible") else ""


_MOST_PLACES = 12


def _beside(found: float, limit: float, places: int) -> str:
    """A figure with as many places as it takes to be seen on its side of the limit: 0.98996 is no 0.9900 of 0.99."""
    while places < _MOST_PLACES and (float(f"{found:.{places}f}") - limit) * (found - limit) <= 0:
        places += 1
    return f"{found:.{places}f}"


def _faults(gates: Gates, asked: Mapping[str, Any]) -> list[str]:
    return [
        *_precise_enough(gates, asked["precision"]),
        *_linked_enough(gates, asked["unlinked"]),
        *_fell_too_far(gates, asked.get("falls", ())),
        *_changed_too_much(gates, asked.get("changes", ())),
    ]


def _precise_enough(gates: Gates, precision: Mapping[str, Mapping[str, Any]]) -> list[str]:
    faults = []
    for step, share in precision.items():
        # One false link of thirty is no evidence that the precision is lower than asked for.
        if gates.min_precision is not None and share["high"] < gates.min_precision:
            faults.append(
                f"gate min_precision: step '{step}' has precision {share['value']:.4f} by {share['by']} (with 95 % "
                f"confidence at most {_beside(share['high'], gates.min_precision, 4)}), at least {gates.min_precision} "
                "is asked for"
            )
        least = gates.precision_lower_bound
        if least is not None and share["low"] < least:
            faults.append(
                f"gate precision_lower_bound: step '{step}' has precision {share['value']:.4f} by {share['by']}, with "
                f"95 % confidence at least {_beside(share['low'], least, 4)}; {least} is asked for"
            )
    return faults


def _linked_enough(gates: Gates, shares: Mapping[str, float]) -> list[str]:
    if gates.max_unlinked is None:
        return []
    return [
        f"gate max_unlinked: step '{step}' leaves {_beside(share, gates.max_unlinked, 4)} of its smaller side "
        f"unlinked, at most {gates.max_unlinked} is allowed"
        for step, share in shares.items()
        if share > gates.max_unlinked
    ]


def _fell_too_far(gates: Gates, falls: Sequence[Mapping[str, Any]]) -> list[str]:
    """Falls that chance alone would not make between releases of other people, and that are larger than allowed."""
    if gates.max_rate_fall is None:
        return []
    most = 100 * gates.max_rate_fall
    return [
        f"gate max_rate_fall: step '{row['step']}', {row['source']}, {row['title'].lower()} {row['label']}: the link "
        f"rate fell by {_beside(-100 * row['change'], most, 2)} points (95 % {-100 * row['high']:.2f} to "
        f"{-100 * row['low']:.2f}), at most {most:g} are allowed"
        for row in falls
        if -row["change"] > gates.max_rate_fall
    ]


def _changed_too_much(gates: Gates, changes: Sequence[Mapping[str, Any]]) -> list[str]:
    if gates.max_count_change is None:
        return []
    most = 100 * gates.max_count_change
    faults = []
    for row in changes:
        if _from_nought(row):
            how = f"rose from 0 to {row['after']:,}"
        elif abs(row["change"]) > gates.max_count_change:
            sign = "-" if row["change"] < 0 else "+"
            how = f"changed by {sign}{_beside(100 * abs(row['change']), most, 1)} %"
        else:
            continue
        faults.append(
            f"gate max_count_change: {row['count']} {how} since the last release, at most {most:g} % is allowed"
        )
    return faults
