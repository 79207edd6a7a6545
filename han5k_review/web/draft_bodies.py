"""What the browser sends about drafts and locks (docs/transport.md)."""

from __future__ import annotations

import base64
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from han5k_review.review.drafts.patches import Patch, PatchBatch
from han5k_review.review.drafts.submission import SubmissionRequest
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.review.row_numbers import RowKind, RowNumbers
from han5k_review.store.vocabulary import PatchMode
from han5k_review.web.bodies import Body, Index, Key, RowId, Text
from han5k_review.web.grade_bodies import GradeBody

_MAX_INDEX = 100_000
_Corner = tuple[int, int, int]
_Version = Annotated[int, Field(ge=0, le=2**31 - 2)]
_Pause = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


class PositionBody(Body):
    """Where the reader looks: a plane through a voxel, and the millimetres across the view."""

    plane: Literal["axial", "sagittal", "coronal"]
    at: tuple[Index, Index, Index]
    field: float | None = Field(default=None, gt=0, le=10_000, allow_inf_nan=False)

    def to_stored(self) -> dict[str, Any]:
        """As it is kept with the draft, and given back."""
        return self.model_dump(mode="json", exclude_none=True)


class OpenBody(Body):
    """Open, resume or take over."""

    holder: Key
    take_over: bool = False
    base: RowId | None = None


class LeaseBody(Body):
    """Keep the lease, or give it back; `closing`: the page closes with the draft in hand."""

    holder: Key
    draft: RowId
    release: bool = False
    closing: bool = False
    place: PositionBody | None = None


class PatchBody(Body):
    """One stroke."""

    id: Key
    base_version: _Version
    tool: Text = Field(default="", max_length=32)
    mode: PatchMode
    start: _Corner
    shape: _Corner
    runs: str
    active_seconds: _Pause = 0.0

    def to_patch(self) -> Patch:
        """The patch; DraftError `bad_patch` when `runs` is not base64."""
        try:
            runs = base64.b64decode(self.runs, validate=True)
        except ValueError as error:  # not base64, or not even ASCII
            raise DraftError(
                Reason.BAD_PATCH, f"Runs in base64 were expected, found other text: {error}."
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

    max_bytes: ClassVar[int] = 4 * 1024 * 1024
    holder: Key
    draft: RowId
    patches: list[PatchBody] = Field(min_length=1, max_length=64)
    place: PositionBody | None = None

    def to_batch(self, numbers: RowNumbers) -> PatchBatch:
        """The batch as the review room takes it; `numbers` are those of its task."""
        return PatchBatch(
            holder=self.holder,
            draft_id=numbers.find(RowKind.DRAFT, self.draft),
            patches=tuple(patch.to_patch() for patch in self.patches),
            place=None
            if self.place is None
            else self.place.model_dump(mode="json", exclude_none=True),
        )


class SubmitBody(Body):
    """Submit a draft as it is at one version, with a grade in the same act where one comes too."""

    request_id: Key
    holder: Key
    draft: RowId
    version: _Version
    active_seconds: _Pause = 0.0
    confirmed: bool = False
    grade: GradeBody | None = None

    def to_request(self, numbers: RowNumbers) -> SubmissionRequest:
        """The request as the review room takes it; `numbers` are those of its task."""
        return SubmissionRequest(
            request_id=self.request_id,
            holder=self.holder,
            draft_id=numbers.find(RowKind.DRAFT, self.draft),
            version=self.version,
            active_seconds=self.active_seconds,
            confirmed=self.confirmed,
        )


class DiscardBody(Body):
    """Close a draft without a revision."""

    holder: Key
    draft: RowId


class LockBody(Body):
    """Lock a contour as it is, or unlock a structure with a reason."""

    max_bytes: ClassVar[int] = 32 * 1024
    locked: bool
    reason: Text = Field(default="", max_length=2000)
    label_version: RowId | None = None
