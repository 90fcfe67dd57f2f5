"""Columns may be called as we call our own, in whatever case, and as no program calls one."""

import random
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.headers.recognise import own_name, recognise
from linkage.adhoc.link import Request, link_files
from linkage.errors import ConfigError, InputError
from tests.adhoc.conftest import PEOPLE, SHARED, Shaped, person, seen_again, write_csv

STRANGE = (
    ("raw", "place", "partner", "slot", "units", "visits", "visits_all", "value", "held", "unit_id"),
    ("rule", "side", "pairs", "df$postcode", "{paid}", "match_weight", "gamma_surname", "t", "l", "r"),
)


def _files(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    draw = random.Random(6)
    people = [person(n, draw) for n in range(PEOPLE)]
    again = [seen_again(one, n, draw) for n, one in enumerate(people[:SHARED])]
    left, right = (
        [{**row, **{name: str(draw.randrange(40)) for name in names}} for row in rows] for rows in (people, again)
    )
    return write_csv(folder / "l.csv", left), write_csv(folder / "r.csv", right)


@pytest.mark.parametrize("names", STRANGE)
def test_files_with_strange_columns_are_linked(names: Sequence[str], tmp_path: Path) -> None:
    linked = link_files(Request(*_files(tmp_path, names), tmp_path / "out", threads=2))
    assert linked.summary["decisions"]["accepted"] > 0.9 * SHARED


@pytest.mark.parametrize("names", STRANGE)
def test_a_file_with_strange_columns_is_deduplicated(names: Sequence[str], tmp_path: Path) -> None:
    done = dedupe_file(DedupeRequest(_files(tmp_path, names)[0], tmp_path / "out", threads=2))
    assert done.summary["clusters"] > 0.9 * PEOPLE


def test_parquet_in_a_strange_folder_is_linked(tmp_path: Path) -> None:
    folder = tmp_path / "{paid} $name"
    folder.mkdir()
    for path in _files(tmp_path, ["df$x"]):
        pq.write_table(csv.read_csv(path), folder / f"{path.stem}.parquet")
    linked = link_files(Request(folder / "l.parquet", folder / "r.parquet", tmp_path / "out", threads=2))
    assert linked.summary["left_units"] == PEOPLE


@pytest.mark.parametrize(
    ("name", "kind"), [("file line", "csv"), ("Row in file", "csv"), ("file_row_number", "parquet")]
)
def test_a_column_that_is_called_as_one_that_counts_rows_is_named(name: str, kind: str, tmp_path: Path) -> None:
    """These three ended as unforeseen errors."""
    paths = _files(tmp_path, [name])
    if kind == "parquet":
        pq.write_table(csv.read_csv(paths[0]), tmp_path / "l.parquet")
    with pytest.raises(
        InputError, match=rf"l\.{kind}: a column is called {name}, as one that is made here\n  give it an"
    ):
        link_files(Request(tmp_path / f"l.{kind}", paths[1], tmp_path / "out", threads=2))


def test_columns_that_hold_nothing_are_named(tmp_path: Path) -> None:
    """A file of one filled column among six was said to have no separator."""
    paths = _files(tmp_path, [])
    header = paths[0].read_text().splitlines()[0].split(",")
    empty = [",".join([str(n), *[""] * (len(header) - 1)]) for n in range(30)]
    (tmp_path / "none.csv").write_text("\n".join([",".join(header), *empty]) + "\n")
    with pytest.raises(ConfigError, match=rf"left has: {header[0]}\n  .*\n  empty in left: {', '.join(header[1:])}\n"):
        link_files(Request(tmp_path / "none.csv", paths[1], tmp_path / "out", threads=2))


def test_no_field_is_called_as_a_column_of_our_own() -> None:
    header = ["id", "surname", "Place", "total", "total_all"]
    assert recognise(header, header).fields == ["surname", "place_", "total", "total_all_"]
    told = recognise(["a", "b", "surname"], ["c", "d", "surname"], ["left.units=a", "right.units=c"])
    assert told.left["units_"] == "a"
    assert own_name("Paid (£)", {"paid____"}) == "paid_____"


def test_a_column_of_a_name_that_was_to_be_made_stays_what_it_is(shaped: Shaped) -> None:
    _, left, right = shaped(
        "id|Name|Known Name|dob\n1|Ann Lee|Bo Ray|1990-02-03\n2|unknown|Cy Orr|1991-02-03",
        "id|forename|surname|dob\n1|Ann|Lee|1990-02-03\n2|Di|Kay|1991-02-03",
    )
    assert left == [("ANN", "LEE", "1990-02-03"), (None, None, "1991-02-03")]
    assert right[0] == left[0]
