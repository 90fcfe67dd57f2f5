"""A register shows every byte that was changed, and is never left half written."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import ConfigError, GateError
from linkage.requests.register import append, read_register


def submission(request: str) -> dict[str, str]:
    return {"event": "submitted", "request": request, "date": "2026-05-01", "note": "ä"}


def new_register(path: Path, count: int = 3) -> Path:
    path.unlink(missing_ok=True)
    for number in range(count):
        append(path, submission(f"study-{number}"))
    return path


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return new_register(tmp_path / "register.jsonl")


def test_entries_follow_each_other(register: Path) -> None:
    entries = read_register(register)
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert [entry["previous"] for entry in entries] == [
        "0" * 64,
        entries[0].sha256,
        entries[1].sha256,
    ]
    assert [entry["request"] for entry in entries] == ["study-0", "study-1", "study-2"]


def test_a_changed_byte_is_found_wherever_it_is(register: Path) -> None:
    whole = register.read_bytes()
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        register.write_bytes(bytes(content))
        with pytest.raises(GateError, match=r"line \d was changed"):
            read_register(register)


@given(data=st.data())
def test_removed_or_added_bytes_are_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = new_register(tmp_path_factory.mktemp("register") / "register.jsonl", 2)
    whole = path.read_bytes()
    start = data.draw(st.integers(0, len(whole) - 2))
    end = data.draw(st.integers(start, len(whole) - 1))
    insertion = data.draw(st.binary(max_size=8))
    content = whole[:start] + insertion + whole[end:]
    path.write_bytes(content)
    if content != whole and content != b"":
        with pytest.raises(GateError):
            read_register(path)


@pytest.mark.parametrize(
    "order", [(1, 2), (0, 2), (0, 2, 1), (0, 1, 1, 2), (0, 0, 1, 2)]
)
def test_removed_moved_or_repeated_lines_are_found(
    register: Path, order: tuple[int, ...]
) -> None:
    lines = register.read_bytes().splitlines(keepends=True)
    register.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(GateError, match="it does not follow the line before it"):
        read_register(register)


def test_removed_or_rewritten_lines_are_found_by_a_published_hash(
    register: Path,
) -> None:
    hash_published = read_register(register)[-1].sha256[:16]
    lines = register.read_bytes().splitlines(keepends=True)
    register.write_bytes(b"".join(lines[:2]))
    assert len(read_register(register)) == 2
    with pytest.raises(GateError, match="entries were removed or rewritten"):
        read_register(register, published=hash_published)
    register.write_bytes(b"".join(lines))
    append(register, submission("later"))
    assert len(read_register(register, published=hash_published)) == 4
    with pytest.raises(ConfigError, match="at least twelve"):
        read_register(register, published="ab")
    register.unlink()
    append(register, submission("other"))
    with pytest.raises(GateError, match="rewritten"):
        read_register(register, published=hash_published)


def test_nothing_is_added_to_a_register_with_a_changed_line(register: Path) -> None:
    content = register.read_bytes().replace(b"study-1", b"study-9")
    register.write_bytes(content)
    with pytest.raises(
        GateError, match="line 2 was changed: its hash is not that of its content"
    ):
        append(register, submission("more"))
    assert register.read_bytes() == content


def test_a_full_disk_leaves_the_register_as_it_was(
    register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = register.read_bytes()
    write = os.write

    def write_half(handle: int, line: bytes) -> int:
        write(handle, line[: len(line) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("linkage.requests.register.os.write", write_half)
    with pytest.raises(ConfigError, match="No space left on device"):
        append(register, submission("more"))
    assert register.read_bytes() == before


def test_entries_written_in_parallel_are_one_chain(register: Path) -> None:
    def write(name: int) -> None:
        for _ in range(5):
            append(register, submission(f"from-{name}"))

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(read_register(register)) == 3 + 20
