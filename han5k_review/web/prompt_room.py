"""The prompt room: each act of a prompt, in threads apart from those that readers' grades need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.prompting.prompter import Prompter
from han5k_review.prompting.prompts import Asker, PromptAnswer, PromptState, Scan
from han5k_review.review.assistance import is_assisted
from han5k_review.review.drafts.prompting import (
    NO_ASSISTANCE,
    AnsweredPrompt,
    add_prompt,
    read_start,
)
from han5k_review.review.labels import list_under_review
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.settings import Settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.study import grid_of
from han5k_review.web.draft_room import DraftRoom
from han5k_review.web.prompt_bodies import PromptBody

NO_SERVER = "No nnInteractive server is set for this study; draw by hand or with the smart tools."
_TOGETHER = 40
_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class PromptRoom:
    """Drafts, and who answers prompts on them; None: nobody does."""

    drafts: DraftRoom
    prompter: Prompter | None
    server: str = ""
    _limiters: dict[bool, CapacityLimiter] = field(default_factory=dict, init=False)

    async def serve(self, act: Callable[[], _T], *, ends: bool = False) -> _T:
        """Run `act`, which may wait for the server, in a thread of this room.

        What `ends` the waiting of others has threads apart from theirs.
        """
        if ends not in self._limiters:
            self._limiters[ends] = CapacityLimiter(_TOGETHER)
        return await to_thread.run_sync(act, limiter=self._limiters[ends])

    def look(self, identity: ReaderIdentity, assignment_id: int, structure: str) -> PromptState:
        """Whether prompts are there for a structure of this read; DraftError for another one."""
        with self.drafts.look(identity, assignment_id) as visitor:
            if structure not in list_under_review(visitor.session, stored_id(visitor.case)):
                raise DraftError(
                    Reason.NOT_UNDER_REVIEW,
                    f"A structure under review in this case was expected, found {structure!r}.",
                )
            is_allowed = is_assisted(visitor.session, visitor.assignment)
        if self.prompter is None:
            return PromptState(available=False, why=NO_SERVER)
        if not is_allowed:
            return PromptState(available=False, why=NO_ASSISTANCE)
        return self.prompter.look(identity.reader_id)

    def ask(
        self, identity: ReaderIdentity, assignment_id: int, structure: str, body: PromptBody
    ) -> PromptAnswer:
        """Answer a prompt and keep a record of it; DraftError or PromptError when refused."""
        with self.drafts.look(identity, assignment_id) as visitor:
            start = body.to_start(structure, visitor.numbers)
            grid = grid_of(visitor.case)
            mask = read_start(
                visitor.session,
                self.drafts.study.labels,
                self.drafts.shelf,
                assignment=visitor.assignment,
                start=start,
                grid=grid,
            )
            image = visitor.case.image_sha256
        if self.prompter is None:
            raise DraftError(Reason.NO_PROMPTS, NO_SERVER)
        asker = Asker(reader_id=identity.reader_id, holder=start.holder, draft_id=start.draft_id)
        scan = Scan(sha256=image, read=lambda: self.drafts.study.volumes.get_volume(image))
        answer = self.prompter.ask(asker, scan, mask, body.to_prompt())
        self._record(start.draft_id, body, answer)
        return answer

    def leave(self, identity: ReaderIdentity, assignment_id: int, holder: str) -> None:
        """Stop what the tab waits for, and give its session back."""
        with self.drafts.look(identity, assignment_id):
            pass
        if self.prompter is not None:
            self.prompter.cancel(identity.reader_id, holder)

    def _record(self, draft_id: int, body: PromptBody, answer: PromptAnswer) -> None:
        answered = AnsweredPrompt(
            draft_id=draft_id,
            version=body.version,
            prompt_id=body.id,
            kind=body.kind,
            include=body.include,
            points=body.points,
            server=self.server,
            server_version=answer.version,
            licence=answer.licence,
        )
        with transaction(self.drafts.study.engine) as session:
            add_prompt(session, answered, utc_now())


def build_prompt_room(
    drafts: DraftRoom, settings: Settings, on_end: Callable[[Callable[[], None]], object]
) -> PromptRoom:
    """The room of a process; `on_end` takes what gives its sessions back when the process ends."""
    address = settings.prompt_server
    if address is None:
        return PromptRoom(drafts=drafts, prompter=None)
    prompter = Prompter(address)
    on_end(prompter.close)
    return PromptRoom(drafts=drafts, prompter=prompter, server=address.host)
