"""One act of the exchange benchmark in a process of its own, ours or of a program that is not.

    python benchmarks/exchange_parts/acts.py ACT CASE RTSTRUCT SCRATCH CPU

Prints a line of JSON: seconds, CPU seconds, peak memory, and what was found. Run by the Python that
has the program: it imports nothing of ours but for our own acts.

An act that reads gives every mask in turn; what the clock counts is the program's own work, and
each mask is compared with `masks.npz` beside it. What is written is compared by who called.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the folder of the benchmarks

from importing_parts.acts import read_peak_mb

from exchange_parts.cohorts import measure_crew, measure_full_disk, measure_tree, read_cpu_s

Masks = Iterator[tuple[str, np.ndarray]]


class Truth:
    """The masks of the case, and how many voxels a program's masks differ from them."""

    def __init__(self, path: Path) -> None:
        file = np.load(path)
        self.shape = tuple(int(n) for n in file["shape"])
        self.names = [str(name) for name in file["names"]]
        self.boxes = {
            name: (tuple(int(v) for v in file["starts"][n]), file[f"box{n}"])
            for n, name in enumerate(self.names)
        }

    def dense(self, name: str) -> np.ndarray:
        start, box = self.boxes[name]
        full = np.zeros(self.shape, dtype=bool)
        full[tuple(slice(a, a + n) for a, n in zip(start, box.shape, strict=True))] = box
        return full

    def compare(self, name: str, mask: np.ndarray) -> tuple[int, float]:
        """(voxels that differ, Dice)."""
        start, box = self.boxes[name]
        place = tuple(slice(a, a + n) for a, n in zip(start, box.shape, strict=True))
        both = int(np.count_nonzero(box & mask[place]))
        total = int(np.count_nonzero(box)) + int(np.count_nonzero(mask))
        return total - 2 * both, 2 * both / total if total else 1.0


def read_ours(case: Path, rtstruct: Path, _scratch: Path) -> Masks:
    from han5k_review.imaging.dicom.label_masks import build_label_mask
    from han5k_review.imaging.dicom.labels import read_dicom_labels
    from han5k_review.imaging.grid import Grid

    with np.load(case / "masks.npz") as file:
        grid = Grid.from_affine(tuple(int(n) for n in file["shape"]), file["affine_ras"])
    for label in read_dicom_labels(rtstruct).labels:
        mask = build_label_mask(label, grid).mask
        yield label.name, _Lazy(mask)


class _Lazy:
    """A mask that becomes dense outside of the clock."""

    def __init__(self, mask: object) -> None:
        self.mask = mask

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self.mask.dense()  # type: ignore[attr-defined]


def read_rt_utils(case: Path, rtstruct: Path, _scratch: Path) -> Masks:
    from rt_utils import RTStructBuilder

    found = RTStructBuilder.create_from(
        dicom_series_path=str(case / "ct"), rt_struct_path=str(rtstruct)
    )
    for name in found.get_roi_names():
        yield name, found.get_roi_mask_by_name(name).transpose(1, 0, 2)


def read_dcmrtstruct2nii(case: Path, rtstruct: Path, scratch: Path) -> Masks:
    import SimpleITK as sitk  # noqa: N813
    from dcmrtstruct2nii import dcmrtstruct2nii

    dcmrtstruct2nii(
        str(rtstruct), str(case / "ct"), str(scratch), gzip=False, convert_original_dicom=False
    )
    for file in sorted(scratch.glob("mask_*.nii")):
        yield file.stem.removeprefix("mask_"), _read_image(sitk, file)


def read_platipy(case: Path, rtstruct: Path, scratch: Path) -> Masks:
    import SimpleITK as sitk  # noqa: N813
    from platipy.dicom.io.rtstruct_to_nifti import convert_rtstruct

    convert_rtstruct(case / "ct", rtstruct, prefix="", output_dir=scratch)
    for file in sorted(scratch.glob("*.nii.gz")):
        yield file.name.removesuffix(".nii.gz"), _read_image(sitk, file)


def read_plastimatch(case: Path, rtstruct: Path, scratch: Path) -> Masks:
    import SimpleITK as sitk  # noqa: N813

    program = Path(sys.executable).with_name("plastimatch")
    words = ["convert", "--input", rtstruct, "--referenced-ct", case / "ct"]
    words += ["--output-prefix", scratch, "--prefix-format", "nrrd"]
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL)
    for file in sorted(scratch.glob("*.nrrd")):
        yield file.stem, _read_image(sitk, file)


def _read_image(sitk: object, file: Path) -> np.ndarray:
    image = sitk.DICOMOrient(sitk.ReadImage(str(file)), "LPS")  # type: ignore[attr-defined]
    return sitk.GetArrayFromImage(image).transpose(2, 1, 0) != 0  # type: ignore[attr-defined]


READERS: dict[str, Callable[[Path, Path, Path], Masks]] = {
    "ours": read_ours,
    "rt-utils": read_rt_utils,
    "dcmrtstruct2nii": read_dcmrtstruct2nii,
    "platipy": read_platipy,
    "plastimatch": read_plastimatch,
}


# Imported before the clock runs.
MODULES = {
    "ours": ("han5k_review.imaging.dicom.label_masks", "han5k_review.imaging.dicom.labels"),
    "rt-utils": ("rt_utils",),
    "dcmrtstruct2nii": ("dcmrtstruct2nii", "SimpleITK"),
    "platipy": ("platipy.dicom.io.rtstruct_to_nifti", "SimpleITK"),
    "plastimatch": ("SimpleITK",),
}


def measure_reading(program: str, case: Path, rtstruct: Path, scratch: Path) -> dict[str, object]:
    for module in MODULES[program]:
        importlib.import_module(module)
    truth = Truth(case / "masks.npz")
    seconds = cpu_s = 0.0
    differing, dices = 0, []
    masks = READERS[program](case, rtstruct, scratch)
    missing = set(truth.names)
    while True:
        began, cpu_began = time.perf_counter(), read_cpu_s()
        found = next(masks, None)
        seconds += time.perf_counter() - began
        cpu_s += read_cpu_s() - cpu_began
        if found is None:
            break
        name, mask = found
        if name in missing:
            missing.discard(name)
            wrong, dice = truth.compare(name, np.asarray(mask, dtype=bool))
            differing += wrong
            dices.append(dice)
    return {
        "seconds": seconds,
        "cpu_s": cpu_s,
        "differing": differing,
        "worst_dice": min(dices, default=0.0),
        "missing": len(missing),
    }


def write_ours(case: Path, out: Path, form: str) -> tuple[float, float]:
    from exchange_parts.case import read_masks
    from han5k_review.imaging.dicom.references import build_series_reference
    from han5k_review.imaging.dicom.segmentations import build_segmentation
    from han5k_review.imaging.dicom.series import read_series_outline
    from han5k_review.imaging.dicom.structure_sets import build_structure_set

    named = read_masks(case / "masks.npz")
    grid = named[0].mask.grid
    reference = build_series_reference(read_series_outline(case / "ct"), grid)
    began, cpu_began = time.perf_counter(), read_cpu_s()
    if form == "SEG":
        content = build_segmentation(named, reference, patient="BENCH")
    else:
        keyholes = form == "keyholes"
        content = build_structure_set(named, reference, patient="BENCH", keyholes=keyholes)
    out.write_bytes(content)
    return time.perf_counter() - began, read_cpu_s() - cpu_began


def write_rt_utils(case: Path, out: Path) -> tuple[float, float]:
    from rt_utils import RTStructBuilder

    truth = Truth(case / "masks.npz")
    masks = {name: truth.dense(name).transpose(1, 0, 2) for name in truth.names}
    began, cpu_began = time.perf_counter(), read_cpu_s()
    made = RTStructBuilder.create_new(dicom_series_path=str(case / "ct"))
    for name, mask in masks.items():
        made.add_roi(mask=mask, name=name)
    made.save(str(out))
    return time.perf_counter() - began, read_cpu_s() - cpu_began


def measure_writing(program: str, case: Path, out: Path) -> dict[str, object]:
    if program == "rt-utils":
        seconds, cpu_s = write_rt_utils(case, out)
    else:
        seconds, cpu_s = write_ours(case, out, program.removeprefix("ours "))
    return {"seconds": seconds, "cpu_s": cpu_s, "mb": out.stat().st_size / 1e6}


def measure_import(case: Path) -> dict[str, object]:
    from datetime import UTC, datetime

    from han5k_review.importing.imports import run_import
    from han5k_review.importing.sources import build_source
    from han5k_review.importing.study import create_study
    from han5k_review.study import read_study_catalogue

    with tempfile.TemporaryDirectory(prefix="han5k-exchange-") as folder:
        study = create_study(Path(folder) / "study", "Benchmark", now_utc=datetime.now(UTC))
        cells = {"case": "A", "ct": str(case / "ct"), "labels": str(case / "imported.dcm")}
        source = build_source(cells, folder=Path(), study=study, origin="benchmark")
        catalogue = read_study_catalogue(study)
        began, cpu_began = time.perf_counter(), read_cpu_s()
        report = run_import(
            study, catalogue, [source], actor="benchmark", now=lambda: datetime.now(UTC)
        )
        took = time.perf_counter() - began, read_cpu_s() - cpu_began
        study.engine.dispose()
        return {"seconds": took[0], "cpu_s": took[1], "found": report.cases[0].sentence[:60]}


def main() -> None:
    act, program, case, file, cpu = sys.argv[1:]
    if int(cpu) >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(cpu)})
    scratch = Path(tempfile.mkdtemp(prefix="han5k-exchange-"))
    try:
        answer = {
            "read": lambda: measure_reading(program, Path(case), Path(file), scratch),
            "write": lambda: measure_writing(program, Path(case), Path(file)),
            "import": lambda: measure_import(Path(case)),
            "tree dry run": lambda: measure_tree(Path(case), dry_run=True),
            "tree import": lambda: measure_tree(Path(case), dry_run=False),
            "full disk": lambda: measure_full_disk(Path(case), Path(file)),
            "crew": lambda: measure_crew(Path(case), int(program)),
        }[act]()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    peak_mb = read_peak_mb()
    if program == "plastimatch":  # a program of its own, which this one waited for
        peak_mb = max(peak_mb, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    print(json.dumps({**answer, "peak_mb": peak_mb}))


if __name__ == "__main__":
    main()
