"""Pseudonyms: equal to Python's own HMAC, different in every project, and the key in no query, plan or text."""

import base64
import hashlib
import hmac
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.engine import Engine, one
from linkage.engine import rows as engine_rows
from linkage.extract import MasterKey
from linkage.extract.pseudonym import PATTERN, key_table, pseudonyms


def by_hand(secret: bytes, kind: str, value: str) -> str:
    digest = hmac.new(secret, f"{kind}\x1f{value}".encode(), hashlib.sha256).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1))
def test_engine_and_python_give_the_same_pseudonym(engine: Engine, values: list[str]) -> None:
    key = MasterKey(b"k" * 40).project("study")
    table = engine.from_arrow(pa.table({"v": values}))
    found = engine_rows(engine, pseudonyms(engine, key_table(engine, key), table, "v", kind="URN"))
    assert {row["value"]: row["pseudonym"] for row in found} == {v: by_hand(key.secret, "URN", v) for v in values}
    assert all(key.pseudonym("URN", row["value"]) == row["pseudonym"] for row in found)
    assert all(PATTERN.fullmatch(row["pseudonym"]) for row in found)


def test_numbers_get_the_pseudonym_of_their_digits_and_nulls_none(engine: Engine, key: MasterKey) -> None:
    project = key.project("study")
    table = engine.from_arrow(pa.table({"URN": pa.array([7, None, 7], pa.int64())}))
    found = engine_rows(engine, pseudonyms(engine, key_table(engine, project), table, "URN", kind="URN"))
    assert found == [{"value": 7, "pseudonym": by_hand(project.secret, "URN", "7")}]


def test_project_and_kind_each_change_the_pseudonym(key: MasterKey) -> None:
    names = {key.project(p).pseudonym(k, "1") for p in ("a", "b") for k in ("AE_ID", "URN")}
    assert len(names) == 4
    assert key.project("a").secret != key.project("b").secret != key.secret


def test_key_is_in_no_text_or_plan(engine: Any, key: MasterKey, monkeypatch: pytest.MonkeyPatch) -> None:
    project = key.project("study")
    asked: list[str] = []
    ask = type(engine).sql

    def listening(self: Any, query: str, **given: Any) -> Any:
        table = ask(self, query, **{**given, "store": False})
        asked.append(query)
        asked.append(str(self.connection.execute(f'explain analyze from "{table.name}"').fetchall()))
        return table

    monkeypatch.setattr(type(engine), "sql", listening)
    table = engine.from_arrow(pa.table({"v": ["x"]}))
    made = pseudonyms(engine, key_table(engine, project), table, "v", kind="URN")
    assert one(engine, made)["pseudonym"] == by_hand(project.secret, "URN", "x")
    padded = project.secret.ljust(64, b"\0")
    shown = "".join(asked).lower()
    assert len(asked) >= 2
    assert "cross product" in shown  # the plan was read, and the keys' table is in it
    for secret in (project.secret, key.secret, *(bytes(b ^ pad for b in padded) for pad in (0x36, 0x5C))):
        in_words = engine.connection.execute("select cast($1 as varchar)", [secret[:5]]).fetchone()[0].lower()
        in_words = in_words.replace("\\", "\\\\")  # as str() of the plan's rows writes it
        assert in_words not in shown
        assert secret[:5].hex() not in shown
        plan = str(engine.connection.execute("explain select $1 || encode(v) from (from t1)", [secret]).fetchall())
        assert in_words in plan.lower()  # a parameter would have shown it


def test_keys_show_nothing_of_themselves(key: MasterKey) -> None:
    shown = repr(key) + repr(key.project("study"))
    assert "\\x01" not in shown
    assert "secret" not in shown
    assert key.fingerprint == hashlib.sha256(b"key-check" + bytes(range(32))).hexdigest()[:8]
