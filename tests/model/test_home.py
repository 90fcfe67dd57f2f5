"""Where somebody lives is one comparison: a household counts once, and a mover differs
once.
"""

from linkage.engine import Engine, rows
from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings, with_home
from linkage.model.compiled import level_columns
from tests.conftest import World

KINDS = {"surname": "name", "address": "text", "postcode": "postcode", "town": "text"}


def test_levels_go_from_the_whole_address_to_the_town(
    engine: Engine, world: World
) -> None:
    model = from_dict(
        settings(
            with_home([comparison(name, kind) for name, kind in KINDS.items()], KINDS)
        )
    )
    assert [c.name for c in model.comparisons] == ["surname", "home"]
    pairs = world("""
        n | address_l | address_r  | postcode_l | postcode_r | town_l | town_r
        1 | 1 HIGH ST | 1 HIGH ST  | AB1 2CD    | AB1 2CD    | OBAN   | OBAN
        2 | 1 HIGH ST | 1 HIGH SST | AB1 2CD    | -          | OBAN   | OBAN
        3 | -         | 1 HIGH ST  | AB1 2CD    | AB1 2CD    | OBAN   | -
        4 | 9 LOW RD  | 1 HIGH ST  | AB1 2CD    | ZE9 1AA    | OBAN   | OBAN
        5 | 9 LOW RD  | 1 HIGH ST  | AB1 2CD    | ZE9 1AA    | OBAN   | WICK
        6 | 9 LOW RD  | -          | AB1 2CD    | -          | OBAN   | -
    """)
    _, gamma = level_columns(model)
    label_of = {level.value: level.label for level in model.comparisons[1].levels}
    query = f"select n, {gamma} from {{t}} order by n"
    labels = [
        label_of[row["gamma_home"]] for row in rows(engine, engine.sql(query, t=pairs))
    ]
    assert labels == [
        "home: address equal, and area",
        "home: address Jaro-Winkler 0.85 or more, and area",
        "home: postcode equal",
        "home: town equal",
        "home: differs",
        "home not known",
    ]


def test_one_field_of_an_address_stays_by_itself() -> None:
    kinds = {"surname": "name", "postcode": "postcode"}
    comparisons = [comparison(name, kind) for name, kind in kinds.items()]
    assert with_home(comparisons, kinds) == comparisons
