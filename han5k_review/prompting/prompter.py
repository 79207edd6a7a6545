"""The prompter: whose session is whose, whether the server is there, what is idle and goes back."""

from __future__ import annotations

import threading
import time

import httpx

from han5k_review.imaging.mask import StructureMask
from han5k_review.prompting.address import ServerAddress
from han5k_review.prompting.leases import Lease
from han5k_review.prompting.prompts import (
    Asker,
    Prompt,
    PromptAnswer,
    PromptError,
    PromptState,
    Refusal,
    Scan,
    say_wait,
)
from han5k_review.prompting.server_session import (
    FULL_SECONDS,
    SessionLostError,
    check_version,
    say_licence,
    say_unreachable,
    telling_faults,
)

_LOOK_SECONDS = 3.0
_LOOKED_SECONDS = 5.0
_END_SECONDS = 5.0


class Prompter:
    """All sessions of this process at the one server. Its calls wait for the network."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        self._leases: dict[int, Lease] = {}
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._looked: tuple[float, PromptState] | None = None
        self._full_until = 0.0
        self._closing = threading.Event()
        self._watch: threading.Thread | None = None

    def ask(self, asker: Asker, scan: Scan, mask: StructureMask, prompt: Prompt) -> PromptAnswer:
        """What a prompt on this contour changes; PromptError when no answer comes."""
        prompt.check(mask.grid)
        lease = self._get_lease(asker)
        try:
            return lease.ask(asker, scan, mask, prompt)
        except PromptError as error:
            if error.refusal is Refusal.FULL:
                self._full_until = time.monotonic() + FULL_SECONDS
            raise

    def cancel(self, reader_id: int, holder: str) -> None:
        """This tab draws no more: stop the prompt it waits for, and give its session back."""
        with self._lock:
            lease = self._leases.get(reader_id)
            if lease is None or lease.holder != holder:
                return
            del self._leases[reader_id]
        lease.end()

    def look(self, reader_id: int) -> PromptState:
        """Whether a prompt of this reader can be answered now. Claims nothing."""
        with self._looking:
            if self._looked is None or self._looked[0] < time.monotonic():
                state = look_at_server(self._address)
                self._looked = (time.monotonic() + _LOOKED_SECONDS, state)
            state = self._looked[1]
        wait = self._full_until - time.monotonic()
        with self._lock:
            lease = self._leases.get(reader_id)
        has_session = lease is not None and lease.session is not None
        if not state.available or wait <= 0 or has_session:
            return state
        return PromptState(
            available=False, server=state.server, licence=state.licence, why=say_wait(wait)
        )

    def close(self) -> None:
        """Give every session back; for the end of the process."""
        self._closing.set()
        with self._lock:
            leases = list(self._leases.values())
            self._leases.clear()
        threads = [threading.Thread(target=lease.end, daemon=True) for lease in leases]
        for thread in threads:
            thread.start()
        until = time.monotonic() + _END_SECONDS
        for thread in threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    def _get_lease(self, asker: Asker) -> Lease:
        with self._lock:
            if self._watch is None:
                self._watch = threading.Thread(
                    target=self._end_idle, name="idle prompt sessions", daemon=True
                )
                self._watch.start()
            lease = self._leases.setdefault(asker.reader_id, Lease(address=self._address))
            lease.holder, lease.used_at = asker.holder, time.monotonic()
            return lease

    def _end_idle(self) -> None:
        idle_seconds = self._address.idle_seconds
        while not self._closing.wait(min(5.0, idle_seconds / 4)):
            before = time.monotonic() - idle_seconds
            with self._lock:
                idle = {
                    reader_id: lease
                    for reader_id, lease in self._leases.items()
                    if lease.used_at < before and not lease.lock.locked()
                }
                for reader_id in idle:
                    del self._leases[reader_id]
            for lease in idle.values():
                lease.end()


def look_at_server(address: ServerAddress) -> PromptState:
    """Is the server there, does it take the key, what is its model's licence?"""
    headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
    url = f"{address.url.rstrip('/')}/capabilities"
    try:
        with telling_faults():
            answer = httpx.get(url, headers=headers, timeout=_LOOK_SECONDS)
            answer.raise_for_status()
            told = dict(answer.json())
            check_version(told.get("inference_session_version"))
    except SessionLostError:
        return PromptState(available=False, server=address.host, why=say_unreachable())
    except PromptError as error:
        return PromptState(available=False, server=address.host, why=str(error))
    return PromptState(
        available=True, server=address.host, licence=say_licence(told.get("license"))
    )
