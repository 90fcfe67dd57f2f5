"""Models made here: what they compare, and that one event counts once."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from linkage.model.blocking.suggestion import Suggestion

from linkage.adhoc import modelling
from linkage.adhoc.modelling import untrained
from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_candidates, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.training import NobodyInBothError, TrainingReport

World = Callable[[str], Table]
PLACES = {"forename": "name", "surname": "name"}
SIDES = (
    """
        unit_id | pair | forename | surname
        1       | A    | SMART    | SHANE
        2       | B    | SHANE    | SMART
        3       | C    | JAMES    | JAMES
        4       | D    | SMART    | SHANE
    """,
    """
        unit_id | pair | forename | surname
        1       | A    | SHANE    | SMART
        2       | B    | SHANE    | SMART
        3       | C    | JAMES    | JAMES
        4       | D    | SHANE    | -
    """,
)


def weighed(
    engine: Engine,
    world: World,
    sides: tuple[str, str] | None = None,
    kinds: Mapping[str, str] = MappingProxyType(PLACES),
) -> list[dict[str, Any]]:
    """Pairs of two small files by the names' comparisons, of which level n from below weighs n + 1 bits."""
    raw = untrained(kinds).raw
    for comparison in raw["comparisons"]:
        graded = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for number, level in enumerate(reversed(graded), 1):
            level |= {"m_probability": 0.5, "u_probability": 0.5 / 2**number}
            level.pop("tf_adjustment_column", None)
    raw["probability_two_random_records_match"] = 0.5
    raw["blocking_rules_to_generate_predictions"] = [{"blocking_rule": "l.pair = r.pair", "sql_dialect": "duckdb"}]
    left, right = map(world, sides or SIDES)
    model = from_dict(raw)
    scored = score_candidates(engine, model, left, right, term_frequencies(engine, model, left, right), -99.0).pairs
    return sorted(engine_rows(engine, scored), key=lambda row: int(row["left_id"]))


def test_names_in_each_others_place_count_once(engine: Engine, world: World) -> None:
    swapped, equal, same_name_twice, half_known = weighed(engine, world)
    # Forename: seven levels, of which the swap is the second. Surname: six, and none for the swap.
    assert (swapped["gamma_forename"], swapped["gamma_surname"]) == (5, -1)
    assert swapped["match_weight"] == pytest.approx(6)
    assert (equal["gamma_forename"], equal["gamma_surname"]) == (6, 5)
    assert equal["match_weight"] == pytest.approx(7 + 6)
    assert (same_name_twice["gamma_forename"], same_name_twice["gamma_surname"]) == (6, 5)
    assert (half_known["gamma_forename"], half_known["gamma_surname"]) == (0, -1)


def test_names_in_each_others_place_may_have_a_slip_in_one_of_them(engine: Engine, world: World) -> None:
    left = """
        unit_id | pair | forename | surname
        1       | A    | ERIK     | MACHACEK
        2       | B    | ERIK     | MACHACEK
        3       | C    | ERIK     | MACHACEK
    """
    right = """
        unit_id | pair | forename | surname
        1       | A    | MACHACEK | ERIKK
        2       | B    | MACHAZEK | ERIK
        3       | C    | MACHACEK | PETR
    """
    *slips, another = weighed(engine, world, (left, right))
    assert [(pair["gamma_forename"], pair["gamma_surname"]) for pair in slips] == [(5, -1), (5, -1)]
    assert (another["gamma_forename"], another["gamma_surname"]) == (0, 0)


def test_one_surname_of_two_may_stand_in_the_place_of_the_other(engine: Engine, world: World) -> None:
    left = """
        unit_id | pair | forename | surname | second_surname
        1       | A    | ANA      | ARMAS   | BAEZ
        2       | B    | ANA      | ARMAS   | BAEZ
        3       | C    | ANA      | ARMAS   | BAEZ
        4       | D    | ANA      | ARMAS   | BAEZ
    """
    right = """
        unit_id | pair | forename | surname | second_surname
        1       | A    | ANA      | BAEZ    | ARMAS
        2       | B    | ANA      | BAEZ    | -
        3       | C    | ANA      | ARMAS   | BAEZ
        4       | D    | ANA      | LUNA    | CRUZ
    """
    kinds = {**PLACES, "second_surname": "name"}
    found = weighed(engine, world, (left, right), kinds)
    # Surname: seven levels, of which that is the second; of the second surname it is counted once.
    assert [(pair["gamma_surname"], pair["gamma_second_surname"]) for pair in found] == [
        (5, -1),
        (5, -1),
        (6, 5),
        (0, 0),
    ]


def test_a_name_alone_is_compared_with_itself() -> None:
    (only,) = untrained({"surname": "name"}).comparisons
    assert only.columns == ("surname",)


def test_what_no_name_tells_is_left_out_where_with_it_strangers_stand_out(
    engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role (head, wife, child) goes by sex and years, so that strangers agree on the three."""
    asked: list[set[str]] = []

    def train(_: Engine, start: Model, *_sides: Table, **_how: object) -> tuple[Model, TrainingReport]:
        asked.append({comparison.name for comparison in start.comparisons})
        if "role" in asked[-1]:
            raise NobodyInBothError("what stands out are no persons")
        return start, TrainingReport()

    monkeypatch.setattr(modelling, "train", train)
    monkeypatch.setattr(modelling, "suggest", lambda *_: Suggestion(("l.surname = r.surname",), 1.0, 4))
    sides = map(world, SIDES)
    kinds = {**PLACES, "role": "category"}
    model, reports = modelling.trained(engine, kinds, *sides, seed=1, progress=lambda _: None)
    assert asked == [{"forename", "surname", "role"}, {"forename", "surname"}]
    assert [comparison.name for comparison in model.comparisons] == ["forename", "surname"]
    assert reports["training"]["warnings"] == [f"{modelling.NOT_COMPARED}: role"]
