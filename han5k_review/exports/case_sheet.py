"""The sheet `Cases`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.exports.columns import Kind, Sheet, column
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.study_rows import StudyRows
from han5k_review.store.tables import Case

_T, _I, _N, _UTC = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case with what the study holds of it."""

    case: Case
    spacing_mm: tuple[float, float, float]
    contours: int
    references: int
    readers: int
    grades: int
    revisions: int


CASES: Sheet[CaseRow] = Sheet(
    key="cases",
    title="Cases",
    row="a case of the study",
    columns=(
        column(
            "case", "Case", _T, "case", "Pseudonym of the case (one CT).", lambda r: r.case.name
        ),
        column(
            "patient", "Patient", _T, "case", "Pseudonym of the patient.", lambda r: r.case.patient
        ),
        column(
            "split",
            "Split",
            _T,
            "case",
            "`train` or `held_out`, by patient, fixed at import.",
            lambda r: r.case.split.value,
        ),
        column(
            "image_sha256",
            "Image hash",
            _T,
            "case",
            "SHA-256 of the CT: voxels and geometry.",
            lambda r: r.case.image_sha256,
        ),
        column(
            "size_i",
            "Size i",
            _I,
            "case",
            "Voxels along i, to the patient's left.",
            lambda r: r.case.shape_ijk[0],
            "voxels",
        ),
        column(
            "size_j",
            "Size j",
            _I,
            "case",
            "Voxels along j, to the back.",
            lambda r: r.case.shape_ijk[1],
            "voxels",
        ),
        column(
            "size_k",
            "Size k",
            _I,
            "case",
            "Axial slices, upwards.",
            lambda r: r.case.shape_ijk[2],
            "voxels",
        ),
        column(
            "spacing_i_mm",
            "Spacing i",
            _N,
            "case",
            "Voxel size along i.",
            lambda r: r.spacing_mm[0],
            "mm",
        ),
        column(
            "spacing_j_mm",
            "Spacing j",
            _N,
            "case",
            "Voxel size along j.",
            lambda r: r.spacing_mm[1],
            "mm",
        ),
        column(
            "spacing_k_mm",
            "Spacing k",
            _N,
            "case",
            "Distance of axial slices.",
            lambda r: r.spacing_mm[2],
            "mm",
        ),
        column(
            "contours_under_review",
            "Contours under review",
            _I,
            "contour",
            "Structures with a contour to grade.",
            lambda r: r.contours,
        ),
        column(
            "references",
            "References",
            _I,
            "contour",
            "Structures with a reference.",
            lambda r: r.references,
        ),
        column(
            "readers",
            "Readers",
            _I,
            "assignment",
            "Readers the case is assigned to.",
            lambda r: r.readers,
        ),
        column(
            "grades",
            "Grades",
            _I,
            "grade",
            "Grades in force, of all readers and reads.",
            lambda r: r.grades,
        ),
        column(
            "revisions", "Revisions", _I, "revision", "Submitted revisions.", lambda r: r.revisions
        ),
        column(
            "imported_at_utc",
            "Imported",
            _UTC,
            "case",
            "When the case was imported.",
            lambda r: r.case.imported_at_utc,
            "UTC",
        ),
    ),
)


def build_case_rows(rows: StudyRows, grades: Sequence[GradeRow]) -> list[CaseRow]:
    """The cases, by name."""
    contours = Counter(case_id for case_id, _ in rows.under_review)
    references = Counter(case_id for case_id, _ in rows.references)
    readers = {(a.case_id, a.reader_id) for a in rows.assignments.values()}
    assigned = Counter(case_id for case_id, _ in readers)
    graded = Counter(row.case.name for row in grades if row.is_current)
    revised = Counter(view.case for view in rows.revisions)
    return [
        CaseRow(
            case=case,
            spacing_mm=rows.spacings_mm[number],
            contours=contours[number],
            references=references[number],
            readers=assigned[number],
            grades=graded[case.name],
            revisions=revised[case.name],
        )
        for number, case in sorted(rows.cases.items(), key=lambda item: item[1].name)
    ]
