"""Two files with nobody in common teach nothing of persons: what stands out there are families."""

import random

import pytest

from linkage.adhoc import modelling
from linkage.engine import Engine, Table
from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training import NobodyInBothError, train
from tests.conftest import parse

FAMILIES, OF_EACH_FILE = 900, 2
KINDS = {"forename": "name", "surname": "name", "dob": "date", "postcode": "code"}


def _name(number: int) -> str:
    return "".join(random.Random(number).choices("ABCDEFGHIKLMNOPRSTUVW", k=7))


def _files(engine: Engine, in_both: int) -> tuple[Table, Table]:
    """Families of four of one surname at one place, two in each file, and some people who are in both."""
    draw = random.Random(11)

    def person(family: int) -> str:
        born = f"{draw.randrange(1940, 2005)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
        return f"{_name(draw.randrange(400))} | {_name(1000 + family % 400)} | {born} | P{family}"

    both = [person(10_000 + n) for n in range(in_both)]
    sides = [both + [person(f) for f in range(FAMILIES) for _ in range(OF_EACH_FILE)] for _ in "lr"]
    head = "unit_id | forename | surname | dob:text | postcode\n"
    texts = ["\n".join(f"{n} | {row}" for n, row in enumerate(side, 1)) for side in sides]
    first, second = (engine.from_arrow(parse(head + text)) for text in texts)
    return first, second


def _model() -> object:
    return from_dict(settings([comparison(name, kind) for name, kind in KINDS.items()]))


def test_families_are_not_taken_for_persons(engine: Engine) -> None:
    with pytest.raises(NobodyInBothError, match="no persons"):
        train(engine, _model(), *_files(engine, 0), together=True)  # type: ignore[arg-type]


def test_persons_beside_families_are_learnt(engine: Engine) -> None:
    model, _ = train(engine, _model(), *_files(engine, 300), together=True)  # type: ignore[arg-type]
    dob = next(c for c in model.comparisons if c.name == "dob")
    assert (dob.levels[1].m or 0) > 0.9


def test_with_nobody_to_learn_from_few_are_expected_and_unknown_columns_have_no_say(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise NobodyInBothError("what stands out are no persons\n  give a trained model")

    monkeypatch.setattr(modelling, "train", refused)
    left, right = (engine.sql("select *, unit_id % 50 as lot from {t}", t=side) for side in _files(engine, 0))
    model, reports = modelling.trained(
        engine, {**KINDS, "lot": "category"}, left, right, seed=1, progress=lambda _: None
    )
    assert model.prior < 1e-6
    assert "lot" not in {comparison.name for comparison in model.comparisons}
    (warning,) = reports["training"]["warnings"]
    assert "no persons" in warning
    assert "lot" in warning
