"""The master key: where it is kept, and what is refused.

It stays outside the run: in a file that only its owner can read, or in an environment
variable.
"""

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from linkage.errors import ConfigError
from linkage.extract.pseudonyms import MasterKey

VARIABLE = "LEO_MASTER_KEY"
KEY_BYTES = 32

_HOW = (
    "name the file of the run's key, or, for a first run, make one, and keep it where "
    "the run's files are not:\n"
    "    leo extract key new master.key\n"
    "  then name the file by --key or in [outputs] key_file, or put its text in the "
    f"environment variable {VARIABLE}"
)


def write_new_key(path: Path, *, of_run: bool = False) -> MasterKey:
    """Make a master key in a file that only its owner can read.

    Args:
        of_run: it is a run's own, of its review's labels, and lies in its folder.

    Raises:
        ConfigError: the file is there already, since a key is never written over; it
            would lie in a run's folder; or it cannot be written there.
    """
    if not of_run:
        _see_that_it_is_outside_runs(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(
            f"{path}: is there already\n  a key is never written over; give another "
            "path"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}\n  give a file in a folder "
            "that is there"
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
    return master_key(path, of_run=of_run)


def _see_that_it_is_outside_runs(path: Path) -> None:
    """A run's folder is copied, published and read by many; with the key every
    pseudonym can be computed.
    """
    for folder in path.resolve().parents:
        if (folder / "manifest.json").is_file() and (folder / "stages").is_dir():
            raise ConfigError(
                f"{path}: a key may not lie in a run's folder\n  keep it outside "
                f"{folder}"
            )


def master_key(
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    of_run: bool = False,
) -> MasterKey:
    """The master key from a file, or from LEO_MASTER_KEY where no file is named;
    `of_run` as of `write_new_key`.

    The text is hexadecimal or base64, of 32 bytes or more.

    Raises:
        ConfigError: there is none, others can read it, it lies in a run's folder, or it
            is too short or too plain to be a key. The message says how to make one and
            never quotes it.
    """
    if path is not None:
        if not of_run:
            _see_that_it_is_outside_runs(path)
        return _decoded(_text(path), str(path))
    text = (
        (os.environ if environment is None else environment).get(VARIABLE, "").strip()
    )
    if not text:
        raise ConfigError(
            "there is no master key, and extracts need one for their pseudonyms\n  "
            f"{_HOW}"
        )
    return _decoded(text, f"environment variable {VARIABLE}")


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise ConfigError(f"{path}: is a folder\n  give the file of the key")
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise ConfigError(
                f"{path}: others can read this key (mode {mode:04o})\n"
                f"  run: chmod 600 {path}\n  and if others may have read it, make a "
                "new one"
            )
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file\n  {_HOW}") from None
    except UnicodeDecodeError:
        raise ConfigError(
            f"{path}: a key is text, hexadecimal or base64\n  {_HOW}"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: the key cannot be read: {error.strerror}\n  {_HOW}"
        ) from None


def _decoded(text: str, origin: str) -> MasterKey:
    if not text:
        raise ConfigError(f"{origin}: the key is empty\n  {_HOW}")
    try:
        if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
            secret = bytes.fromhex(text)
        else:
            secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(
            f"{origin}: the key is neither hexadecimal nor base64\n  {_HOW}"
        ) from None
    if len(secret) < KEY_BYTES:
        raise ConfigError(
            f"{origin}: the key has {len(secret)} bytes, {KEY_BYTES} are needed\n  "
            f"{_HOW}"
        )
    if len(set(secret)) < KEY_BYTES // 4:
        raise ConfigError(
            f"{origin}: the key repeats a few bytes, as no random key does\n  {_HOW}"
        )
    return MasterKey(secret)
