"""What the browser sends about drafts (docs/transport.md), read with a bound on its size."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from han5k_review.review.patches import Patch, PatchBatch
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.review.submission import SubmissionRequest
from han5k_review.store.vocabulary import PatchMode

MAX_BODY_BYTES = 4 * 1024 * 1024
_MAX_INDEX = 100_000
_Index = tuple[int, int, int]


class Body(BaseModel):
    """Every body: nothing unknown is accepted."""

    model_config = ConfigDict(extra="forbid")


class Place(Body):
    """Where the reader looks: a plane through a voxel."""

    plane: Literal["axial", "sagittal", "coronal"]
    at: _Index


class OpenBody(Body):
    """Open, resume or take over."""

    holder: str = Field(min_length=8, max_length=64)
    take_over: bool = False
    base: int | None = None


class LeaseBody(Body):
    """Keep the lease, or give it back."""

    holder: str = Field(min_length=8, max_length=64)
    draft: int
    release: bool = False
    place: Place | None = None


class PatchBody(Body):
    """One stroke."""

    id: str = Field(min_length=8, max_length=64)
    base_version: int = Field(ge=0, le=2**31 - 2)
    tool: str = Field(default="", max_length=32)
    mode: PatchMode
    start: _Index
    shape: _Index
    runs: str
    active_seconds: float = Field(default=0.0, ge=0, le=3600, allow_inf_nan=False)

    def to_patch(self) -> Patch:
        """The patch; DraftError `bad_patch` when `runs` is not base64."""
        try:
            runs = base64.b64decode(self.runs, validate=True)
        except binascii.Error as error:
            raise DraftError(
                Reason.BAD_PATCH, f"Runs in base64 were expected, found: {error}."
            ) from error
        if any(abs(n) > _MAX_INDEX for n in (*self.start, *self.shape)):
            raise DraftError(
                Reason.OUTSIDE,
                f"A box inside the volume was expected, found start {self.start}, "
                f"shape {self.shape}.",
            )
        return Patch(
            patch_id=self.id,
            base_version=self.base_version,
            tool=self.tool,
            mode=self.mode,
            start_ijk=self.start,
            shape_ijk=self.shape,
            runs=runs,
            active_seconds=self.active_seconds,
        )


class PatchesBody(Body):
    """Strokes in order, for one draft, from one tab."""

    holder: str = Field(min_length=8, max_length=64)
    draft: int
    patches: list[PatchBody] = Field(min_length=1, max_length=64)
    place: Place | None = None

    def to_batch(self) -> PatchBatch:
        """The batch as the review room takes it."""
        return PatchBatch(
            holder=self.holder,
            draft_id=self.draft,
            patches=tuple(patch.to_patch() for patch in self.patches),
            place=None if self.place is None else self.place.model_dump(mode="json"),
        )


class SubmitBody(Body):
    """Submit a draft as it is at one version."""

    request_id: str = Field(min_length=8, max_length=64)
    holder: str = Field(min_length=8, max_length=64)
    draft: int
    version: int = Field(ge=0)
    active_seconds: float = Field(default=0.0, ge=0, le=3600, allow_inf_nan=False)
    confirmed: bool = False

    def to_request(self) -> SubmissionRequest:
        """The request as the review room takes it."""
        return SubmissionRequest(
            request_id=self.request_id,
            holder=self.holder,
            draft_id=self.draft,
            version=self.version,
            active_seconds=self.active_seconds,
            confirmed=self.confirmed,
        )


class DiscardBody(Body):
    """Close a draft without a revision."""

    holder: str = Field(min_length=8, max_length=64)
    draft: int


class LockBody(Body):
    """Lock a contour as it is, or unlock a structure with a reason."""

    locked: bool
    reason: str = Field(default="", max_length=2000)
    label_version: int | None = None


_AnyBody = TypeVar("_AnyBody", bound=Body)


def bounded(kind: type[_AnyBody]) -> Callable[[Request], Awaitable[_AnyBody]]:
    """A dependency that reads a body of this kind, of at most `MAX_BODY_BYTES`."""

    async def read_body(request: Request) -> _AnyBody:
        try:
            return kind.model_validate_json(await _read_bounded(request))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the body"
            raise HTTPException(
                422, f"{place}: {first['msg']}, found {str(first.get('input'))[:80]!r}."
            ) from error

    return read_body


async def _read_bounded(request: Request) -> bytes:
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > MAX_BODY_BYTES:
                raise DraftError(
                    Reason.BAD_PATCH,
                    f"At most {MAX_BODY_BYTES} bytes were expected, found more; send fewer "
                    "strokes at a time.",
                )
    except ClientDisconnect as error:  # nobody reads this answer; nothing was taken
        raise HTTPException(400, "A whole request was expected, the line was cut.") from error
    return bytes(content)
