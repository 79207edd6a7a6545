"""One act of the import benchmark in a process of its own, so that its memory is its own.

    python benchmarks/importing_parts/acts.py ACT STUDY CT MASKS CPU

Prints a line of JSON: seconds, CPU seconds, peak memory, and what was found. The process keeps to
one core (CPU; -1 lets it use all), and the files are not in the page cache when it begins.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path


def drop_from_page_cache(files: Iterable[Path]) -> None:
    """Let the next reader fetch the files from the disk."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def read_peak_mb() -> float:
    """The most memory this program held; `ru_maxrss` may be that of who started it."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_ours(act: str, study_folder: Path, ct: Path, masks: Path) -> Callable[[], str]:
    from han5k_review.importing.imports import plan_import, run_import
    from han5k_review.importing.sources import build_source
    from han5k_review.store.study import open_study
    from han5k_review.study import read_study_catalogue

    study = open_study(study_folder)
    catalogue = read_study_catalogue(study)
    cells = {"case": ct.parent.name, "ct": str(ct), "labels": str(masks)}
    source = build_source(cells, folder=Path(), study=study, origin="benchmark")

    def run() -> str:
        deep = act.endswith("deep")
        if act.startswith("dry"):
            report = plan_import(study, catalogue, [source], deep=deep)
        else:
            report = run_import(
                study, catalogue, [source], actor="benchmark", now=lambda: datetime.now(UTC)
            )
        (case,) = report.cases
        return f"{case.outcome}: {case.refusal or len(case.matched)}"

    return run


def run_simpleitk(ct: Path, masks: Path) -> Callable[[], str]:
    import numpy as np
    import SimpleITK as sitk  # noqa: N813

    def run() -> str:
        image = sitk.ReadImage(str(ct))
        found = [int(sitk.GetArrayViewFromImage(image).sum(dtype="int64"))]
        for path in sorted(masks.iterdir()):
            image = sitk.ReadImage(str(path))
            found.append(int(np.count_nonzero(sitk.GetArrayViewFromImage(image))))
        return json.dumps(found)

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    return run


def run_nibabel(ct: Path, masks: Path) -> Callable[[], str]:
    import nibabel as nib
    import numpy as np

    def run() -> str:
        found = [int(np.asanyarray(nib.load(ct).dataobj).sum(dtype="int64"))]
        for path in sorted(masks.iterdir()):
            found.append(int(np.count_nonzero(np.asanyarray(nib.load(path).dataobj))))
        return json.dumps(found)

    return run


def main() -> None:
    act, study, ct, masks, cpu = sys.argv[1:]
    if int(cpu) >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(cpu)})
    if act == "SimpleITK":
        run = run_simpleitk(Path(ct), Path(masks))
    elif act == "nibabel":
        run = run_nibabel(Path(ct), Path(masks))
    else:
        run = run_ours(act, Path(study), Path(ct), Path(masks))
    drop_from_page_cache([Path(ct), *Path(masks).iterdir()])
    began, cpu_began = time.perf_counter(), time.process_time()
    found = run()
    answer = {
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu_began,
        "peak_mb": read_peak_mb(),
        "found": found,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
