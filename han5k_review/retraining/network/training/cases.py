"""Cases as the network sees them: read by hash, brought to the working grid, made into a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.mask import StructureMask
from han5k_review.retraining.jobs.tasks import TrainCase, TrainJob
from han5k_review.retraining.network.training.targets import Target, build_target, share_inside
from han5k_review.retraining.network.working_grid import WorkingGrid, reduce_volume, to_czyx
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles

_NESTED_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCase:
    """One case on its working grid: HU, the trusted masks, and what does not count."""

    name: str
    working: WorkingGrid
    hu: NDArray[np.float32]
    masks: Mapping[str, StructureMask]
    ignored: StructureMask | None = None

    @property
    def image_czyx(self) -> NDArray[np.float32]:
        """(1, z, y, x) in HU, as nnU-Net's readers give it."""
        return to_czyx(self.hu)

    @property
    def spacing_zyx_mm(self) -> tuple[float, float, float]:
        """Spacing of the working grid along z, y, x."""
        i, j, k = self.working.grid.spacing_mm
        return (k, j, i)


@dataclass(slots=True, kw_only=True)
class CaseReader:
    """Reads the cases of a job; keeps them in memory when they are coarse and therefore small."""

    job: TrainJob
    _kept: dict[str, WorkingCase] = field(default_factory=dict)

    def read(self, case: TrainCase) -> WorkingCase:
        """The case on its working grid; hashes of CT and masks are checked on the way."""
        if case.name in self._kept:
            return self._kept[case.name]
        volume = VolumeFiles(folder=self.job.volumes).get_volume(case.image_sha256)
        files = LabelFiles(folder=self.job.masks)
        settings = self.job.settings
        working, hu = reduce_volume(
            volume, settings.working_spacing_mm, crop_to_body=settings.crop_to_body
        )

        def reduce(sha256: str) -> StructureMask:
            return working.reduce_mask(files.get_mask(sha256, volume.grid))

        found = WorkingCase(
            name=case.name,
            working=working,
            hu=hu,
            masks={name: reduce(sha256) for name, sha256 in case.masks.items()},
            ignored=None if case.ignored is None else reduce(case.ignored),
        )
        if settings.working_spacing_mm is not None:
            self._kept[case.name] = found
        return found

    def target(self, case: TrainCase, nested: Mapping[str, str]) -> Target:
        """The label map of the case's trusted masks."""
        found = self.read(case)
        return build_target(found.masks, self.job.labels, found.working.grid, nested, found.ignored)


def find_nested(reader: CaseReader) -> dict[str, str]:
    """Which pairs of the job's `inside` table the trusted masks really nest, inner -> outer.

    A pair counts when the inner mask lies at least half within the outer one in most of the cases
    that trust both: some sources draw the eye with its lens, some without.
    """
    votes: dict[str, list[bool]] = {}
    pairs = {
        inner: outer
        for inner, outer in reader.job.inside.items()
        if inner in reader.job.labels and outer in reader.job.labels
    }
    for case in reader.job.cases if pairs else ():
        both = [n for n, outer in pairs.items() if n in case.masks and outer in case.masks]
        masks = reader.read(case).masks if both else {}
        for inner in both:
            if not masks[inner].is_empty:
                share = share_inside(masks[inner], masks[pairs[inner]])
                votes.setdefault(inner, []).append(share >= _NESTED_SHARE)
    return {inner: pairs[inner] for inner, said in votes.items() if sum(said) * 2 > len(said)}
