"""Each field is compared by its role, and others by their values."""

from linkage.engine import Engine
from linkage.files.comparisons import kinds_of, untrained
from tests.conftest import parse


def test_kinds_follow_roles_and_values(engine: Engine) -> None:
    text = (
        "unit_id | forename | surname | dob:text | sex | postcode | town | "
        "other_surname\n"
        + "\n".join(
            f"{n} | {'ANN' if n % 2 else 'B'} | S{n} | 19{60 + n}-00-00 | "
            f"{'MF'[n % 2]} | AB{n % 9 + 1} 1AB | T{n % 3} | "
            for n in range(1, 31)
        )
    )
    table = engine.from_arrow(parse(text))
    kinds = kinds_of(engine, [table, table], british_postcodes=True)
    assert kinds["forename"] == "name or initial"
    assert kinds["dob"] == "partial date" or kinds["dob"] == "date"
    assert (kinds["sex"], kinds["postcode"], kinds["town"]) == (
        "category",
        "postcode",
        "category",
    )
    assert "other_surname" not in kinds


def test_a_field_without_information_is_left_out(engine: Engine) -> None:
    table = engine.from_arrow(
        parse("unit_id | surname | sex\n1 | ASH | F\n2 | BIRD | F")
    )
    assert set(kinds_of(engine, [table, table], british_postcodes=False)) == {"surname"}


def test_a_model_compares_each_field_and_swapped_names() -> None:
    model = untrained({"forename": "name", "surname": "name", "dob": "date"})
    assert {"forename", "surname", "dob"} <= {
        comparison.name for comparison in model.comparisons
    }
    labels = [
        level.label for comparison in model.comparisons for level in comparison.levels
    ]
    assert any("swapped" in label for label in labels)
