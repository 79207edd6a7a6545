"""DICOM in and out against its peers: import, RTSTRUCT and SEG, and a tree of many patients.

    python benchmarks/exchange.py [--quick] [--cohort N] [--rounds R] [--folder DIR]
        [--peers PYTHON]

The case is a CT of 512 x 512 x 181 voxels with 50 structures, made once and kept in DIR. Each act
runs in a process of its own on one core; of R rounds the fastest counts. rt-utils, dcmrtstruct2nii,
platipy and plastimatch read the RTSTRUCT that we wrote and the masks that they make of it are
compared with the masks that it was written from, voxel by voxel; rt-utils writes one too, which we
read. `--peers` is the Python that has them (by default this one): they need pydicom below 3. Peers
that are not installed are left out and said so. Last, somebody else fills the disk of an import at
three fifths of the tree (a file system of its own; without the right to mount one it is left out).
`--quick` takes a small case and judges CPU seconds: tests run beside it. Exits 0 when the reach is
met, 1 when it is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from exchange_parts.case import FULL, QUICK, ExchangeCase, Size, make_case, make_cohort

HERE = Path(__file__).resolve().parent
READING_PEERS = ("rt-utils", "dcmrtstruct2nii", "platipy", "plastimatch")
FORMS = ("RTSTRUCT", "keyholes", "SEG")
LIMITS_S = {"import": 3.0, "write": 1.0, "read": 1.0}
COHORT, COHORT_S, GROWTH = 3346, 120.0, 1.1
COHORT_JUDGED = 400  # patients from which on growth is judged
SPEEDUP, WORKER_MB = 1.7, 1000
DISK_MB = 1000


@dataclass
class Act:
    """The fastest of several runs, the most memory that one took, and what the last one found."""

    seconds: float = float("inf")
    cpu_s: float = float("inf")
    peak_mb: float = 0.0
    found: dict[str, object] | None = None
    problem: str = ""


def run_act(
    python: str,
    words: tuple[str, ...],
    rounds: int,
    *,
    any_core: bool = False,
    before: tuple[str, ...] = (),
) -> Act:
    """Run an act in processes of its own, on one core unless it may have any.

    `before` are the words of a command that starts it.
    """
    has_cores = hasattr(os, "sched_getaffinity") and not any_core
    cpu = min(os.sched_getaffinity(0)) if has_cores else -1
    best = Act()
    for _ in range(rounds):
        command = [*before, python, str(HERE / "exchange_parts" / "acts.py"), *words, str(cpu)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
        if done.returncode:
            best.problem = (done.stderr.strip().splitlines() or ["no words"])[-1][:70]
            return best
        answer = json.loads(done.stdout.splitlines()[-1])
        best.seconds = min(best.seconds, answer["seconds"])
        best.cpu_s = min(best.cpu_s, answer["cpu_s"])
        best.peak_mb = max(best.peak_mb, answer["peak_mb"])
        best.found = answer
    return best


def print_act(name: str, act: Act) -> None:
    if act.found is None:
        print(f"{name:28}not run: {act.problem}")
        return
    text = f"{name:28}{act.seconds:>8.2f}{act.cpu_s:>8.2f}{act.peak_mb:>9.0f}"
    if "differing" in act.found:
        dice, missing = act.found["worst_dice"], act.found["missing"]
        text += f"{act.found['differing']:>12}{dice:>12.4f}{missing:>9}"
    print(text)


def judge(name: str, act: Act, limit_s: float, *, quick: bool) -> list[str]:
    if act.found is None:
        return [f"{name} failed: {act.problem}"]
    took = act.cpu_s if quick else act.seconds
    misses = [f"{name} {took:.2f} s > {limit_s:g} s"] if took > limit_s else []
    if act.found.get("differing"):
        misses.append(f"{name}: {act.found['differing']} voxels differ")
    return misses


def measure_files(
    case: ExchangeCase, scratch: Path, python: str, peers: str, rounds: int, *, quick: bool
) -> list[str]:
    """Write and read each form, ours and the peers'; what misses the reach."""
    misses: list[str] = []
    for form in FORMS:
        file = scratch / f"{form}.dcm"
        name = f"write {form}"
        act = run_act(python, ("write", f"ours {form}", str(case.folder), str(file)), rounds)
        print_act(name, act)
        misses += judge(name, act, LIMITS_S["write"] if form == "RTSTRUCT" else 9, quick=quick)
    other = scratch / "rt-utils.dcm"
    written = run_act(peers, ("write", "rt-utils", str(case.folder), str(other)), 1)
    print_act("write, rt-utils", written)
    columns = ("voxels off", 12), ("worst DSC", 12), ("missing", 9)
    heads = "".join(f"{name:>{width}}" for name, width in columns)
    print(f"\n{'':28}{'s':>8}{'CPU s':>8}{'peak MB':>9}{heads}")
    ours = None
    for form in FORMS:
        words = ("read", "ours", str(case.folder), str(scratch / f"{form}.dcm"))
        act = run_act(python, words, rounds)
        ours = ours or act
        print_act(f"read {form}", act)
        misses += judge(f"read {form}", act, LIMITS_S["read"] if form != "SEG" else 9, quick=quick)
    if written.found:
        words = ("read", "ours", str(case.folder), str(other))
        print_act("read what rt-utils wrote", run_act(python, words, 1))
    for peer in READING_PEERS:
        words = ("read", peer, str(case.folder), str(scratch / "RTSTRUCT.dcm"))
        act = run_act(peers, words, 1)
        print_act(f"read RTSTRUCT, {peer}", act)
        if act.found and ours and act.cpu_s < ours.cpu_s:
            misses.append(f"{peer} reads in {act.cpu_s:.2f} CPU s, we in {ours.cpu_s:.2f}")
    return misses


def measure_cohort(tree: Path, size: Size, python: str) -> list[str]:
    """Search, dry run and import of a tree of many small patients; what misses the reach."""
    misses = []
    print()
    for what, limit_s in (("dry run", COHORT_S), ("import", None)):
        act = run_act(python, (f"tree {what}", "ours", str(tree), "-"), 1)
        if act.found is None:
            return [f"{what} of a tree failed: {act.problem}"]
        growth, cases = act.found["growth"], act.found["cases"]
        print(
            f"{what} of a tree of {cases} patients, 49 ROIs each: {act.seconds:.1f} s "
            f"({act.found['search_s']:.1f} s to search it), {1000 * act.cpu_s / cases:.1f} ms of "
            f"CPU each; last tenth {growth:.2f} x the first; {act.peak_mb:.0f} MB; "
            f"{act.found['names']} ROI names"
        )
        print(f"  {act.found['found']}")
        if f"{size.cohort} new" not in str(act.found["found"]):
            misses.append(f"{what} of a tree: {act.found['found']}")
        took = act.cpu_s * COHORT / cases if size.cohort != COHORT else act.seconds
        if limit_s is not None and took > limit_s:
            misses.append(f"{what} of {COHORT} patients {took:.0f} s > {limit_s:g} s")
        if size.cohort >= COHORT_JUDGED and growth > GROWTH:
            misses.append(f"{what} of a tree grows {growth:.2f} x > {GROWTH}")
    return misses


def measure_full_disk(tree: Path, scratch: Path, python: str) -> list[str]:
    """An import whose disk is full at three fifths of the tree; what misses the reach."""
    disk = scratch / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size={DISK_MB}m none {disk} "
    own = ("unshare", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*own, "true"], capture_output=True, check=False).returncode
    ):
        print("\na disk that is full: not run, no file system can be mounted here")
        return []
    act = run_act(python, ("full disk", "ours", str(tree), str(disk)), 1, before=own)
    if act.found is None:
        return [f"a disk that is full: {act.problem}"]
    found = act.found
    left = int(str(found["cases"])) - int(str(found["full_at"]))
    print(
        f"\na disk of {DISK_MB} MB that is full at case {found['full_at']} of {found['cases']}: "
        f"{left} cases refused in {found['refused_s']:.1f} s, whole after the next import: "
        f"{'yes' if found['is_whole'] else 'no'}\n  {found['said']}"
    )
    return [] if found["is_whole"] else ["the import after a full disk is not whole"]


def measure_crew(case: ExchangeCase, size: Size, python: str, rounds: int) -> list[str]:
    """Two workers against one on the same full-size cases; what misses the reach."""
    if not size.crew:
        return []
    words = ("-", str(case.folder / "crew"))
    one, two = (
        run_act(python, ("crew", number, words[1], words[0]), rounds, any_core=True)
        for number in ("1", "2")
    )
    if one.found is None or two.found is None:
        return [f"two workers failed: {one.problem or two.problem}"]
    speedup = one.seconds / two.seconds
    worker_mb = float(str(two.found["worker_mb"]))
    print(
        f"\ntwo workers: {two.seconds / size.crew:.2f} s a case, {speedup:.2f} x one worker; "
        f"{worker_mb:.0f} MB a worker"
    )
    misses = [f"two workers {speedup:.2f} x < {SPEEDUP}"] if speedup < SPEEDUP else []
    misses += [f"{worker_mb:.0f} MB a worker > {WORKER_MB}"] if worker_mb > WORKER_MB else []
    return misses


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small case, one round")
    parser.add_argument("--cohort", type=int, help="patients of the tree; 3346 unless --quick")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--peers", default=sys.executable, help="the Python that has the peers")
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else FULL
    size = replace(size, cohort=chosen.cohort or size.cohort)
    rounds = chosen.rounds or (1 if chosen.quick else 3)
    print(f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}")
    case = make_case(chosen.folder, size)
    print(f"one case: {512 // size.step} x {512 // size.step} x {size.slices} voxels, ", end="")
    print(f"{size.masks} structures; imported with {size.imported} ROIs")
    print(f"\n{'':28}{'s':>8}{'CPU s':>8}{'peak MB':>9}")
    with tempfile.TemporaryDirectory(prefix="han5k-exchange-", dir=chosen.folder) as folder:
        scratch = Path(folder)
        act = run_act(sys.executable, ("import", "ours", str(case.folder), "-"), rounds)
        print_act("import CT + RTSTRUCT", act)
        misses = judge("import", act, LIMITS_S["import"], quick=chosen.quick)
        misses += measure_files(
            case, scratch, sys.executable, chosen.peers, rounds, quick=chosen.quick
        )
        misses += measure_crew(case, size, sys.executable, rounds)
        tree = make_cohort(chosen.folder, size.cohort)
        misses += measure_cohort(tree, size, sys.executable)
        misses += measure_full_disk(tree, scratch, sys.executable)
    print(f"reach: {'missed (' + '; '.join(misses) + ')' if misses else 'met'}")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
