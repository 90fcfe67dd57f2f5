"""A model that is given to files which it has never seen."""

from pathlib import Path
from typing import Any

import pytest
from linkage.model.training.unlearnt import unlearnt

from linkage.adhoc.given import given, given_notes
from linkage.adhoc.modelling import untrained
from linkage.engine import Engine, Table
from linkage.errors import ConfigError
from linkage.model import Model, from_dict
from linkage.model.model_files import save_with
from tests.match.exact_model import RULES, exact_model

KINDS = dict.fromkeys(("forename", "surname", "dob", "sex", "postcode"), "text")
WITHOUT_POSTCODE = {name: kind for name, kind in KINDS.items() if name != "postcode"}


def people(engine: Engine, many: int, dob: str = "'D' || range") -> tuple[Table, Table]:
    """So many people in each of two files, all of them in both."""
    query = f"""
        select range as unit_id, 'F' || range % 17 as forename, 'S' || range % 53 as surname, {dob} as dob,
               'X' || range % 2 as sex, 'P' || range % 101 as postcode
        from range({many})
        """
    left, right = engine.sql(query, store=True), engine.sql(query, store=True)
    return left, right


@pytest.fixture
def sides(engine: Engine) -> tuple[Table, Table]:
    """Three hundred people."""
    return people(engine, 300)


@pytest.fixture
def few(engine: Engine) -> tuple[Table, Table]:
    """Thirty."""
    return people(engine, 30)


def used(engine: Engine, path: Path, kinds: dict[str, str], sides: tuple[Table, ...], **said: Any) -> Any:
    """The model as it is used, and what is told of it."""
    return given(engine, path, kinds, sides, lambda: (sides[0], sides[-1]), **said)


def saved(path: Path, rules: tuple[str, ...] = RULES, **changes: Any) -> Path:
    """A model of 30 and 30 records."""
    save_with(path, from_dict({**exact_model(rules).raw, **changes}), 1, trained={"units": [30, 30]})
    return path


def test_its_prior_is_taken_over_as_a_share_of_the_records(
    engine: Engine, sides: tuple[Table, Table], few: tuple[Table, Table], tmp_path: Path
) -> None:
    path = saved(tmp_path / "m.json")
    model, summary = used(engine, path, KINDS, sides)
    assert model.prior == pytest.approx(exact_model().prior / 10)
    assert "of 30 and 30 records" in given_notes(path, summary)[0]
    same, untouched = used(engine, path, KINDS, few)
    assert same.prior == exact_model().prior
    assert untouched == {}
    assert given_notes(path, untouched) == given_notes(None, {"training": {}}) == []


def test_a_model_of_two_files_tells_nothing_of_how_often_people_are_in_one(
    engine: Engine, sides: tuple[Table, Table], tmp_path: Path
) -> None:
    two, one = saved(tmp_path / "two.json"), saved(tmp_path / "one.json", link_type="dedupe_only")
    for path, units, times in ((two, sides[:1], 1), (one, sides, 1), (one, sides[:1], 0.2)):
        model, _ = used(engine, path, KINDS, units)
        assert model.prior == pytest.approx(times * exact_model().prior)


def test_without_blocking_rules_some_are_chosen(engine: Engine, few: tuple[Table, Table], tmp_path: Path) -> None:
    """It would make no pair, and the files would seem to share nobody."""
    path = saved(tmp_path / "m.json", rules=())
    model, summary = used(engine, path, KINDS, few)
    assert model.blocking_rules
    (note,) = given_notes(path, summary)
    assert "has no blocking rules" in note


def test_what_the_files_do_not_tell_is_named_with_what_to_do(
    engine: Engine, sides: tuple[Table, Table], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="do not have: postcode") as refused:
        used(engine, saved(tmp_path / "m.json"), WITHOUT_POSTCODE, sides)
    assert "--map" in str(refused.value)
    assert "--without postcode" in str(refused.value)


def test_what_is_left_out_by_name_weighs_nothing_and_the_rest_what_it_did(
    engine: Engine, few: tuple[Table, Table], tmp_path: Path
) -> None:
    path = saved(tmp_path / "m.json")
    model, summary = used(engine, path, WITHOUT_POSTCODE, few, without=["POSTCODE"])
    whole = exact_model()
    assert [c.name for c in model.comparisons] == [c.name for c in whole.comparisons if c.name != "postcode"]
    assert model.prior == whole.prior
    assert {*model.comparisons} < {*whole.comparisons}
    own, *chosen = [rule.condition for rule in model.blocking_rules]
    assert own == RULES[0]
    assert chosen  # in place of the rule that blocks on postcodes too
    assert not any("postcode" in rule for rule in chosen)
    (note,) = given_notes(path, summary)
    assert "need what is not compared are left out (1)" in note


def test_a_column_of_both_files_that_says_nothing_is_left_out_and_told(
    engine: Engine, few: tuple[Table, Table], tmp_path: Path
) -> None:
    """Files of women: all pairs agree on sex, which the model takes for evidence."""
    path = saved(tmp_path / "m.json")
    kinds = {name: kind for name, kind in KINDS.items() if name != "sex"}
    model, summary = used(engine, path, kinds, few, both=KINDS)
    assert "sex" not in model.columns
    (note,) = given_notes(path, summary)
    assert note.endswith("not compared, since these files say nothing by it: sex")


@pytest.mark.parametrize(
    ("without", "said"),
    [(["town"], "--without town: the model .* names no such column"), ([*KINDS][1:], "forename alone")],
)
def test_what_cannot_be_left_out_is_refused(
    engine: Engine, few: tuple[Table, Table], tmp_path: Path, without: list[str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        used(engine, saved(tmp_path / "m.json"), KINDS, few, without=without)


BORN = "strftime(date '1940-01-01' + cast(range * 7919 % 20000 as integer), '%Y-%m-%d')"


def of_whole_dates(engine: Engine, path: Path) -> Path:
    """A model of a thousand people's names and days of birth."""
    start = untrained({"forename": "name", "surname": "name", "dob": "date"})
    model: Model
    model, _ = unlearnt(engine, start, *people(engine, 1000, BORN), seed=1, reason="few")
    raw = {**model.raw, "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.surname = r.surname"}]}
    save_with(path, from_dict(raw), 1, trained={"units": [1000, 1000]})
    return path


def test_years_of_birth_do_not_fit_a_model_of_whole_dates(engine: Engine, tmp_path: Path) -> None:
    """Of two years of birth day and month are alike, as of one person whose year has a slip."""
    path = of_whole_dates(engine, tmp_path / "m.json")
    _, summary = used(engine, path, KINDS, people(engine, 1000, f"left({BORN}, 4) || '-00-00'"))
    (note,) = given_notes(path, summary)
    assert "'dob: one part differs'" in note
    assert "years alone, and the model is of whole dates" in note
    assert "too much" in note
    assert "leave --model out" in note


def test_other_people_of_the_same_columns_fit(engine: Engine, tmp_path: Path) -> None:
    path = of_whole_dates(engine, tmp_path / "m.json")
    _, summary = used(engine, path, KINDS, people(engine, 1000, BORN.replace("7919", "6857")))
    assert given_notes(path, summary) == []
