"""Pseudonyms: the same person or institution bears one name within a project, and another in every other project.

A project's key comes from the master key by HKDF-SHA256 (RFC 5869); a pseudonym is HMAC-SHA256 (RFC 2104) of kind and
value under the project's key, cut to 128 bits and written in base32 (RFC 4648), lower case, 26 characters. A bare hash
would not do: a UPN or a NINO can be guessed by trying all of them.
"""

import hashlib
import hmac
import os
import re
from base64 import b32encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linkage.engine import Engine, Table, quote
from linkage.extract.secrets import pseudonym_query
from linkage.extract.secrets.sha256 import Bytes, Hmac

SEPARATOR = "\x1f"
LENGTH = 26
PATTERN = re.compile(r"[a-z2-7]{26}")

_BATCH = 65_536  # values that a thread names at a time: some 20 MB
_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = np.frombuffer(b"".join(bytes((a, b)) for a in _ALPHABET for b in _ALPHABET), np.uint16)  # of ten bits


@dataclass(frozen=True)
class ProjectKey:
    """The key of one project. Its bytes are never shown."""

    project: str
    secret: bytes = field(repr=False)

    def pseudonym(self, kind: str, value: str) -> str:
        """One pseudonym, by its definition."""
        digest = hmac.new(self.secret, f"{kind}{SEPARATOR}{value}".encode(), hashlib.sha256).digest()
        return b32encode(digest[:16]).decode().rstrip("=").lower()


@dataclass(frozen=True)
class MasterKey:
    """The key that all project keys come from. Its bytes are never shown."""

    secret: bytes = field(repr=False)

    def project(self, project: str) -> ProjectKey:
        """The key of a project, by its id."""
        derive = HKDF(hashes.SHA256(), 32, salt=None, info=f"leo-linkage|v1|{project}|pseudonym".encode())
        return ProjectKey(project, derive.derive(self.secret))

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that tell two keys apart and give nothing of the key away; fit for a manifest."""
        return hashlib.sha256(b"key-check" + self.secret).hexdigest()[:8]


def pseudonyms(engine: Engine, key: ProjectKey, values: Table, column: str, *, kind: str) -> Table:
    """The pseudonym of every distinct value of a column.

    On one machine they are made in this process, which alone holds the key; on a cluster by a query, so that no driver
    needs to hold the values.

    Args:
        values: has `column`, of any type; NULLs are passed over.
        kind: what the value names, for example "AE_ID" or "URN": equal values of two kinds get two pseudonyms.

    Returns:
        value (as given), pseudonym (26 characters): one row a distinct value, stored.
    """
    distinct = engine.sql(
        f"select distinct {quote(column)} as value from {{values}} where {quote(column)} is not null", values=values
    )
    if engine.name == "spark":
        return pseudonym_query.named(engine, key.secret, distinct, f"{kind}{SEPARATOR}")
    texts = engine.sql("select value, cast(value as varchar) as message from {values}", values=distinct)
    given = list(engine.batches(texts, _BATCH))
    keyed, prefix = Hmac(key.secret), f"{kind}{SEPARATOR}".encode()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        named = list(pool.map(lambda batch: _named(keyed, prefix, batch["message"]), given))
    values_given = pa.chunked_array([batch["value"] for batch in given], None if given else pa.string())
    return engine.from_arrow(pa.table({"value": values_given, "pseudonym": pa.chunked_array(named, pa.string())}))


def _named(key: Hmac, prefix: bytes, messages: pa.Array) -> pa.Array:
    """The pseudonyms of messages without their prefix."""
    if not len(messages):
        return pa.array([], pa.string())
    _, starts, texts = messages.cast(pa.string()).buffers()
    bounds = np.frombuffer(starts, np.int32)[messages.offset : messages.offset + len(messages) + 1].astype(np.int64)
    held = np.frombuffer(texts, np.uint8)[bounds[0] : bounds[-1]]
    digits = _base32(key.digests(prefix, held, bounds[1:] - bounds[0]))
    ends = np.arange(0, LENGTH * (len(messages) + 1), LENGTH, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(messages), [None, pa.py_buffer(ends), pa.py_buffer(digits)])


def _base32(digests: Bytes) -> Bytes:
    """128 bits each as 26 digits: (n, 16) to (n, 26). Ten bits are looked up at a time."""
    high, low = digests.view(">u8").astype(np.uint64).T
    parts = [high >> (54 - 10 * n) for n in range(6)]
    parts += [high << 6 | low >> 58]
    parts += [low >> (48 - 10 * n) for n in range(5)]
    parts += [low << 2]
    found = np.empty((len(digests), LENGTH // 2), np.uint16)
    for place, part in enumerate(parts):
        found[:, place] = _PAIRS[part & 1023]
    return found.view(np.uint8)
