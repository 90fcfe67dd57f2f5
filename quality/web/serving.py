"""Serve an application on this machine alone, at an address that only its user is told."""

import logging
import secrets
import socket
from collections.abc import Callable
from typing import Any

from linkage.errors import ConfigError, LeoError

ADDRESS = "127.0.0.1"


def check_port(port: int) -> None:
    """See that a port is free, before what takes long.

    Raises:
        LeoError: it is taken.
    """
    with _bound(port):
        pass


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
    except OSError:
        listening.close()
        raise LeoError(f"port {port} is taken\n  give another: --port 0 takes any that is free") from None
    return listening


def serve(make: Callable[[str], Any], port: int, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C.

    Args:
        make: from a token to the application behind it.
        port: of the loopback address; 0 for any that is free.
        ready: told the address to open, with the token.

    Raises:
        ConfigError: the libraries for it are not installed.
        LeoError: the port is taken.
    """
    try:
        import uvicorn
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"the application needs {missing.name}\n  install it: pip install 'leo-linkage[apps]'"
        ) from missing
    token = secrets.token_urlsafe(24)
    with _bound(port) as listening:
        listening.listen()  # before the address is told: who opens it at once waits, and is not refused
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # its messages may quote what a page was asked
        config = uvicorn.Config(make(token), log_config=None, access_log=False, server_header=False, ws="none")
        ready(f"http://{ADDRESS}:{listening.getsockname()[1]}/?token={token}")
        uvicorn.Server(config).run(sockets=[listening])
