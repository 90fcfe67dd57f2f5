"""Of many columns that no list knows those are compared that tell persons."""

import random
import shutil
from pathlib import Path

import pytest

from linkage.adhoc.columns.wide import without_idle
from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import Columns, recognise
from linkage.engine import Engine


def _file(engine: Engine, folder: Path, name: str, further: int) -> persons.PersonFile:
    """A hundred people with a mark of their own, and answers that are chance."""
    draw = random.Random(name)
    heads = ["id", "surname", "dob", "mark", *(f"answer{n}" for n in range(further))]
    lines = [
        [f"{name}{n}", f"Name{n}", f"19{n % 90 + 10}-03-04", f"m{n % 7}", *(draw.choice("abc") for _ in range(further))]
        for n in range(100)
    ]
    (folder / name).write_text("\n".join(",".join(line) for line in [heads, *lines]) + "\n", encoding="utf-8")
    return persons.read(engine, folder / name, folder / f"{name}-scratch", delimiter=",", encoding="utf-8")


@pytest.mark.parametrize(("further", "kept"), [(5, 6), (40, 1)])
def test_columns_that_agree_by_chance_alone_are_left_out_where_there_are_many(
    engine: Engine, tmp_path: Path, further: int, kept: int
) -> None:
    files = [_file(engine, tmp_path, name, further) for name in ("l.csv", "r.csv")]
    columns: Columns = without_idle(engine, files, recognise(files[0].header, files[1].header))
    assert columns.fields[:2] == ["surname", "dob"]
    assert "mark" in columns.fields
    assert len(columns.fields) == 2 + kept


def test_the_first_columns_are_kept_where_nothing_shows_which_tell_persons(engine: Engine, tmp_path: Path) -> None:
    heads = ["surname", "dob", *(f"x{n}" for n in range(20))]
    for name in "lr":
        (tmp_path / f"{name}.csv").write_text(",".join(heads) + "\n" + ",".join([name] * 22) + "\n", encoding="utf-8")
    files = [
        persons.read(engine, tmp_path / f"{name}.csv", tmp_path / name, delimiter=",", encoding="utf-8")
        for name in "lr"
    ]
    found = without_idle(engine, files, recognise(heads, heads))
    assert found.fields == ["surname", "dob", *(f"x{n}" for n in range(8))]


def test_a_file_of_very_many_columns_is_held_rather_than_opened_by_every_query(engine: Engine, tmp_path: Path) -> None:
    """A query of a file of 10,000 columns took a third of a second before it read a row, and hundreds are asked."""
    heads = ["surname", "dob", *(f"x{n}" for n in range(400))]
    (tmp_path / "wide.csv").write_text(",".join(heads) + "\n" + ",".join(["1"] * 402) + "\n", encoding="utf-8")
    read = persons.read(engine, tmp_path / "wide.csv", tmp_path / "scratch", delimiter=",", encoding="utf-8")
    shutil.rmtree(tmp_path / "scratch")
    assert engine.arrow(engine.sql("select x7, x399 from {t}", t=read.table)).to_pylist() == [{"x7": "1", "x399": "1"}]
