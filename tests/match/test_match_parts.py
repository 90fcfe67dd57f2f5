"""Large sides are scored in parts: the same pairs, each part on disk before the next, and none made twice."""

from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Engine, rows
from linkage.errors import LeoError
from linkage.match import score
from linkage.match.parts import Parts, by_key
from linkage.match.score import Candidates, score_candidates, term_frequencies
from linkage.match.step import link_step
from linkage.model import BlockingRule, Model, from_dict
from linkage.model.comparisons import comparison, settings
from tests.conftest import parse
from tests.match.exact_model import exact_model, units
from tests.match.test_match_step import LEFT as STEP_LEFT
from tests.match.test_match_step import PASS, STEP
from tests.match.test_match_step import RIGHT as STEP_RIGHT
from tests.model.people import both_sides

LEFT, RIGHT = both_sides(150, 120, seed=3)
_COMPARED = {"forename": "name", "surname": "name", "dob": "date"}
_RULES = ["l.dob = r.dob AND l.forename = r.forename", "l.surname = r.surname AND l.dob = r.dob",
          "l.surname = r.surname AND l.postcode = r.postcode"]  # fmt: skip


def _model() -> Model:
    """Each level half as common as the one before it, and by chance twice as common."""
    raw = settings([comparison(name, kind) for name, kind in _COMPARED.items()], _RULES)
    for compared in raw["comparisons"]:
        graded = [level for level in compared["comparison_levels"] if not level.get("is_null_level")]
        for place, level in enumerate(graded):
            level["m_probability"] = 2.0 ** -(place + 1)
            level["u_probability"] = 2.0 ** -(len(graded) - place)
    opened = {"blocking_rule": "l.names = r.names", "arrays_to_explode": ["names"], "sql_dialect": "duckdb"}
    raw["blocking_rules_to_generate_predictions"].append(opened)
    return from_dict({**raw, "probability_two_random_records_match": 0.01})


def _scored(engine: Engine, parts: Parts | None, floor: float = -4.0) -> Candidates:
    model = _model()
    sides = engine.from_arrow(LEFT), engine.from_arrow(RIGHT)
    return score_candidates(engine, model, *sides, term_frequencies(engine, model, *sides), floor, parts=parts)


def _pairs(engine: Engine, found: Candidates) -> list[tuple[Any, ...]]:
    names = sorted(found.pairs.columns)
    return sorted(tuple(round(row[name], 9) for name in names) for row in rows(engine, found.pairs))


@pytest.mark.both_engines
def test_parts_make_the_pairs_and_meetings_of_the_whole(engine: Engine, tmp_path: Path) -> None:
    whole, cut = _scored(engine, None), _scored(engine, Parts(tmp_path / "parts", rows=140, whole_rows=0))
    assert _pairs(engine, cut) == _pairs(engine, whole)
    paired = {(side, row[f"{side}_id"]) for side in ("left", "right") for row in rows(engine, whole.pairs)}
    met = [{(row["side"], row["unit_id"]) for row in rows(engine, found.met)} - paired for found in (whole, cut)]
    assert met[0] == met[1] != set()
    assert [count["pairs_kept"] for count in cut.counts] == [count["pairs_kept"] for count in whole.counts]


def test_one_query_of_all_rules_makes_what_a_query_a_rule_makes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[str] = []
    at_once = score._Work._at_once

    def counted(work: score._Work, *sides: Any) -> Any:
        queries.append("all rules")
        return at_once(work, *sides)

    monkeypatch.setattr(score._Work, "_at_once", counted)
    of_few = _scored(engine, None)
    assert queries == ["all rules"]
    monkeypatch.setattr(score, "FEW_ROWS", 0)
    of_many = _scored(engine, None)
    assert queries == ["all rules"]
    assert _pairs(engine, of_few) == _pairs(engine, of_many)
    kept = [[count["pairs_kept"] for count in found.counts] for found in (of_few, of_many)]
    assert kept[0] == kept[1]


def test_rules_are_parted_by_what_they_share() -> None:
    assert by_key(_model().blocking_rules) == [("dob", (0, 1)), ("surname", (2,)), (None, (3,))]
    assert by_key([BlockingRule("levenshtein(l.dob, r.dob) <= 1")]) == [(None, (0,))]
    assert by_key([BlockingRule("l.dob = r.dob OR l.surname = r.surname")]) == [(None, (0,))]


def test_what_a_killed_run_has_made_is_not_made_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(tmp_path / "parts", rows=70, whole_rows=0)
    made: list[str] = []
    first = score._Work.of_part

    def dies(work: Any, part: Any, *args: Any) -> Any:
        if len(made) == 3:
            raise LeoError("killed")
        made.append(part.name)
        return first(work, part, *args)

    monkeypatch.setattr(score._Work, "of_part", dies)
    with pytest.raises(LeoError, match="killed"):
        _scored(engine, parts)
    again: list[str] = []
    monkeypatch.setattr(
        score._Work, "of_part", lambda work, part, *a: (again.append(part.name), first(work, part, *a))[1]
    )
    found = _scored(engine, parts)
    assert len(made) == 3
    assert again
    assert not set(made) & set(again)
    monkeypatch.undo()
    assert _pairs(engine, found) == _pairs(engine, _scored(engine, None))


@pytest.mark.parametrize("rows_a_part", [70, 300])
def test_parts_of_another_size_are_none_of_these(duckdb_engine: Engine, tmp_path: Path, rows_a_part: int) -> None:
    """A run that was killed for want of memory is started again with more of it, and cuts its sides less finely."""
    _scored(duckdb_engine, Parts(tmp_path, rows=140, whole_rows=0))
    found = _scored(duckdb_engine, Parts(tmp_path, rows=rows_a_part, whole_rows=0))
    assert _pairs(duckdb_engine, found) == _pairs(duckdb_engine, _scored(duckdb_engine, None))


@pytest.mark.parametrize("duplicates", ["leave", "join"])
def test_a_step_in_parts_tells_what_the_whole_tells(engine: Engine, tmp_path: Path, duplicates: str) -> None:
    """Unit 9 fits unit 11 whom the pass took for unit 1: what it is scored with then is not what was scored at first."""
    left = STEP_LEFT.rstrip() + "\n    9       | AVA      | LEE     | 1990-01-02 | F   | P1       | -\n"
    step = STEP.model_copy(update={"duplicates": duplicates})
    sides = [
        units(engine, name, engine.from_arrow(parse(text))) for name, text in (("left", left), ("right", STEP_RIGHT))
    ]
    parts = Parts(tmp_path / "parts", rows=4, whole_rows=0)
    told = [
        link_step(engine, step, sides[0], sides[1], rules=[PASS], model=exact_model(), parts=cut)
        for cut in (None, parts)
    ]
    for name in ("links", "unlinked"):
        assert engine.fingerprint(getattr(told[1], name)) == engine.fingerprint(getattr(told[0], name))
    reasons = {(row["side"], row["id"]): row["reason"] for row in rows(engine, told[1].unlinked)}
    joined = ("left", 9) not in reasons  # a second record of unit 1
    assert joined == (duplicates == "join")
    assert joined or reasons["left", 9] == "the candidate has a better partner"
