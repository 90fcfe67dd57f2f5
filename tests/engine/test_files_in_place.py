"""A file or a folder takes its place whole; what stood there before is there until then, however the block ends."""

import pytest

from linkage.engine.files import whole


@pytest.fixture(params=["file", "folder"])
def kind(request):
    return request.param


def put(path, kind, text):
    if kind == "folder":
        path.mkdir()
        path /= "part-00000.parquet"
    path.write_text(text)


def held(path):
    return (path / "part-00000.parquet" if path.is_dir() else path).read_text()


@pytest.mark.parametrize("earlier", ["file", "folder"])
def test_the_new_takes_the_place_of_the_earlier(tmp_path, kind, earlier):
    put(tmp_path / "t", earlier, "earlier")
    with whole(tmp_path / "t") as part:
        put(part, kind, "new")
        assert held(tmp_path / "t") == "earlier"
    assert held(tmp_path / "t") == "new"
    assert [*tmp_path.iterdir()] == [tmp_path / "t"]


@pytest.mark.parametrize("earlier", ["file", "folder"])
def test_what_cannot_be_put_in_place_leaves_the_earlier_there(tmp_path, kind, earlier, monkeypatch):
    def refused(*_):
        raise OSError(13, "Permission denied")

    put(tmp_path / "t", earlier, "earlier")
    monkeypatch.setattr("os.replace", refused)
    with pytest.raises(OSError, match="Permission denied"), whole(tmp_path / "t") as part:
        put(part, kind, "new")
    assert held(tmp_path / "t") == "earlier"
    assert [*tmp_path.iterdir()] == [tmp_path / "t"]


def test_a_process_killed_between_both_renames_loses_nothing(tmp_path, kind):
    put(tmp_path / ".t.before", kind, "earlier")
    put(tmp_path / ".t.part", kind, "half")
    with pytest.raises(KeyboardInterrupt), whole(tmp_path / "t"):
        raise KeyboardInterrupt
    assert held(tmp_path / "t") == "earlier"
    assert [*tmp_path.iterdir()] == [tmp_path / "t"]


def test_of_a_link_to_a_folder_the_link_alone_makes_room(tmp_path, kind):
    put(tmp_path / "elsewhere", "folder", "earlier")
    (tmp_path / "t").symlink_to("elsewhere")
    with whole(tmp_path / "t") as part:
        put(part, kind, "new")
    assert held(tmp_path / "t") == "new"
    assert held(tmp_path / "elsewhere") == "earlier"
    assert sorted(left.name for left in tmp_path.iterdir()) == ["elsewhere", "t"]
