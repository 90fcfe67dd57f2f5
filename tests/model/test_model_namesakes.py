"""An address of mail that is made of a name is no further sign beside the name."""

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training import train
from linkage.model.training.together.namesakes import _among, _tells
from linkage.model.training.together.slips import Grade

FIELDS = {"forename": "name", "surname": "name", "postcode": "code", "email": "text", "phone": "code"}


def _file(people: list[dict[str, str]], first: int) -> pa.Table:
    return pa.Table.from_pylist([{"unit_id": first + n, **who} for n, who in enumerate(people)])


@pytest.fixture(scope="module")
def files() -> tuple[pa.Table, pa.Table]:
    """900 people of 30 forenames and 40 surnames; half of each file is in the other, with another address of mail in one
    case of four, and one in ten of a file is there twice, with a third."""
    draw = random.Random(3)
    names = ["".join(draw.choice("ABCDEFGHIKLMNOPRSTUVY") for _ in range(6)) for _ in range(70)]

    def mail(forename: str, surname: str) -> str:
        return f"{forename}.{surname}{draw.randrange(100)}@{draw.choice(['INBOX', 'POST', 'MAIL'])}.EXAMPLE"

    people = []
    for _ in range(900):
        forename, surname = draw.choice(names[:30]), draw.choice(names[30:])
        home = {"postcode": f"{draw.randrange(10_000, 99_999)}", "phone": f"0{draw.randrange(10**8, 10**9)}"}
        people.append({"forename": forename, "surname": surname, "email": mail(forename, surname), **home})

    def again(who: dict[str, str], share: float) -> dict[str, str]:
        return {**who, "email": mail(who["forename"], who["surname"])} if draw.random() < share else who

    left = people[:600]
    left += [again(who, 1.0) for who in left[:60]]
    return _file(left, 0), _file([again(who, 0.25) for who in people[300:]], 10_000)


def _trained(engine: Engine, files: tuple[pa.Table, pa.Table], **how: Any) -> Model:
    start = from_dict(settings([comparison(name, kind) for name, kind in FIELDS.items()]))
    return train(engine, start, *map(engine.from_arrow, files), seed=1, together=True, **how)[0]


def _weights(engine: Engine, model: Model, files: tuple[pa.Table, pa.Table], *others: dict[str, str]) -> list[float]:
    """What the first person of the left file weighs with others."""
    one = files[0].slice(0, 1).to_pylist()[0]
    left = engine.from_arrow(files[0].slice(0, 1))
    right = engine.from_arrow(_file([{**one, **other} for other in others], 1).drop_columns("unit_id").append_column(
        "unit_id", pa.array(range(1, len(others) + 1))
    ))  # fmt: skip
    pairs = engine.from_arrow(
        pa.table({"left_id": [one["unit_id"]] * len(others), "right_id": range(1, len(others) + 1)})
    )
    frequencies = term_frequencies(engine, model, *map(engine.from_arrow, files))
    scored = engine_rows(engine, score_given(engine, model, left, right, frequencies, pairs))
    return [row["match_weight"] for row in sorted(scored, key=lambda row: row["right_id"])]


def test_an_address_of_mail_that_is_alike_says_nothing_beside_equal_names(
    engine: Engine, files: tuple[pa.Table, pa.Table]
) -> None:
    model = _trained(engine, files)
    named = [one.name for one in model.comparisons]
    assert "email_beside_forename_surname" in named
    assert len(set(named)) == len(named)
    first = files[0].to_pylist()[0]
    alike = first["email"].replace("@", "7@")
    elsewhere = {"postcode": "00000", "phone": "1"}
    unknown, like, equal = _weights(
        engine, model, files, {**elsewhere, "email": None}, {**elsewhere, "email": alike}, elsewhere
    )
    assert like == pytest.approx(unknown, abs=2.5)
    assert equal > unknown + 5, "equal it is as much as ever"
    without = _trained(engine, files, several=True)
    unknown, like = _weights(engine, without, files, {**elsewhere, "email": None}, {**elsewhere, "email": alike})
    assert like > unknown + 5, "as it was, and is where a file's own pairs may be of one person"


def test_who_is_in_a_file_twice_is_no_namesake(engine: Engine, files: tuple[pa.Table, pa.Table]) -> None:
    """Sixty people are on the left twice, with a telephone and a postcode; 600 of 30 x 40 names are not."""
    model = _trained(engine, files)
    (among,) = (one for one in model.comparisons if one.name == "email_beside_forename_surname")
    told = {level.label: level for level in among.levels if level.label.startswith("forename, surname equal")}
    assert sum(level.u or 0 for level in told.values()) == pytest.approx(1, abs=0.01)
    assert told["forename, surname equal: email equal"].weight == 0
    very_like = told["forename, surname equal: email Jaro-Winkler 0.92 or more"].u
    once = _trained(engine, (files[0].slice(0, 600), files[1]))
    (among,) = (one for one in once.comparisons if one.name == "email_beside_forename_surname")
    assert very_like == pytest.approx(next(of.u for of in among.levels if "0.92" in of.label), abs=0.02)


def test_where_none_were_seen_that_are_not_alike_some_may_be() -> None:
    """100,000 pairs of namesakes, all of them alike: what differs would have had a share below nought."""
    graded = [Grade(1, "a", "0.92", 0.2, 1e-4), Grade(2, "b", "0.8", 0.2, 0.01)]
    found = _among(("forename",), 3e-3, graded, np.array([60_000.0, 40_000.0, 0.0]))
    given = sum(one.u_given for one in found.alike) + found.u_given
    assert given == pytest.approx(0.999)


@pytest.mark.parametrize(("alike", "told"), [(0.0, False), (2.0, False), (12.0, False), (60.0, True)])
def test_what_chance_makes_of_few_pairs_is_no_likeness(alike: float, told: bool) -> None:
    """Of 1,000 pairs of namesakes ten would be alike by chance; none is no sign that they are told apart."""
    assert _tells([Grade(1, "a", "0.8", 0.2, 0.01)], np.array([alike, 1_000.0 - alike])) is told
