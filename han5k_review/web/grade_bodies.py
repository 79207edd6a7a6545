"""Grades as they come and go (docs/transport.md, Grades): the body, and what an answer shows."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from han5k_review.review.drawing import DRAWN, DrawnContour
from han5k_review.review.grading import MAX_COMMENT, MOST_CONFIDENT, GradeRequest
from han5k_review.review.row_numbers import RowKind, RowNumbers
from han5k_review.store.columns import format_utc
from han5k_review.store.preference_tables import Preference
from han5k_review.store.tables import Grade
from han5k_review.store.vocabulary import SourceGuess
from han5k_review.web.bodies import Body, Index, Key, Moment, Name, RowId, Seconds, Text


class GradeBody(Body):
    """What the viewer posts; the rules of the study are checked by `submit_grade`."""

    max_bytes: ClassVar[int] = 64 * 1024
    request_id: Key
    structure: Name
    label_version: RowId
    code: Name | None
    tags: list[Name] = Field(default_factory=list, max_length=32)
    comment: Text = Field(default="", max_length=MAX_COMMENT)
    flagged_slices: list[Index] = Field(default_factory=list, max_length=2048)
    opened_at_utc: Moment | None = None
    active_seconds: Seconds | None = None
    in_bulk: bool = False
    confidence: int | None = Field(default=None, ge=1, le=MOST_CONFIDENT)
    source_guess: SourceGuess | None = None

    def to_request(self, numbers: RowNumbers) -> GradeRequest:
        """The request as the review room takes it; `numbers` are those of its task."""
        return GradeRequest(
            request_id=self.request_id,
            structure=self.structure,
            label_version_id=numbers.find(RowKind.LABEL_VERSION, self.label_version),
            code=self.code,
            tags=tuple(self.tags),
            comment=self.comment,
            flagged_slices=tuple(self.flagged_slices),
            opened_at_utc=self.opened_at_utc,
            active_seconds=self.active_seconds,
            in_bulk=self.in_bulk,
            confidence=self.confidence,
            source_guess=self.source_guess,
        )


def describe_choice(choice: Preference, turn: int, numbers: RowNumbers) -> dict[str, Any]:
    """One act of choosing, in the shape of a grade; the contour on the left stands for the pair."""
    return {
        "turn": turn,
        "structure": choice.structure,
        "label_version": numbers.show(RowKind.LABEL_VERSION, choice.left_id),
        "code": choice.choice,
        "comment": choice.comment,
        "graded_at_utc": format_utc(choice.chosen_at_utc),
    }


def describe_drawn(
    structure: str, drawn: DrawnContour, start_id: int, numbers: RowNumbers
) -> dict[str, Any]:
    """A contour drawn from nothing, in the shape of a grade of the empty one it began with."""
    return {
        "turn": drawn.turn,
        "structure": structure,
        "label_version": numbers.show(RowKind.LABEL_VERSION, start_id),
        "code": DRAWN,
        "graded_at_utc": format_utc(drawn.submitted_at_utc),
    }


def describe_grade(grade: Grade, turn: int, numbers: RowNumbers) -> dict[str, Any]:
    """One act of grading, in the numbers of its task; `turn` counts the acts on its structure."""
    return {
        "turn": turn,
        "structure": grade.structure,
        "label_version": numbers.show(RowKind.LABEL_VERSION, grade.label_version_id),
        "code": grade.raw_code,
        "tags": list(grade.tags),
        "comment": grade.comment,
        "flagged_slices": list(grade.flagged_slices),
        "in_bulk": grade.in_bulk,
        "confidence": grade.confidence,
        "source_guess": None if grade.source_guess is None else grade.source_guess.value,
        "graded_at_utc": format_utc(grade.graded_at_utc),
    }
