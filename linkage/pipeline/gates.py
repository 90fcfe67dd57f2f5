"""What must hold before anything of a run is published: its [gates]. One that fails is
named, with its figures.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.config import Gates
from linkage.errors import GateError
from linkage.pipeline.folder import DRIFT, EVALUATION, document_of

_MOST_FALLS = 50  # falls that are stored, the largest first: a gate needs one
_MOST_NAMED = 5  # counts that a message names
_MOST_PLACES = 12  # decimal places of a figure in a message: a DOUBLE has few more


def judged(
    root: Path, manifest: Mapping[str, Any]
) -> tuple[Gates, dict[str, Any], dict[str, Any] | None]:
    """The gates of a run that was evaluated, its evaluation, and what changed since the
    last release.

    Raises:
        InputError: a document is missing or damaged.
    """
    from quality.measures.evaluated import evaluation_of

    drift = root / DRIFT
    gates = Gates(**(manifest.get("configuration") or {}).get("gates", {}))
    return (
        gates,
        evaluation_of(root / EVALUATION),
        document_of(drift) if drift.is_file() else None,
    )


def figures_of(
    evaluation: Mapping[str, Any],
    drift: Mapping[str, Any] | None,
    reviews: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The figures that gates check: precision and unlinked by step, falls and changes
    since the last release.

    Precision is against truth if there is one, else as reviewers of the links judged
    it, else as the links' own probabilities say.
    """
    from quality.measures.drift import falls

    return {
        "precision": _precisions(
            evaluation, {review["step"]: review for review in reviews}
        ),
        "unlinked": unlinked(evaluation),
        "falls": [dict(row) for row in falls(drift)][:_MOST_FALLS] if drift else [],
        "changes": [row for row in drift["counts"] if row["change"] or _from_zero(row)]
        if drift
        else [],
    }


def _from_zero(change: Mapping[str, Any]) -> bool:
    """Whether a count was 0; one that the last release does not have at all is another
    matter.
    """
    return change.get("before") == 0 and bool(change.get("after"))


def _precisions(
    evaluation: Mapping[str, Any], reviews: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    from quality.measures.review_estimates import all_readings

    precisions = {}
    for step in evaluation["steps"]:
        review, estimate = reviews.get(step["step"]), step.get("estimated_error")
        shares = {
            "truth": step["accuracy"] and step["accuracy"]["precision"],
            "review": review and all_readings(review["precision"]),
            "probabilities": estimate and estimate["precision"],
        }
        known = next(
            (
                (basis, share)
                for basis, share in shares.items()
                if share and share["of"]
            ),
            None,
        )
        if known:
            precisions[step["step"]] = {
                "by": known[0],
                **{key: known[1][key] for key in ("value", "low", "high")},
            }
    return precisions


def unlinked(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Step to the share of its smaller side's people in the calculation who have no
    link, as its report's rates are.

    No link is expected of those outside it: pupils who have no National Insurance
    number yet are no fault of a run.
    """
    smaller = {
        step["step"]: min(sides)
        for step in evaluation["steps"]
        if (sides := _in_calculation(step))
    }
    return {
        name: 1 - linked / people
        for name, (people, linked) in smaller.items()
        if people
    }


def _in_calculation(step: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Of each side the people in the calculation, and the linked of them; all people if
    only the sides were counted.
    """
    rows = [(row["eligible"], row["linked"]) for row in step.get("totals", ())]
    return rows or [(side["units"], side["linked"]) for side in step["sides"]]


def hold(gates: Gates, figures: Mapping[str, Any]) -> None:
    """Check every gate.

    Args:
        figures: as `figures_of` gives it.

    Raises:
        GateError: the gates that do not hold, a line each, with the figure and the
            limit.
    """
    if faults := _faults(gates, figures):
        faults.append(
            "  see quality/evaluation.json and the report in the run's folder; nothing "
            "is published"
        )
        raise GateError("\n".join(faults))


def failed(
    gates: Gates,
    evaluation: Mapping[str, Any],
    drift: Mapping[str, Any] | None,
    contracts: Sequence[Mapping[str, Any]],
    reviews: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """Names of the gates that do not hold, for readers of a report; their figures are
    for the operator only.
    """
    lines = _faults(gates, figures_of(evaluation, drift, reviews))
    names = [line.removeprefix("gate ").partition(":")[0] for line in lines]
    if gates.critical_contracts and any(
        not c["success"] and c["severity"] == "critical" for c in contracts
    ):
        names.append("critical_contracts")
    return list(dict.fromkeys(names))


def not_checked(
    gates: Gates,
    evaluation: Mapping[str, Any],
    drift: Mapping[str, Any] | None,
    reviews: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """Gates that are set and could not be checked, each with the reason: such a gate
    did not pass.
    """
    known = figures_of(evaluation, drift, reviews)["precision"]
    unknown = ", ".join(
        step["step"] for step in evaluation["steps"] if step["step"] not in known
    )
    reasons: dict[str, list[str]] = {name: [] for name in type(gates).model_fields}
    if unknown:
        for name in ("min_precision", "precision_lower_bound"):
            reasons[name].append(f"nothing is known of the links of {unknown}")
    for step in evaluation["steps"]:
        if any(not people for people, _ in _in_calculation(step)):
            suffix = " in the calculation" if step.get("eligible") else ""
            reasons["max_unlinked"].append(
                f"a side of {step['step']} has no people{suffix}"
            )
    if drift is None:
        for name in ("max_rate_fall", "max_count_change"):
            reasons[name].append("there is no last release; give it by --previous")
    else:
        steps = {row["step"] for row in drift["rates"]}
        if new := [
            step["step"] for step in evaluation["steps"] if step["step"] not in steps
        ]:
            reasons["max_rate_fall"].append(
                f"no group of {', '.join(new)} has a hundred people in both releases"
            )
        if counts := [row["count"] for row in drift["counts"] if row["before"] is None]:
            rest = (
                f" and {len(counts) - _MOST_NAMED} more"
                if len(counts) > _MOST_NAMED
                else ""
            )
            names = ", ".join(counts[:_MOST_NAMED])
            reasons["max_count_change"].append(
                f"the last release does not count {names}{rest}"
            )
    return [
        f"{name}: {text}"
        for name, lines in reasons.items()
        if getattr(gates, name) is not None
        for text in lines
    ]


def _shown(figure: float, limit: float, places: int) -> str:
    """A figure with as many places as show on which side of the limit it is: 0.98996 is
    not 0.9900 under 0.99.
    """
    while (
        places < _MOST_PLACES
        and (float(f"{figure:.{places}f}") - limit) * (figure - limit) <= 0
    ):
        places += 1
    return f"{figure:.{places}f}"


def _faults(gates: Gates, figures: Mapping[str, Any]) -> list[str]:
    faults = []
    floor, lowest = gates.min_precision, gates.precision_lower_bound
    for step, share in figures["precision"].items():
        precision = f"step '{step}' has precision {share['value']:.4f} by {share['by']}"
        # One false link of thirty is no evidence that the precision is lower than the
        # gate's.
        if floor is not None and share["high"] < floor:
            faults.append(
                f"gate min_precision: {precision} (with 95 % confidence at most "
                f"{_shown(share['high'], floor, 4)}), at "
                f"least {floor} is required"
            )
        if lowest is not None and share["low"] < lowest:
            faults.append(
                f"gate precision_lower_bound: {precision}, with 95 % confidence at "
                "least "
                f"{_shown(share['low'], lowest, 4)}; {lowest} is required"
            )
    for step, share in figures["unlinked"].items():
        if gates.max_unlinked is not None and share > gates.max_unlinked:
            faults.append(
                f"gate max_unlinked: step '{step}' leaves "
                f"{_shown(share, gates.max_unlinked, 4)} of its smaller side "
                f"unlinked, at most {gates.max_unlinked} is allowed"
            )
    for row in figures.get(
        "falls", ()
    ):  # which chance alone would not make between releases of other people
        if gates.max_rate_fall is not None and -row["change"] > gates.max_rate_fall:
            limit = 100 * gates.max_rate_fall
            faults.append(
                f"gate max_rate_fall: step '{row['step']}', {row['source']}, "
                f"{row['title'].lower()} {row['label']}: the "
                f"link rate fell by {_shown(-100 * row['change'], limit, 2)} points "
                f"(95 % {-100 * row['high']:.2f} to "
                f"{-100 * row['low']:.2f}), at most {limit:g} are allowed"
            )
    for row in figures.get("changes", ()):
        if gates.max_count_change is not None and (
            _from_zero(row) or abs(row["change"]) > gates.max_count_change
        ):
            limit = 100 * gates.max_count_change
            if _from_zero(row):
                verb = f"rose from 0 to {row['after']:,}"
            else:
                verb = (
                    "changed by "
                    f"{'-' if row['change'] < 0 else '+'}{_shown(100 * abs(row['change']), limit, 1)} %"  # noqa: E501
                )
            faults.append(
                f"gate max_count_change: {row['count']} {verb} since the last release, "
                f"at most {limit:g} % is allowed"
            )
    return faults
