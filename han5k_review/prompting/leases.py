"""Sessions lent to readers: one each, with the CT sent once and the contour when it changed."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from han5k_review.imaging.mask import StructureMask
from han5k_review.prompting.address import ServerAddress
from han5k_review.prompting.line import Line
from han5k_review.prompting.prompts import (
    Asker,
    Prompt,
    PromptAnswer,
    PromptError,
    Refusal,
    Scan,
)
from han5k_review.prompting.server_session import (
    ServerSession,
    SessionLostError,
    StructureBox,
    say_unreachable,
)

_COUNTED = 100


@dataclass(slots=True, kw_only=True, eq=False)
class Lease:
    """One reader's session at the server, claimed at the first prompt and again when it is lost.

    `draft_id`, `contour`: what the session has, with `counted`, the prompts since that contour
    was sent. As long as the reader takes answers as they come the server goes on from its own
    state; after a stroke, or an undo, the contour is sent anew. `line`: what the session's
    requests go over.
    """

    address: ServerAddress
    lock: threading.Lock = field(default_factory=threading.Lock)
    holder: str = ""
    used_at: float = field(default_factory=time.monotonic)
    is_ended: bool = False
    line: Line = field(default_factory=Line)
    session: ServerSession | None = None
    image: str | None = None
    draft_id: int | None = None
    contour: StructureMask | None = None
    counted: list[Prompt] = field(default_factory=list)

    def ask(self, asker: Asker, scan: Scan, mask: StructureMask, prompt: Prompt) -> PromptAnswer:
        """The answer to a prompt on this contour.

        A session that the server lost is claimed again, once, with CT, contour and the prompts
        that counted. PromptError when no answer comes; then the session is given up, too.
        """
        with self.lock:
            self.holder, self.used_at = asker.holder, time.monotonic()
            try:
                return self._ask_twice(asker, scan, mask, prompt)
            except Exception as error:
                if not isinstance(error, PromptError) or error.refusal is not Refusal.WRONG:
                    self.drop()
                raise
            finally:
                self.used_at = time.monotonic()
                if self.is_ended:
                    self.drop()

    def drop(self) -> None:
        """Give the session back; the next prompt claims another one."""
        session, self.session, self.image = self.session, None, None
        if session is not None:
            threading.Thread(target=session.close, daemon=True).start()

    def end(self) -> None:
        """For good; the thread that waits for an answer waits no more."""
        self.is_ended = True
        self.line.cut()
        if self.lock.acquire(blocking=False):
            try:
                session, self.session = self.session, None
                if session is not None:
                    session.close()
            finally:
                self.lock.release()
        elif (session := self.session) is not None:
            session.give_back()

    def _ask_twice(
        self, asker: Asker, scan: Scan, mask: StructureMask, prompt: Prompt
    ) -> PromptAnswer:
        try:
            with suppress(SessionLostError):
                return self._ask(asker, scan, mask, prompt)
            self.drop()
            return self._ask(asker, scan, mask, prompt)
        except SessionLostError as error:
            self._check_not_ended()
            raise PromptError(Refusal.FAILED, say_unreachable()) from error

    def _ask(self, asker: Asker, scan: Scan, mask: StructureMask, prompt: Prompt) -> PromptAnswer:
        session = self._prepare(asker.draft_id, scan, mask)
        began = time.perf_counter()
        box = session.send_prompt(prompt, predict=True)
        seconds = time.perf_counter() - began
        self._check_not_ended()
        changed = _find_change(mask, box)
        self.contour = _apply(mask, changed)
        self.counted = [*self.counted, prompt][-_COUNTED:]
        return PromptAnswer(
            start_ijk=changed.start_ijk,
            marked=changed.voxels,
            licence=session.licence,
            version=session.version,
            seconds=seconds,
        )

    def _prepare(self, draft_id: int, scan: Scan, mask: StructureMask) -> ServerSession:
        """A session that has this CT and this contour."""
        self._check_not_ended()
        is_known = self.draft_id == draft_id and _are_same(self.contour, mask)
        if not is_known:
            self.counted = []
        is_new = self.session is None or self.image != scan.sha256
        if self.session is None:
            self.session = ServerSession(self.address, self.line)
        session = self.session
        if is_new:
            session.send_scan(scan.read())
            self.image = scan.sha256
        if is_new or not is_known:
            session.send_contour(mask)
            for earlier in self.counted:
                session.send_prompt(earlier, predict=False)
            self.draft_id, self.contour = draft_id, mask
        return session

    def _check_not_ended(self) -> None:
        if self.is_ended:
            raise PromptError(
                Refusal.CANCELLED, "The prompt was stopped; nothing was changed, draw on."
            )


def _find_change(mask: StructureMask, box: StructureBox | None) -> StructureMask:
    """The voxels that the server has on the other side than the contour."""
    if box is None:
        return StructureMask.empty(mask.grid)
    before = np.zeros(box.inside.shape, dtype=np.bool_)
    inner, outer = [], []
    for start, size, own, extent in zip(
        box.start_ijk, box.inside.shape, mask.start_ijk, mask.voxels.shape, strict=True
    ):
        low, high = max(start, own), max(start, own, min(start + size, own + extent))
        inner.append(slice(low - start, high - start))
        outer.append(slice(low - own, high - own))
    before[tuple(inner)] = mask.voxels[tuple(outer)]
    return StructureMask.from_box(before ^ box.inside, box.start_ijk, mask.grid)


def _apply(mask: StructureMask, changed: StructureMask) -> StructureMask:
    """The contour as the server has it now: the old one with what changed."""
    parts = [part for part in (mask, changed) if not part.is_empty]
    if not parts:
        return mask
    low = np.min([part.start_ijk for part in parts], axis=0)
    high = np.max([np.add(part.start_ijk, part.voxels.shape) for part in parts], axis=0)
    box = np.zeros(high - low, np.bool_)
    for part in parts:
        place = zip(part.start_ijk, low, part.voxels.shape, strict=True)
        box[tuple(slice(start - at, start - at + size) for start, at, size in place)] ^= part.voxels
    return StructureMask.from_box(box, (int(low[0]), int(low[1]), int(low[2])), mask.grid)


def _are_same(one: StructureMask | None, other: StructureMask) -> bool:
    return (
        one is not None
        and one.start_ijk == other.start_ijk
        and np.array_equal(one.voxels, other.voxels)
    )
