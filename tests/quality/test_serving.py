"""Where applications listen."""

import socket

import pytest

from linkage.errors import LeoError
from quality.web import check_port
from quality.web.serving import ADDRESS


def test_a_port_that_is_taken_is_told_before_any_work() -> None:
    with socket.socket() as other:
        other.bind((ADDRESS, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LeoError, match=f"port {port} is taken\n  give another: --port 0"):
            check_port(port)
    check_port(0)
