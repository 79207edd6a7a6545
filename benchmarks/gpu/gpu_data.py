"""Synthetic patients of the demo, stored by hash as a study stores them; no patient, no database.

    python gpu_data.py FOLDER [--cases 8] [--quick]

writes `volumes/`, `labels/` and `cases.json` (case -> hash of its CT and of its masks). The same
seed gives the same patients on every machine; `--quick` averages them down to 5 mm.
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.demo.study import DEMO_SEED, build_entry
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.jobs.tasks import TrainCase
from han5k_review.retraining.network.working_grid import reduce_volume
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles

ROOT = Path(__file__).resolve().parents[2]
GROUP = "2"
"""The label group of 26 structures."""
CASES = 8
PARENT_CASES, CHILD_CASES, TEST_CASES = (0, 1, 2), (3, 4, 5), (6, 7)
_QUICK_SPACING_MM = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """The stored cases of a folder."""

    root: Path
    cases: dict[str, dict[str, object]]

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def labels(self) -> Path:
        return self.root / "labels"

    def image(self, number: int) -> str:
        return str(self.cases[name_case(number)]["image"])

    def volume(self, number: int) -> CtVolume:
        return VolumeFiles(folder=self.volumes).get_volume(self.image(number))

    def masks(self, number: int, kind: str) -> dict[str, str]:
        """Structure -> hash; `kind` is `reference` or `pseudo`."""
        return dict(self.cases[name_case(number)][kind])  # type: ignore[call-overload]

    def train_case(self, number: int, kind: str) -> TrainCase:
        return TrainCase(
            name=name_case(number),
            image_sha256=self.image(number),
            masks=self.masks(number, kind),
        )


def name_case(number: int) -> str:
    return f"demo-{number + 1:02d}"


def read_table() -> Catalogue:
    return read_catalogue(ROOT / "data" / "structures.csv")


def list_labels() -> dict[str, int]:
    """Structure -> label value of the group."""
    names = [s.name for s in read_table() if s.group == GROUP]
    return {str(name): value for value, name in enumerate(names, start=1)}


def list_nested() -> dict[str, str]:
    """Inner structure -> the one it lies in."""
    return {str(s.name): str(s.inside) for s in read_table() if s.group == GROUP and s.inside}


def read_patients(root: Path) -> Patients:
    return Patients(root=root, cases=json.loads((root / "cases.json").read_text()))


def _store(root: Path, number: int, quick: bool) -> tuple[str, dict[str, object]]:
    entry = build_entry(number, read_table(), CASES, DEMO_SEED)
    names = list_labels()
    volume, kinds = entry.ct, {"reference": entry.reference, "pseudo": entry.pseudo}
    if quick:
        working, hu = reduce_volume(volume, _QUICK_SPACING_MM, crop_to_body=True)
        volume = CtVolume(grid=working.grid, hu=hu.round().astype("int16"))
        kinds = {
            kind: {n: working.reduce_mask(m) for n, m in masks.items() if n in names}
            for kind, masks in kinds.items()
        }
    labels = LabelFiles(folder=root / "labels")
    stored: dict[str, object] = {
        kind: {str(n): labels.put_mask(m) for n, m in masks.items() if n in names}
        for kind, masks in kinds.items()
    }
    stored["image"] = VolumeFiles(folder=root / "volumes").put_volume(volume)
    return name_case(number), stored


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    for name in ("volumes", "labels"):
        (chosen.folder / name).mkdir(parents=True, exist_ok=True)
    cases: dict[str, dict[str, object]] = {}
    with ProcessPoolExecutor(min(chosen.cases, os.cpu_count() or 1)) as pool:
        jobs = [pool.submit(_store, chosen.folder, n, chosen.quick) for n in range(chosen.cases)]
        for job in jobs:
            name, stored = job.result()
            cases[name] = stored
    (chosen.folder / "cases.json").write_text(json.dumps(cases, indent=1))


if __name__ == "__main__":
    main()
