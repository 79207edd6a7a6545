"""Selection: which sheets an export holds."""

from __future__ import annotations

from enum import StrEnum


class Selection(StrEnum):
    """What is exported. About, Scale and Data dictionary come with each but the report."""

    ALL = "all"
    GRADES = "grades"
    METRICS = "metrics"
    AGREEMENT = "agreement"
    REPORT = "report"
    CHECKLIST = "checklist"

    @property
    def main(self) -> str:
        """Key of the sheet that a CSV export writes to the file that was named."""
        return _SHEETS[self][0]

    def holds(self, key: str) -> bool:
        """True when the sheet with this key is exported."""
        return self is Selection.ALL or key in _ALWAYS or key in _SHEETS[self]


_ALWAYS = ("about", "scale", "data-dictionary")
_SHEETS = {
    Selection.ALL: ("grades",),
    Selection.GRADES: (
        "grades",
        "grade-history",
        "revisions",
        "adjudication",
        "preferences",
        "preference-shares",
        "reading-times",
        "time-saved",
        "cases",
        "readers",
    ),
    Selection.METRICS: ("metrics", "summary", "cases"),
    Selection.AGREEMENT: ("agreement", "certificates", "readers"),
    Selection.CHECKLIST: ("checklist",),
}
