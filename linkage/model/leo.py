"""The models for LEO's own sources, as configs/models/ holds them before training.

Comparisons take the best agreement over both histories: a woman who married agrees on the surname that she had.
Blocking opens the histories too, since the name that both sides know may be the latest of neither.
"""

import json
from pathlib import Path
from typing import Any

from linkage.model.comparisons import comparison, settings


def education() -> dict[str, Any]:
    """School, college and university records, which may share a learner number."""
    return _settings("uln")


def cis() -> dict[str, Any]:
    """Education people and the customers of DWP, who may share a National Insurance number."""
    return _settings("nino")


def write(folder: Path) -> None:
    """Write the files below configs/models."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in (("education", education()), ("cis", cis())):
        (folder / f"{name}.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


def _settings(number: str) -> dict[str, Any]:
    comparisons = [
        comparison("forename", "name", swapped_with="surname", history=True),
        comparison("surname", "name", swapped_with="forename", history=True),
        comparison("dob", "date"),
        comparison("sex", "category"),
        comparison("postcode", "postcode", history=True),
        comparison("middle_names", "name"),
        comparison(number, "number", history=True),
    ]
    made = settings(comparisons)
    made["blocking_rules_to_generate_predictions"] = [
        _rule("dob", "surname"),
        _rule("dob", "forename"),
        _rule("dob", "postcode"),
        _rule("forename", "surname", "postcode"),
        _rule(number),
    ]
    return made


def _rule(*fields: str) -> dict[str, Any]:
    """Equality at any time either side held the value; birth dates do not change."""
    columns = [f"{field}_all" if field != "dob" else field for field in fields]
    condition = " AND ".join(f'l."{column}" = r."{column}"' for column in columns)
    return {
        "blocking_rule": condition,
        "sql_dialect": "duckdb",
        "arrays_to_explode": [column for column in columns if column.endswith("_all")],
    }
