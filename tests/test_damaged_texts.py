"""A nested or giant text is an error that names the file."""

from pathlib import Path

import pytest

from linkage.config.toml_file import toml_of
from linkage.errors import LeoError
from linkage.model import load
from linkage.requests.register import read_register

_DEEP = 100_000  # brackets: beyond any recursion limit of Python
_DIGITS = "7" * 10_000  # beyond the 4,300 digits that Python reads


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (toml_of, f"a = {_DIGITS}"),
        (toml_of, "a = " + "[" * _DEEP),
        (toml_of, "a" + ".a" * 20_000 + " = 1"),
        (load, "[" * _DEEP),
        (load, f'{{"comparisons": {_DIGITS}}}'),
        (read_register, "[" * _DEEP + "\n"),
        (read_register, f'{{"number": {_DIGITS}}}\n'),
        (read_register, '{"sha256": 1, "number": []}\n'),
    ],
)
def test_it_is_refused_by_name(read, text: str, tmp_path: Path) -> None:
    path = tmp_path / "damaged.txt"
    path.write_text(text)
    with pytest.raises(LeoError, match=r"damaged\.txt: "):
        read(path)
