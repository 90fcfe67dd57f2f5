"""What of a step's pairs no weight decides: capped links and those of people; and whom its subgroups are."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from linkage.engine import Engine, Table, connect
from quality.explain.opening import OpenStep
from quality.explain.sides import RunSide
from quality.tune.evidence import read
from quality.tune.groups import groups_of
from quality.tune.outcome import Trial
from tests.conftest import parse
from tests.match.test_explain_beside import JO, opened

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with connect("duckdb", threads=1) as opened:
        yield opened


def decisions(engine: Engine, step: OpenStep) -> dict[str, int]:
    counted = engine.arrow(engine.sql("select decision, count(*) as n from {t} group by decision", t=step.links))
    return dict(zip(counted["decision"].to_pylist(), counted["n"].to_pylist(), strict=True))


def test_a_link_of_a_pass_beyond_what_a_person_may_hold_does_not_come_back(engine: Engine) -> None:
    """Three records of one number, of which a person may hold one: two links of the pass are refused."""
    step = opened(engine, [f"{JO} | N1"] * 3, [f"{JO} | N1"], cardinality="many-to-one", most_left=1)
    assert decisions(engine, step) == {"accepted": 1, "rejected": 2}
    trial = Trial(step, read(engine, step), {}, None)
    found = trial.outcome(trial.settings)
    assert found.decisions == {"accepted": 1, "review": 0, "rejected": 2}
    assert found.gained == 0


def test_a_link_that_people_decided_on_is_expected_to_be_right(engine: Engine) -> None:
    """As the report has it: what the model thinks of the two does not matter."""
    step = opened(engine, [f"{JO} | -"], [f"{JO} | -"])
    evidence = read(engine, step)
    doubted = replace(evidence, probability=np.array([0.25]))
    decided = replace(doubted, certain=np.array([True]), forced=np.array([True]))
    right = []
    for pairs in (doubted, decided):
        trial = Trial(step, pairs, {}, None)
        right.append(trial.outcome(trial.settings).expected["right"])
    assert right == [pytest.approx(0.25), 1.0]


def test_a_person_of_two_records_that_differ_is_of_the_group_that_the_report_has_them_in(engine: Engine) -> None:
    """The first record that knows says F, a later one M; of the year of birth the first knows nothing."""

    def world(text: str) -> Table:
        return engine.from_arrow(parse(text))

    tables = {
        "identities/npd": world("""
            entity_id | source | entity_key | sex:list | dob:list
            1         | npd    | A          | F        | -
        """),
        "identities/ilr": world("""
            entity_id | source | entity_key | sex:list | dob:list
            2         | ilr    | B          | M        | 1990-05-01
        """),
    }
    run: Any = SimpleNamespace(sources=["npd", "ilr"], table=tables.__getitem__, tables_below=lambda _: {})
    members = world("unit_id | entity_id\n1 | 1\n1 | 2")
    step: Any = SimpleNamespace(sides={"left": RunSide(engine, "people", 1, {}, members)})
    pairs: Any = SimpleNamespace(left=np.array([1], np.int64))
    told = {name: values[codes[0]] for name, (values, codes) in groups_of(engine, run, step, pairs).items()}
    assert (told["sex"], told["cohort"]) == ("Female", "1990")
