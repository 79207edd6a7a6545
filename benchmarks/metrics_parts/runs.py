"""Running the peers of the metrics benchmark: their environment, their samples, their processes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from metrics_parts.case import SHAPE, Case
from metrics_parts.reach import FORMS, QUICK_FORMS, Panels, PeerResult, Time, judge

HERE = Path(__file__).resolve().parent
PACKAGES = {
    "surface-distance": "surface-distance",
    "MONAI": "monai",
    "SimpleITK": "SimpleITK",
    "MedPy": "medpy",
    "seg-metrics": "seg-metrics",
    "MeshMetrics": "pymeshmetrics",
    "mikan-rs": "mikan-rs",
}
# How many of 45 structures are measured where all would take minutes: one thread, all cores.
SAMPLES = {
    ("MONAI", "full"): (3, 1),
    ("SimpleITK", "full"): (2, 1),
    ("MedPy", "full"): (1, 1),
    ("seg-metrics", "full"): (1, 1),
    ("seg-metrics", "cropped"): (5, 3),
    ("MeshMetrics", "full"): (15, 9),
    ("mikan-rs", "full"): (5, 3),
    ("surface-distance", "full"): (45, 15),
}
# A structure takes half a minute or more: measured with the first case, repeated for the others.
ONLY_FIRST_CASE = {("MedPy", "full"), ("seg-metrics", "full")}
# One process of a peer; a form that is not through by then stands in the table as "over" its time,
# less what starting the process and reading the masks takes at most.
LIMIT_S, STARTING_S = 75, 15
QUICK_FULL = "surface-distance"  # the one peer whose full grid --quick looks at
STOPPED = f"stopped after {LIMIT_S} s"
ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
        "VTK_SMP_MAX_THREADS",
    )
}


def install(folder: Path) -> tuple[Path, dict[str, str]]:
    """Make the peers' environment; return its Python and the peers that are missing, with why."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "zz_host.pth").write_text(f"{np.__path__[0]}/..\n")
    done_before = folder / "missing.json"
    if done_before.exists():
        return python, json.loads(done_before.read_text())
    missing = {}
    for name, package in PACKAGES.items():
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            missing[name] = (done.stderr.strip().splitlines() or ["could not be installed"])[-1]
    done_before.write_text(json.dumps(missing))
    return python, missing


def save_case(case: Case, path: Path) -> None:
    """Write each pair as arrays of its common box, for the peers' process.

    With a margin of one voxel: some peers see no surface where a mask touches the array's border.
    """
    arrays = {"structures": np.array(list(case.references)), "spacing_mm": case.spacing_mm}
    for name, reference in case.references.items():
        pair = (reference, case.predictions[name])
        start = np.maximum(np.min([mask.start_ijk for mask in pair], axis=0) - 1, 0)
        stop = np.max([np.add(m.start_ijk, m.voxels.shape) for m in pair], axis=0) + 1
        stop = np.minimum(stop, SHAPE)
        for side, mask in zip(("reference", "prediction"), pair, strict=True):
            box = np.zeros(stop - start, dtype=np.bool_)
            place = np.subtract(mask.start_ijk, start)
            size = mask.voxels.shape
            box[tuple(slice(p, p + n) for p, n in zip(place, size, strict=True))] = mask.voxels
            arrays[f"{name}/{side}"] = box
        arrays[f"{name}/start"] = start
    np.savez(path, shape=SHAPE, **arrays)


def choose_sample(case: Case, n: int) -> list[str]:
    """`n` structures, evenly spread from the smallest box to the largest; all in their order."""
    names = list(case.references)
    if n >= len(names):
        return names
    names.sort(key=lambda name: case.references[name].voxels.size)
    return [names[round((2 * part + 1) * len(names) / (2 * n) - 0.5)] for part in range(n)]


def measure_peer(
    python: Path,
    name: str,
    masks: Path,
    case: Case,
    number: int,
    panels: Panels,
    earlier: Mapping[str, Time],
    *,
    quick: bool = False,
) -> PeerResult:
    """All forms of one peer: one process with one thread, another with all cores.

    `quick`: one thread, cropped, and the full grid for QUICK_FULL alone.
    """
    also = ("full",) if name == QUICK_FULL else ()
    result = PeerResult(asked=(*also, *QUICK_FORMS) if quick else FORMS)
    for threads, suffix in ((0, ""),) if quick else ((0, ""), (1, ", all cores")):
        plan = {}
        for form in ("cropped", "full") if not quick or name == QUICK_FULL else ("cropped",):
            if (name, form) in ONLY_FIRST_CASE and form + suffix in earlier:
                result.times[form + suffix] = earlier[form + suffix]
                continue
            n = SAMPLES.get((name, form), (len(case.references),) * 2)[threads]
            plan[form] = choose_sample(case, n)
        environment = os.environ | ({} if threads else ONE_THREAD)
        found, why = run_peer(python, name, masks, plan, environment)
        n_all = len(case.references)
        for form, structures in plan.items():
            if form in found:
                mean_s = statistics.fmean(found[form]["seconds"].values())
                result.times[form + suffix] = Time(mean_s * n_all, len(structures), n_all, number)
            elif why == STOPPED and form == next(f for f in plan if f not in found):
                # The time went into this form, so its sample takes at least what was left for it.
                spent_s = (
                    LIMIT_S - STARTING_S - sum(sum(found[f]["seconds"].values()) for f in found)
                )
                bound = spent_s / len(structures) * n_all
                result.times[form + suffix] = Time(bound, len(structures), n_all, number, over=True)
            else:
                result.missing.append(f"{form}{suffix}: {why}")
        if not threads and "cropped" in found:
            judge(result, name, found["cropped"]["values"], panels)
    return result


def run_peer(
    python: Path, name: str, masks: Path, plan: dict[str, list[str]], environment: dict[str, str]
) -> tuple[dict[str, dict[str, dict[str, object]]], str]:
    """What the peer found by form, and why it did not find more."""
    why = "no answer"
    try:
        done = subprocess.run(
            [python, HERE / "peers.py", name, masks, json.dumps(plan)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=LIMIT_S,
        )
        output = done.stdout
        if done.returncode:
            why = (done.stderr.strip().splitlines() or ["no error message"])[-1]
    except subprocess.TimeoutExpired as stopped:
        output = stopped.stdout.decode() if isinstance(stopped.stdout, bytes) else ""
        why = STOPPED
    found = {}
    for line in output.splitlines():
        if line.startswith("{"):
            answer = json.loads(line)
            found[answer.pop("form")] = answer
    return found, why
