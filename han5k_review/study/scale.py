"""Grading scales, read from CSV: raw codes, printed definitions, three-level grades."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import ConfigError, RuleError
from han5k_review.store.vocabulary import GradeLevel

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


def read_scales(path: Path) -> dict[str, Scale]:
    """Read `scales.csv`; ConfigError with the line for a bad level, a code or key given twice."""
    grades: dict[str, list[ScaleGrade]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            for row in reader:
                grade = ScaleGrade(
                    code=row["code"],
                    key=row["key"],
                    title=row["title"],
                    level=GradeLevel(row["level"]),
                    definition=row["definition"],
                    source=row["source"],
                )
                known = grades.setdefault(row["scale"], [])
                if any(grade.code == g.code or grade.key == g.key for g in known):
                    raise ConfigError(
                        f"{path.name} line {reader.line_num}: each code and key once was expected, "
                        f"found {grade.code!r} on key {grade.key!r} again."
                    )
                known.append(grade)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise ConfigError(
            f"{path}: rows of scale, code, key, title, level, definition, source were expected, "
            f"found: {error}."
        ) from error
    return {name: Scale(name=name, grades=tuple(rows)) for name, rows in grades.items()}


def read_scale(path: Path, name: str) -> Scale:
    """The scale `name` of the file; ConfigError when it is not there."""
    scales = read_scales(path)
    if name not in scales:
        raise ConfigError(
            f"The scale {name!r} was expected in {path}, found {', '.join(scales) or 'none'}."
        )
    return scales[name]
