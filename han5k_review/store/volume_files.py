"""Volume files: CTs as zstd-compressed slabs under their content hash, ready to be served."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from han5k_review.errors import DataError, StorageError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.slabs import SLAB_SLICES, iter_slabs, read_slab
from han5k_review.imaging.volume import CtVolume
from han5k_review.store.files import write_all_atomically

_LEVEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SlabEntry:
    """One slab of a stored volume; `sha256` is of the decoded, shuffled bytes."""

    first: int
    slices: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeIndex:
    """What is stored of a volume: its grid (LPS axes) and its slabs in order."""

    image_sha256: str
    grid: Grid
    slab_slices: int
    slabs: tuple[SlabEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFiles:
    """A folder of `<2>/<sha256>/` with `index.json` and one `.zst` file per slab."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """The folder of this volume."""
        return self.folder / sha256[:2] / sha256

    def put_volume(self, volume: CtVolume, *, sha256: str | None = None) -> str:
        """Store a volume (in LPS axes) unless it is there already; returns its hash.

        `sha256` is the volume's own, for a caller who has measured it already. StorageError when
        the disk refuses.
        """
        sha256 = sha256 or volume.sha256
        final = self.path(sha256)
        if final.exists():
            return sha256
        beside = final.parent / f".{uuid.uuid4().hex}.tmp"
        try:
            beside.mkdir(parents=True)
            self._write(volume, sha256, beside)
            beside.rename(final)
        except StorageError:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            if final.exists():
                return sha256
            raise StorageError(
                f"A volume was to be stored in {final}; the disk answered: "
                f"{error.strerror or error}. Free space or mend the permissions and try again."
            ) from error
        return sha256

    def _write(self, volume: CtVolume, sha256: str, folder: Path) -> None:
        write_all_atomically(_list_contents(volume, sha256, folder))

    def get_index(self, sha256: str) -> VolumeIndex:
        """The index of a stored volume; DataError when it is missing or damaged."""
        path = self.path(sha256) / "index.json"
        try:
            raw: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise DataError(f"A stored volume was expected at {path}, found: {error}.") from error
        return VolumeIndex(
            image_sha256=sha256,
            grid=Grid.from_affine(raw["shape"], np.array(raw["affine_ras"])),
            slab_slices=int(raw["slab_slices"]),
            slabs=tuple(SlabEntry(**entry) for entry in raw["slabs"]),
        )

    def get_slab_zstd(self, sha256: str, number: int) -> bytes:
        """The zstd bytes of slab `number`, as stored; DataError when it cannot be read."""
        path = self.path(sha256) / f"{number:04d}.zst"
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"A CT slab was expected at {path}, found: {error}.") from error

    def get_volume(self, sha256: str) -> CtVolume:
        """Read the whole volume back; every slab's hash is checked."""
        index = self.get_index(sha256)
        ni, nj, nk = index.grid.shape
        hu = np.empty((ni, nj, nk), dtype=np.int16, order="F")
        for number, slab in enumerate(index.slabs):
            shuffled = decompress_slab(self.get_slab_zstd(sha256, number))
            piece = read_slab(shuffled, ni, nj, slab.sha256)
            hu[:, :, slab.first : slab.first + slab.slices] = piece
        return CtVolume(grid=index.grid, hu=hu)

    def get_axial_slice(self, sha256: str, k: int) -> NDArray[np.int16]:
        """HU (ni, nj) of one axial slice; only its slab is read, and its hash checked.

        DataError for a slice that the CT does not have, or a slab that is damaged.
        """
        index = self.get_index(sha256)
        ni, nj, nk = index.grid.shape
        if not 0 <= k < nk:
            raise DataError(f"A slice from 0 to {nk - 1} was expected, found {k}.")
        number = k // index.slab_slices
        slab = index.slabs[number]
        shuffled = decompress_slab(self.get_slab_zstd(sha256, number))
        return read_slab(shuffled, ni, nj, slab.sha256)[:, :, k - slab.first]


def _list_contents(volume: CtVolume, sha256: str, folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The files of a volume, one slab at a time."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    entries = []
    for number, slab in enumerate(iter_slabs(volume.hu)):
        yield folder / f"{number:04d}.zst", compressor.compress(slab.shuffled)
        entries.append({"first": slab.first, "slices": slab.slices, "sha256": slab.sha256})
    index = {
        "image_sha256": sha256,
        "shape": list(volume.grid.shape),
        "affine_ras": [list(row) for row in volume.grid.affine_ras],
        "slab_slices": SLAB_SLICES,
        "slabs": entries,
    }
    yield folder / "index.json", json.dumps(index, indent=1).encode()


def decompress_slab(content: bytes) -> bytes:
    """Undo the zstd compression of one slab; DataError when the bytes are damaged."""
    try:
        return zstandard.ZstdDecompressor().decompress(content)
    except zstandard.ZstdError as error:
        raise DataError(f"A zstd-compressed CT slab was expected, found: {error}.") from error
