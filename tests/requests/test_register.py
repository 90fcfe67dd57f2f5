"""A register shows every byte that was changed, and is never left half written."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import ConfigError, GateError
from linkage.requests.register import append, read_register


def submitted(request: str) -> dict[str, str]:
    return {"event": "submitted", "request": request, "date": "2026-05-01", "note": "ä"}


def fresh(path: Path, count: int = 3) -> Path:
    path.unlink(missing_ok=True)
    for number in range(count):
        append(path, submitted(f"study-{number}"))
    return path


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return fresh(tmp_path / "register.jsonl")


def test_entries_follow_each_other(register: Path) -> None:
    entries = read_register(register)
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert [entry["previous"] for entry in entries] == ["0" * 64, entries[0].sha256, entries[1].sha256]
    assert [entry["request"] for entry in entries] == ["study-0", "study-1", "study-2"]


def test_a_changed_byte_is_found_wherever_it_is(register: Path) -> None:
    whole = register.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        register.write_bytes(bytes(changed))
        with pytest.raises(GateError, match=r"line \d was changed"):
            read_register(register)


@given(data=st.data())
def test_bytes_taken_out_or_put_in_are_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = fresh(tmp_path_factory.mktemp("register") / "register.jsonl", 2)
    whole = path.read_bytes()
    start = data.draw(st.integers(0, len(whole) - 2))
    end = data.draw(st.integers(start, len(whole) - 1))
    put_in = data.draw(st.binary(max_size=8))
    changed = whole[:start] + put_in + whole[end:]
    path.write_bytes(changed)
    if changed != whole and changed != b"":
        with pytest.raises(GateError):
            read_register(path)


@pytest.mark.parametrize("order", [(1, 2), (0, 2), (0, 2, 1), (0, 1, 1, 2), (0, 0, 1, 2)])
def test_lines_taken_out_moved_or_repeated_are_found(register: Path, order: tuple[int, ...]) -> None:
    lines = register.read_bytes().splitlines(keepends=True)
    register.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(GateError, match="it does not follow the line before it"):
        read_register(register)


def test_lines_taken_from_the_end_or_all_rewritten_are_found_by_a_published_hash(register: Path) -> None:
    published = read_register(register)[-1].sha256[:16]
    lines = register.read_bytes().splitlines(keepends=True)
    register.write_bytes(b"".join(lines[:2]))
    assert len(read_register(register)) == 2
    with pytest.raises(GateError, match="entries were removed or rewritten"):
        read_register(register, published=published)
    register.write_bytes(b"".join(lines))
    append(register, submitted("later"))
    assert len(read_register(register, published=published)) == 4
    with pytest.raises(ConfigError, match="at least twelve"):
        read_register(register, published="ab")
    register.unlink()
    append(register, submitted("other"))
    with pytest.raises(GateError, match="rewritten"):
        read_register(register, published=published)


def test_nothing_is_added_to_a_register_that_does_not_hold(register: Path) -> None:
    changed = register.read_bytes().replace(b"study-1", b"study-9")
    register.write_bytes(changed)
    with pytest.raises(GateError, match="line 2 was changed: its hash is not that of its content"):
        append(register, submitted("more"))
    assert register.read_bytes() == changed


def test_a_full_disk_leaves_the_register_as_it_was(register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = register.read_bytes()
    real = os.write

    def half(handle: int, line: bytes) -> int:
        real(handle, line[: len(line) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("linkage.requests.register.os.write", half)
    with pytest.raises(ConfigError, match="No space left on device"):
        append(register, submitted("more"))
    assert register.read_bytes() == before


def test_entries_written_side_by_side_make_one_chain(register: Path) -> None:
    def write(name: int) -> None:
        for _ in range(5):
            append(register, submitted(f"from-{name}"))

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(read_register(register)) == 3 + 20
