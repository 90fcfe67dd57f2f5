"""Pseudonyms: the same person or institution bears one name within a project, and another in every other project.

A project's key comes from the master key by HKDF-SHA256 (RFC 5869); a pseudonym is HMAC-SHA256 (RFC 2104) of kind and
value under the project's key, cut to 128 bits and written in base32 (RFC 4648), lower case, 26 characters. A bare hash
would not do: a UPN or a NINO can be guessed by trying all of them.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass, field

import pyarrow as pa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linkage.engine import Engine, Table, quote

SEPARATOR = "\x1f"
LENGTH = 26
PATTERN = re.compile(r"[a-z2-7]{26}")

_BLOCK = 64  # bytes of a SHA-256 block, to which HMAC pads its key
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]

# The only expressions that an engine says in its own way: HMAC over the padded keys, and 15 hex digits as a number.
_DIGEST = {
    "duckdb": "sha256(opad || unhex(sha256(ipad || encode(message))))",
    "spark": "sha2(concat(opad, unhex(sha2(concat(ipad, cast(message as binary)), 256))), 256)",
}
_NUMBER = {
    "duckdb": "cast('0x' || {digits} as bigint)",
    "spark": "cast(conv({digits}, 16, 10) as bigint)",
}


@dataclass(frozen=True)
class ProjectKey:
    """The key of one project. Its bytes are never shown."""

    project: str
    secret: bytes = field(repr=False)

    def pseudonym(self, kind: str, value: str) -> str:
        """One pseudonym, as the engine makes them by the million."""
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


def key_table(engine: Engine, key: ProjectKey) -> Table:
    """The padded key as one row. It enters queries as a table, so that it is in no query's text and no plan."""
    padded = key.secret.ljust(_BLOCK, b"\0")
    return engine.from_arrow(
        pa.table(
            {
                "ipad": pa.array([bytes(byte ^ 0x36 for byte in padded)], pa.binary()),
                "opad": pa.array([bytes(byte ^ 0x5C for byte in padded)], pa.binary()),
                "pairs": pa.array([_PAIRS], pa.list_(pa.string())),  # two base32 digits for each ten bits
            }
        )
    )


def pseudonyms(engine: Engine, key: Table, values: Table, column: str, *, kind: str) -> Table:
    """The pseudonym of every distinct value of a column.

    Args:
        key: as `key_table` makes it.
        values: has `column`, of any type; NULLs are passed over.
        kind: what the value names, for example "AE_ID" or "URN": equal values of two kinds get two pseudonyms.

    Returns:
        value (as given), pseudonym (26 characters): one row a distinct value, stored.
    """
    return engine.sql(
        f"""
        with distinct_values as (
            select distinct {quote(column)} as value from {{values}} where {quote(column)} is not null
        ),
        messages as (
            select value, $kind || chr(31) || cast(value as varchar) as message from distinct_values
        ),
        digests as (
            select value, pairs, {_DIGEST[engine.name]} as digest from messages cross join {{key}}
        ),
        numbers as (
            select value, pairs,
                   {_number(engine, "substr(digest, 1, 15)")} as first_60_bits,
                   {_number(engine, "substr(digest, 16, 15)")} as next_60_bits,
                   {_number(engine, "substr(digest, 31, 2)")} << 2 as last_8_bits
            from digests
        )
        select value,
               {_base32("first_60_bits", 60)} || {_base32("next_60_bits", 60)} || {_base32("last_8_bits", 10)}
               as pseudonym
        from numbers
        """,
        params={"kind": kind},
        store=True,
        values=values,
        key=key,
    )


def _number(engine: Engine, digits: str) -> str:
    return _NUMBER[engine.name].format(digits=digits)


def _base32(number: str, bits: int) -> str:
    """SQL for a number of so many bits as base32, ten bits at a time: half the look-ups of five."""
    return " || ".join(f"pairs[1 + (({number} >> {shift}) & 1023)]" for shift in range(bits - 10, -1, -10))
