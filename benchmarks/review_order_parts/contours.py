"""Pseudo-labels with what an expert would say of them, and what triage measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from triage_parts.planting import read_ct, read_organs

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.metrics import measure_pair
from han5k_review.triage.measuring import ContourMeasures, measure_case
from review_order_parts.atlases import Atlas, Drawn, build_atlas, draw_organs

NO_DICE, NO_HD95_MM = 0.65, 10.0
"""What an expert leaves as it is: the limits of `benchmarks/loop.py`."""
READ_SECONDS, START_SECONDS, SECONDS_PER_MM = 12.0, 60.0, 0.05


@dataclass(frozen=True, kw_only=True)
class JudgedContour:
    """A pseudo-label, what it lacks to the clinical contour, and how it was drawn."""

    patient: str
    structure: str
    dice: float
    hd95_mm: float
    added_path_mm: float
    disagreement: float
    entropy: float
    measures: ContourMeasures

    @property
    def is_wrong(self) -> bool:
        """True when the expert asks for a revision."""
        return not (self.dice >= NO_DICE and self.hd95_mm <= NO_HD95_MM)

    @property
    def gain(self) -> float:
        """Dice gained when the expert looks at it: a revision is the clinical contour."""
        return 1 - self.dice if self.is_wrong else 0.0

    @property
    def revise_seconds(self) -> float:
        """The expert's seconds for the correction alone."""
        return START_SECONDS + SECONDS_PER_MM * self.added_path_mm

    @property
    def seconds(self) -> float:
        """The expert's seconds for this contour: the grade, and the correction where it is due."""
        return READ_SECONDS + (self.revise_seconds if self.is_wrong else 0.0)


def list_files(folder: Path) -> list[tuple[str, Path]]:
    """(number, its contours) of all patients of an OpenKBP folder, by number."""
    files = [(path.name.split("_")[1], path) for path in folder.glob("pt_*_oars.nii.gz")]
    return sorted(files, key=lambda one: int(one[0]))


def read_atlases(folder: Path, most: int | None) -> list[Atlas]:
    """The first patients of an OpenKBP folder."""
    found = []
    for number, path in list_files(folder)[:most]:
        ct = read_ct(path.with_name(f"pt_{number}_ct.nii.gz"))
        found.append(build_atlas(number, ct, read_organs(path)))
    return found


def judge_patient(
    asked: Atlas, atlases: Sequence[Atlas], catalogue: Catalogue
) -> list[JudgedContour]:
    """All contours of a patient, drawn by `atlases` of other patients."""
    drawn = draw_organs(asked, [one for one in atlases if one.patient != asked.patient])
    return judge_drawn(asked.patient, asked.ct, asked.references, drawn, catalogue)


def judge_drawn(
    patient: str,
    ct: CtVolume,
    references: Mapping[str, StructureMask],
    drawn: Mapping[str, Drawn],
    catalogue: Catalogue,
) -> list[JudgedContour]:
    """Pseudo-labels of a patient beside its clinical contours."""
    measures = measure_case({name: one.mask for name, one in drawn.items()}, ct, catalogue)
    found = []
    for name, one in drawn.items():
        panel = measure_pair(references[name], one.mask, ct.grid.spacing_mm)
        found.append(
            JudgedContour(
                patient=patient,
                structure=name,
                dice=panel.dice,
                hd95_mm=panel.hd95_mm,
                added_path_mm=panel.apl_mm,
                disagreement=one.disagreement,
                entropy=one.entropy,
                measures=measures[name],
            )
        )
    return found
