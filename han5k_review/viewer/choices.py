"""Reads without grades in the viewer: what stands where the study's scale and its grades do.

In a forced choice these are its answers, with keys; where contours are drawn from nothing, the one
word that a structure is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from han5k_review.review.drawing import DRAWN, DrawnContour
from han5k_review.store.columns import format_utc
from han5k_review.store.preference_tables import Preference
from han5k_review.store.vocabulary import Choice, GradeLevel
from han5k_review.viewer.payload import GivenGrade, ViewerScale, ViewerScaleGrade

_ANSWERS: Mapping[Choice, tuple[str, str, str]] = {
    Choice.LEFT: ("1", "Left", "I would rather use the contour on the left."),
    Choice.RIGHT: ("2", "Right", "I would rather use the contour on the right."),
    Choice.NEITHER: ("3", "No preference", "I would use either of the two."),
    Choice.BOTH_POOR: ("0", "Both poor", "I would use none of the two."),
}


def build_choice_scale(answers: Sequence[Choice]) -> ViewerScale:
    """The answers as a scale; its levels are the answers, and it has no tags."""
    return ViewerScale(
        name="forced choice",
        grades=tuple(
            ViewerScaleGrade(
                code=answer.value,
                key=_ANSWERS[answer][0],
                title=_ANSWERS[answer][1],
                level=answer.value,
                definition=_ANSWERS[answer][2],
            )
            for answer in answers
        ),
        tags=(),
    )


def build_drawn_scale() -> ViewerScale:
    """One grade that no key gives: a structure has it once it is drawn and submitted."""
    drawn = ViewerScaleGrade(
        code=DRAWN,
        key="✓",
        title="Drawn",
        level=GradeLevel.NO.value,
        definition="Drawn from nothing, and submitted.",
    )
    return ViewerScale(name="drawn from nothing", grades=(drawn,), tags=())


def build_drawn(drawn: DrawnContour) -> GivenGrade:
    """A contour that was drawn from nothing, in the shape of a grade."""
    return GivenGrade(turn=drawn.turn, code=DRAWN, graded_at_utc=format_utc(drawn.submitted_at_utc))


def build_choice(choice: Preference, turn: int) -> GivenGrade:
    """A choice in force, in the shape of a grade."""
    return GivenGrade(
        turn=turn,
        code=choice.choice or "",
        graded_at_utc=format_utc(choice.chosen_at_utc),
        comment=choice.comment,
    )
