"""The study's rules of editing: thresholds of the grade-edit check, leases, one editor or many.

A study overrides them in `tables/editing.csv` (columns `setting,value`). The thresholds follow the
published four-level scale (AbsegNet, IJROBP 2023;117(4):994: none 0, minor to 10 %, moderate to
20 %, major from 20 %); that they fit a three-level scale is to be confirmed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from pathlib import Path

from han5k_review.errors import ConfigError
from han5k_review.store.vocabulary import GradeLevel
from han5k_review.texts.numbers import find_number
from han5k_review.texts.table_files import read_table

FILE_NAME = "editing.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRules:
    """Fractions of VRD, seconds, 1 or 0 for the other two; `status` is shown beside them.

    An edit up to `no_vrd_up_to` fits "no revision"; above it and below `major_vrd_from` it fits
    "minor"; above `minor_vrd_up_to` it fits "major". Between the last two both fit.
    `blinded_adjudication` shows reads as "Read 1", "Read 2" instead of by pseudonym.
    """

    no_vrd_up_to: float = 0.0
    minor_vrd_up_to: float = 0.10
    major_vrd_from: float = 0.20
    lease_seconds: float = 120.0
    one_editor: float = 0.0
    blinded_adjudication: float = 0.0
    status: str = "to be confirmed"

    def __post_init__(self) -> None:
        if not 0 <= self.no_vrd_up_to <= self.minor_vrd_up_to <= self.major_vrd_from:
            raise ConfigError(
                "Rising thresholds no_vrd_up_to <= minor_vrd_up_to <= major_vrd_from were "
                f"expected, found {self.no_vrd_up_to}, {self.minor_vrd_up_to}, "
                f"{self.major_vrd_from}."
            )
        switches = (self.one_editor, self.blinded_adjudication)
        if not 10 <= self.lease_seconds <= 86_400 or not {*switches} <= {0.0, 1.0}:
            raise ConfigError(
                "A lease of 10 s to one day, one_editor and blinded_adjudication 0 or 1 were "
                f"expected, found {self.lease_seconds} and {switches}."
            )

    @property
    def names_reads(self) -> bool:
        """True where adjudicators see the pseudonyms of readers."""
        return self.blinded_adjudication == 0.0

    def suggest_levels(self, vrd: float, *, is_empty: bool) -> tuple[GradeLevel, ...]:
        """The grade levels that fit an edit of this VRD (nan: nothing before, nothing after)."""
        if is_empty:
            return (GradeLevel.ABSENT, GradeLevel.MAJOR)
        if math.isnan(vrd) or vrd <= self.no_vrd_up_to:
            return (GradeLevel.NO,)
        levels = []
        if vrd < self.major_vrd_from:
            levels.append(GradeLevel.MINOR)
        if vrd > self.minor_vrd_up_to:
            levels.append(GradeLevel.MAJOR)
        return tuple(levels)


def read_edit_rules(tables: Path) -> EditRules:
    """The rules of a study's `tables` folder; the defaults where it has no `editing.csv`.

    ConfigError for a setting that nobody knows, and for what is no number.
    """
    path = tables / FILE_NAME
    if not path.is_file():
        return EditRules()
    known = {field.name for field in fields(EditRules)}
    values: dict[str, float] = {}
    table = read_table(path, what="A table of editing rules", required=("setting", "value"))
    for row in table.good_rows:
        name, value = row.cells["setting"], row.cells["value"]
        number = find_number(value)
        if number is None:
            raise ConfigError(f"{path}: a number was expected for {name!r}, found {value!r}.")
        if name not in known - {"status"}:
            raise ConfigError(f"{path}: a setting of editing was expected, found {name!r}.")
        values[name] = number
    return replace(EditRules(status="set by the study"), **values)  # type: ignore[arg-type]
