"""What the browser sends about prompts (docs/transport.md, Prompts)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from han5k_review.prompting.prompts import Prompt, PromptKind
from han5k_review.review.drafts.prompting import PromptStart
from han5k_review.review.row_numbers import RowKind, RowNumbers
from han5k_review.web.bodies import Body, Key, RowId

_Version = Annotated[int, Field(ge=0, le=2**31 - 2)]
_Place = Annotated[int, Field(ge=-100_000, le=100_000)]


class PromptBody(Body):
    """One prompt: marks for what belongs to the structure (`include`) or does not."""

    max_bytes: ClassVar[int] = 32 * 1024
    id: Key
    holder: Key
    draft: RowId
    version: _Version
    kind: Literal["point", "box", "scribble", "lasso"]
    include: bool
    points: list[tuple[_Place, _Place, _Place]] = Field(min_length=1, max_length=500)

    def to_prompt(self) -> Prompt:
        """As the prompting room takes it."""
        return Prompt(kind=PromptKind(self.kind), include=self.include, points=tuple(self.points))

    def to_start(self, structure: str, numbers: RowNumbers) -> PromptStart:
        """What it starts from; `numbers` are those of its task."""
        return PromptStart(
            structure=structure,
            holder=self.holder,
            draft_id=numbers.find(RowKind.DRAFT, self.draft),
            version=self.version,
        )


class LeaveBody(Body):
    """The tab that needs no prompts any more."""

    holder: Key
