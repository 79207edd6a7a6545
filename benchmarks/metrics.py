"""Metrics against their peers: the same 45 pairs of masks, the same run.

    python benchmarks/metrics.py [--cases N] [--quick] [--shared DIR] [--peers DIR]

Peers are installed by this script into an environment of their own (DIR, by default
benchmarks/.venv-metrics), which sees this environment's packages, so that NumPy, SciPy and torch
are the same for all. A peer that cannot be installed or run is named as missing. "full" is the
peer on 512 x 512 x 190 arrays, as its users call it; "cropped" is the peer on the box of both
masks, cropped by us. With ~ the time of 45 structures is extrapolated from those that fitted the
limit; a peer whose first structure does not fit is stopped and named.
Exits 0 when the reach is met, 1 when it is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from metrics_case import SHAPE, Case, make_case

from han5k_review.metrics import Definition, Panel, measure, measure_case, measure_pair

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
# Whose values a peer's HD95 should equal, and how closely (mm).
MEANT = {
    "surface-distance": (Definition.SURFEL, 1e-6),
    "MONAI": (Definition.VOXEL_MAX, 1e-3),
    "SimpleITK": (Definition.VOXEL_POOLED, 1e-3),
    "MedPy": (Definition.VOXEL_POOLED, 1e-3),
    "seg-metrics": (Definition.VOXEL_POOLED, 1e-3),
    "MeshMetrics": (Definition.SURFEL, 2.5),
    "mikan-rs": (Definition.VOXEL_POOLED, 1e-3),
}
ONE_STRUCTURE_S = 60
ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    )
}


@dataclass
class PeerResult:
    """Seconds for 45 structures by form; what the values are worth; why a form is missing."""

    seconds: dict[str, float] = field(default_factory=dict)
    extrapolated: set[str] = field(default_factory=set)
    worst_hd95_mm: float = float("nan")
    worst_relative: float = float("nan")
    missing: list[str] = field(default_factory=list)


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
    """Write each pair as arrays of its common box, for the peers' process."""
    arrays = {"structures": np.array(list(case.references)), "spacing_mm": case.spacing_mm}
    for name, reference in case.references.items():
        pair = (reference, case.predictions[name])
        start = np.min([mask.start_ijk for mask in pair], axis=0)
        stop = np.max([np.add(m.start_ijk, m.voxels.shape) for m in pair], axis=0)
        for side, mask in zip(("reference", "prediction"), pair, strict=True):
            box = np.zeros(stop - start, dtype=np.bool_)
            place = np.subtract(mask.start_ijk, start)
            size = mask.voxels.shape
            box[tuple(slice(p, p + n) for p, n in zip(place, size, strict=True))] = mask.voxels
            arrays[f"{name}/{side}"] = box
        arrays[f"{name}/start"] = start
    np.savez(path, shape=SHAPE, **arrays)


def run_peer(
    python: Path, name: str, masks: Path, form: str, limit_s: float, threads: dict[str, str]
) -> dict[str, dict[str, object]] | str:
    """What the peer found, or the last line of its error."""
    command = [python, HERE / "metrics_peers.py", name, masks, form, str(limit_s)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=os.environ | threads,
            timeout=limit_s + ONE_STRUCTURE_S,
        )
    except subprocess.TimeoutExpired:
        return f"stopped: one structure takes more than {ONE_STRUCTURE_S} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no error message"])[-1]
    return json.loads(done.stdout.splitlines()[-1])


def measure_peer(
    python: Path, name: str, masks: Path, panels: dict[Definition, dict[str, Panel]], quick: bool
) -> PeerResult:
    result = PeerResult()
    n_all = len(panels[Definition.SURFEL])
    forms = {
        "full": ("full", 5 if quick else 60, ONE_THREAD),
        "cropped": ("cropped", 20 if quick else 300, ONE_THREAD),
        "cropped, all cores": ("cropped", 20 if quick else 300, {}),
    }
    for label, (form, limit_s, threads) in forms.items():
        found = run_peer(python, name, masks, form, limit_s, threads)
        if isinstance(found, str):
            result.missing.append(f"{label}: {found}")
            continue
        seconds = list(found["seconds"].values())
        result.seconds[label] = statistics.fmean(seconds) * n_all
        if len(seconds) < n_all:
            result.extrapolated.add(label)
        if label == "cropped":
            judge(result, name, found["values"], panels)
    return result


def judge(
    result: PeerResult,
    name: str,
    values: dict[str, dict[str, float]],
    panels: dict[Definition, dict[str, Panel]],
) -> None:
    """Compare a peer's numbers with ours under the definition it is meant to follow."""
    ours = panels[MEANT[name][0]]
    result.worst_hd95_mm = max(abs(v["hd95_mm"] - ours[s].hd95_mm) for s, v in values.items())
    result.worst_relative = max(
        abs(found - expected) / max(abs(expected), 1e-12)
        for structure, numbers in values.items()
        for measure_name, found in numbers.items()
        for expected in [getattr(ours[structure], measure_name)]
    )


def best_of(times: int, run: object) -> float:
    """Seconds of the fastest of several calls."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        spent.append(time.perf_counter() - began)
    return min(spent)


def measure_ours(case: Case, repeats: int) -> dict[str, float]:
    """Seconds for all structures of one case, in the same forms as the peers."""

    def cropped() -> None:
        measure_case(case.references, case.predictions, case.spacing_mm)

    names = list(case.references)

    def all_cores() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(
                pool.map(
                    lambda n: measure_pair(
                        case.references[n], case.predictions[n], case.spacing_mm
                    ),
                    names,
                )
            )

    full = 0.0
    for name in names:
        pair = []
        for mask in (case.references[name], case.predictions[name]):
            grid = np.zeros(SHAPE, dtype=np.bool_)
            size = mask.voxels.shape
            place = tuple(slice(s, s + n) for s, n in zip(mask.start_ijk, size, strict=True))
            grid[place] = mask.voxels
            pair.append(grid)
        began = time.perf_counter()
        measure(*pair, case.spacing_mm)
        full += time.perf_counter() - began
    return {
        "full": full,
        "cropped": best_of(repeats, cropped),
        "cropped, all cores": best_of(repeats, all_cores),
    }


def measure_first_call() -> tuple[float, float]:
    """Seconds of a process that measures one pair: with an empty cache, and with a filled one."""
    program = (
        "import time; began = time.perf_counter()\n"
        "import numpy as np\n"
        "from han5k_review.metrics import measure\n"
        "mask = np.ones((4, 4, 4), dtype=np.bool_)\n"
        "measure(mask, np.roll(mask, 1), (1, 1, 1))\n"
        "print(time.perf_counter() - began)\n"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        first, second = (
            float(subprocess.check_output([sys.executable, "-c", program], env=environment))
            for _ in range(2)
        )
    return first, second


FORMS = ("full", "cropped", "cropped, all cores")


def format_seconds(result: PeerResult, form: str) -> str:
    if form not in result.seconds:
        return "missing"
    mark = "~" if form in result.extrapolated else ""
    return f"{mark}{result.seconds[form]:.3g} s"


def print_table(ours: dict[str, float], peers: dict[str, PeerResult]) -> None:
    print(f"\n{'':18}" + "".join(f"{form:>20}" for form in FORMS) + "   HD95 off by, meant as")
    print(f"{'han5k-review':18}" + "".join(f"{ours[form] * 1e3:17.1f} ms" for form in FORMS))
    for name, result in peers.items():
        cells = "".join(f"{format_seconds(result, form):>20}" for form in FORMS)
        print(f"{name:18}{cells}   {result.worst_hd95_mm:.3g} mm, {MEANT[name][0]}")
        for reason in result.missing:
            print(f"{'':18}missing: {reason}")


def judge_reach(
    ours: dict[str, float], peers: dict[str, PeerResult], first_s: float
) -> list[tuple[str, bool]]:
    """Each part of the reach as a sentence, and whether it is met."""
    oracle = peers["surface-distance"]
    correct = {
        name: min(result.seconds.values())
        for name, result in peers.items()
        if result.seconds and result.worst_hd95_mm <= MEANT[name][1]
    }
    parts = [
        (
            f"values within {oracle.worst_relative:.1e} of surface-distance, wanted 1e-6",
            oracle.worst_relative <= 1e-6,
        )
    ]
    for form, wanted in (("full", 80), ("cropped", 25)):
        ratio = oracle.seconds.get(form, 0.0) / ours["cropped"]
        parts.append((f"{ratio:.0f} x surface-distance {form}, wanted {wanted}", ratio >= wanted))
    if correct:
        name = min(correct, key=lambda peer: correct[peer])
        ratio = correct[name] / ours["cropped"]
        parts.append((f"{ratio:.1f} x the fastest correct peer ({name}), wanted 5", ratio >= 5))
    parts.append((f"first call {first_s:.1f} s, wanted 10", first_s < 10))
    return parts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1, help="how many cases (default 1)")
    parser.add_argument("--quick", action="store_true", help="short limits for slow peers")
    shared = os.environ.get("HAN5K_SHARED_DATA", HERE.parents[1] / "shared" / "data")
    parser.add_argument("--shared", type=Path, default=Path(shared), help="the real contours")
    parser.add_argument("--peers", type=Path, default=HERE / ".venv-metrics")
    arguments = parser.parse_args()

    print("Installing the peers into their own environment ...", flush=True)
    python, missing = install(arguments.peers)
    first_s, second_s = measure_first_call()
    print(f"First call of an installation {first_s:.1f} s, of a later process {second_s:.2f} s")
    met = True
    for number in range(arguments.cases):
        case = make_case(number, arguments.shared)
        panels = {
            definition: {
                row.structure: row.panel
                for row in measure_case(
                    case.references, case.predictions, case.spacing_mm, definition=definition
                )
            }
            for definition in Definition
        }
        print(f"\nCase {number}: {len(case.references)} structures, {SHAPE}, {case.spacing_mm} mm")
        ours = measure_ours(case, 3 if arguments.quick else 7)
        with tempfile.TemporaryDirectory() as folder:
            masks = Path(folder) / "case.npz"
            save_case(case, masks)
            peers = {}
            for name in PACKAGES:
                if name in missing:
                    peers[name] = PeerResult(missing=[missing[name]])
                else:
                    peers[name] = measure_peer(python, name, masks, panels, arguments.quick)
        print_table(ours, peers)
        parts = judge_reach(ours, peers, first_s)
        met &= all(fine for _, fine in parts)
        sentences = "; ".join(sentence for sentence, _ in parts)
        print(f"reach: {'met' if all(fine for _, fine in parts) else 'missed'} ({sentences})")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
