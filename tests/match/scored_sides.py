"""Two sides whose pairs are scored at once, in part or in parts: what is made of both whole is made once an engine."""

from dataclasses import dataclass
from typing import Any

from linkage.engine import Engine, rows
from linkage.match.candidates.parts import Parts
from linkage.match.candidates.score import Candidates, score_candidates, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings
from tests.model.people import both_sides

LEFT, RIGHT = both_sides(150, 120, seed=3)
_COMPARED = {"forename": "name", "surname": "name", "dob": "date"}
_RULES = ["l.dob = r.dob AND l.forename = r.forename", "l.surname = r.surname AND l.dob = r.dob",
          "l.surname = r.surname AND l.postcode = r.postcode"]  # fmt: skip


def model_of_sides() -> Model:
    """Each level half as common as the one before it, and by chance twice as common. One of its rules opens a list."""
    raw = settings([comparison(name, kind) for name, kind in _COMPARED.items()], _RULES)
    for compared in raw["comparisons"]:
        graded = [level for level in compared["comparison_levels"] if not level.get("is_null_level")]
        for place, level in enumerate(graded):
            level["m_probability"] = 2.0 ** -(place + 1)
            level["u_probability"] = 2.0 ** -(len(graded) - place)
    opened = {"blocking_rule": "l.names = r.names", "arrays_to_explode": ["names"], "sql_dialect": "duckdb"}
    raw["blocking_rules_to_generate_predictions"].append(opened)
    return from_dict({**raw, "probability_two_random_records_match": 0.01})


def scored(engine: Engine, parts: Parts | None = None, *, leftovers: bool = False) -> Candidates:
    """The pairs of both sides."""
    model = model_of_sides()
    sides = engine.from_arrow(LEFT), engine.from_arrow(RIGHT)
    frequencies = term_frequencies(engine, model, *sides)
    return score_candidates(engine, model, *sides, frequencies, -4.0, parts=parts, leftovers=leftovers)


@dataclass(frozen=True)
class Scored:
    """What was made, without the engine that made it."""

    pairs: list[tuple[Any, ...]]
    met: set[tuple[str, int]]  # side and unit
    paired: set[tuple[str, int]]
    kept: list[int]
    """Pairs that each rule kept."""


def told(engine: Engine, found: Candidates) -> Scored:
    """Pairs, meetings and counts as they are compared."""
    names = sorted(found.pairs.columns)
    pairs = rows(engine, found.pairs)
    return Scored(
        sorted(tuple(round(row[name], 9) for name in names) for row in pairs),
        {(row["side"], row["unit_id"]) for row in rows(engine, found.met)},
        {(side, row[f"{side}_id"]) for side in ("left", "right") for row in pairs},
        [count["pairs_kept"] for count in found.counts],
    )


_WHOLE: dict[str, Scored] = {}


def of_whole_sides(engine: Engine) -> Scored:
    """What is made of both sides at once."""
    if engine.name not in _WHOLE:
        _WHOLE[engine.name] = told(engine, scored(engine))
    return _WHOLE[engine.name]
