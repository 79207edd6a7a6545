"""Named masks: what DICOM objects are written from, and the words that stand in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.references import SeriesReference
from han5k_review.imaging.mask import StructureMask

SOFTWARE = "HaN5K Review"
RESEARCH_USE = "Research use only. Not a medical device."
_SYNTHETIC = " Study, series and frame of reference are made up: no DICOM source is known."
LONG = 64
"""Characters of a DICOM LO."""
NOT_KNOWN = "not known"
"""Stands in a SEG where it demands a word that nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NamedMask:
    """A structure for the file: `name` (TG-263 where it has one), its mask and colour (0-255).

    `algorithm` (AUTOMATIC, SEMIAUTOMATIC, MANUAL or empty), `made_by` and `version` (up to 64
    characters) say how it came about.
    """

    name: str
    mask: StructureMask
    colour_rgb: tuple[int, int, int]
    algorithm: str = ""
    made_by: str = ""
    version: str = ""

    @property
    def kind(self) -> str:
        """The type that DICOM has for it, by the name as TG-263 begins it."""
        start = self.name[:3].upper()
        return start if start in ("GTV", "CTV", "PTV") else "ORGAN"

    @property
    def maker(self) -> str:
        """Who or what made it, and which version, in one text."""
        return ", ".join(filter(None, (self.made_by, self.version)))


def check_named(structures: Sequence[NamedMask]) -> None:
    """DataError for no structure, or names that DICOM cannot hold."""
    if not structures:
        raise DataError("At least one structure was expected for a DICOM file, found none.")
    wrong = [s.name for s in structures if not 0 < len(s.name) <= LONG or "\\" in s.name]
    if wrong:
        raise DataError(
            f"Names of 1 to {LONG} characters without \\ were expected, found {wrong[0]!r}."
        )


def describe_use(reference: SeriesReference) -> str:
    """What a person who opens the file must know: research only, and which references are real."""
    return RESEARCH_USE + (_SYNTHETIC if reference.is_synthetic else "")


def tidy_patient(patient: str) -> str:
    """A pseudonym as DICOM can hold it in names and identifiers."""
    return patient[:LONG].replace("\\", "_").replace("^", "_").replace("=", "_")


def build_seed(structures: Sequence[NamedMask], reference: SeriesReference) -> str:
    """What UIDs are made from: all that decides the content of a file."""
    own = (s.name + s.mask.sha256 + s.algorithm + s.maker for s in structures)
    return " ".join([*own, repr(reference)])
