"""The review page as a browser opens it: the websocket, one run of the script, the mount object."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.load_parts.wire import Browser

_FINISHED = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY


@asynccontextmanager
async def open_review_page(
    browser: Browser, assignment: int
) -> AsyncIterator[tuple[ClientConnection, dict[str, Any]]]:
    """The open websocket, and what the viewer is mounted with; RuntimeError: the page has none."""
    asked = BackMsg()
    asked.rerun_script.query_string = f"assignment={assignment}"
    asked.rerun_script.page_name = "review"
    url = browser.url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(
        url,
        origin=browser.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": browser.cookie},
        subprotocols=["streamlit"],  # type: ignore[list-item]
        ssl=browser.trust,
        local_addr=(browser.address, 0),
        max_size=None,
        open_timeout=60,
        ping_timeout=None,
        compression=None,
    ) as page:
        await page.send(asked.SerializeToString())
        yield page, await _read_mount(page)


async def _read_mount(page: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] | None = None
    async for raw in page:
        message = ForwardMsg()
        message.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
        kind = message.WhichOneof("type")
        if kind == "delta":
            element = message.delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                part = element.bidi_component
                found = json.loads(part.json or part.mixed.json)
        elif kind == "script_finished" and message.script_finished == _FINISHED:
            if found is None:
                raise RuntimeError("The review page showed no viewer.")
            return found
    raise RuntimeError("The server closed the review page.")
