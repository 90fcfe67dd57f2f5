"""A model that is given to files which it has never seen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.adhoc.modelling import given, given_notes
from linkage.engine import Engine, Table
from linkage.errors import ConfigError
from linkage.model import from_dict
from linkage.model.training.files import save_told
from tests.match.exact_model import RULES, exact_model

World = Callable[[str], Table]
KINDS = dict.fromkeys(("forename", "surname", "dob", "sex", "postcode"), "text")


@pytest.fixture
def sides(engine: Engine) -> tuple[Table, Table]:
    """Three hundred people in each, of whom all are in both."""
    query = """
        select range as unit_id, 'F' || range % 17 as forename, 'S' || range % 53 as surname, 'D' || range as dob,
               'X' || range % 2 as sex, 'P' || range % 101 as postcode
        from range(300)
        """
    left, right = engine.sql(query, store=True), engine.sql(query, store=True)
    return left, right


def saved(path: Path, rules: tuple[str, ...] = RULES, **changes: Any) -> Path:
    """A model of 30 and 30 records."""
    save_told(path, from_dict({**exact_model(rules).raw, **changes}), 1, trained={"units": [30, 30]})
    return path


def test_its_prior_is_taken_over_as_a_share_of_the_records(
    engine: Engine, sides: tuple[Table, Table], tmp_path: Path
) -> None:
    path = saved(tmp_path / "m.json")
    model, summary = given(engine, path, KINDS, lambda: sides, [300, 300])
    assert model.prior == pytest.approx(exact_model().prior / 10)
    (note,) = given_notes(path, summary)
    assert "of 30 and 30 records" in note
    same, untouched = given(engine, path, KINDS, lambda: sides, [30, 30])
    assert same.prior == exact_model().prior
    assert untouched == {}
    assert given_notes(path, untouched) == given_notes(None, {"training": {}}) == []


def test_a_model_of_two_files_tells_nothing_of_how_often_people_are_in_one(
    engine: Engine, sides: tuple[Table, Table], tmp_path: Path
) -> None:
    two, one = saved(tmp_path / "two.json"), saved(tmp_path / "one.json", link_type="dedupe_only")
    for path, sizes, times in ((two, [300], 1), (one, [300, 300], 1), (one, [300], 0.2)):
        model, _ = given(engine, path, KINDS, lambda: sides, sizes)
        assert model.prior == pytest.approx(times * exact_model().prior)


def test_without_blocking_rules_some_are_chosen(engine: Engine, sides: tuple[Table, Table], tmp_path: Path) -> None:
    """It would make no pair, and the files would seem to share nobody."""
    path = saved(tmp_path / "m.json", rules=())
    model, summary = given(engine, path, KINDS, lambda: sides, [30, 30])
    assert model.blocking_rules
    (note,) = given_notes(path, summary)
    assert "has no blocking rules" in note


def test_what_the_files_do_not_tell_is_named_with_what_to_do(
    engine: Engine, sides: tuple[Table, Table], tmp_path: Path
) -> None:
    kinds = {name: kind for name, kind in KINDS.items() if name != "postcode"}
    with pytest.raises(ConfigError, match="do not have: postcode") as refused:
        given(engine, saved(tmp_path / "m.json"), kinds, lambda: sides, [300, 300])
    assert "--map" in str(refused.value)
