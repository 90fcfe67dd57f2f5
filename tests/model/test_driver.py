"""Training finds the rates that the files were made with, and says what it was trained
on.
"""

import dataclasses
import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pyarrow as pa
import pytest

from linkage.engine import Engine, Table, connect
from linkage.errors import NothingToTrainOnError
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training import TrainingReport, em, train
from linkage.model.training.counts import RANDOM_PAIRS
from tests.conftest import parse
from tests.model import known_errors


@dataclasses.dataclass
class Training:
    """A model trained on files with known errors."""

    engine: Engine
    left: Table
    right: Table
    model: Model
    report: TrainingReport
    messages: list[str]


@pytest.fixture(scope="module")
def training() -> Iterator[Training]:
    """Trained once for all tests of this file."""
    with connect("duckdb", threads=2) as engine:
        left, right = (engine.from_arrow(side) for side in known_errors.two_files())
        messages: list[str] = []
        model, report = train(
            engine, known_errors.model(), left, right, seed=5, progress=messages.append
        )
        yield Training(engine, left, right, model, report, messages)


def _level(model: Model, name: str, label: str) -> Any:
    entry = next(c for c in model.comparisons if c.name == name)
    return next(level for level in entry.levels if level.label == f"{name}: {label}")


@pytest.mark.parametrize(
    ("name", "label"),
    [(n, "same unit" if n == "postcode" else "equal") for n in known_errors.RATES],
)
def test_m_of_agreement_is_what_the_files_were_made_with(
    name: str, label: str, training: Training
) -> None:
    assert _level(training.model, name, label).m == pytest.approx(
        1 - known_errors.RATES[name], abs=0.02
    )


def test_u_is_the_share_of_random_non_matches_that_agree(training: Training) -> None:
    assert _level(training.model, "sex", "equal").u == pytest.approx(0.5, abs=0.02)
    assert _level(training.model, "dob", "equal").u == pytest.approx(1 / 3650, rel=0.1)


def test_the_prior_is_the_share_of_all_pairs_that_match(training: Training) -> None:
    truth = known_errors.SHARED / known_errors.PEOPLE**2
    assert training.model.prior == pytest.approx(truth, rel=0.15)
    assert training.report.prior == training.model.prior


def test_probabilities_of_a_comparison_add_up_to_one(training: Training) -> None:
    for entry in training.model.comparisons:
        assert sum(
            level.m or 0.0 for level in entry.levels if level.value >= 0
        ) == pytest.approx(1)
    assert training.model.is_trained


def test_the_report_counts_what_the_model_was_trained_on(training: Training) -> None:
    report = training.report
    assert report.random_pairs == RANDOM_PAIRS
    assert len(report.rules) >= 2
    rule_columns = [set(rule.columns) for rule in report.rules]
    assert not set.intersection(*rule_columns), (
        "every comparison must be free in one run"
    )
    for rule in report.rules:
        assert 0 < (rule.matches or 0) <= rule.pairs
    assert report.iterations >= 1
    assert report.matches >= 1_000
    assert report.warnings == report.faults == []
    assert report.units == [known_errors.PEOPLE, known_errors.PEOPLE]
    assert report.seed == 5
    assert json.loads(json.dumps(report.as_dict())) == report.as_dict()


def test_progress_and_report_hold_no_value(training: Training) -> None:
    values = {
        value
        for side in known_errors.two_files()
        for column in ("surname", "postcode", "dob")
        for value in side[column].to_pylist()
    }
    text = " ".join(
        [*training.messages, str(training.report.as_dict()), str(training.model.raw)]
    )
    assert training.messages
    assert not [value for value in values if value in text]


def test_the_same_seed_gives_the_same_model_whatever_the_threads(
    training: Training,
) -> None:
    left, right = known_errors.two_files()
    with connect("duckdb", threads=1) as engine:
        shuffled = left.take(pa.array(list(reversed(range(left.num_rows)))))
        sides = engine.from_arrow(shuffled), engine.from_arrow(right)
        model, _ = train(engine, known_errors.model(), *sides, seed=5)
    assert model.raw == training.model.raw


def test_files_that_share_no_value_cannot_be_trained_on(
    engine: Engine, world: Any
) -> None:
    left = world("""
        unit_id | forename | surname
        1       | AVA      | LEE
        2       | ANN      | KHAN
    """)
    right = world("""
        unit_id | forename | surname
        3       | JO       | SMITH
        4       | MAX      | PATEL
    """)
    model = from_dict(
        settings([comparison("forename", "name"), comparison("surname", "name")])
    )
    with pytest.raises(NothingToTrainOnError, match="nothing to train on") as error:
        train(engine, model, left, right)
    assert "map more columns" in str(error.value)
    assert "KHAN" not in str(error.value)


def test_an_estimate_that_does_not_converge_gives_a_warning(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(em, "LIMIT", 2)
    model, report = train(
        training.engine, known_errors.model(), training.left, training.right, seed=5
    )
    assert model.is_trained
    assert report.warnings == ["EM did not end in 2 iterations"]


def test_files_of_a_few_records_get_a_model_and_a_warning(engine: Engine) -> None:
    """Ten people, who are in both files: m is near where it starts, and u is theirs."""
    people = "\n".join(f"{n} | F{n}Q | S{n % 7}K" for n in range(10))
    side = engine.from_arrow(parse("unit_id | forename | surname\n" + people))
    model = from_dict(
        settings([comparison("forename", "name"), comparison("surname", "name")])
    )
    trained_model, report = train(engine, model, side, side)
    assert not report.learnt
    assert [line.split(":")[0] for line in report.warnings][:1] == [
        "the files show about 10 matches"
    ]
    assert _level(trained_model, "forename", "equal").m == pytest.approx(0.9, abs=0.1)
    assert trained_model.prior == pytest.approx(0.1, rel=0.5)


@pytest.fixture(scope="module")
def register() -> Iterator[tuple[Engine, Table]]:
    """A thousand people of one surname each, the same on both sides: only their surname
    makes few enough pairs.
    """
    people = "\n".join(f"{n} | P{n} | {'M' if n % 2 else 'F'}" for n in range(1, 1001))
    with connect("duckdb", threads=2) as engine:
        yield engine, engine.from_arrow(parse("unit_id | surname | sex\n" + people))


def test_fixed_and_inestimable_parameters_stay_as_they_were(
    register: tuple[Engine, Table],
) -> None:
    engine, side = register
    raw = settings([comparison("surname", "name"), comparison("sex", "category")])
    level = raw["comparisons"][1]["comparison_levels"][1]
    level |= {
        "m_probability": 0.6,
        "fix_m_probability": True,
        "u_probability": 0.4,
        "fix_u_probability": True,
    }
    model, report = train(engine, from_dict(raw), side, side)
    assert [fault.split(" was ")[0] for fault in report.faults] == [
        "comparison 'surname'"
    ]
    assert _level(model, "surname", "equal").m == pytest.approx(0.9), (
        "where training started"
    )
    assert (_level(model, "sex", "equal").m, _level(model, "sex", "equal").u) == (
        0.6,
        0.4,
    )
    assert model.is_trained


def test_a_column_that_one_side_never_knows_gives_a_warning(training: Training) -> None:
    engine = training.engine
    left = engine.sql(
        "select *, cast(null as varchar) as nino from {t}", t=training.left
    )
    right = engine.sql(
        "select *, 'AB' || cast(unit_id as varchar) as nino from {t}", t=training.right
    )
    raw = deepcopy(known_errors.model().raw)
    raw["comparisons"].append(comparison("nino", "number"))
    model, report = train(engine, from_dict(raw), left, right, seed=5)
    assert report.warnings == [
        "comparison 'nino' was known on both sides of no pair: its m is not estimated"
    ]
    assert report.faults == []
    assert _level(model, "nino", "equal").m == pytest.approx(0.98), (
        "where training started"
    )
    assert _level(model, "sex", "equal").m == pytest.approx(
        _level(training.model, "sex", "equal").m, abs=0.01
    )
