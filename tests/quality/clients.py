"""Clients of the review and tuning applications, without a browser."""

from typing import Any

import pytest

HOME = "http://127.0.0.1"


def visitor(application: Any, at: str = HOME, **how: Any) -> Any:
    """Somebody without the token."""
    testclient = pytest.importorskip("starlette.testclient", reason="no httpx2: pip install 'leo-linkage[dev]'")
    return testclient.TestClient(application, at, **how)


def entered(application: Any, name: str = "", role: str = "reviewer") -> Any:
    """Somebody who came by the token "secret", as a reviewer where a name is given; paths lie below the application's."""
    client = visitor(application)
    assert client.get("/?token=secret").status_code == 200
    client.base_url = HOME + application.root
    if name:
        assert client.post("/who", data={"name": name, "role": role}).status_code == 200
    return client
