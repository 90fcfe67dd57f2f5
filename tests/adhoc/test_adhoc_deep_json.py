"""JSON that Python's reader gives up on is named, and ends in no unforeseen error."""

from pathlib import Path

import pytest

from linkage.adhoc.files.packed import _records
from linkage.errors import InputError


@pytest.mark.parametrize(
    ("text", "said"),
    [("[" * 99_999, "more brackets in brackets"), ("[" + "1" * 9_999 + "]", "not whole"), ('[{"a":', "not whole")],
)
def test_what_is_no_json_to_be_read_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        _records(path, path)
