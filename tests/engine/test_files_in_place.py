"""A file or a folder takes its place whole; what stood there before is there until
then, however the block ends.
"""

from pathlib import Path

import duckdb
import pytest

from linkage.engine import connect, rows
from linkage.engine.files import whole


@pytest.fixture(params=["file", "folder"])
def kind(request):
    return request.param


def write(path, kind, text):
    if kind == "folder":
        path.mkdir()
        path /= "part-00000.parquet"
    path.write_text(text)


def content(path):
    return (path / "part-00000.parquet" if path.is_dir() else path).read_text()


@pytest.mark.parametrize("old_kind", ["file", "folder"])
def test_a_new_file_replaces_the_earlier_one(tmp_path, kind, old_kind):
    write(tmp_path / "t", old_kind, "earlier")
    with whole(tmp_path / "t") as part:
        write(part, kind, "new")
        assert content(tmp_path / "t") == "earlier"
    assert content(tmp_path / "t") == "new"
    assert [*tmp_path.iterdir()] == [tmp_path / "t"]


@pytest.mark.parametrize("old_kind", ["file", "folder"])
def test_a_failed_replacement_keeps_the_earlier_file(
    tmp_path, kind, old_kind, monkeypatch
):
    def refuse(*_):
        raise OSError(13, "Permission denied")

    write(tmp_path / "t", old_kind, "earlier")
    monkeypatch.setattr("os.replace", refuse)
    with (
        pytest.raises(OSError, match="Permission denied"),
        whole(tmp_path / "t") as part,
    ):
        write(part, kind, "new")
    assert content(tmp_path / "t") == "earlier"
    assert [*tmp_path.iterdir()] == [tmp_path / "t"]


def test_a_process_killed_between_both_renames_loses_nothing(tmp_path, kind):
    write(tmp_path / ".t.before", kind, "earlier")
    write(tmp_path / ".t.part", kind, "half")
    with pytest.raises(KeyboardInterrupt), whole(tmp_path / "t"):
        raise KeyboardInterrupt
    assert content(tmp_path / "t") == "earlier"
    assert [*tmp_path.iterdir()] == [tmp_path / "t"]


def test_a_link_to_a_folder_is_replaced_and_its_folder_stays(tmp_path, kind):
    write(tmp_path / "elsewhere", "folder", "earlier")
    (tmp_path / "t").symlink_to("elsewhere")
    with whole(tmp_path / "t") as part:
        write(part, kind, "new")
    assert content(tmp_path / "t") == "new"
    assert content(tmp_path / "elsewhere") == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "t"]


@pytest.mark.parametrize(
    "query",
    ["from read_text({file})", "from glob({file})", "copy (select 1) to {file}"],
)
def test_a_query_reads_and_writes_within_its_folders_only(
    query: str, tmp_path: Path
) -> None:
    """Also through a link, which DuckDB follows before it asks whether it may."""
    inside, outside = tmp_path / "run", tmp_path / "home"
    outside.mkdir()
    (outside / "key").write_text("secret", encoding="utf-8")
    with connect("duckdb", threads=1, within=[inside]) as engine:
        engine.write(engine.sql("select 1 as a", params=None), inside / "a.parquet")
        assert rows(engine, engine.read(inside)) == [{"a": 1}]
        (inside / "link").symlink_to(outside)
        for path in (
            outside / "key",
            inside / "link" / "key",
            inside / ".." / "home" / "key",
        ):
            with pytest.raises(duckdb.PermissionException):
                engine.connection.execute(query.format(file=f"'{path}'"))


def test_settings_are_locked_and_extensions_off() -> None:
    with connect("duckdb", threads=1) as engine:
        for key in (
            "autoinstall_known_extensions",
            "autoload_known_extensions",
            "allow_community_extensions",
        ):
            assert not engine.connection.execute(
                f"select current_setting('{key}')"
            ).fetchone()[0]
            with pytest.raises(duckdb.InvalidInputException, match="locked"):
                engine.connection.execute(f"set {key} = true")
