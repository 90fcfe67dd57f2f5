"""Serve an application on the loopback address, with a new token each time."""

import logging
import secrets
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from linkage.errors import LeoError

ADDRESS = "127.0.0.1"


def check_port(port: int) -> None:
    """Check that a port is free, before work that takes long.

    Raises:
        LeoError: it is taken.
    """
    _bound(port).close()


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
    except OSError:
        listener.close()
        raise LeoError(f"port {port} is taken\n  give another: --port 0 takes any that is free") from None
    return listener


def serve(make: Callable[[str], Any], port: int, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C.

    Args:
        make: token to the application behind it.
        port: 0 takes any that is free.
        ready: called with the address to open, which holds the token.

    Raises:
        LeoError: the port is taken.
    """
    token = secrets.token_urlsafe(24)
    with _bound(port) as listener:
        listener.listen()  # a browser that opens the address at once waits
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # its messages may quote a request
        config = uvicorn.Config(make(token), log_config=None, access_log=False, server_header=False, ws="none")
        ready(f"http://{ADDRESS}:{listener.getsockname()[1]}/?token={token}")
        uvicorn.Server(config).run(sockets=[listener])
