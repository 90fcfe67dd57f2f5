"""Where only links are asked for, sure pairs are taken first, and their units make no further pairs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import Cardinality, Step
from linkage.engine import Engine, connect, rows
from linkage.errors import ConfigError
from linkage.match.candidates.parts import Parts
from linkage.match.candidates.sure import taking
from linkage.match.resolution.decide import Matched, matched
from linkage.model import Model, from_dict
from tests.conftest import parse
from tests.match.exact_model import exact_model, units

MODEL = exact_model()

LEFT = """
    unit_id | forename | surname | dob:text   | sex | postcode
    1       | AVA      | LEE     | 1990-01-02 | F   | P1
    2       | NOAH     | KHAN    | 1991-01-02 | M   | P2
    3       | ISLA     | SMITH   | 1992-01-02 | F   | P3
    4       | MIA      | DUNN    | 1994-01-02 | F   | P5
"""
RIGHT = """
    unit_id | forename | surname | dob:text   | sex | postcode
    11      | AVA      | LEE     | 1990-01-02 | F   | P1
    12      | EVE      | LEE     | 1990-01-02 | F   | P7
    13      | NOAH     | KHAN    | 1991-01-02 | M   | P2
    14      | NOAH     | KHAN    | 1991-01-02 | M   | P2
    15      | ISLA     | SMITH   | 1992-01-02 | M   | P3
    16      | MIA      | DUNN    | 1994-01-02 | F   | P9
"""


def _found(
    engine: Engine,
    left: str = LEFT,
    right: str = RIGHT,
    *,
    model: Model = MODEL,
    links_only: bool = True,
    parts: Parts | None = None,
    cardinality: Cardinality = "one-to-one",
) -> Matched:
    sides = [units(engine, name, engine.from_arrow(parse(text))) for name, text in (("left", left), ("right", right))]
    step = Step(name="s", left="left", right="right", train=False, accept_weight=8, cardinality=cardinality)
    return matched(engine, step, *sides, rules=(), model=model, links_only=links_only, parts=parts)


def _ids(engine: Engine, table: Any) -> list[tuple[int, int]]:
    return sorted((row["left_id"], row["right_id"]) for row in rows(engine, table))


@pytest.mark.both_engines
def test_a_sure_pair_is_taken_and_its_units_make_no_others(engine: Engine) -> None:
    """1 and 11 agree in all, 3 and 15 in all but sex; 2 has two such partners, and 4 is not sure of its own."""
    found = _found(engine)
    assert _ids(engine, found.candidates.sure) == [(1, 11), (3, 15)]
    assert _ids(engine, found.scored) == [(2, 13), (2, 14), (4, 16)]
    whole = _found(engine, links_only=False)
    assert _ids(engine, whole.candidates.sure) == []
    assert _ids(engine, whole.scored) == [(1, 11), (1, 12), (2, 13), (2, 14), (3, 15), (4, 16)]
    for each in (found, whole):
        assert _ids(engine, each.accepted(engine)) == [(1, 11), (2, 13), (3, 15), (4, 16)]  # 13 and 14 are one person
    kept = [[count["pairs_kept"] for count in each.candidates.counts] for each in (found, whole)]
    assert kept == [[5, 0], [6, 0]]


def test_a_unit_that_holds_many_takes_all_that_are_sure(engine: Engine) -> None:
    found = _found(engine, cardinality="one-to-many")
    assert _ids(engine, found.candidates.sure) == [(1, 11), (2, 13), (2, 14), (3, 15)]


def test_a_model_without_estimates_links_nobody(engine: Engine) -> None:
    raw = {**MODEL.raw, "comparisons": [
        {**compared, "comparison_levels": [
            {key: value for key, value in level.items() if not key.endswith("_probability")}
            for level in compared["comparison_levels"]
        ]}
        for compared in MODEL.raw["comparisons"]
    ]}  # fmt: skip
    with pytest.raises(ConfigError, match="step 's'"):
        _found(engine, model=from_dict(raw))


def test_weights_are_those_of_the_pairs_among_all(engine: Engine) -> None:
    weights = {(row["left_id"], row["right_id"]): row["match_weight"] for row in rows(engine, _found(engine).scored)}
    sure = {row["left_id"]: row["match_weight"] for row in rows(engine, _found(engine).candidates.sure)}
    assert sure == pytest.approx({1: 17, 3: 12})
    assert weights[4, 16] == pytest.approx(9)


def test_the_rule_is_the_likeliest_of_those_that_are_evidence_enough() -> None:
    both = taking(MODEL, "one-to-one", least=8, more=0, among={"forename"})
    assert both is not None
    assert set(both.rule.columns) == {"dob", "surname", "forename", "postcode"}
    assert both.number == 0
    named = exact_model(('l."postcode" = r."postcode"', 'l."dob" = r."dob"', 'l."surname" = r."surname"'))
    # Birth date and postcode are worth 5 bits, with the surname 4 or 3: enough with what the cardinality adds alone.
    assert taking(named, "one-to-one", least=8, more=0, among=()) is None
    dated = taking(named, "one-to-one", least=8, more=5, among=())
    assert dated is not None
    assert set(dated.rule.columns) == {"dob", "postcode"}
    fuzzy = exact_model(("levenshtein(l.dob, r.dob) <= 1", "l.surname = r.surname"))
    assert taking(fuzzy, "one-to-one", least=8, more=5, among=()) is None


def test_parts_take_what_the_whole_takes(engine: Engine, tmp_path: Path) -> None:
    whole = _found(engine)
    for _ in range(2):  # the second time from what the first has kept
        cut = _found(engine, parts=Parts(tmp_path / "parts", rows=3, whole_rows=0))
        assert _ids(engine, cut.candidates.sure) == _ids(engine, whole.candidates.sure)
        assert _ids(engine, cut.scored) == _ids(engine, whole.scored)


_UNIT = st.tuples(*(st.sampled_from([*values, None]) for values in (["A", "B"], ["S", "T"], ["1990-01-01", "1991-02-02"],
                                                                    ["F", "M"], ["P", "Q"])))  # fmt: skip
_SIDE = st.lists(_UNIT, min_size=1, max_size=6)


@given(_SIDE, _SIDE)
def test_no_unit_is_in_two_links(left: list[tuple[str | None, ...]], right: list[tuple[str | None, ...]]) -> None:
    texts = ["unit_id | forename | surname | dob:text | sex:text | postcode\n" + "\n".join(
        f"{first + place} | " + " | ".join(value or "-" for value in unit) for place, unit in enumerate(units)
    ) for first, units in ((1, left), (101, right))]  # fmt: skip
    with connect("duckdb") as engine:
        found = _found(engine, *texts)
        links = _ids(engine, found.accepted(engine))
        taken = _ids(engine, found.candidates.sure)
        whole = _ids(engine, _found(engine, *texts, links_only=False).accepted(engine))
    for side in (0, 1):
        assert len({pair[side] for pair in links}) == len(links)
    # A sure pair's rivals are lighter by what is between two rules' evidence and one's: none comes near it here.
    assert set(taken) <= set(links)
    assert set(whole) <= set(links)


def test_a_unit_that_holds_many_is_linked_to_those_that_are_not_sure_too(engine: Engine) -> None:
    """21 has moved: no sure pair of 1, who has one with 11, but a link all the same."""
    right = RIGHT + "    21      | AVA      | LEE     | 1990-01-02 | F   | P9\n"
    for cardinality in ("one-to-many", "many-to-one", "many-to-many"):
        left_right = (LEFT, right) if cardinality != "many-to-one" else (right, LEFT)
        both = [_found(engine, *left_right, links_only=only, cardinality=cardinality) for only in (True, False)]
        links = [_ids(engine, found.accepted(engine)) for found in both]
        assert {(1, 21), (21, 1)} & set(links[0])
        assert links[0] == links[1]
        assert bool(_ids(engine, both[0].candidates.sure)) == (cardinality != "many-to-many")
