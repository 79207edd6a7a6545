"""The sheet `Scale`: codes and printed definitions."""

from __future__ import annotations

from dataclasses import dataclass

from han5k_review.exports.columns import Kind, Sheet, column
from han5k_review.exports.study_rows import StudyRows
from han5k_review.study.scale import ScaleGrade

_T, _B = Kind.TEXT, Kind.BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRow:
    """One code of a scale."""

    scale: str
    is_study_scale: bool
    grade: ScaleGrade


SCALE: Sheet[ScaleRow] = Sheet(
    key="scale",
    title="Scale",
    row="a code of the study's scale, or of another scale that was used",
    columns=(
        column("scale", "Scale", _T, "scale table", "Name of the scale.", lambda r: r.scale),
        column(
            "is_study_scale",
            "Scale of the study",
            _B,
            "study",
            "True for the scale in use.",
            lambda r: r.is_study_scale,
        ),
        column(
            "grade_code",
            "Grade code",
            _T,
            "scale table",
            "Raw code, as in the sheet Grades.",
            lambda r: r.grade.code,
        ),
        column("key", "Key", _T, "scale table", "Key that gives the grade.", lambda r: r.grade.key),
        column(
            "grade_title",
            "Grade",
            _T,
            "scale table",
            "Words of the grade.",
            lambda r: r.grade.title,
        ),
        column(
            "grade_level",
            "Three-level grade",
            _T,
            "scale table",
            "Level the code maps to.",
            lambda r: r.grade.level.value,
        ),
        column(
            "definition",
            "Definition",
            _T,
            "scale table",
            "Printed definition of the grade.",
            lambda r: r.grade.definition,
        ),
        column(
            "definition_source",
            "Source",
            _T,
            "scale table",
            "Where the definition comes from.",
            lambda r: r.grade.source,
        ),
    ),
)


def build_scale_rows(rows: StudyRows) -> list[ScaleRow]:
    """The study's scale first, then other scales that grades were given on."""
    used = {grade.scale for grade in rows.grades} - {rows.facts.scale}
    names = [rows.facts.scale, *sorted(used)]
    return [
        ScaleRow(scale=name, is_study_scale=name == rows.facts.scale, grade=grade)
        for name in names
        if name in rows.scales
        for grade in rows.scales[name].grades
    ]
