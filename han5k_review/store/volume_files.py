"""Volume files: CTs as zstd-compressed slabs under their content hash, ready to be served.

Of a CT that is left in its place an index and the place are kept. Its slabs are made when the
viewer asks for the first of them, and stay; who reads the whole volume reads it from its place.
"""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from han5k_review.errors import DataError, StorageError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.slabs import SLAB_SLICES, Slab, iter_slabs, read_slab
from han5k_review.imaging.volume import CtVolume
from han5k_review.store.ct_places import PLACE_NAME, CtPlace, find_place
from han5k_review.store.files import write_all_atomically, write_atomically
from han5k_review.texts.paths import say_cause

_LEVEL = 3
_INDEX = "index.json"
_making = threading.Lock()
"""A viewer asks for many slabs at a time: the first request makes them, the others wait."""


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
        if not self.path(sha256).exists():
            self._put_folder(sha256, lambda folder: _list_contents(volume, sha256, folder))
        elif self._has_place(sha256):
            self._keep_slabs(volume, sha256)
            (self.path(sha256) / PLACE_NAME).unlink(missing_ok=True)
        return sha256

    def put_place(self, volume: CtVolume, place: CtPlace) -> str:
        """Keep where a volume lies, and its index; a copy that is there already stays.

        Returns the volume's hash; StorageError when the disk refuses.
        """
        sha256 = volume.sha256
        if self.path(sha256).exists():
            self.move_place(sha256, place)
        else:
            self._put_folder(sha256, lambda folder: _list_index(volume, sha256, folder, place))
        return sha256

    def move_place(self, sha256: str, place: CtPlace) -> None:
        """The same CT lies elsewhere now, or its files were written anew."""
        with suppress(DataError):
            if self.find_place(sha256) in (None, place):
                return
        write_atomically(self.path(sha256) / PLACE_NAME, place.build_json())

    def find_place(self, sha256: str) -> CtPlace | None:
        """Where the CT lies; None for a copied one. DataError when what is kept is damaged."""
        return find_place(self.path(sha256))

    def is_stored(self, sha256: str, *, in_place: bool = False) -> bool:
        """Whether the volume is there: copied, or at least in its place."""
        if not (self.path(sha256) / _INDEX).is_file():
            return False
        try:
            return self.find_place(sha256) is None or in_place
        except DataError:
            return False

    def _has_place(self, sha256: str) -> bool:
        return (self.path(sha256) / PLACE_NAME).is_file()

    def _put_folder(
        self, sha256: str, contents: Callable[[Path], Iterable[tuple[Path, bytes]]]
    ) -> None:
        """Write a volume's folder beside its place, and move it there."""
        final = self.path(sha256)
        beside = final.parent / f".{uuid.uuid4().hex}.tmp"
        try:
            beside.mkdir(parents=True)
            write_all_atomically(contents(beside))
            beside.rename(final)
        except StorageError:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            if final.exists():
                return
            raise StorageError(
                f"A volume was to be stored in {final}; the disk answered: "
                f"{error.strerror or error}. Free space or mend the permissions and try again."
            ) from error

    def _keep_slabs(self, volume: CtVolume, sha256: str) -> None:
        """The slabs of a volume of which so far only the index is kept."""
        folder = self.path(sha256)
        write_all_atomically(_list_slabs(volume, folder, []))

    def get_index(self, sha256: str) -> VolumeIndex:
        """The index of a stored volume; DataError when it is missing or damaged."""
        path = self.path(sha256) / _INDEX
        try:
            return _read_index(path, path.stat().st_mtime_ns, sha256)
        except (OSError, ValueError) as error:
            raise DataError(
                f"A stored volume was expected at {path}, found: {say_cause(error)}."
            ) from error

    def get_slab_zstd(self, sha256: str, number: int) -> bytes:
        """The zstd bytes of slab `number`, as stored; DataError when it cannot be read.

        Of a CT in its place all slabs are made at the first call.
        """
        path = self.path(sha256) / _name_slab(number)
        if not path.exists() and self._has_place(sha256):
            with _making:
                if not path.exists():
                    self._keep_slabs(self._read_in_place(sha256), sha256)
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(
                f"A CT slab was expected at {path}, found: {say_cause(error)}."
            ) from error

    def get_volume(self, sha256: str) -> CtVolume:
        """Read the whole volume back; hashes of its slabs, or of the CT in its place, are checked.

        DataError when it is missing, damaged, or no longer in its place as it was.
        """
        index = self.get_index(sha256)
        if self._has_place(sha256) and not (self.path(sha256) / _name_slab(0)).exists():
            return self._read_in_place(sha256)
        ni, nj, nk = index.grid.shape
        hu = np.empty((ni, nj, nk), dtype=np.int16, order="F")
        for number, slab in enumerate(index.slabs):
            shuffled = decompress_slab(self.get_slab_zstd(sha256, number))
            piece = read_slab(shuffled, ni, nj, slab.sha256)
            hu[:, :, slab.first : slab.first + slab.slices] = piece
        return CtVolume(grid=index.grid, hu=hu)

    def _read_in_place(self, sha256: str) -> CtVolume:
        place = self.find_place(sha256)
        if place is None:
            raise DataError(f"A CT was expected in {self.path(sha256)}; import the case again.")
        return place.read_volume(sha256)

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


@lru_cache(maxsize=256)
def _read_index(path: Path, _written_ns: int, sha256: str) -> VolumeIndex:
    """An index, read once for all slabs that are asked for by it."""
    raw: dict[str, Any] = json.loads(path.read_text())
    return VolumeIndex(
        image_sha256=sha256,
        grid=Grid.from_affine(raw["shape"], np.array(raw["affine_ras"])),
        slab_slices=int(raw["slab_slices"]),
        slabs=tuple(SlabEntry(**entry) for entry in raw["slabs"]),
    )


def _list_contents(volume: CtVolume, sha256: str, folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The files of a volume, one slab at a time."""
    entries: list[SlabEntry] = []
    yield from _list_slabs(volume, folder, entries)
    yield folder / _INDEX, _build_index(volume, sha256, entries)


def _list_slabs(
    volume: CtVolume, folder: Path, entries: list[SlabEntry]
) -> Iterator[tuple[Path, bytes]]:
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    for number, slab in enumerate(iter_slabs(volume.hu)):
        yield folder / _name_slab(number), compressor.compress(slab.shuffled)
        entries.append(_describe(slab))


def _list_index(
    volume: CtVolume, sha256: str, folder: Path, place: CtPlace
) -> Iterator[tuple[Path, bytes]]:
    """The files of a volume that stays in its place."""
    entries = [_describe(slab) for slab in iter_slabs(volume.hu)]
    yield folder / PLACE_NAME, place.build_json()
    yield folder / _INDEX, _build_index(volume, sha256, entries)


def _name_slab(number: int) -> str:
    return f"{number:04d}.zst"


def _describe(slab: Slab) -> SlabEntry:
    return SlabEntry(first=slab.first, slices=slab.slices, sha256=slab.sha256)


def _build_index(volume: CtVolume, sha256: str, entries: Iterable[SlabEntry]) -> bytes:
    index = {
        "image_sha256": sha256,
        "shape": list(volume.grid.shape),
        "affine_ras": [list(row) for row in volume.grid.affine_ras],
        "slab_slices": SLAB_SLICES,
        "slabs": [asdict(entry) for entry in entries],
    }
    return json.dumps(index, indent=1).encode()


def decompress_slab(content: bytes) -> bytes:
    """Undo the zstd compression of one slab; DataError when the bytes are damaged."""
    try:
        return zstandard.ZstdDecompressor().decompress(content)
    except zstandard.ZstdError as error:
        raise DataError(f"A zstd-compressed CT slab was expected, found: {error}.") from error
