"""Two fields, of which a title can only be blocked on by its rarest word: what matches show of it is learnt there."""

import random

import pyarrow as pa
import pytest

from linkage.adhoc.codes import rare_words
from linkage.adhoc.modelling import untrained
from linkage.engine import Engine
from linkage.model.training import train

KINDS = {"title": "words", "price": "text"}
THINGS = ("CAMERA", "PHONE", "STEREO", "OVEN", "ROUTER", "PRINTER", "SPEAKER", "CAMCORDER")


@pytest.fixture(scope="module")
def products() -> list[pa.Table]:
    """600 products with a model number each, of which 400 are in either file; half of the shops ask another price."""
    draw = random.Random(3)
    made = [
        (draw.choice(THINGS), draw.choice(THINGS[:4]), f"X{1_000 + 7 * n}", draw.randrange(20, 900)) for n in range(600)
    ]

    def file(numbers: range, first: int, form: str) -> pa.Table:
        return pa.Table.from_pylist(
            [
                {
                    "unit_id": first + n,
                    "title": form.format(*made[n]),
                    "price": str(made[n][3] if draw.random() < 0.5 else draw.randrange(20, 900)),
                }
                for n in numbers
            ]
        )

    return [file(range(400), 0, "{0} {1} {2}"), file(range(200, 600), 1_000, "{2} {0} NEW")]


def test_a_title_that_is_blocked_on_in_every_run_is_learnt_by_its_rarest_word(
    engine: Engine, products: list[pa.Table]
) -> None:
    sides = rare_words.beside(engine, [engine.from_arrow(file) for file in products], ["title"])
    model, report = train(engine, untrained(KINDS), *sides, seed=1, together=True)
    (title,) = (comparison for comparison in model.comparisons if comparison.name == "title")
    few = sum(level.m or 0 for level in title.levels if "word of few" in level.label)
    assert few > 0.7  # the guess was .35
    assert report.faults == []
    assert 100 < model.prior * 400 * 400 < 300, "of 200 matches"
