"""Clients of the review and tuning applications, without a browser."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from quality.report.names import Names
from quality.review.labels import Pair, add_labels, now
from quality.review.sample import sample_of

HOME = "http://127.0.0.1"


def visitor(application: Any, at: str = HOME, **options: Any) -> Any:
    """A client without the token."""
    testclient = pytest.importorskip(
        "starlette.testclient", reason="no httpx2: pip install 'leo-linkage[dev]'"
    )
    return testclient.TestClient(application, at, **options)


def client_of(application: Any, name: str = "", role: str = "reviewer") -> Any:
    """A client with the token "secret", as a reviewer where a name is given; paths are
    below the application's.
    """
    client = visitor(application)
    assert client.get("/?token=secret").status_code == 200
    client.base_url = HOME + application.root
    if name:
        assert client.post("/who", data={"name": name, "role": role}).status_code == 200
    return client


def review_client(
    session: Any, name: str = "", role: str = "reviewer", doubled: float = 0.0
) -> Any:
    """A client of the review application of a session."""
    pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")
    from quality.review.app import application

    return client_of(
        application(session, Names(shipped()), "secret", doubled=doubled), name, role
    )


def answer(
    run: Path, step: str, answers: Mapping[Pair, str], reviewer: str = "Ann"
) -> None:
    """Give a reviewer's answers about pairs of a step's sample."""
    rows = [
        {
            "left_id": left,
            "right_id": right,
            "answer": text,
            "reviewer": reviewer,
            "role": "reviewer",
        }
        for (left, right), text in answers.items()
    ]
    add_labels(run, sample_of(run, step).origin.table(rows, now()))
