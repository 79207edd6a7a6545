"""Small answers leave at once: TCP_NODELAY on the socket the server listens on.

The server binds its socket with protocol 0; asyncio turns Nagle's algorithm off only where the
protocol says TCP, so every small answer on a kept-open connection waits some 40 ms for the
client's delayed acknowledgement (https://github.com/Kludex/uvicorn/issues/3149). Accepted sockets
inherit the option from the listening one; nobody hands us that socket, so we look for it among
the open files of this process.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

_OPEN_FILES = Path("/proc/self/fd")


def set_nodelay_on_listeners() -> int:
    """Set the option on every listening TCP socket of this process; how many there were.

    Where the system does not list a process's open files there is nothing to do (0).
    """
    found = 0
    for listener in _iterate_listeners():
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found += 1
    return found


def list_listening_addresses() -> list[str]:
    """The addresses at which this process takes connections, as numbers (`0.0.0.0` is all)."""
    return [str(listener.getsockname()[0]) for listener in _iterate_listeners()]


def _iterate_listeners() -> Iterator[socket.socket]:
    if not _OPEN_FILES.is_dir():
        return
    for name in os.listdir(_OPEN_FILES):
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            copy = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue  # closed meanwhile
        with copy:
            if _is_listener(copy):
                yield copy


def _is_listener(found: socket.socket) -> bool:
    is_tcp = found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM
    try:
        return is_tcp and bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:  # not a socket of the internet kind
        return False
