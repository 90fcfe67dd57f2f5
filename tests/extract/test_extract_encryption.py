"""Encrypted files open by their key alone, say nothing without it, and can be verified with it."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage.catalogue import Catalogue
from linkage.engine import Engine
from linkage.errors import ConfigError, GateError, InputError
from linkage.extract import EncryptionKey, ExtractSummary, MasterKey, Project, decrypted, encryption_key
from linkage.extract.verify import verify
from tests.extract.conftest import PublishedOnce

KEY, OTHER = EncryptionKey(bytes(range(1, 33))), EncryptionKey(bytes(range(2, 34)))


@pytest.fixture
def made(
    published_once: PublishedOnce, make_project: Callable[..., Project], request: pytest.FixtureRequest
) -> ExtractSummary:
    project = make_project(formats=["parquet"])
    return published_once("encrypted", lambda out: request.getfixturevalue("publish")(project, out=out, encryption=KEY))


def test_files_hold_nothing_in_the_clear_and_open_by_the_key(made: ExtractSummary, key: MasterKey) -> None:
    path = made.folder / "parquet" / "npd_ks4.parquet"
    assert path.read_bytes()[:4] == b"PARE"  # the footer is encrypted too
    for file in made.folder.rglob("*.parquet"):
        raw = file.read_bytes()
        assert b"Grade" not in raw
        assert key.project("study").pseudonym("AE_ID", "1").encode() not in raw
        assert KEY.secret not in raw
        with pytest.raises(Exception, match=r"encrypted|decrypt"):
            pq.read_table(file)
    found = decrypted(path, KEY)
    assert (found.num_rows, found["Grade"].to_pylist().count("A")) == (3, 2)
    with pytest.raises(InputError, match="this key does not open it"):
        decrypted(path, OTHER)


def test_it_is_verified_with_the_key(made: ExtractSummary, engine: Engine, catalogue: Catalogue) -> None:
    assert verify(engine, catalogue, made.folder, encryption=KEY).rows == sum(made.rows.values())
    with pytest.raises(ConfigError, match="its files are encrypted"):
        verify(engine, catalogue, made.folder)
    with pytest.raises(GateError, match=r"parquet/people.parquet: this key does not open it"):
        verify(engine, catalogue, made.folder, encryption=OTHER)
    assert "decrypted(Path(" in (made.folder / "README.md").read_text()


def test_formats_that_cannot_be_encrypted_are_refused(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project]
) -> None:
    with pytest.raises(ConfigError, match="csv cannot be encrypted"):
        publish(make_project(formats=["parquet", "csv"]), encryption=KEY)


def test_an_encrypted_extract_can_be_compared_with_the_next(
    made: ExtractSummary, publish: Callable[..., ExtractSummary], make_project: Callable[..., Project]
) -> None:
    later = publish(make_project(formats=["parquet"]), out="later", encryption=KEY, last=made.folder)
    assert later.change is not None
    assert (later.change["changes"], later.change["gone"]) == ([], [])


def test_the_master_key_encrypts_nothing(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project], key: MasterKey
) -> None:
    """Who is given it to open the files could name everybody anew, in every project."""
    with pytest.raises(ConfigError, match="is the master key") as refused:
        publish(make_project(formats=["parquet"]), encryption=EncryptionKey(key.secret))
    assert key.secret.hex() not in str(refused.value)


def test_the_key_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    assert encryption_key(None, {}) is None
    assert encryption_key(None, {"LEO_EXTRACT_KEY": KEY.secret.hex()}) == KEY
    assert KEY.secret.hex() not in repr(KEY)
    (tmp_path / "key").write_text(KEY.secret.hex())
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(ConfigError, match="others can read this key"):
        encryption_key(tmp_path / "key")
