"""Pseudonyms: equal to Python's own HMAC, different in every project, and the key in no query, plan or text."""

import base64
import hashlib
import hmac
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.engine import Engine, one
from linkage.engine import rows as engine_rows
from linkage.extract import MasterKey
from linkage.extract.secrets.pseudonym import PATTERN, pseudonyms
from linkage.extract.secrets.sha256 import Hmac
from tests.conftest import SHARED_FIXTURE


def by_hand(secret: bytes, kind: str, value: str) -> str:
    digest = hmac.new(secret, f"{kind}\x1f{value}".encode(), hashlib.sha256).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


@settings(deadline=None, max_examples=15, suppress_health_check=SHARED_FIXTURE)
@given(values=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1))
def test_engine_and_python_give_the_same_pseudonym(engine: Engine, values: list[str]) -> None:
    key = MasterKey(b"k" * 40).project("study")
    table = engine.from_arrow(pa.table({"v": values}))
    found = engine_rows(engine, pseudonyms(engine, key, table, "v", kind="URN"))
    assert {row["value"]: row["pseudonym"] for row in found} == {v: by_hand(key.secret, "URN", v) for v in values}
    assert all(key.pseudonym("URN", row["value"]) == row["pseudonym"] for row in found)
    assert all(PATTERN.fullmatch(row["pseudonym"]) for row in found)


def test_numbers_get_the_pseudonym_of_their_digits_and_nulls_none(engine: Engine, key: MasterKey) -> None:
    project = key.project("study")
    table = engine.from_arrow(pa.table({"URN": pa.array([7, None, 7], pa.int64())}))
    found = engine_rows(engine, pseudonyms(engine, project, table, "URN", kind="URN"))
    assert found == [{"value": 7, "pseudonym": by_hand(project.secret, "URN", "7")}]


def test_project_and_kind_each_change_the_pseudonym(key: MasterKey) -> None:
    names = {key.project(p).pseudonym(k, "1") for p in ("a", "b") for k in ("AE_ID", "URN")}
    assert len(names) == 4
    assert key.project("a").secret != key.project("b").secret != key.secret


@settings(deadline=None, max_examples=60)
@given(
    secret=st.binary(min_size=1, max_size=150),
    prefix=st.binary(max_size=20),
    texts=st.lists(st.binary(max_size=150), max_size=20),
)
def test_many_at_once_are_those_of_the_standard_library(secret: bytes, prefix: bytes, texts: list[bytes]) -> None:
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    found = Hmac(secret).digests(prefix, np.frombuffer(b"".join(texts), np.uint8), ends)
    assert [digest.tobytes() for digest in found] == [
        hmac.digest(secret, prefix + text, "sha256")[:16] for text in texts
    ]


def test_messages_about_the_length_of_a_block_are_those_of_the_standard_library() -> None:
    texts = [b"x" * length for length in range(200)]
    found = Hmac(b"k" * 32).digests(b"", np.frombuffer(b"".join(texts), np.uint8), np.cumsum(range(200)))
    assert [digest.tobytes() for digest in found] == [hmac.digest(b"k" * 32, t, "sha256")[:16] for t in texts]


def test_more_values_than_a_batch_each_get_their_own(engine: Engine, key: MasterKey) -> None:
    project = key.project("study")
    many = engine.sql("select range as v from range(70000)")
    found = engine_rows(engine, pseudonyms(engine, project, many, "v", kind="URN"))
    assert {row["value"]: row["pseudonym"] for row in found} == {
        v: by_hand(project.secret, "URN", str(v)) for v in range(70_000)
    }


def test_key_never_reaches_the_engine(engine: Any, key: MasterKey, monkeypatch: pytest.MonkeyPatch) -> None:
    project = key.project("study")
    given: list[str] = []
    ask, take = type(engine).sql, type(engine).from_arrow

    def asked(self: Any, query: str, **rest: Any) -> Any:
        given.append(query + str(rest.get("params")))
        return ask(self, query, **rest)

    def taken(self: Any, data: pa.Table) -> Any:
        given.append(str(data.to_pydict()))
        return take(self, data)

    monkeypatch.setattr(type(engine), "sql", asked)
    monkeypatch.setattr(type(engine), "from_arrow", taken)
    table = engine.from_arrow(pa.table({"v": ["x"]}))
    made = pseudonyms(engine, project, table, "v", kind="URN")
    assert one(engine, made)["pseudonym"] == by_hand(project.secret, "URN", "x")
    padded = project.secret.ljust(64, b"\0")
    shown = "".join(given).lower()
    assert "message" in shown  # the queries were listened to
    for secret in (project.secret, key.secret, *(bytes(b ^ pad for b in padded) for pad in (0x36, 0x5C))):
        assert str(secret[:5])[2:-1].lower() not in shown
        assert secret[:5].hex() not in shown


def test_keys_show_nothing_of_themselves(key: MasterKey) -> None:
    shown = repr(key) + repr(key.project("study"))
    assert "\\x01" not in shown
    assert "secret" not in shown
    assert key.fingerprint == hashlib.sha256(b"key-check" + bytes(range(32))).hexdigest()[:8]
