"""Large sides are scored in partitions: the same pairs, each partition on disk before
the next, none made twice.
"""

from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Engine, rows
from linkage.errors import LeoError
from linkage.match import candidates
from linkage.match.candidates import Candidates, score_candidates, term_frequencies
from linkage.match.partitions import Partitions, by_key
from linkage.model import BlockingRule, Model, from_dict
from linkage.model.comparisons import comparison, settings
from tests.conftest import parse
from tests.match.exact_model import exact_model
from tests.match.test_step import LEFT as STEP_LEFT
from tests.match.test_step import linked
from tests.model.people import both_sides

LEFT, RIGHT = both_sides(150, 120, seed=3)
_RULES = [
    "l.dob = r.dob AND l.forename = r.forename",
    "l.surname = r.surname AND l.dob = r.dob",
    "l.surname = r.surname AND l.postcode = r.postcode",
]


def model_of_sides() -> Model:
    """Each level half as common as the one before it, and by chance twice as common.
    One of its rules explodes.
    """
    kinds = {"forename": "name", "surname": "name", "dob": "date"}
    raw = settings([comparison(name, kind) for name, kind in kinds.items()], _RULES)
    for entry in raw["comparisons"]:
        levels = [
            level
            for level in entry["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for place, level in enumerate(levels):
            level["m_probability"] = 2.0 ** -(place + 1)
            level["u_probability"] = 2.0 ** -(len(levels) - place)
    rule = {
        "blocking_rule": "l.names = r.names",
        "arrays_to_explode": ["names"],
        "sql_dialect": "duckdb",
    }
    raw["blocking_rules_to_generate_predictions"].append(rule)
    return from_dict({**raw, "probability_two_random_records_match": 0.01})


def score_sides(engine: Engine, partitions: Partitions | None = None) -> Candidates:
    model, sides = model_of_sides(), (engine.from_arrow(LEFT), engine.from_arrow(RIGHT))
    frequencies = term_frequencies(engine, model, *sides)
    return score_candidates(
        engine, model, *sides, frequencies, -4.0, partitions=partitions
    )


def pairs_and_counts(
    engine: Engine, candidates: Candidates
) -> tuple[list[tuple[Any, ...]], list[int]]:
    names = sorted(candidates.pairs.columns)
    pairs = sorted(
        tuple(round(row[name], 9) for name in names)
        for row in rows(engine, candidates.pairs)
    )
    return pairs, [count["pairs_kept"] for count in candidates.rules]


@pytest.mark.both_engines
def test_partitions_make_the_pairs_of_one_query(engine: Engine, tmp_path: Path) -> None:
    split = score_sides(
        engine, Partitions(tmp_path / "partitions", rows=140, whole_rows=0)
    )
    assert pairs_and_counts(engine, split) == pairs_and_counts(
        engine, score_sides(engine)
    )


def test_sides_that_share_no_value_of_the_key_make_no_pair(
    engine: Engine, tmp_path: Path
) -> None:
    head = "unit_id | forename | surname | dob:text | sex | postcode\n"
    sides = [
        engine.from_arrow(parse(head + row))
        for row in ("1 | A | B | - | F | P", "2 | A | B | 1990-01-01 | F | P")
    ]
    model = exact_model(('l."dob" = r."dob" AND l."surname" = r."surname"',))
    partitions = Partitions(tmp_path / "partitions", rows=1, whole_rows=0)
    frequencies = term_frequencies(engine, model, *sides)
    candidates = score_candidates(
        engine, model, *sides, frequencies, -99.0, partitions=partitions
    )
    assert [
        rows(engine, table) for table in (candidates.pairs, candidates.prematched)
    ] == [[], []]
    assert candidates.rules[0]["pairs_kept"] == 0


def test_one_query_of_all_rules_makes_the_pairs_of_one_per_rule(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_result = pairs_and_counts(engine, score_sides(engine))
    monkeypatch.setattr(candidates, "FEW_ROWS", 0)
    assert pairs_and_counts(engine, score_sides(engine)) == small_result


def test_rules_are_grouped_by_the_equality_that_they_share() -> None:
    assert by_key(model_of_sides().blocking_rules) == [
        ("dob", (0, 1)),
        ("surname", (2,)),
        (None, (3,)),
    ]
    assert by_key([BlockingRule("levenshtein(l.dob, r.dob) <= 1")]) == [(None, (0,))]
    assert by_key([BlockingRule("l.dob = r.dob OR l.surname = r.surname")]) == [
        (None, (0,))
    ]


def test_partitions_of_a_killed_run_are_not_made_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partitions = Partitions(tmp_path / "partitions", rows=70, whole_rows=0)
    first: list[str] = []
    second: list[str] = []
    of_partition = candidates._Scoring.of_partition

    def dies(scoring: Any, part: Any, *args: Any) -> Any:
        if len(first) == 3:
            raise LeoError("killed")
        first.append(part.name)
        return of_partition(scoring, part, *args)

    monkeypatch.setattr(candidates._Scoring, "of_partition", dies)
    with pytest.raises(LeoError, match="killed"):
        score_sides(engine, partitions)
    monkeypatch.setattr(
        candidates._Scoring,
        "of_partition",
        lambda work, part, *a: (second.append(part.name), of_partition(work, part, *a))[
            1
        ],
    )
    result = score_sides(engine, partitions)
    assert len(first) == 3
    assert second
    assert not set(first) & set(second)
    assert pairs_and_counts(engine, result) == pairs_and_counts(
        engine, score_sides(engine)
    )


@pytest.mark.parametrize("duplicates", ["leave", "join"])
def test_a_step_in_partitions_makes_the_same_links(
    engine: Engine, tmp_path: Path, duplicates: str
) -> None:
    """Unit 9 fits unit 11, which the pass has linked to unit 1."""
    left = (
        STEP_LEFT.rstrip()
        + "\n    9       | AVA      | LEE     | 1990-01-02 | F   | P1       | -\n"
    )
    split = Partitions(tmp_path / "partitions", rows=4, whole_rows=0)
    results = [
        linked(engine, left, duplicates=duplicates, partitions=partitions)
        for partitions in (None, split)
    ]
    for name in ("links", "unlinked"):
        assert engine.fingerprint(getattr(results[1], name)) == engine.fingerprint(
            getattr(results[0], name)
        )
