"""A Parquet file that is damaged inside, its end whole: every verb on person files names it, whichever query met it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
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
    import pyarrow.csv

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
