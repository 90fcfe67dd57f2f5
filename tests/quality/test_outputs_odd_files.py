"""Tables that hold what is no number, and files that are no text, are named."""

from pathlib import Path

import pytest

from linkage.cli.output import _parents
from linkage.errors import InputError
from quality.disclosure.outputs.reading import value


def test_a_number_of_hundreds_of_digits_is_none() -> None:
    assert value("9" * 400).number is None
    assert value("1,234").number == 1234.0


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"column,code,parent\n" + b"x" * 200_000])
def test_a_tree_that_is_no_csv_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tree.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"tree\.csv: cannot be read\n  give a CSV file with the columns column, code"):
        _parents(tmp_path / "tree.csv")
