"""A forename in one file that is a further name in the other: a level of its own, that
counts once.
"""

import pytest

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.model import Comparison, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.compiled import level_columns

NAMES = ("forename", "middle_names", "dob")
FIELDS = [
    comparison("forename", "name", further="middle_names"),
    comparison("middle_names", "name", further_of="forename"),
    comparison("dob", "date"),
]
BORN = "1990-01-02"
PAIRS = {
    "the same": (("JAMES", "ROBERT"), ("JAMES", "ROBERT")),
    "called by it": (("JAMES", "ROBERT"), ("ROBERT", None)),
    "by one of two": (("ROBERT", None), ("JAMES", "LEE ROBERT")),
    "in another order": (("JAMES", "ROBERT"), ("ROBERT", "JAMES")),
    "part of a word": (("JAMES", "ROBERTA"), ("ROBERT", None)),
    "another": (("JAMES", "ROBERT"), ("WILLIAM", "HENRY")),
}


def labels(engine: Engine) -> dict[str, dict[str, str]]:
    """The level of each comparison that each pair has."""
    model = from_dict(settings(FIELDS, ['l."dob" = r."dob"']))
    texts = [
        ", ".join(
            "null" if text is None else f"'{text}'"
            for text in (case, *left, BORN, *right, BORN)
        )
        for case, (left, right) in PAIRS.items()
    ]
    columns = ", ".join(f"{name}_{side}" for side in "lr" for name in NAMES)
    pairs = engine.sql(
        f"select * from (values {', '.join(f'({text})' for text in texts)}) as t(kind, "
        f"{columns})"
    )
    levels = engine.sql(
        f"select kind, {', '.join(level_columns(model))} from {{t}}", t=pairs
    )

    def label(entry: Comparison, value: int) -> str:
        return next(level.label for level in entry.levels if level.value == value)

    return {
        row["kind"]: {
            entry.name: label(entry, row[f"gamma_{entry.name}"])
            for entry in model.comparisons
        }
        for row in engine_rows(engine, levels)
    }


@pytest.mark.both_engines
def test_a_forename_among_the_others_further_names_has_a_level(engine: Engine) -> None:
    pair_labels = labels(engine)
    label = "forename: among middle_names of the other"
    assert {
        case for case, levels in pair_labels.items() if levels["forename"] == label
    } == {
        "called by it",
        "by one of two",
        "in another order",
    }
    assert pair_labels["the same"] == {name: f"{name}: equal" for name in NAMES}
    assert pair_labels["another"]["forename"] == "forename: differs"


def test_evidence_of_one_comparison_is_not_counted_in_the_other(engine: Engine) -> None:
    """James Robert and Robert James: one event, that middle names which differ would
    count once more.
    """
    pair_labels = labels(engine)
    assert pair_labels["in another order"]["middle_names"] == "middle_names not known"
    assert pair_labels["another"]["middle_names"] == "middle_names: differs"
