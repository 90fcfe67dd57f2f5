"""Ports on loopback for processes that take them some seconds after they were chosen."""

import contextlib
import errno
import secrets
import socket

HOST = "127.0.0.1"
_FIRST, _COUNT = 20_000, 12_768
"""Linux gives the ports from 32,768 on to whoever asks for any: one of these could be another's before it is taken."""


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on, and that nobody is given unasked."""
    found: set[int] = set()
    while len(found) < 2:
        port = _FIRST + secrets.randbelow(_COUNT)
        with contextlib.closing(socket.socket()) as tried:
            try:
                tried.bind((HOST, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                found.add(port)
    one, other = found
    return one, other
