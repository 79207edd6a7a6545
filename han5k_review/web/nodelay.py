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
from pathlib import Path

_OPEN_FILES = Path("/proc/self/fd")


def set_nodelay_on_listeners() -> int:
    """Set the option on every listening TCP socket of this process; how many there were.

    Where the system does not list a process's open files there is nothing to do (0).
    """
    if not _OPEN_FILES.is_dir():
        return 0
    found = 0
    for name in os.listdir(_OPEN_FILES):
        try:
            found += _set_nodelay(int(name))
        except OSError:
            continue  # closed meanwhile, or not a socket of the internet kind
    return found


def _set_nodelay(handle: int) -> bool:
    if not stat.S_ISSOCK(os.fstat(handle).st_mode):
        return False
    with socket.socket(fileno=os.dup(handle)) as listener:
        is_tcp = (
            listener.family in (socket.AF_INET, socket.AF_INET6)
            and listener.type == socket.SOCK_STREAM
        )
        if not is_tcp or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return False
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return True
