"""Places of the master key, and what is refused."""

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


@pytest.mark.parametrize(
    "text", [GOOD.hex(), GOOD.hex().upper() + "\n", base64.b64encode(GOOD).decode()]
)
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
def test_a_text_that_is_no_key_is_refused_and_not_quoted(
    tmp_path: Path, text: str, fault: str
) -> None:
    with pytest.raises(ConfigError, match=fault) as error:
        master_key(write(tmp_path / "key", text))
    assert not text or text not in str(error.value)


def test_a_missing_key_has_a_remedy(tmp_path: Path) -> None:
    for read_key in (
        lambda: master_key(environment={}),
        lambda: master_key(tmp_path / "none"),
    ):
        with pytest.raises(ConfigError, match=r"leo extract key new master\.key"):
            read_key()


def test_a_new_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
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
    for action in (
        lambda: write_new_key(tmp_path / "run/stages/key"),
        lambda: master_key(tmp_path / "run/key"),
    ):
        with pytest.raises(ConfigError, match="a key may not lie in a run's folder"):
            action()


def test_folders_are_refused_as_keys_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        master_key(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        write_new_key(tmp_path / "nowhere" / "key")
