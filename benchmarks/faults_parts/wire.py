"""A network between two processes that can be cut: requests half sent, answers that never come."""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

_PIECE = 65536
_RESET = struct.pack("ii", 1, 0)  # the other side sees a reset, not a polite end


class Wire:
    """Listens on a port of its own and passes everything on to `target`."""

    def __init__(self, target: int) -> None:
        """Open at once; `port` is where the other side connects to."""
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_silent = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port: int = self._do(self._listen())

    def cut(self) -> None:
        """Reset every connection that is open now."""
        self._do(self._reset())

    def be_silent(self, silent: bool) -> None:
        """While silent, bytes are taken and go nowhere, as behind a firewall that forgot."""
        self._is_silent = silent

    def close(self) -> None:
        """Cut, and listen no more."""
        self.cut()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _do(self, act: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(act, self._loop).result(10)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        self._server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _reset(self) -> None:
        for writer in list(self._writers):
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _RESET)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, far_writer}
        self._writers |= pair
        ways = [
            asyncio.ensure_future(self._pump(reader, far_writer)),
            asyncio.ensure_future(self._pump(far_reader, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self._writers -= pair
        for one in pair:
            one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                if self._is_silent:
                    continue
                writer.write(piece)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
