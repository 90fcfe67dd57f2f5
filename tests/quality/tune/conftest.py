"""A tuning session on a copy of the village's run, and a client of its application that
has the token.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from linkage.catalogue import shipped
from quality.report.names import Names
from tests.quality.clients import client_of

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")


def make_client(session: Any) -> Any:
    """A client of a session's application."""
    from quality.tune.app import application

    return client_of(application(session, Names(shipped()), "secret"))


@pytest.fixture(scope="module")
def session(
    linked_village: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    from quality.tune.session import TuneSession

    folder = tmp_path_factory.mktemp("tuned") / "run"
    shutil.copytree(linked_village.root, folder)
    with TuneSession(folder, None) as tune_session:
        yield tune_session


@pytest.fixture
def client(session: Any) -> Any:
    """A client that begins with the run's settings."""
    return make_client(session)
