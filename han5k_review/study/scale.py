"""Grading scales, read from CSV: raw codes, printed definitions, three-level grades."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import ConfigError, RuleError
from han5k_review.store.vocabulary import GradeLevel
from han5k_review.texts.table_files import read_table

SCALE_COLUMNS = ("scale", "code", "key", "title", "level", "definition", "source")
ISSUE_TAGS = (
    "cranial",
    "caudal",
    "medial",
    "lateral",
    "over",
    "under",
    "missing slice",
    "wrong organ",
    "L/R swap",
    "island",
    "hole",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleGrade:
    """One raw code of a scale: the key that gives it, its words, and the level it maps to."""

    code: str
    key: str
    title: str
    level: GradeLevel
    definition: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A named scale; `grades` in the order they are shown."""

    name: str
    grades: tuple[ScaleGrade, ...]

    def get_grade(self, code: str) -> ScaleGrade:
        """The grade with this raw code; RuleError when the scale has none."""
        for grade in self.grades:
            if grade.code == code:
                return grade
        known = ", ".join(g.code for g in self.grades)
        raise RuleError(f"A code of the scale {self.name} ({known}) was expected, found {code!r}.")

    def say(self, code: str | None) -> str:
        """The words of a code, nothing for None; one of another scale as it is."""
        titles = {grade.code: grade.title for grade in self.grades}
        return "" if code is None else titles.get(code, code)


def read_scales(path: Path) -> dict[str, Scale]:
    """Read `scales.csv`; ConfigError with the line for a bad level, a code or key given twice."""
    grades: dict[str, list[ScaleGrade]] = {}
    for row in read_table(path, what="A table of scales", required=SCALE_COLUMNS).good_rows:
        cells = row.cells
        if cells["level"] not in set(GradeLevel):
            raise ConfigError(
                f"{row.where}: a level of {', '.join(GradeLevel)} was expected, found "
                f"{cells['level']!r}."
            )
        grade = ScaleGrade(
            code=cells["code"],
            key=cells["key"],
            title=cells["title"],
            level=GradeLevel(cells["level"]),
            definition=cells["definition"],
            source=cells["source"],
        )
        known = grades.setdefault(cells["scale"], [])
        if any(grade.code == g.code or grade.key == g.key for g in known):
            raise ConfigError(
                f"{row.where}: each code and key once was expected, found {grade.code!r} on key "
                f"{grade.key!r} again."
            )
        known.append(grade)
    return {name: Scale(name=name, grades=tuple(rows)) for name, rows in grades.items()}


def read_scale(path: Path, name: str) -> Scale:
    """The scale `name` of the file; ConfigError when it is not there."""
    scales = read_scales(path)
    if name not in scales:
        raise ConfigError(
            f"The scale {name!r} was expected in {path}, found {', '.join(scales) or 'none'}."
        )
    return scales[name]
