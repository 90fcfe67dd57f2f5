"""How common a name of things is: the two records that are compared are no others who bear it."""

from collections.abc import Callable

import pytest

from linkage.adhoc.modelling import untrained
from linkage.engine import Engine, Table, rows
from linkage.match.candidates import term_frequencies

World = Callable[[str], Table]
LEFT = "unit_id | name\n 1 | BREN GARDEN\n 2 | OLD INN\n 3 | OLD INN\n 4 | OLD INN"
RIGHT = "unit_id | name\n 1 | BREN GARDEN\n 2 | OLD INN\n 3 | OLD INN\n 4 | TAJ"


def _frequencies(engine: Engine, world: World, kind: str) -> dict[str, float]:
    sides = world(LEFT), world(RIGHT)
    if kind == "words":
        more = "select *, name as name_word, [name] as name_words from {t}"
        sides = engine.sql(more, t=sides[0], store=True), engine.sql(more, t=sides[1], store=True)
    found = term_frequencies(engine, untrained({"name": kind}), *sides)["name"]
    return {str(row["value"]): 8 * float(row["frequency"]) for row in rows(engine, found)}


def test_a_name_of_things_is_as_common_as_others_make_it(engine: Engine, world: World) -> None:
    assert _frequencies(engine, world, "words") == {
        "BREN GARDEN": pytest.approx(0.5),
        "OLD INN": pytest.approx(3.5),
        "TAJ": pytest.approx(0.5),
    }


def test_a_name_of_persons_is_counted_as_splink_does(engine: Engine, world: World) -> None:
    assert _frequencies(engine, world, "name") == {"BREN GARDEN": 2, "OLD INN": 5, "TAJ": 1}
