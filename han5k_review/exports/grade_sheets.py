"""The sheets `Grades` and `Grade history`: their columns are their data dictionary."""

from __future__ import annotations

from han5k_review.exports import grade_columns as about
from han5k_review.exports.columns import Column, Kind, Sheet, column
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.panel_columns import build_panel_columns
from han5k_review.metrics import Panel

_T, _I, _N, _B, _UTC = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.TIME
_Columns = tuple[Column[GradeRow], ...]

_GRADE: _Columns = (
    column("scale", "Scale", _T, "grade", "Scale the code belongs to.", lambda r: r.grade.scale),
    column(
        "grade_code",
        "Grade code",
        _T,
        "grade",
        "Raw code of the grade on its scale (sheet Scale); empty when withdrawn.",
        lambda r: r.grade.raw_code,
    ),
    column("grade_title", "Grade", _T, "scale table", "Words of the grade.", lambda r: r.title),
    column(
        "grade_level",
        "Three-level grade",
        _T,
        "scale table",
        "`no`, `minor` or `major` revision, or a non-grade: `not_assessable` or `absent`.",
        lambda r: r.grade.level.value if r.grade.level else None,
    ),
    column(
        "issue_tags",
        "Issue tags",
        _T,
        "grade",
        "What is wrong with the contour, separated by `; `.",
        lambda r: "; ".join(r.grade.tags),
    ),
    column(
        "flagged_slices",
        "Flagged slices",
        _T,
        "grade",
        "Numbers of the axial slices the reader flagged, 0 the most caudal, separated by `; `.",
        lambda r: "; ".join(str(number) for number in r.grade.flagged_slices),
    ),
    column("comment", "Comment", _T, "grade", "The reader's own words.", lambda r: r.grade.comment),
    column(
        "opened_at_utc",
        "Opened",
        _UTC,
        "grade",
        "When the reader opened the structure for this grade.",
        lambda r: r.grade.opened_at_utc,
        "UTC",
    ),
)

_GRADED_AT: _Columns = (
    column(
        "graded_at_utc",
        "Graded",
        _UTC,
        "grade",
        "When this grade was stored; in the sheet Grades that is the final one.",
        lambda r: r.grade.graded_at_utc,
        "UTC",
    ),
    column(
        "active_seconds",
        "Active time",
        _N,
        "grade",
        "Time the reader was active on the structure, idle time left out.",
        lambda r: r.grade.active_seconds,
        "s",
    ),
)

_CHAIN: _Columns = (
    column(
        "first_graded_at_utc",
        "First graded",
        _UTC,
        "grade",
        "When the reader first graded this structure in this read.",
        lambda r: r.first_graded_at_utc,
        "UTC",
    ),
    *_GRADED_AT,
    column(
        "grade_changes",
        "Grade changes",
        _I,
        "grade",
        "How often the grade was changed or withdrawn before this one stood.",
        lambda r: r.changes,
    ),
)

_REVISION: _Columns = (
    column(
        "edited",
        "Edited",
        _B,
        "revision",
        "True when this reader submitted a corrected contour.",
        lambda r: r.revision is not None,
    ),
    column(
        "revision_id",
        "Revision",
        _I,
        "revision",
        "Number of the reader's newest revision of the graded contour.",
        lambda r: r.revision.revision.id if r.revision else None,
    ),
    column(
        "revision_decision",
        "Revision decision",
        _T,
        "revision",
        "`accepted` or `rejected` by an adjudicator; empty while it waits.",
        lambda r: (
            r.revision.decision.decision.value if r.revision and r.revision.decision else None
        ),
    ),
    column(
        "revision_mask_sha256",
        "Revision mask hash",
        _T,
        "revision",
        "SHA-256 of the revised mask.",
        lambda r: r.revision.child.mask_sha256 if r.revision else None,
    ),
    column(
        "revision_vrd",
        "Revision VRD",
        _N,
        "revision",
        "Volumetric revision degree |contour xor revised| / |contour|, a fraction.",
        lambda r: r.revision.revision.vrd if r.revision else None,
    ),
    column(
        "revision_apl_mm",
        "Revision APL",
        _N,
        "revision",
        "Added path length: contour of the revision that the graded contour does not cover.",
        lambda r: r.revision.revision.apl_mm if r.revision else None,
        "mm",
    ),
    column(
        "revision_slices_edited",
        "Slices edited",
        _I,
        "revision",
        "Axial slices that the revision changed.",
        lambda r: r.revision.revision.slices_edited if r.revision else None,
    ),
    column(
        "revision_active_seconds",
        "Editing time",
        _N,
        "revision",
        "Active time of editing, idle over 60 s left out; empty for a file.",
        lambda r: r.revision.revision.active_seconds if r.revision else None,
        "s",
    ),
)

_REFERENCE: _Columns = (
    column(
        "reference_mask_sha256",
        "Reference mask hash",
        _T,
        "contour",
        "SHA-256 of the case's newest reference, which the graded contour is measured against.",
        lambda r: r.reference.mask_sha256 if r.reference else None,
    ),
)

_ORIGIN: _Columns = (
    column(
        "spacing_i_mm",
        "Spacing i",
        _N,
        "case",
        "Voxel size to the patient's left.",
        lambda r: r.spacing_mm[0],
        "mm",
    ),
    column(
        "spacing_j_mm",
        "Spacing j",
        _N,
        "case",
        "Voxel size to the back.",
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
        "metrics_software_version",
        "Metrics software version",
        _T,
        "measured",
        "Version of this software that measured the contour.",
        lambda r: r.measured.software_version if r.measured else None,
    ),
    column(
        "software_version",
        "Software version",
        _T,
        "export",
        "Version of this software that wrote the export.",
        lambda r: r.facts.software_version,
    ),
    column(
        "export_id", "Export", _T, "export", "Name of this export.", lambda r: r.facts.export_id
    ),
)

_HISTORY: _Columns = (
    column("grade_id", "Grade number", _I, "grade", "Number of this act.", lambda r: r.grade.id),
    column(
        "supersedes_id",
        "Supersedes",
        _I,
        "grade",
        "Number of the act this one amends.",
        lambda r: r.grade.supersedes_id,
    ),
    column("act", "Act", _T, "grade", "`graded`, `changed` or `withdrawn`.", lambda r: r.act),
    column(
        "is_current",
        "In force",
        _B,
        "grade",
        "True for the grade in force, which is also in the sheet Grades.",
        lambda r: r.is_current,
    ),
)


def _panel(row: GradeRow) -> Panel | None:
    return row.measured.panel if row.measured else None


GRADES: Sheet[GradeRow] = Sheet(
    key="grades",
    title="Grades",
    row="a grade in force: one case, structure, reader and read",
    columns=(
        *about.STUDY,
        *about.WHAT,
        *about.CONTOUR,
        *about.READ,
        *_GRADE,
        *about.ASKED,
        *_CHAIN,
        *about.IN_BULK,
        *about.CONSENSUS,
        *_REVISION,
        *_REFERENCE,
        *build_panel_columns(_panel),
        *_ORIGIN,
    ),
)

HISTORY: Sheet[GradeRow] = Sheet(
    key="grade-history",
    title="Grade history",
    row="an act of grading, also those changed or withdrawn later",
    columns=(
        *_HISTORY,
        *about.WHAT,
        *(c for c in about.CONTOUR if c.name == "mask_sha256"),
        *(c for c in about.READ if c.name in ("reader", "read_index")),
        *_GRADE,
        *_GRADED_AT,
        *about.IN_BULK,
    ),
)
