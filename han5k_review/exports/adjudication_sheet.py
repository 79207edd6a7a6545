"""The sheet `Adjudication`: every consensus grade, and whether it stands."""

from __future__ import annotations

from dataclasses import dataclass

from han5k_review.exports.columns import Kind, Sheet, column
from han5k_review.exports.stored_grades import LabelRecord
from han5k_review.exports.study_rows import StudyRows
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.tables import Case, Reader

_T, _I, _B, _UTC = Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN, Kind.TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjudicationRow:
    """One consensus grade with its case, contour, version of the protocol, and adjudicator."""

    consensus: ConsensusGrade
    case: Case
    label: LabelRecord
    version: int
    adjudicator: Reader
    stands: bool


ADJUDICATION: Sheet[AdjudicationRow] = Sheet(
    key="adjudication",
    title="Adjudication",
    row="a consensus grade of one contour; the readers' own grades are in the sheet Grades",
    columns=(
        column("case", "Case", _T, "case", "Pseudonym of the case.", lambda r: r.case.name),
        column(
            "patient", "Patient", _T, "case", "Pseudonym of the patient.", lambda r: r.case.patient
        ),
        column(
            "structure",
            "Structure",
            _T,
            "consensus",
            "Name of the structure.",
            lambda r: r.consensus.structure,
        ),
        column(
            "mask_sha256",
            "Mask hash",
            _T,
            "contour",
            "SHA-256 of the graded mask, as in the sheet Grades.",
            lambda r: r.label.mask_sha256,
        ),
        column(
            "protocol_version",
            "Protocol version",
            _I,
            "protocol",
            "Version of the protocol that asked for it.",
            lambda r: r.version,
        ),
        column(
            "rule",
            "Rule",
            _T,
            "protocol",
            "Why an adjudicator looked: the rule of that version.",
            lambda r: r.consensus.rule.value,
        ),
        column(
            "reads",
            "Reads",
            _I,
            "grade",
            "Grades in force of this contour that count, at that time.",
            lambda r: r.consensus.reads,
        ),
        column(
            "scale", "Scale", _T, "consensus", "Scale of the grade.", lambda r: r.consensus.scale
        ),
        column(
            "raw_grade",
            "Raw grade",
            _T,
            "consensus",
            "Code of the consensus grade on its scale.",
            lambda r: r.consensus.raw_code,
        ),
        column(
            "level",
            "Level",
            _T,
            "consensus",
            "Its three-level grade, or `not_assessable` or `absent`.",
            lambda r: r.consensus.level.value,
        ),
        column(
            "comment",
            "Comment",
            _T,
            "consensus",
            "The adjudicator's words.",
            lambda r: r.consensus.comment,
        ),
        column(
            "adjudicator",
            "Adjudicator",
            _T,
            "reader",
            "Pseudonym of the adjudicator, who is never a reader of the case.",
            lambda r: r.adjudicator.pseudonym,
        ),
        column(
            "stands",
            "Stands",
            _B,
            "consensus",
            "False when a reader changed a grade afterwards, or a newer consensus was given.",
            lambda r: r.stands,
        ),
        column(
            "graded_at_utc",
            "Graded",
            _UTC,
            "consensus",
            "When the adjudicator graded.",
            lambda r: r.consensus.graded_at_utc,
            "UTC",
        ),
    ),
)


def build_adjudication_rows(rows: StudyRows) -> list[AdjudicationRow]:
    """Every consensus grade, in the order in which they were given."""
    standing = {row.id for row in rows.standing.values()}
    return [
        AdjudicationRow(
            consensus=one,
            case=rows.cases[one.case_id],
            label=rows.graded_labels[one.label_version_id],
            version=rows.protocols[one.protocol_id].number,
            adjudicator=rows.readers[one.adjudicator_id],
            stands=one.id in standing,
        )
        for one in rows.consensus.values()
    ]
