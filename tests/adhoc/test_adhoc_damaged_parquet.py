"""A Parquet file that is damaged inside, its end whole: every verb on person files names it, whichever query met it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from linkage.adhoc.blocking import Wish, suggest_for_files
from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.train import TrainRequest, train_files
from linkage.adhoc.two_files import Asked
from linkage.errors import InputError
from tests.adhoc.conftest import Files

WISH = Wish()


@pytest.fixture
def damaged(files: Files, tmp_path: Path) -> Path:
    """A file whose surnames no longer unpack; what stands at its end knows nothing of it."""
    table: pa.Table = pyarrow.csv.read_csv(files.left)
    path = tmp_path / "damaged.parquet"
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    column = pq.ParquetFile(path).metadata.row_group(0)
    place = next(at for at in range(table.num_columns) if "last" in column.column(at).path_in_schema.lower())
    start = column.column(place).data_page_offset
    written = bytearray(path.read_bytes())
    middle = start + column.column(place).total_compressed_size // 2
    written[middle : middle + 64] = bytes(64)
    path.write_bytes(written)
    return path


@pytest.mark.parametrize(
    "verb",
    [
        lambda damaged, other, out: link_files(Request(left=damaged, right=other, out=out)),
        lambda damaged, other, out: link_files(Request(left=other, right=damaged, out=out)),
        lambda damaged, other, out: dedupe_file(DedupeRequest(file=damaged, out=out)),
        lambda damaged, other, out: train_files(TrainRequest(left=damaged, right=other, out=out.with_suffix(".json"))),
        lambda damaged, other, out: suggest_for_files(Asked(damaged, other), WISH),
    ],
    ids=["link left", "link right", "dedupe", "train", "blocking suggest"],
)
def test_it_is_named(verb: Callable[..., Any], damaged: Path, files: Files, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"damaged\.parquet: the file is damaged inside, .*\n  fetch it again"):
        verb(damaged, files.right, tmp_path / "out")


def test_text_that_is_damaged_is_not_quoted(files: Files, tmp_path: Path) -> None:
    """DuckDB quotes what is not UTF-8: a person's postcode stood on the terminal."""
    path, table = tmp_path / "flipped.parquet", pa.csv.read_csv(files.left)
    pq.write_table(table, path, compression="none", use_dictionary=False)  # in pages without a checksum
    path.write_bytes(path.read_bytes().replace(table["last_name"][0].as_py().encode()[:4], b"\xc1\xc1\xc1\xc1", 1))
    with pytest.raises(InputError) as refused:
        link_files(Request(left=path, right=files.right, out=tmp_path / "out"))
    assert str(refused.value) == (
        f"{path}: text in the file is not in UTF-8, as of one that is damaged inside\n"
        "  fetch it again, or write it again"
    )


@pytest.mark.parametrize("then", ["written again", "another under its name", "gone"])
def test_a_file_that_is_changed_meanwhile_is_told(then: str, files: Files, tmp_path: Path) -> None:
    """Half of the links were of the one, half of the other, and the manifest had the hash of the first."""
    path, other = tmp_path / "left.parquet", tmp_path / "other.parquet"
    table = pa.csv.read_csv(files.left)
    pq.write_table(table, path)
    pq.write_table(table.slice(0, 100), other)

    def change(*_: Any) -> None:
        if then == "written again":
            path.write_bytes(other.read_bytes())
        elif then == "gone":
            path.unlink()
        else:
            other.rename(path)

    with pytest.raises(InputError, match=r"left\.parquet: was changed while it was read\n  wait until"):
        link_files(Request(left=path, right=files.right, out=tmp_path / "out"), recognised=change)
    assert not (tmp_path / "out").exists()
