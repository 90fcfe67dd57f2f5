"""How right the links of each group of people are: by truth, and by the links' own probabilities."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table, literal, quote, rows
from quality.measures.characteristics import NOT_KNOWN
from quality.measures.definitions import Definitions
from quality.measures.expected import of_sums
from quality.measures.intervals import Share, f1, wilson
from quality.measures.rates import MEASURES, label_of


def error_by_group(
    engine: Engine, counted: Table, definitions: Definitions, catalogue: Catalogue, *, has_truth: bool
) -> list[dict[str, Any]]:
    """For each characteristic the groups of the left side's people with their links and true pairs.

    A pair is of the group of its left unit, so that the groups of a characteristic add up to the step.

    Args:
        counted: see `quality.measures.rates.cube`.

    Returns:
        characteristic, title, groups: group, label, and what `judged_group` says.
    """
    found = []
    for characteristic in definitions.characteristic:
        if characteristic.name not in counted.columns:
            continue
        summed = sums(engine, counted, [characteristic.name])
        found.append(
            {
                "characteristic": characteristic.name,
                "title": characteristic.title,
                "groups": [
                    {
                        "group": row["group_0"],
                        "label": label_of(characteristic, row["group_0"], catalogue),
                        **judged_group(row, has_truth=has_truth),
                    }
                    for row in summed
                ],
            }
        )
    return found


def sums(
    engine: Engine, counted: Table, names: Sequence[str], side: str = "left", *, in_calculation: bool = False
) -> list[dict[str, Any]]:
    """group_0, group_1, ... (codes), units, eligible, matched, in_both, found, and the sums of MEASURES.

    Args:
        names: characteristics; with several, the groups are their combinations.
        in_calculation: whether MEASURES are of the pairs of those in the calculation alone.
    """
    groups = [f"coalesce({quote(name)}, {literal(NOT_KNOWN)})" for name in names]
    keys = ", ".join(f"group_{place}" for place in range(len(names)))
    named = ", ".join(f"{group} as group_{place}" for place, group in enumerate(groups))
    counts = "case when is_eligible then {0} when {0} is not null then 0 end" if in_calculation else "{0}"
    summed = ", ".join(f"sum({counts.format(name)}) as {name}" for name in MEASURES)
    return rows(
        engine,
        engine.sql(
            f"""
            with grouped as (select *, {named} from {{cube}} where side = $side)
            select {keys}, cast(sum(units) as bigint) as units,
                   cast(sum(case when is_eligible then units else 0 end) as bigint) as eligible,
                   cast(sum(case when is_eligible and is_linked then units else 0 end) as bigint) as matched,
                   cast(sum(case when is_eligible and in_both then units else 0 end) as bigint) as in_both,
                   cast(sum(case when is_eligible and in_both and is_found then units else 0 end) as bigint) as found,
                   {summed}
            from grouped
            group by {keys}
            order by {keys}
            """,
            params={"side": side},
            cube=counted,
        ),
    )


def said_false(row: Mapping[str, Any]) -> Share:
    """The expected share of false links among a group's links, as a step's expected precision has it."""
    links, right = int(row["links"]), float(row["said_right"])
    precision = of_sums(links, (right, float(row["said_spread"])), (0.0, 0.0))["precision"]
    low, high = 1 - precision["high"], 1 - precision["low"]
    return Share(of=links, count=links - right, value=(links - right) / links, low=low, high=high)


def judged_group(row: dict[str, Any], *, has_truth: bool) -> dict[str, Any]:
    """links, expected_false, expected_missed; with truth correct, false, missed, true_pairs, precision, recall, f1.

    `expected_false_within` is the expected share of false links with its interval. Expected numbers are None where
    links have no probability; those missed are of the pairs that were kept.
    """
    links, said, let_go = int(row["links"]), float(row["said_right"]), float(row["said_missed"])
    has_said = said > 0 or not links
    expected: dict[str, Any] = {
        "links": links,
        "expected_false": links - said if has_said else None,
        "expected_false_within": said_false(row) if has_said and links else None,
        "expected_missed": let_go if has_said else None,
    }
    if not has_truth:
        return expected | dict.fromkeys(("correct", "false", "missed", "true_pairs", "precision", "recall", "f1"))
    correct, wrong, due = int(row["correct"]), int(row["wrong"]), int(row["due"])
    return expected | {
        "correct": correct,
        "false": wrong,
        "missed": due - correct,
        "true_pairs": due,
        "precision": wilson(correct, correct + wrong),
        "recall": wilson(correct, due),
        "f1": f1(correct, wrong, due - correct),
    }
