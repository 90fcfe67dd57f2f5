"""Parquet files that only the holder of a key can read: Parquet modular encryption by pyarrow, footers with them.

Each file has keys of its own, wrapped by the key that is given (AES-GCM), so that the same key can serve many extracts.
That key comes from outside the run, as the master key does, and should not be the master key.
"""

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linkage.errors import InputError

VARIABLE = "LEO_EXTRACT_KEY"
_NAME = "extract"
_NONCE = 12
_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class EncryptionKey:
    """The key that wraps a file's own keys: 32 bytes, never shown."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that distinguish two keys; fit for a manifest."""
        return hashlib.sha256(b"key-check" + self.secret).hexdigest()[:8]


class _Wrapping(pe.KmsClient):  # type: ignore[misc]
    """Wraps keys in this process, without a service."""

    def __init__(self, key: EncryptionKey) -> None:
        super().__init__()
        self._cipher = AESGCM(key.secret[:32])

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, key_bytes, master_key_identifier.encode()))

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        wrapped = base64.b64decode(wrapped_key)
        return self._cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], master_key_identifier.encode())


def _factory(key: EncryptionKey) -> pe.CryptoFactory:
    return pe.CryptoFactory(lambda _: _Wrapping(key))


def encrypt(path: Path, key: EncryptionKey) -> None:
    """Replace a Parquet file by its encrypted form."""
    configuration = pe.EncryptionConfiguration(
        footer_key=_NAME, uniform_encryption=True, encryption_algorithm="AES_GCM_V1", data_key_length_bits=256
    )
    factory = _factory(key)  # to be kept while the properties are used
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), configuration)
    part = path.with_name(f".{path.name}.encrypted")
    with (
        pq.ParquetFile(path) as plain,
        pq.ParquetWriter(part, plain.schema_arrow, compression="zstd", encryption_properties=properties) as writer,
    ):
        for batch in plain.iter_batches(_BATCH_ROWS):
            writer.write_batch(batch)
    os.replace(part, path)


def decrypted(path: Path, key: EncryptionKey) -> pa.Table:
    """An encrypted file's rows, in memory.

    Raises:
        InputError: the key is not the one, or the file is not whole.
    """
    factory = _factory(key)
    try:
        properties = factory.file_decryption_properties(pe.KmsConnectionConfig(), pe.DecryptionConfiguration())
        with pq.ParquetFile(path, decryption_properties=properties) as file:
            return pa.Table.from_batches(_batches(file), file.schema_arrow)
    except (OSError, pa.ArrowException, InvalidTag, ValueError):
        raise InputError(f"{path}: this key does not open it\n  give the key that the extract was made with") from None


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    yield from file.iter_batches(_BATCH_ROWS)
