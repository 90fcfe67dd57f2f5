"""The models for LEO's own sources: what they compare, and how configs/models/ got the
m and u that it ships.

    leo demo --people 200000 --seed 77 --out RUN    # a seed that no example has
    python -m linkage.model.leo RUN     # the models of that run become those that ship

Comparisons take the best agreement over both histories: a woman who married agrees on
the surname that she had. Blocking opens the histories too, since the name that both
sides know may be the latest of neither.
"""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from linkage.config.resources import shipped_dir
from linkage.config.toml_file import json_of
from linkage.model.comparisons import comparison, given_comparison, settings
from linkage.model.model_files import save
from linkage.model.splink_json import load
from linkage.model.training.report import TrainingReport

EVIDENCE = ("histories", "dates", "household")
"""What the models know beyond latest values; benchmarks/ablation.py measures what each
adds.
"""


def education() -> dict[str, Any]:
    """School, college and university records, which may share a learner number.

    One follows the other in time, so that next to no dates overlap.
    """
    return settings_of("uln", [kind for kind in EVIDENCE if kind != "dates"])


def cis() -> dict[str, Any]:
    """Education people and the customers of DWP, who may share a National Insurance
    number.
    """
    return settings_of("nino")


# Which step of a run trains which model: the step with the most true pairs of its kind.
TRAINED_BY = {"education": "npd-ilr", "cis": "education-cis"}


def ship(run: Path, folder: Path) -> dict[str, int]:
    """Make the models of a run those that ship, each with what it was trained on next
    to it.

    A step that trains starts from them, and takes them as they are where its sides are
    too small to learn from.

    Returns:
        Model to its version.
    """
    manifest = json_of(run / "manifest.json")
    counts = {stage["name"]: stage["counts"] for stage in manifest["stages"]}
    versions = {}
    for name, step in TRAINED_BY.items():
        model = load(run / "models" / f"{step}.json")
        report = TrainingReport(**counts[f"link-{step}"]["training"])
        versions[name] = save(folder / f"{name}.json", model, report)
    return versions


def settings_of(
    number: str | None, evidence: Collection[str] = EVIDENCE
) -> dict[str, Any]:
    """A model of people's names, birth date, sex, postcode and a number.

    Args:
        number: the identifier that both sides may hold; None where they share none.
        evidence: of EVIDENCE; without "histories" only latest values are compared and
            blocked on.
    """
    history, dated = (kind in evidence for kind in ("histories", "dates"))
    model = settings(
        [
            comparison(
                "forename",
                "name",
                swapped_with="surname",
                further="middle_names",
                history=history,
            ),
            comparison(
                "surname",
                "name",
                swapped_with="forename",
                swap_counted=True,
                history=history,
                dated=dated,
            ),
            comparison("dob", "date"),
            comparison("sex", "category"),
            comparison("postcode", "postcode", history=history, dated=dated),
            comparison("middle_names", "name", further_of="forename"),
            *([comparison(number, "number", history=history)] if number else []),
            *(
                _conditional(["surname", "postcode"] if history else [])
                if "household" in evidence
                else []
            ),
        ]
    )
    fields = [
        ("dob", "surname"),
        ("dob", "forename"),
        ("dob", "postcode"),
        ("forename", "surname", "postcode"),
    ]
    model["blocking_rules_to_generate_predictions"] = [
        any_time(rule) if history else _rule(rule)
        for rule in [*fields, *([(number,)] if number else [])]
    ]
    return model


def _conditional(history: Collection[str]) -> list[dict[str, Any]]:
    """A household shares its surname, twins their birth date, and people of one
    forename their sex.
    """
    return [
        given_comparison("surname", ["postcode"], history=history, adjusted=True),
        given_comparison("dob", ["surname", "postcode"], history=history),
        given_comparison("sex", ["forename"]),
    ]


def any_time(fields: Collection[str]) -> dict[str, Any]:
    """A blocking rule: equality with any value of either history; birth dates do not
    change.
    """
    return _rule([field if field == "dob" else f"{field}_all" for field in fields])


def _rule(columns: Collection[str]) -> dict[str, Any]:
    condition = " AND ".join(f'l."{column}" = r."{column}"' for column in columns)
    return {
        "blocking_rule": condition,
        "sql_dialect": "duckdb",
        "arrays_to_explode": [column for column in columns if column.endswith("_all")],
    }


if __name__ == "__main__":
    ship(Path(sys.argv[1]), shipped_dir() / "models")
