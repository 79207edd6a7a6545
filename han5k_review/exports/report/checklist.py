"""The checklist: per item of a guideline where the report answers it, or that it does not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from han5k_review.exports.columns import Kind, Sheet, column
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.report.checklist_items import ITEMS, Item, Need
from han5k_review.exports.report.facts import ReportFacts, find_newest
from han5k_review.exports.report.markup import Section, paragraph, table
from han5k_review.exports.severity import find_severity
from han5k_review.exports.study_rows import StudyRows
from han5k_review.review.counting import GradeUse
from han5k_review.store.vocabulary import CertificateKind

_T = Kind.TEXT
_REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An item, and whether this study's report answers it; `lacks` says what would be needed."""

    item: Item
    lacks: str

    @property
    def is_answered(self) -> bool:
        """True where a section answers the item with what the study has."""
        return bool(self.item.section) and not self.lacks

    @property
    def words(self) -> str:
        """Why it is not answered, or what to add."""
        return "; ".join(part for part in (self.lacks, self.item.remark) if part)


CHECKLIST: Sheet[Answer] = Sheet(
    key="checklist",
    title="Checklist",
    row="an item of a reporting guideline",
    columns=(
        column("guideline", "Guideline", _T, "guideline", "Its name.", lambda r: r.item.guideline),
        column(
            "item",
            "Item",
            _T,
            "guideline",
            "Number of the item, `-` where this list has none.",
            lambda r: r.item.number,
        ),
        column(
            "words",
            "In short",
            _T,
            "export",
            "What it asks for, in words of our own.",
            lambda r: r.item.words,
        ),
        column(
            "answered",
            "Answered",
            Kind.BOOLEAN,
            _REPORT,
            "True where the report of this study answers it.",
            lambda r: r.is_answered,
        ),
        column(
            "section",
            "Section",
            _T,
            _REPORT,
            "Section of the report that answers it, by its anchor.",
            lambda r: r.item.section if r.is_answered else None,
        ),
        column("note", "Note", _T, _REPORT, "What is missing, or to be added.", lambda r: r.words),
    ),
)


def list_answers(rows: StudyRows, grades: Sequence[GradeRow]) -> list[Answer]:
    """Every item in the order of its guideline."""
    met = _list_met(rows, grades)
    return [
        Answer(item=item, lacks="" if item.need in met else f"the study has not {item.need.value}")
        for item in ITEMS
    ]


def _list_met(rows: StudyRows, grades: Sequence[GradeRow]) -> Collection[Need]:
    """What the study has of all that items need."""
    version = find_newest(rows)
    counted = [row for row in grades if row.is_counted]
    uses = {row.use for row in grades if row.is_current}
    certified = version is not None and version.certificate is not CertificateKind.NONE
    held = {
        Need.NOTHING: True,
        Need.PROTOCOL: version is not None,
        Need.GRADES: bool(counted),
        Need.SEVERAL_READERS: _has_two_readers(counted),
        Need.REPEATS: GradeUse.REPEAT in uses,
        Need.PLANTED: GradeUse.PLANTED in uses,
        Need.CALIBRATION: GradeUse.CALIBRATION in uses,
        Need.METRICS: any(pair.panel is not None for pair in rows.metrics),
        Need.CERTIFICATE: certified and bool(counted),
    }
    return {need for need, value in held.items() if value}


def _has_two_readers(counted: Collection[GradeRow]) -> bool:
    readers: dict[int, set[int | None]] = {}
    for row in counted:
        if find_severity(row.grade.level) is not None:
            readers.setdefault(row.grade.label_version_id, set()).add(row.reader.id)
    return any(len(each) > 1 for each in readers.values())


def build_checklist(facts: ReportFacts) -> Section:
    """The checklist as the last section of the report."""
    lines = [
        (
            answer.item.guideline,
            answer.item.number,
            answer.item.words,
            "yes" if answer.is_answered else "no",
            answer.item.section.replace("-", " ") if answer.is_answered else "",
            answer.words,
        )
        for answer in list_answers(facts.rows, facts.grades)
    ]
    headings = ("Guideline", "Item", "In short", "Answered", "Section", "Note")
    return Section(
        key="checklist",
        title="Checklists",
        parts=(
            paragraph(
                "Items in short words of our own. Numbers are those of the published lists of "
                "CLAIM 2024 and GRRAS; for CLEARR-AI see its list. A journal wants the list itself."
            ),
            table(headings, lines, key="checklist-table"),
        ),
    )
