"""The place of a release: an empty target, enough disk, and a folder beside it to write in."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from han5k_review.errors import ConflictError, StorageError
from han5k_review.exports.release.plan import ReleasePlan
from han5k_review.exports.release.request import ReleaseForm
from han5k_review.study import grid_of

_MEGABYTE = 1_000_000
_ZEROS_PACKED = 700  # times that gzip packs the background of a mask; measured: 890
_CT_PACKED = 0.7  # bytes that stay of a byte of CT
_POINT_BYTES = 80  # of an outline, per voxel^(2/3); measured on spheres: 30


def estimate_bytes(plan: ReleasePlan) -> int:
    """How much disk a release takes, about."""
    forms, mapped = set(plan.request.forms), set(plan.block.cases)
    grids = {number: grid_of(plan.rows.cases[number]) for number in plan.cases}
    total = 2.0 * _MEGABYTE
    for line in plan.lines:
        i, j, k = grids[line.chosen.case_id].shape
        voxels = line.version.voxels
        if ReleaseForm.MASKS in forms:
            total += i * j * k / _ZEROS_PACKED + voxels / 20
        if ReleaseForm.RTSTRUCT in forms:
            total += _POINT_BYTES * voxels ** (2 / 3)
        if ReleaseForm.SEG in forms:
            total += min(k, 2 * voxels ** (1 / 3)) * (i * j / 8 + 1000)
        if line.chosen.case_id in mapped:
            total += voxels / 20
    for number in mapped:
        i, j, k = grids[number].shape
        total += i * j * k * (1 / _ZEROS_PACKED + (2 * _CT_PACKED if plan.request.images else 0))
    return int(total)


def check_place(out: Path, needed_bytes: int) -> None:
    """StorageError unless `out` is free or empty and its disk has room."""
    try:
        is_free = not out.exists() or (out.is_dir() and not any(out.iterdir()))
        out.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(out.parent).free
    except OSError as error:
        raise StorageError(
            f"A folder for the release was expected at {out}, found: {error.strerror or error}."
        ) from error
    if not is_free:
        raise StorageError(
            f"An empty or new folder was expected at {out}, found one with files; name another one."
        )
    if free < needed_bytes:
        raise StorageError(
            f"About {_say(needed_bytes)} of disk were expected free at {out.parent} for the "
            f"release, found {_say(free)}; free space, or choose fewer forms or structures."
        )


@contextmanager
def open_beside(out: Path) -> Iterator[Path]:
    """A new folder beside `out`, deleted at the end unless it was moved to its place.

    What a killed run left there is deleted first; ConflictError while another one writes in it,
    StorageError when the disk refuses.
    """
    beside = out.with_name(f".{out.name}.part")
    try:
        beside.mkdir(exist_ok=True)
        holder = os.open(beside, os.O_RDONLY)
    except OSError as error:
        raise StorageError(
            f"A folder beside {out} was to be made; the disk answered: {error.strerror or error}."
        ) from error
    try:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError(
                f"One release at a time was expected at {out}, found another one that is being "
                "made; wait for it, or name another folder."
            ) from error
        for left in beside.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield beside
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    finally:
        os.close(holder)


def move_in(beside: Path, out: Path) -> None:
    """Give the finished folder its name; StorageError when something stands there by now."""
    try:
        beside.rename(out)
    except OSError as error:
        raise StorageError(
            f"The finished release was to become {out}; the disk answered: "
            f"{error.strerror or error}. Name another folder."
        ) from error


def _say(nbytes: int) -> str:
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{max(1, round(nbytes / 1e6))} MB"
