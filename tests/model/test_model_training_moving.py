"""Matches who have moved: EM took them for strangers of the name, who differ in address, postcode and town as well."""

import numpy as np
import pytest

from linkage.adhoc.modelling import untrained
from linkage.engine import Engine, Table
from linkage.model import from_dict
from linkage.model.training import train
from linkage.model.training.counts.patterns import Flags, Floats, Layout, Patterns
from linkage.model.training.counts.rules import Agreement
from linkage.model.training.em.expectation import Known, Matches, Strangers, expectation_maximisation
from linkage.model.training.em.moving import common, of_home, of_places

NAMES = {"forename": "name", "surname": "name"}
HOMES = {"address": "text", "postcode": "postcode", "town": "text"}


def _layout(*names: str) -> Layout:
    return Layout(
        from_dict(
            {
                "comparisons": [
                    {
                        "output_column_name": name,
                        "comparison_levels": [{"sql_condition": f"{name}_l = {name}_r"}, {"sql_condition": "ELSE"}],
                    }
                    for name in names
                ]
            }
        )
    )


def _em(home: Flags | None) -> tuple[Floats, float]:
    """m and the share of matches, of 60 who stay, 20 who have moved, and 920 strangers."""
    counts = {"====": 60, "==≠≠": 20, "≠=≠≠": 20, "≠≠≠≠": 900}
    shown = np.array([[float(grade == wanted) for grade in pattern for wanted in "=≠"] for pattern in counts])
    patterns = Patterns(np.array(list(counts.values())), shown)
    found = expectation_maximisation(
        _layout("forename", "surname", "postcode", "town"),
        patterns,
        patterns.counts[None, :].astype(float),
        Matches(m=np.array([[0.95, 0.05] * 4]), prior=np.array([0.01])),
        Strangers(u=np.array([[0.001, 0.999, 0.02, 0.98, 0.0001, 0.9999, 0.0001, 0.9999]])),
        Known(held=np.zeros(8, bool), home=home),
        tolerance=1e-9,
        limit=1_000,
    )
    return found.m[0], float(found.prior[0])


def test_who_has_moved_is_a_match_of_another_class() -> None:
    m, prior = _em(np.array([False] * 4 + [True] * 4))
    assert prior == pytest.approx(0.080, abs=0.001)
    # A tenth of ten matches is what few matches are drawn towards: (20 + 1) / (80 + 10) have moved.
    assert m[[4, 6]] == pytest.approx(1 - 21 / 90, abs=0.001), "who has moved differs in both"
    assert m[[0, 2]] == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize(
    ("fields", "blocked", "homes"),
    [
        (NAMES | HOMES, ("forename", "surname"), HOMES),
        ({"organisation": "text", **HOMES}, ("organisation",), HOMES),
        (NAMES | HOMES, ("forename", "postcode"), None),
        (NAMES | {"town": "text"}, ("forename", "surname"), None),
        (NAMES | HOMES | {"dob": "date"}, ("forename", "surname"), None),
    ],
    ids=["people", "companies", "a block on a home", "one field of the home", "a birth date tells who it is"],
)
def test_movers_are_told_where_names_alone_tell_who_somebody_is(
    fields: dict[str, str], blocked: tuple[str, ...], homes: dict[str, str] | None
) -> None:
    layout = Layout(untrained(fields))
    found = of_home(layout, Agreement(blocked, 100, 1.0, (0, 0)), _knowing(layout))
    held = None if found is None else {layout.model.comparisons[n].name for n in set(layout.owner[found])}
    assert held == (None if homes is None else set(homes))


def _knowing(layout: Layout, seldom: str = "") -> Patterns:
    """A hundred pairs that know all fields, but one that ten of them do."""
    shown = np.ones((2, len(layout.owner)))
    shown[1] = [layout.model.comparisons[number].name != seldom for number in layout.owner]
    return Patterns(np.array([10, 90]), shown)


def test_movers_are_told_where_few_have_what_tells_who_somebody_is() -> None:
    layout = Layout(untrained(NAMES | HOMES | {"email": "text"}))
    block = Agreement(("forename", "surname"), 100, 1.0, (0, 0))
    assert of_home(layout, block, _knowing(layout)) is None
    assert of_home(layout, block, _knowing(layout, seldom="email")) is not None


def test_a_year_of_birth_tells_nobody_apart_and_who_has_another_employer_has_moved() -> None:
    """One stranger in seventy is of a year; where hardly anybody shares an organisation, it is whom a file is of."""
    year, day = (Agreement(("dob",), 100, 1.0, (0, 0), seen=seen, known=70_000) for seen in (1_000, 3))
    assert common([year]) == {"dob"}
    assert common([day]) == frozenset()
    layout = Layout(untrained(NAMES | HOMES | {"dob": "date"}))
    block = Agreement(("forename", "surname"), 100, 1.0, (0, 0))
    assert of_home(layout, block, _knowing(layout), common=common([year])) is not None
    employer, firm = (Agreement(("organisation",), 100, 1.0, within) for within in ((900, 700), (900, 20)))
    assert of_places([employer], (800, 600)) == {*HOMES, "address_2", "county", "organisation"}
    assert "organisation" not in of_places([firm], (800, 600))
    layout = Layout(untrained(NAMES | {"organisation": "text", "town": "text"}))
    assert of_home(layout, block, _knowing(layout)) is None, "a town alone"
    found = of_home(layout, block, _knowing(layout), places=of_places([employer], (800, 600)))
    assert found is not None
    assert {layout.model.comparisons[n].name for n in set(layout.owner[found])} == {"organisation", "town"}


def _people(engine: Engine, moved: str) -> Table:
    """900 people of 30 forenames and 900 surnames, one in five of whom may have moved."""
    return engine.sql(
        f"""
        select n as unit_id, left(md5(n % 30 || 'f'), 6) as forename, md5(n || 's') as surname,
               md5({moved} || 'a') as address, md5({moved} || 'p') as postcode, left(md5(({moved}) % 41 || 't'), 6) as town
        from generate_series(1, 900) as t(n)
        """
    )


def test_a_model_learns_how_many_have_moved_and_asks_for_the_move_once(engine: Engine) -> None:
    """Where nobody was seen to move, none of them was linked and none was said to be missed."""
    sides = _people(engine, "n"), _people(engine, "case when n % 5 = 0 then n + 5000 else n end")
    start = untrained(NAMES | {"address": "text", "postcode": "code", "town": "text"})
    model, _ = train(engine, start, *sides, together=True)
    levels = {c.name: next(level for level in c.levels if level.value > 0) for c in model.fields if c.name in HOMES}
    m = {name: level.m for name, level in levels.items()}
    assert m == {name: pytest.approx(0.8, abs=0.03) for name in HOMES}
    apart = [level.label for c in model.comparisons if c.together for level in c.levels if "differs: " in level.label]
    assert any(label.startswith(("address differs", "postcode differs")) for label in apart)
