"""Large sides are scored in parts: the same pairs, each part on disk before the next, and none made twice."""

from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Engine, rows
from linkage.errors import LeoError
from linkage.match.candidates import score
from linkage.match.candidates.parts import Parts, by_key
from linkage.match.candidates.score import score_candidates, term_frequencies
from linkage.match.step import link_step
from linkage.model import BlockingRule
from tests.conftest import parse
from tests.match.exact_model import exact_model, units
from tests.match.scored_sides import model_of_sides, of_whole_sides, scored, told
from tests.match.test_match_step import LEFT as STEP_LEFT
from tests.match.test_match_step import PASS, STEP
from tests.match.test_match_step import RIGHT as STEP_RIGHT


@pytest.mark.both_engines
def test_parts_make_the_pairs_and_meetings_of_the_whole(engine: Engine, tmp_path: Path) -> None:
    whole = of_whole_sides(engine)
    cut = told(engine, scored(engine, Parts(tmp_path / "parts", rows=140, whole_rows=0)))
    assert cut.pairs == whole.pairs
    assert cut.met - whole.paired == whole.met - whole.paired != set()
    assert cut.kept == whole.kept


def test_sides_that_share_no_value_of_what_they_are_cut_by_make_no_pair(engine: Engine, tmp_path: Path) -> None:
    """A source without birth dates, and a model whose every rule asks for them: a query of no parts was no SQL."""
    head = "unit_id | forename | surname | dob:text | sex | postcode\n"
    sides = [
        engine.from_arrow(parse(head + row)) for row in ("1 | A | B | - | F | P", "2 | A | B | 1990-01-01 | F | P")
    ]
    model = exact_model(('l."dob" = r."dob" AND l."surname" = r."surname"',))
    parts = Parts(tmp_path / "parts", rows=1, whole_rows=0)
    found = score_candidates(engine, model, *sides, term_frequencies(engine, model, *sides), -99.0, parts=parts)
    assert [rows(engine, table) for table in (found.pairs, found.met, found.sure)] == [[], [], []]
    assert found.counts[0]["pairs_kept"] == 0


def test_one_query_of_all_rules_makes_what_a_query_a_rule_makes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[str] = []
    at_once = score._Work._at_once

    def counted(work: score._Work, *sides: Any) -> Any:
        queries.append("all rules")
        return at_once(work, *sides)

    monkeypatch.setattr(score._Work, "_at_once", counted)
    of_few = told(engine, scored(engine))
    assert queries == ["all rules"]
    monkeypatch.setattr(score, "FEW_ROWS", 0)
    of_many = told(engine, scored(engine))
    assert queries == ["all rules"]
    assert of_few.pairs == of_many.pairs
    assert of_few.kept == of_many.kept


def test_rules_are_parted_by_what_they_share() -> None:
    assert by_key(model_of_sides().blocking_rules) == [("dob", (0, 1)), ("surname", (2,)), (None, (3,))]
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
        scored(engine, parts)
    again: list[str] = []
    monkeypatch.setattr(
        score._Work, "of_part", lambda work, part, *a: (again.append(part.name), first(work, part, *a))[1]
    )
    found = scored(engine, parts)
    assert len(made) == 3
    assert again
    assert not set(made) & set(again)
    monkeypatch.undo()
    assert told(engine, found).pairs == of_whole_sides(engine).pairs


@pytest.mark.parametrize("rows_a_part", [70, 300])
def test_parts_of_another_size_are_none_of_these(duckdb_engine: Engine, tmp_path: Path, rows_a_part: int) -> None:
    """A run that was killed for want of memory is started again with more of it, and cuts its sides less finely."""
    scored(duckdb_engine, Parts(tmp_path, rows=140, whole_rows=0))
    found = scored(duckdb_engine, Parts(tmp_path, rows=rows_a_part, whole_rows=0))
    assert told(duckdb_engine, found).pairs == of_whole_sides(duckdb_engine).pairs


@pytest.mark.parametrize("duplicates", ["leave", "join"])
def test_a_step_in_parts_tells_what_the_whole_tells(engine: Engine, tmp_path: Path, duplicates: str) -> None:
    """Unit 9 fits unit 11 whom the pass took for unit 1: what it is scored with then is not what was scored at first."""
    left = STEP_LEFT.rstrip() + "\n    9       | AVA      | LEE     | 1990-01-02 | F   | P1       | -\n"
    step = STEP.model_copy(update={"duplicates": duplicates})
    sides = [
        units(engine, name, engine.from_arrow(parse(text))) for name, text in (("left", left), ("right", STEP_RIGHT))
    ]
    parts = Parts(tmp_path / "parts", rows=4, whole_rows=0)
    found = [
        link_step(engine, step, sides[0], sides[1], rules=[PASS], model=exact_model(), parts=cut)
        for cut in (None, parts)
    ]
    for name in ("links", "unlinked"):
        assert engine.fingerprint(getattr(found[1], name)) == engine.fingerprint(getattr(found[0], name))
    reasons = {(row["side"], row["id"]): row["reason"] for row in rows(engine, found[1].unlinked)}
    joined = ("left", 9) not in reasons  # a second record of unit 1
    assert joined == (duplicates == "join")
    assert joined or reasons["left", 9] == "the candidate has a better partner"
