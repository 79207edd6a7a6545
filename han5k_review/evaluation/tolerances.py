"""Surface-Dice tolerances: the study's own table, a published one, or one number for all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from han5k_review.anatomy.structure import Structure
from han5k_review.errors import ConfigError
from han5k_review.metrics import segrap


class ToleranceTable(StrEnum):
    """Whose tolerances are used.

    STUDY    the study's own structure table (column tolerance_segrap_mm, 1 mm where it is empty).
    SEGRAP   SegRap2023's evaluator, whatever the study's table says: 1 mm, Larynx 2, OralCavity 3.
    NIKOLOV  Nikolov et al., JMIR 2021;23:e26151 (column tolerance_nikolov_mm); the study's for
             organs that they do not have.
    """

    STUDY = "study"
    SEGRAP = "segrap"
    NIKOLOV = "nikolov"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """A table of tolerances, or `same_mm` for every structure.

    Each row carries the tolerance it was measured at, and a panel is stored under it: numbers of
    two tolerances are never mixed.
    """

    table: ToleranceTable = ToleranceTable.STUDY
    same_mm: float | None = None

    def of(self, structure: Structure) -> float:
        """The tolerance of a structure in mm."""
        if self.same_mm is not None:
            return self.same_mm
        if self.table is ToleranceTable.SEGRAP:
            return segrap.tolerance_mm(structure.name)
        nikolov_mm = structure.tolerance_nikolov_mm
        if self.table is ToleranceTable.NIKOLOV and nikolov_mm is not None:
            return nikolov_mm
        return structure.tolerance_mm

    @property
    def is_segrap(self) -> bool:
        """True for the challenge's own table."""
        return self.same_mm is None and self.table is ToleranceTable.SEGRAP


STUDY_TOLERANCES = Tolerances()


def read_tolerances(words: str) -> Tolerances:
    """The tolerances of a name or of a number in mm; ConfigError for anything else."""
    name = words.strip().casefold()
    if name in set(ToleranceTable):
        return Tolerances(table=ToleranceTable(name))
    try:
        same_mm = float(name.removesuffix("mm"))
    except ValueError:
        same_mm = math.nan
    if not math.isfinite(same_mm) or same_mm <= 0:
        raise ConfigError(
            "Tolerances were expected as study, segrap, nikolov or one number above 0 (mm), "
            f"found {words!r}."
        )
    return Tolerances(same_mm=same_mm)
