"""Columns that say what was graded and by whom: study, case, contour, reader, read."""

from __future__ import annotations

from han5k_review.exports.columns import Column, Kind, column
from han5k_review.exports.grade_rows import GradeRow

_T, _I, _B = Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN
_Columns = tuple[Column[GradeRow], ...]

STUDY: _Columns = (
    column("study", "Study", _T, "study", "Name of the study.", lambda r: r.facts.study),
    column(
        "protocol_version",
        "Protocol version",
        _T,
        "study",
        "Version of the protocol the study follows.",
        lambda r: r.facts.protocol_version,
    ),
)

WHAT: _Columns = (
    column("case", "Case", _T, "case", "Pseudonym of the case (one CT).", lambda r: r.case.name),
    column(
        "patient",
        "Patient",
        _T,
        "case",
        "Pseudonym of the patient; cases of one patient share it.",
        lambda r: r.case.patient,
    ),
    column(
        "structure",
        "Structure",
        _T,
        "grade",
        "Name of the structure in the study's structure table.",
        lambda r: r.grade.structure,
    ),
)

CONTOUR: _Columns = (
    column(
        "image_sha256",
        "Image hash",
        _T,
        "case",
        "SHA-256 of the CT: voxels and geometry.",
        lambda r: r.case.image_sha256,
    ),
    column(
        "tg263",
        "TG-263 name",
        _T,
        "structure table",
        "Name after AAPM TG-263.",
        lambda r: r.structure.tg263 if r.structure else None,
    ),
    column(
        "tier",
        "Tier",
        _T,
        "structure table",
        "Risk tier of the structure (A to C).",
        lambda r: r.structure.tier if r.structure else None,
    ),
    column(
        "contour_source",
        "Contour source",
        _T,
        "contour",
        "Where the graded contour comes from: `pseudo` (imported) or `prediction` (of a model).",
        lambda r: r.label.source.value,
    ),
    column(
        "model_version",
        "Model version",
        _T,
        "contour",
        "Model version that made the contour, when the study knows it.",
        lambda r: r.model,
    ),
    column(
        "mask_sha256",
        "Mask hash",
        _T,
        "contour",
        "SHA-256 of the graded mask; a grade never moves to another mask.",
        lambda r: r.label.mask_sha256,
    ),
    column(
        "is_under_review",
        "Under review",
        _B,
        "contour",
        "True while the graded contour is the newest one of its case and structure.",
        lambda r: r.is_under_review,
    ),
)

READ: _Columns = (
    column(
        "reader", "Reader", _T, "reader", "Pseudonym of the reader.", lambda r: r.reader.pseudonym
    ),
    column(
        "reader_role",
        "Reader role",
        _T,
        "reader",
        "Role of the reader in the study at the time of the export.",
        lambda r: r.reader.role.value,
    ),
    column(
        "read_index",
        "Read",
        _I,
        "assignment",
        "1 for the reader's first read of the case, 2 for the second, and so on.",
        lambda r: r.assignment.read_index,
    ),
    column(
        "is_repeat",
        "Repeat",
        _B,
        "assignment",
        "True when the read repeats an earlier one to measure agreement.",
        lambda r: r.assignment.is_repeat,
    ),
    column(
        "is_calibration",
        "Calibration",
        _B,
        "assignment",
        "True for a calibration case.",
        lambda r: r.assignment.is_calibration,
    ),
    column(
        "blinded",
        "Blinded",
        _B,
        "assignment",
        "True when the reader saw neither reference nor maker of the contour.",
        lambda r: r.assignment.blinded,
    ),
    column(
        "presentation_order",
        "Presentation order",
        _I,
        "assignment",
        "Place of the case in the reader's worklist, from 1.",
        lambda r: r.assignment.presentation_order,
    ),
)

IN_BULK: _Columns = (
    column(
        "accepted_in_bulk",
        "Accepted with the rest",
        _B,
        "grade",
        "True when this grade was given with others in one act, after the reader had scrolled "
        "through the structure; such a grade is always the one without revision.",
        lambda r: r.grade.in_bulk,
    ),
)
