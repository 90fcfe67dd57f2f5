"""Pseudonyms: equal to Python's own HMAC, different in every project, and the key in no
query, plan or text.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, batches
from linkage.engine import rows as engine_rows
from linkage.extract import MasterKey, Project
from linkage.extract.pseudonyms import PATTERN, derived, pseudonyms


def hmac_of(secret: bytes, kind: str, value: str) -> str:
    digest = hmac.new(secret, f"{kind}\x1f{value}".encode(), hashlib.sha256).digest()[
        :16
    ]
    return base64.b32encode(digest).decode().rstrip("=").lower()


@given(
    values=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
        min_size=1,
    )
)
def test_engine_and_python_give_the_same_pseudonym(
    engine: Engine, values: list[str]
) -> None:
    key = MasterKey(b"k" * 40).project("study")
    table = engine.from_arrow(pa.table({"v": values}))
    rows = engine_rows(engine, pseudonyms(engine, key, table, "v", kind="URN"))
    assert {row["value"]: row["pseudonym"] for row in rows} == {
        v: hmac_of(key.secret, "URN", v) for v in values
    }
    assert all(key.pseudonym("URN", row["value"]) == row["pseudonym"] for row in rows)
    assert all(PATTERN.fullmatch(row["pseudonym"]) for row in rows)


def test_numbers_get_the_pseudonym_of_their_digits_and_nulls_have_none(
    engine: Engine, key: MasterKey
) -> None:
    project = key.project("study")
    table = engine.from_arrow(pa.table({"URN": pa.array([7, None, 7], pa.int64())}))
    rows = engine_rows(engine, pseudonyms(engine, project, table, "URN", kind="URN"))
    assert rows == [{"value": 7, "pseudonym": hmac_of(project.secret, "URN", "7")}]


def test_project_and_kind_each_change_the_pseudonym(key: MasterKey) -> None:
    names = {
        key.project(p).pseudonym(k, "1") for p in ("a", "b") for k in ("AE_ID", "URN")
    }
    assert len(names) == 4
    assert key.project("a").secret != key.project("b").secret != key.secret


def test_a_key_is_of_id_organisation_and_approval(
    key: MasterKey, make_project: Callable[..., Project]
) -> None:
    decision = {
        "reference": "D-1",
        "date": "2026-01-01",
        "expires": "2027-01-01",
        "approval": "f00",
    }
    changes: list[dict[str, Any]] = [
        {},
        {"organisation": "Mallory Ltd"},
        {"decision": decision},
        {"id": "other"},
    ]
    assert len(
        {key.project(*make_project(**change).identity).secret for change in changes}
    ) == len(changes)
    project = make_project(organisation=" A  University")
    assert project.identity == make_project().identity, (
        "case and blanks do not change the organisation"
    )


@pytest.mark.both_engines
def test_pseudonyms_are_those_of_every_release(engine: Engine) -> None:
    """Values written down once: a pseudonym must be the same in each version, or
    releases do not match.
    """
    project = MasterKey(bytes(range(32))).project("study")
    expected = {
        "1": "zchkhhz44xegtpsreyylvrie4m",
        "Ægir": "fh5kwk37rbjq4exbf3r6rojpfu",
        "x" * 200: "g5yu2gbuwbya2pikpr6py6w6ra",
    }
    pseudonym_table = pseudonyms(
        engine,
        project,
        engine.from_arrow(pa.table({"v": list(expected)})),
        "v",
        kind="AE_ID",
    )
    assert {
        row["value"]: row["pseudonym"] for row in engine_rows(engine, pseudonym_table)
    } == expected


@pytest.mark.both_engines
def test_key_is_in_no_query_table_or_plan(
    engine: Any, key: MasterKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where workers compute pseudonyms, as they do on Spark of more rows than one
    process should hold.
    """
    project = key.project("study")
    queries: list[str] = []
    engine_type = type(engine)

    def record(name: str, text: Callable[..., str]) -> None:
        original = getattr(engine_type, name)

        def call(self: Any, *arguments: Any, **options: Any) -> Any:
            queries.append(text(*arguments, **options))
            return original(self, *arguments, **options)

        monkeypatch.setattr(engine_type, name, call)

    record("sql", lambda query, **options: query + str(options.get("params")))
    record("from_arrow", lambda data, **_: str(data.to_pydict()))
    if engine.name == "spark":
        monkeypatch.setattr(batches, "BATCH_ROWS", 1)
        record(
            "_checkpoint",
            lambda frame, *_, **__: frame._jdf.queryExecution().toString(),
        )
    table = engine.from_arrow(pa.table({"v": ["x", "y"]}))
    rows = engine_rows(engine, pseudonyms(engine, project, table, "v", kind="URN"))
    assert {row["value"]: row["pseudonym"] for row in rows} == {
        v: hmac_of(project.secret, "URN", v) for v in "xy"
    }
    query_text = "".join(queries).lower()
    assert "message" in query_text  # the queries were recorded
    assert engine.name != "spark" or "mapinarrow" in query_text
    for secret in (project.secret, key.secret):
        assert str(secret[:5])[2:-1].lower() not in query_text
        assert secret[:5].hex() not in query_text


def test_keys_show_nothing_of_themselves(key: MasterKey) -> None:
    text = repr(key) + repr(key.project("study"))
    assert "\\x01" not in text
    assert "secret" not in text
    assert (
        key.fingerprint
        == hashlib.sha256(b"key-check" + bytes(range(32))).hexdigest()[:8]
    )


def test_values_of_more_than_one_batch(engine: Engine, key: MasterKey) -> None:
    project = key.project("study")
    numbers = engine.sql("select range as v from range(70000)")
    rows = engine_rows(engine, pseudonyms(engine, project, numbers, "v", kind="URN"))
    assert {row["value"]: row["pseudonym"] for row in rows} == {
        v: hmac_of(project.secret, "URN", str(v)) for v in range(70_000)
    }


def test_project_keys_are_derived_as_rfc_5869_derives_them() -> None:
    """Test case 3: 22 bytes 0x0b, no salt, no info; the first 32 of its 42 bytes."""
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    assert derived(b"\x0b" * 22, b"").hex() == expected
