"""Every page and file that shows a run on synthetic data says so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from linkage.catalogue import shipped
from quality.report.names import Names
from quality.review.sample import draw_sample
from tests.quality.clients import client_of

BANNER = "Synthetic data: no person here is real. "


def test_pages_of_a_synthetic_run_say_so(
    village: Any, leo: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    from quality.review.app import application as review
    from quality.review.session import ReviewSession
    from quality.tune.app import application as tuning
    from quality.tune.session import TuneSession

    run, names = village.root, Names(shipped())
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(manifest | {"synthetic": True}))
    draw_sample(run, "npd-cis", 60)
    with (
        TuneSession(run, None) as tune_session,
        ReviewSession(run, "npd-cis") as review_session,
    ):
        texts = {
            "tune": client_of(tuning(tune_session, names, "secret")).get("/").text,
            "review": client_of(
                review(review_session, names, "secret", doubled=0.0), "A"
            )
            .get("/next")
            .text,
        }
    about = (
        f"{manifest['run']}, {manifest['finished'][:10]}, leo-linkage "
        f"{manifest['versions']['leo-linkage']}"
    )
    (run / "release.json").write_text(json.dumps({"published": "2026-02-03T10:00:00"}))
    for arguments in (
        (
            "explain",
            run,
            "--record",
            "npd:PMR000003",
            "--html",
            tmp_path / "explain.html",
        ),
        ("report", "compare", run, run, "--html", tmp_path / "compare.html"),
        ("report", "all", tmp_path, "--out", tmp_path / "trends"),
        ("report", "outcomes", run, "--out", tmp_path / "outcomes"),
        (
            "extract",
            run,
            village.folder / "project.toml",
            "--key",
            village.key,
            "--out",
            tmp_path / "extract",
        ),
    ):
        code, _, error_text = leo(*arguments)
        assert code == 0, error_text
    pages = [
        *tmp_path.glob("*.html"),
        *tmp_path.glob("trends/*.html"),
        *tmp_path.glob("outcomes/*.[hc]*"),
    ]
    pages += [tmp_path / "extract" / name for name in ("README.md", "datapackage.json")]
    assert len(pages) > 6
    texts |= {path.name: path.read_text() for path in pages}
    names_without = {
        name for name, text in texts.items() if f"{BANNER}{about}" not in text
    }
    assert not names_without
    assert {name for name, text in texts.items() if f"{about}, draft" in text} == {
        "tune",
        "review",
    }
    assert all(
        f"{about}, published 2026-02-03" in text
        for name, text in texts.items()
        if name not in ("tune", "review")
    )
