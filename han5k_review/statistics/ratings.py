"""Ratings: who gave which contour which level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from han5k_review.errors import DataError

MISSING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One grade: `unit` is what was graded (one contour), `level` its place on the scale from 0."""

    unit: str
    patient: str
    reader: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """Levels (units, readers), int8, MISSING where a reader gave none; every unit has at least one.

    Levels count from 0, the best, to `level_count - 1`, the worst. `patient_of` (units,) is the
    place of each unit's patient in `patients`: units of one patient are not independent.
    """

    levels: NDArray[np.int8]
    level_count: int
    units: tuple[str, ...]
    readers: tuple[str, ...]
    patients: tuple[str, ...]
    patient_of: NDArray[np.intp]

    @property
    def graded(self) -> NDArray[np.int64]:
        """Grades per unit (units,)."""
        return np.asarray((self.levels != MISSING).sum(axis=1))

    @property
    def compared(self) -> int:
        """Units with grades of at least two readers."""
        return int((self.graded >= 2).sum())

    def choose_readers(self, readers: Iterable[str]) -> Ratings:
        """The grades of some readers, in the order given; units without any are left out."""
        columns = [self.readers.index(reader) for reader in readers]
        chosen = replace(
            self,
            levels=self.levels[:, columns],
            readers=tuple(self.readers[column] for column in columns),
        )
        return chosen.choose_units((chosen.levels != MISSING).any(axis=1))

    def choose_units(self, kept: NDArray[np.bool_]) -> Ratings:
        """Units where True (units,); readers and patients stay: one resampling serves all."""
        return replace(
            self,
            levels=self.levels[kept],
            units=tuple(self.units[place] for place in np.flatnonzero(kept)),
            patient_of=self.patient_of[kept],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patterns:
    """Distinct rows of levels (patterns, readers), and how often each patient has them.

    `by_patient` is (patients, patterns). Two readers of twelve on three levels make at most 594
    patterns however many contours there are, so resampling costs the same at full size.
    """

    levels: NDArray[np.int8]
    by_patient: csr_array


def build_ratings(ratings: Iterable[Rating], *, level_count: int) -> Ratings:
    """Sort grades into a table; readers and patients in the order of their names.

    DataError for a scale of fewer than two levels, a level outside it, two grades of one reader on
    one unit (a repeat belongs to a reader of its own name), or a unit of two patients.
    """
    if level_count < 2:
        raise DataError(f"A scale of at least two levels was expected, found {level_count}.")
    found: dict[tuple[str, str], int] = {}
    patient_of_unit: dict[str, str] = {}
    for rating in ratings:
        if not 0 <= rating.level < level_count:
            raise DataError(
                f"A level from 0 to {level_count - 1} was expected for {rating.unit}, found "
                f"{rating.level} by {rating.reader}. Check the scale."
            )
        if (rating.unit, rating.reader) in found:
            raise DataError(_twice(rating))
        found[rating.unit, rating.reader] = rating.level
        if patient_of_unit.setdefault(rating.unit, rating.patient) != rating.patient:
            raise DataError(f"{rating.unit} was expected to belong to one patient, found two.")
    return _build(found, patient_of_unit, level_count)


def build_patterns(ratings: Ratings) -> Patterns:
    """Distinct rows and their number in each patient."""
    if not len(ratings.levels):
        empty = csr_array((len(ratings.patients), 0), dtype=np.float64)
        return Patterns(levels=ratings.levels, by_patient=empty)
    rows, place = np.unique(ratings.levels, axis=0, return_inverse=True)
    counts = csr_array(
        (np.ones(len(place)), (ratings.patient_of, place.ravel())),
        shape=(len(ratings.patients), len(rows)),
    )
    return Patterns(levels=rows, by_patient=counts)


def _twice(rating: Rating) -> str:
    return (
        f"One grade of {rating.reader} on {rating.unit} was expected, found two. Leave out "
        "repeats, or compare them as readers of their own."
    )


def _build(
    found: dict[tuple[str, str], int], patient_of_unit: dict[str, str], level_count: int
) -> Ratings:
    readers = sorted({reader for _, reader in found})
    patients = sorted(set(patient_of_unit.values()))
    row = {unit: place for place, unit in enumerate(sorted(patient_of_unit))}
    column = {reader: place for place, reader in enumerate(readers)}
    patient = {name: place for place, name in enumerate(patients)}
    levels = np.full((len(row), len(column)), MISSING, dtype=np.int8)
    for (unit, reader), level in found.items():
        levels[row[unit], column[reader]] = level
    return Ratings(
        levels=levels,
        level_count=level_count,
        units=tuple(row),
        readers=tuple(readers),
        patients=tuple(patients),
        patient_of=np.array([patient[patient_of_unit[unit]] for unit in row], dtype=np.intp),
    )
