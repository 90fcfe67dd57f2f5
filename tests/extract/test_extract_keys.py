"""Where the master key may lie, and what is refused."""

import base64
import os
import shutil
import stat
from pathlib import Path

import pytest

from linkage.errors import ConfigError
from linkage.extract import master_key, write_new_key

GOOD = bytes(range(32))


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("text", [GOOD.hex(), GOOD.hex().upper() + "\n", base64.b64encode(GOOD).decode()])
def test_hexadecimal_and_base64_are_read(tmp_path: Path, text: str) -> None:
    assert master_key(write(tmp_path / "key", text)).secret == GOOD
    assert master_key(environment={"LEO_MASTER_KEY": text}).secret == GOOD


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        master_key(write(tmp_path / "key", GOOD.hex(), mode))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        ("not a key!", "neither hexadecimal nor base64"),
        (GOOD[:31].hex(), "has 31 bytes, 32 are needed"),
        ("ab" * 32, "repeats"),
    ],
)
def test_what_is_no_key_is_refused_and_not_quoted(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault) as refused:
        master_key(write(tmp_path / "key", text))
    assert not text or text not in str(refused.value)


def test_no_key_says_how_to_make_one(tmp_path: Path) -> None:
    for ask in (lambda: master_key(environment={}), lambda: master_key(tmp_path / "none")):
        with pytest.raises(ConfigError, match=r"leo extract key new master\.key"):
            ask()


def test_a_new_key_is_private_and_never_written_over(tmp_path: Path) -> None:
    key = write_new_key(tmp_path / "key")
    assert stat.S_IMODE(os.stat(tmp_path / "key").st_mode) == 0o600
    assert master_key(tmp_path / "key") == key
    with pytest.raises(ConfigError, match="never written over"):
        write_new_key(tmp_path / "key")
    assert write_new_key(tmp_path / "other") != key


def test_a_key_in_a_runs_folder_is_refused(tmp_path: Path) -> None:
    write_new_key(tmp_path / "key")
    (tmp_path / "run/stages/records").mkdir(parents=True)
    (tmp_path / "run/manifest.json").write_text("{}")
    shutil.copy(tmp_path / "key", tmp_path / "run/key")
    for refused in (lambda: write_new_key(tmp_path / "run/stages/key"), lambda: master_key(tmp_path / "run/key")):
        with pytest.raises(ConfigError, match="a key may not lie in a run's folder"):
            refused()


def test_folders_are_no_keys_and_are_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        master_key(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        write_new_key(tmp_path / "nowhere" / "key")
