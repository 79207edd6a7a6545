"""The work of measuring one case: what a process needs that knows nothing of the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import Han5kError
from han5k_review.imaging.grid import Grid
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles
from han5k_review.triage.measuring import ContourMeasures, measure_case


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkContour:
    """A contour under review, and the mask that was under review before it."""

    contour: int
    structure: str
    mask_sha256: str
    earlier_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWork:
    """One case: its CT and its contours under review."""

    case: str
    patient: str
    image_sha256: str
    grid: Grid
    contours: tuple[WorkContour, ...]

    def hash_beside(self, catalogue: Catalogue) -> str:
        """What all measurements of this case stand on: the CT, the masks, how they belong together."""
        content = [self.image_sha256]
        for one in sorted(self.contours, key=lambda c: c.structure):
            row = catalogue.get_structure(one.structure)
            content.append(
                json.dumps(
                    [one.structure, one.mask_sha256, one.earlier_sha256]
                    + [row.side, row.pair, row.inside]
                )
            )
        return hashlib.sha256("\n".join(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFiles:
    """Where a study keeps what is measured."""

    labels: LabelFiles
    volumes: VolumeFiles
    catalogue: Catalogue


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseAnswer:
    """What came of one case: measures by structure, or why there are none (never both)."""

    measures: Mapping[str, ContourMeasures]
    reason: str | None = None


def measure_works(files: CaseFiles, works: tuple[CaseWork, ...]) -> tuple[CaseAnswer, ...]:
    """Measure cases in one task; one that fails is answered with its reason, the others go on.

    Top level and picklable, so that any `concurrent.futures.Executor` can run it.
    """
    return tuple(_measure(files, work) for work in works)


def _measure(files: CaseFiles, work: CaseWork) -> CaseAnswer:
    try:
        ct = files.volumes.get_volume(work.image_sha256)
        masks = {
            one.structure: files.labels.get_mask(one.mask_sha256, work.grid)
            for one in work.contours
        }
        earlier = {
            one.structure: files.labels.get_mask(one.earlier_sha256, work.grid)
            for one in work.contours
            if one.earlier_sha256 is not None
        }
        return CaseAnswer(measures=measure_case(masks, ct, files.catalogue, earlier))
    except Han5kError as error:
        return CaseAnswer(measures={}, reason=str(error))
    except (ValueError, ArithmeticError, MemoryError) as error:
        said = f"measuring stopped: {type(error).__name__}: {error}"
        return CaseAnswer(measures={}, reason=said)
