"""Metrics against their peers: the same 45 pairs of masks, the same run.

    python benchmarks/metrics.py [--cases N] [--quick] [--shared DIR] [--peers DIR]

Peers are installed by this script into an environment of their own (DIR, by default
benchmarks/.venv-metrics), which sees this environment's packages, so that NumPy, SciPy and torch
are the same for all. A peer that cannot be installed or run is named as missing. "full" is the
peer on 512 x 512 x 190 arrays, as its users call it; "cropped" is the peer on the box of both
masks, cropped by us; each on one thread, and with all cores left to it. Where 45 structures would
take minutes, some are measured, from small to large, and the row says how many; a peer that is
not through with its sample in time is stopped, and its row says that it takes more than that.
`--quick` runs the peers cropped on one thread, and only surface-distance on the full grid.
Exits 0 when the reach is met, 1 when it is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from metrics_parts.case import SHAPE, Case, Cropped, make_case
from metrics_parts.reach import Panels, PeerResult, judge_reach, print_table
from metrics_parts.runs import PACKAGES, install, measure_peer, save_case

from han5k_review.metrics import Definition, Panel, measure, measure_pair

HERE = Path(__file__).resolve().parent
REPEATS = 7


def best_of(times: int, run: Callable[[], object]) -> float:
    """Seconds of the fastest of several calls."""
    return min(seconds_of(run) for _ in range(times))


def seconds_of(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def on_full_grid(mask: Cropped) -> np.ndarray:
    grid = np.zeros(SHAPE, dtype=np.bool_)
    place = zip(mask.start_ijk, mask.voxels.shape, strict=True)
    grid[tuple(slice(start, start + size) for start, size in place)] = mask.voxels
    return grid


def measure_ours(case: Case) -> dict[str, float]:
    """Seconds for all structures of one case, in the same forms as the peers."""
    names = list(case.references)
    cores = os.cpu_count() or 1

    def measure_full(pair: tuple[np.ndarray, np.ndarray]) -> object:
        return measure(*pair, case.spacing_mm)

    def measure_cropped(name: str) -> object:
        return measure_pair(case.references[name], case.predictions[name], case.spacing_mm)

    full, full_all = 0.0, 0.0
    with ThreadPoolExecutor(cores) as pool:
        for first in range(0, len(names), cores):
            pairs = [
                (on_full_grid(case.references[name]), on_full_grid(case.predictions[name]))
                for name in names[first : first + cores]
            ]
            full += seconds_of(lambda: list(map(measure_full, pairs)))  # noqa: B023
            full_all += seconds_of(lambda: list(pool.map(measure_full, pairs)))  # noqa: B023
        cropped_all = best_of(REPEATS, lambda: list(pool.map(measure_cropped, names)))
    return {
        "full": full,
        "full, all cores": full_all,
        "cropped": best_of(REPEATS, lambda: measure_structures(case)),
        "cropped, all cores": cropped_all,
    }


def measure_first_call() -> tuple[float, float]:
    """Seconds of a process that measures one pair: with an empty cache, and with a filled one."""
    program = (
        "import time; began = time.perf_counter()\n"
        "import numpy as np\n"
        "from han5k_review.metrics import measure\n"
        "mask = np.zeros((9, 9, 9), dtype=np.bool_); mask[3:6, 3:6, 3:6] = True\n"
        "measure(mask, np.roll(mask, 1, 0), (1, 1, 1))\n"
        "print(time.perf_counter() - began)\n"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        first, second = (
            float(subprocess.check_output([sys.executable, "-c", program], env=environment))
            for _ in range(2)
        )
    return first, second


def measure_panels(case: Case) -> Panels:
    return {definition: measure_structures(case, definition) for definition in Definition}


def measure_structures(case: Case, definition: Definition = Definition.SURFEL) -> dict[str, Panel]:
    """Every structure that both sides have, from its cropped masks, one after the other."""
    return {
        name: measure_pair(
            reference, case.predictions[name], case.spacing_mm, definition=definition
        )
        for name, reference in case.references.items()
        if name in case.predictions
    }


def print_beside(ours: dict[str, float], peers: dict[str, PeerResult], case: Case) -> None:
    """Ratios that the reach does not ask for: like for like on the full grid, and our `mesh`."""
    oracle = peers["surface-distance"].times.get("full")
    if oracle is not None:
        print(f"beside: {oracle.seconds / ours['full']:.0f} x surface-distance, both on full grids")
    mesh_s = seconds_of(lambda: measure_structures(case, Definition.MESH))
    ratio = mesh_s / ours["cropped"]
    per_structure_s = mesh_s / len(case.references)
    print(
        f"beside: mesh takes {per_structure_s:.2f} s a structure, {ratio:.0f} x as long as surfel"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1, help="how many cases (default 1)")
    parser.add_argument("--quick", action="store_true", help="cropped forms on one thread")
    shared = os.environ.get("HAN5K_SHARED_DATA", HERE.parents[1] / "shared" / "data")
    parser.add_argument("--shared", type=Path, default=Path(shared), help="the real contours")
    parser.add_argument("--peers", type=Path, default=HERE / ".venv-metrics")
    arguments = parser.parse_args()

    began = time.perf_counter()
    print(f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}")
    print("Installing the peers into their own environment ...", flush=True)
    python, missing = install(arguments.peers)
    first_s, second_s = measure_first_call()
    print(f"First call of an installation {first_s:.1f} s, of a later process {second_s:.2f} s")
    met = True
    peers = {name: PeerResult() for name in PACKAGES}
    for number in range(arguments.cases):
        case = make_case(number, arguments.shared)
        panels = measure_panels(case)
        print(f"\nCase {number}: {len(case.references)} structures, {SHAPE}, {case.spacing_mm} mm")
        ours = measure_ours(case)
        with tempfile.TemporaryDirectory() as folder:
            masks = Path(folder) / "case.npz"
            save_case(case, masks)
            for name, earlier in peers.items():
                if name in missing:
                    peers[name] = PeerResult(missing=[missing[name]])
                else:
                    peers[name] = measure_peer(
                        python,
                        name,
                        masks,
                        case,
                        number,
                        panels,
                        earlier.times,
                        quick=arguments.quick,
                    )
        print_table(ours, peers, number)
        print_beside(ours, peers, case)
        parts = judge_reach(ours, peers, first_s)
        met &= all(fine for _, fine in parts)
        sentences = "; ".join(sentence for sentence, _ in parts)
        print(f"reach: {'met' if all(fine for _, fine in parts) else 'missed'} ({sentences})")
        print(f"{(time.perf_counter() - began) / 60:.1f} minutes so far", flush=True)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
