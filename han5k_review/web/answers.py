"""The answers of the API as types, for its description; docs/transport.md says what they mean.

Routes answer with plain JSON of these shapes; tests/web/test_description.py holds them to it.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Every answer: these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class SlabAnswer(Answer):
    """Where some axial slices of a volume are, and the hash of their bytes."""

    first: int
    slices: int
    sha256: str
    url: str


class VolumeAnswer(Answer):
    """A volume: axes (i, j, k) to the patient's left, posterior and superior; voxels in slabs."""

    shape: list[int]
    spacing_mm: list[float]
    affine_ras: list[list[float]]
    image: str
    slab_slices: int
    slabs: list[SlabAnswer]
    oblique: bool


class DoseAnswer(VolumeAnswer):
    """A planned dose; a voxel times `gy_per_step` is the dose in Gray."""

    gy_per_step: float
    maximum_gy: float
    prescription_gy: float | None


class LabelSetAnswer(Answer):
    """One set of contours; `url` gives its masks."""

    key: str
    name: str
    line: str
    url: str
    color: str | None


class LabelSetsAnswer(Answer):
    """The sets that may be seen; the contour under review comes first."""

    label_sets: list[LabelSetAnswer]


class GivenGrade(Answer):
    """A grade; in a read of a forced choice the choice, in one from nothing that it was drawn."""

    turn: int
    structure: str
    label_version: int
    code: str | None
    graded_at_utc: str
    comment: str = ""
    tags: list[str] = []
    flagged_slices: list[int] = []
    in_bulk: bool = False
    confidence: int | None = None
    source_guess: str | None = None


class GradesAnswer(Answer):
    """The grades in force, by structure."""

    grades: dict[str, GivenGrade]


class CheckAnswer(Answer):
    """How large an edit is, and whether the grade fits it; null where undefined."""

    vrd: float | None
    apl_mm: float | None
    slices_edited: int
    declared: str | None
    suggested: list[str]
    question: str | None
    thresholds: str


class FeedbackAnswer(Answer):
    """What the consensus of a calibration case is."""

    agrees: bool | None
    sentence: str


class GradeAnswer(Answer):
    """A stored grade, and how far the read is."""

    grade: GivenGrade
    graded: int
    total: int
    check: CheckAnswer | None
    feedback: FeedbackAnswer | None = None


class SignatureAnswer(Answer):
    """A signed read."""

    signer: str
    meaning: str
    grades: int
    grades_sha256: str
    at_utc: str


class LockAnswer(Answer):
    """A lock of a structure; what a blinded reader may not know is null."""

    structure: str
    locked: bool
    label_version: int | None
    reason: str | None
    at_utc: str | None


class PlaceAnswer(Answer):
    """Where the reader looked: a plane through a voxel, millimetres across the view."""

    plane: str
    at: list[int]
    field: float | None = None


class LeaseAnswer(Answer):
    """Who edits a draft now."""

    mine: bool
    holder: str | None
    until_utc: str | None


class DraftAnswer(Answer):
    """A draft: version counts its patches."""

    draft: int
    structure: str
    base_label_version: int
    version: int
    voxels: int
    place: PlaceAnswer | None
    active_seconds: float
    opened_at_utc: str
    changed_at_utc: str
    outdated: bool
    lease: LeaseAnswer


class DraftsAnswer(Answer):
    """The drafts of a read, and which structures are locked."""

    drafts: list[DraftAnswer]
    locks: list[LockAnswer]
    lease_seconds: float


class PatchAnswer(Answer):
    """One stroke of a draft."""

    version: int
    tool: str
    mode: str
    start: list[int]
    shape: list[int]
    runs: str


class PatchesAnswer(Answer):
    """The newest strokes of a draft, oldest first."""

    draft: int
    version: int
    patches: list[PatchAnswer]


class TakenPatch(Answer):
    """A stroke that is on disk."""

    id: str
    version: int
    voxels: int


class ReceiptAnswer(Answer):
    """What a batch of strokes made of the draft."""

    draft: int
    version: int
    voxels: int
    lease_until_utc: str | None
    patches: list[TakenPatch]


class SubmissionAnswer(Answer):
    """A revision; it waits for an adjudicator."""

    label_version: int
    vrd: float | None
    apl_mm: float | None
    slices_edited: int
    active_seconds: float | None
    declared: str | None
    suggested: list[str]
    question: str | None
    confirmed: bool
    submitted_at_utc: str
    grade: GivenGrade | None
    graded: int
    total: int


class TaskAnswer(Answer):
    """One of one's own reads: `case` is the name that the reader knows the case by."""

    assignment: int
    case: str
    graded: int
    total: int
    open_drafts: int
    signed_at_utc: str | None


class TasksAnswer(Answer):
    """One's own reads, in their order."""

    assignments: list[TaskAnswer]


class CaseAnswer(Answer):
    """A case that one may see whole."""

    case: int
    name: str
    patient: str
    split: str
    image: str


class CasesAnswer(Answer):
    """The cases, by name; those that one reads blind and has not signed are left out."""

    cases: list[CaseAnswer]


class RunAnswer(Answer):
    """A training run; `state` is one of docs/retraining.md."""

    run: int
    state: str
    preset: str
    group: str
    attempt: int
    parent_model: int | None
    result_model: int | None
    error: str | None
    created_at_utc: str


class RunsAnswer(Answer):
    """The runs, newest first."""

    runs: list[RunAnswer]


class MeAnswer(Answer):
    """Who asks: `scopes` is null in a browser."""

    name: str
    pseudonym: str
    role: str
    scopes: list[str] | None
