"""`leo report all` over two real runs of the village."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_two_real_runs(
    linked_village: Any,
    village: Any,
    leo: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
) -> None:
    """The second run needs another precision, which the page that compares it with the
    first shows.
    """
    runs = tmp_path / "runs"
    shutil.copytree(linked_village.root, runs / "first")
    village.change("min_precision = 0.98", "min_precision = 0.97")
    village.runner().run()
    shutil.move(village.root, runs / "second")
    (runs / "third" / "stages").mkdir(parents=True)
    manifest = json.loads(
        (shutil.copytree(runs / "first", runs / "older") / "manifest.json").read_text()
    )
    (runs / "older" / "manifest.json").write_text(
        json.dumps(manifest | {"format": 0, "versions": "none"})
    )
    evaluation = json.loads(
        (
            shutil.copytree(runs / "first", runs / "newer") / "quality/evaluation.json"
        ).read_text()
    )
    (runs / "newer" / "quality" / "evaluation.json").write_text(
        json.dumps(evaluation | {"format": 99})
    )

    code, out, err = leo("report", "all", runs, "--out", tmp_path / "site")

    assert code == 0
    assert out.startswith(f"{tmp_path / 'site' / 'index.html'}   2 pages")
    assert "2 runs to show, 3 folders not shown" in err
    assert "older: another format" in err
    assert "newer: another format" in err
    assert "third: unfinished" in err
    index = (tmp_path / "site" / "index.html").read_text()
    assert index.count("<tr>") > 3
    assert "gates.min_precision" in (tmp_path / "site" / "compare-1-2.html").read_text()
