"""Pseudonyms by a query, for Spark: no process that is not a worker holds a value, and no query or plan the key."""

import pyarrow as pa

from linkage.engine import Engine, Table

_BLOCK = 64  # bytes of a SHA-256 block, to which HMAC pads its key
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def key_table(engine: Engine, secret: bytes) -> Table:
    """The padded key as one row. It enters queries as a table, so that it is in no query's text, plan or file."""
    padded = secret.ljust(_BLOCK, b"\0")
    return engine.from_arrow(
        pa.table(
            {
                "ipad": pa.array([bytes(byte ^ 0x36 for byte in padded)], pa.binary()),
                "opad": pa.array([bytes(byte ^ 0x5C for byte in padded)], pa.binary()),
                "pairs": pa.array([_PAIRS], pa.list_(pa.string())),  # two base32 digits for each ten bits
            }
        ),
        secret=True,
    )


def named(engine: Engine, secret: bytes, values: Table, prefix: str) -> Table:
    """value, pseudonym: stored.

    Args:
        secret: the project's key, 64 bytes at most.
        values: value, each once.
        prefix: what stands before a value in its message.
    """
    key = key_table(engine, secret)
    made = engine.sql(
        f"""
        with messages as (
            select value, $prefix || cast(value as varchar) as message from {{values}}
        ),
        digests as (
            select value, pairs,
                   sha2(concat(opad, unhex(sha2(concat(ipad, cast(message as binary)), 256))), 256) as digest
            from messages cross join {{key}}
        ),
        numbers as (
            select value, pairs,
                   {_number("substr(digest, 1, 15)")} as first_60_bits,
                   {_number("substr(digest, 16, 15)")} as next_60_bits,
                   {_number("substr(digest, 31, 2)")} << 2 as last_8_bits
            from digests
        )
        select value,
               {_base32("first_60_bits", 60)} || {_base32("next_60_bits", 60)} || {_base32("last_8_bits", 10)}
               as pseudonym
        from numbers
        """,
        params={"prefix": prefix},
        store=True,
        values=values,
        key=key,
    )
    engine.drop(key)
    return made


def _number(digits: str) -> str:
    return f"cast(conv({digits}, 16, 10) as bigint)"


def _base32(number: str, bits: int) -> str:
    """SQL for a number of so many bits as base32, ten bits at a time: half the look-ups of five."""
    return " || ".join(f"pairs[1 + (({number} >> {shift}) & 1023)]" for shift in range(bits - 10, -1, -10))
