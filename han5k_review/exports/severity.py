"""Severity: the three-level grade as a number, for statistics."""

from __future__ import annotations

from han5k_review.store.vocabulary import GradeLevel

SEVERITY = (GradeLevel.NO, GradeLevel.MINOR, GradeLevel.MAJOR)
LEVEL_COUNT = len(SEVERITY)


def find_severity(level: GradeLevel | None) -> int | None:
    """0 no, 1 minor, 2 major revision; None for a non-grade and where a grade was withdrawn."""
    return SEVERITY.index(level) if level in SEVERITY else None
