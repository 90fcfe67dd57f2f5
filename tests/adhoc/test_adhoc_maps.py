"""What an analyst says of columns, where it is said more than once, or of one file."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from linkage.adhoc.columns.columns_of import columns_of, columns_of_one
from linkage.adhoc.fields import persons
from linkage.adhoc.files.person_file import PersonFile
from linkage.engine import Engine
from linkage.errors import ConfigError

HEADER = "id,forename,surname,colour,shape\n"
ROWS = "0,Ann,Lee,red,round\n1,Bo,Kay,blue,square\n"
Read = Callable[[str], PersonFile]


@pytest.fixture
def read(engine: Engine, tmp_path: Path) -> Read:
    def of(name: str) -> PersonFile:
        (tmp_path / f"{name}.csv").write_text(HEADER + ROWS)
        return persons.read(engine, tmp_path / f"{name}.csv", tmp_path / name, delimiter=None, encoding=None)

    return of


@pytest.mark.parametrize(
    ("maps", "compared"),
    [
        ([], ["forename", "surname", "colour", "shape"]),
        (["left.other=colour"], ["forename", "surname", "shape"]),
        (["left.other=colour", "left.other=shape"], ["forename", "surname"]),
        (["left.other=colour", "right.other=shape"], ["forename", "surname"]),
    ],
)
def test_each_column_that_is_left_out_is_not_compared(
    maps: Sequence[str], compared: Sequence[str], engine: Engine, read: Read
) -> None:
    assert columns_of(engine, [read("left"), read("right")], maps).fields == compared


def test_a_column_of_one_file_is_left_out_too(engine: Engine, read: Read) -> None:
    columns = columns_of_one(engine, read("one"), ["other=colour", "other=shape"])
    assert columns.fields == ["forename", "surname"]


def test_an_id_that_is_left_out_stays_the_id(engine: Engine, read: Read) -> None:
    columns = columns_of(engine, [read("left"), read("right")], ["left.other=shape"], ("shape", "id"))
    assert (columns.left_id, columns.fields) == ("shape", ["forename", "surname", "colour"])
    assert columns_of(engine, [read("left"), read("right")], ["left.other=id"]).left_id == "id"


def test_a_field_has_one_column(engine: Engine, read: Read) -> None:
    files = [read("left"), read("right")]
    assert columns_of(engine, files, ["left.town=colour"] * 2).left["town"] == "colour"
    with pytest.raises(ConfigError, match=r"--map left.town=shape: left.town is mapped to another column too"):
        columns_of(engine, files, ["left.town=colour", "left.town=shape"])
    assert columns_of(engine, files, ["left.id=shape"], ("shape", None)).left_id == "shape"
    with pytest.raises(ConfigError, match=r"--id shape: left.id is mapped to another column too"):
        columns_of(engine, files, ["left.id=colour"], ("shape", None))


def test_one_column_for_forename_and_surname_holds_names_in_full(engine: Engine, read: Read) -> None:
    columns = columns_of(engine, [read("left"), read("right")], ["left.forename=colour", "left.surname=colour"])
    assert columns.left_parts == {"full_name": "colour"}
    assert columns.left["forename"] == columns.left["surname"] == "colour"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("surname=FAMILY", "--map surname=FAMILY: the file has no column 'FAMILY'\n  it has: id, forename"),
        ("left.surname=surname", "--map left.surname=surname: write it as FIELD=COLUMN, FIELD one of id, forename"),
        ("other=FAMILY", "--map other=FAMILY: the file has no column 'FAMILY'"),
    ],
)
def test_what_is_wrong_with_a_map_of_one_file_is_said_as_it_was_given(
    text: str, said: str, engine: Engine, read: Read
) -> None:
    with pytest.raises(ConfigError) as refused:
        columns_of_one(engine, read("one"), [text])
    assert str(refused.value).startswith(said)


def test_what_one_file_lacks_is_said_of_it(engine: Engine, read: Read) -> None:
    """leo dedupe spoke of a left file and of a right one."""
    with pytest.raises(ConfigError, match="--id: the file has no column 'key'\n  it has: id, forename"):
        columns_of_one(engine, read("one"), [], "key")
    with pytest.raises(ConfigError) as refused:
        columns_of_one(engine, read("one"), [f"other={name}" for name in ("forename", "colour", "shape")])
    assert str(refused.value).splitlines() == [
        "the file has fewer than two fields that can be compared",
        "  it has: id, surname",
        "  name them: --map surname=COLUMN",
        "  what is no field of a person may be called anything: --map size=COLUMN",
    ]
