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
        "Version of the protocol the read was assigned by (sheet Protocol), else the study's.",
        lambda r: r.protocol_version,
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
        "Where the graded contour comes from: `pseudo` (imported), `prediction` (of a model), "
        "`reference`, `revision`, or `planted` (an error made on purpose).",
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
        "entropy",
        "Entropy",
        Kind.NUMBER,
        "contour",
        "How unsure the network was of the contour that it predicted: mean binary entropy in bits, "
        "0 sure to 1 unsure, where the structure may lie; empty where no network said it.",
        lambda r: r.label.entropy,
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
        "grade_use",
        "Use of the grade",
        _T,
        "assignment",
        "`first read` is counted in every statistic; `repeat` only in the agreement with oneself, "
        "`planted error` only in vigilance, `calibration` nowhere.",
        lambda r: r.use.value,
    ),
    column(
        "arm",
        "Arm",
        _T,
        "contour",
        "Label source that was to be judged, also where an error was planted in its contour.",
        lambda r: r.arm.value,
    ),
    column(
        "is_planted",
        "Planted error",
        _B,
        "contour",
        "True when the contour had an error made on purpose.",
        lambda r: r.planted is not None,
    ),
    column(
        "planted_kind",
        "Kind of planted error",
        _T,
        "contour",
        "What was done to the contour, e.g. `leak` or `truncated`.",
        lambda r: r.planted.kind.value if r.planted else None,
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
        "True for a calibration case, which trains readers and is never counted.",
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

ASKED: _Columns = (
    column(
        "confidence",
        "Confidence",
        _I,
        "grade",
        "How sure the reader was, 1 to 5, where the protocol asks.",
        lambda r: r.grade.confidence,
    ),
    column(
        "source_guess",
        "Source guess",
        _T,
        "grade",
        "What the reader thought made the contour, where the protocol asks: `a model`, "
        "`a person` or `not sure`.",
        lambda r: r.grade.source_guess.value if r.grade.source_guess else None,
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

CONSENSUS: _Columns = (
    column(
        "adjudicated_level",
        "Adjudicated level",
        _T,
        "consensus",
        "The adjudicator's three-level grade of this contour, where one stands; shares and "
        "certificates use it in place of the readers' grades, agreement never does.",
        lambda r: r.consensus.level.value if r.consensus else None,
    ),
)
