"""Pseudonyms: a person or institution has one pseudonym in a project, and another in
every other project.

A project's key is derived from the master key by HKDF-SHA256 (RFC 5869). A pseudonym is
HMAC-SHA256 (RFC 2104) of kind and value under the project's key, cut to 128 bits and
written in base32 (RFC 4648), lower case, 26 characters. A bare hash would not do: all
UPNs or NINOs can be tried.
"""

import hashlib
import hmac
import json
import re
from base64 import b32encode
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from linkage.engine import Engine, Table, quote

SEPARATOR = "\x1f"
LENGTH = 26  # characters: 128 bits of five each
PATTERN = re.compile(r"[a-z2-7]{26}")


@dataclass(frozen=True)
class ProjectKey:
    """The key of one project. Its bytes are never shown."""

    project: str
    secret: bytes = field(repr=False)

    def pseudonym(self, kind: str, value: str) -> str:
        """The pseudonym of one value."""
        return b32encode(self.digest(kind, value)).decode()[:LENGTH].lower()

    def digest(self, kind: str, value: str) -> bytes:
        """The 128 bits that a pseudonym writes."""
        return hmac.digest(self.secret, f"{kind}{SEPARATOR}{value}".encode(), "sha256")[
            :16
        ]


def derived(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) without a salt, of 32 bytes: one block, so that extract
    and expand are one HMAC each.
    """
    return hmac.digest(
        hmac.digest(bytes(32), secret, "sha256"), info + b"\x01", "sha256"
    )


@dataclass(frozen=True)
class MasterKey:
    """The key from which project keys are derived. Its bytes are never shown."""

    secret: bytes = field(repr=False)

    def project(self, project: str, *more: str) -> ProjectKey:
        """The key of a project, by `Project.identity`: id, organisation and approval;
        of labels by a name only.
        """
        info = f"leo-linkage|v2|{json.dumps([project, *more])}|pseudonym".encode()
        return ProjectKey(project, derived(self.secret, info))

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that distinguish two keys and disclose nothing of them; fit
        for a manifest.
        """
        return hashlib.sha256(b"key-check" + self.secret).hexdigest()[:8]


def pseudonyms(
    engine: Engine, key: ProjectKey, values: Table, column: str, *, kind: str
) -> Table:
    """The pseudonym of every distinct value of a column.

    The key is in the function that the engine applies, never in a query, a plan or a
    table.

    Args:
        values: has `column`, of any type; NULLs are ignored.
        kind: what the value identifies, for example "AE_ID" or "URN": equal values of
            two kinds get two pseudonyms.

    Returns:
        value (as given), pseudonym (26 characters): one row a distinct value, stored.
    """
    name = quote(column)
    distinct = engine.sql(
        f"""
        with given as (select distinct {name} as value from {{values}}
            where {name} is not null)
        select value, cast(value as varchar) as message from given
        """,
        store=True,
        values=values,
    )
    # by_group needs a whole number that spreads the values: the last two characters.
    groups = engine.sql(
        """
        select message, cast(ascii(right(message, 1)) as bigint) * 1000
            + ascii(right(message, 2)) as part
        from {distinct}
        """,
        distinct=distinct,
    )
    work = partial(_with_pseudonyms, key=key, kind=kind)
    mapping = engine.by_group(
        groups, work, {"message": "varchar", "pseudonym": "varchar"}, by="part"
    )
    result = engine.sql(
        "select value, pseudonym from {distinct} join {mapping} using (message)",
        store=True,
        distinct=distinct,
        mapping=mapping,
    )
    engine.drop(distinct, mapping)
    return result


def _with_pseudonyms(rows: pa.Table, key: ProjectKey, kind: str) -> pa.Table:
    """The messages and their pseudonyms: what a worker computes."""
    digests = (
        key.digest(kind, message) + bytes(4) for message in rows["message"].to_pylist()
    )
    text = (
        b32encode(b"".join(digests)).lower().decode()
    )  # 20 bytes are 32 characters: one call for all
    names = [text[start : start + LENGTH] for start in range(0, len(text), 32)]
    return pa.table(
        {"message": rows["message"], "pseudonym": pa.array(names, pa.string())}
    )
