"""CT places: where a CT lies that the study did not copy, and what its files were like.

The path may hold names of people: it is kept in the study's folder, in no table, and no sentence of
this room repeats it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import DataError, Han5kError
from han5k_review.imaging.ct_files import read_ct
from han5k_review.imaging.volume import CtVolume

PLACE_NAME = "place.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFile:
    """A file of a CT, its bytes and the time (ns) of its last writing when it was imported."""

    path: Path
    nbytes: int
    written_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CtPlace:
    """A CT in its place: `ct` as it was given, the files it was read from, the hash of their bytes.

    `is_series` tells that exactly these files are the series, whatever else lies beside them.
    """

    ct: Path
    files: tuple[PlacedFile, ...]
    is_series: bool
    files_sha256: str

    def build_json(self) -> bytes:
        """As it is kept."""
        kept = {
            "ct": str(self.ct),
            "is_series": self.is_series,
            "files_sha256": self.files_sha256,
            "files": [[str(one.path), one.nbytes, one.written_ns] for one in self.files],
        }
        return json.dumps(kept, indent=1).encode("utf-8", "surrogateescape")

    def read_volume(self, image_sha256: str) -> CtVolume:
        """The CT as it lies there now; DataError unless it is the one that was imported."""
        given = [one.path for one in self.files] if self.is_series else []
        lost = sum(not one.path.is_file() for one in self.files)
        if lost:
            raise DataError(
                f"A CT that was left in its place was expected there, found {lost} of its "
                f"{len(self.files)} files missing; put them back (`han5k doctor` names them), or "
                "import the case again from where they are now."
            )
        try:
            volume = read_ct(self.ct, given)
        except (Han5kError, OSError) as error:
            raise _changed("files that cannot be read") from error
        if volume.sha256 != image_sha256:
            raise _changed("other voxels or another geometry")
        return volume


def _changed(found: str) -> DataError:
    return DataError(
        "A CT that was left in its place was expected there as it was imported, found "
        f"{found}; put the files back as they were (`han5k doctor` names them)."
    )


def build_place(ct: Path, files: Sequence[Path], *, is_series: bool, files_sha256: str) -> CtPlace:
    """The place of a CT as its files are now; OSError when one is gone."""
    placed = []
    for path in files:
        status = path.stat()
        absolute = path.absolute()
        placed.append(
            PlacedFile(path=absolute, nbytes=status.st_size, written_ns=status.st_mtime_ns)
        )
    return CtPlace(
        ct=ct.absolute(), files=tuple(placed), is_series=is_series, files_sha256=files_sha256
    )


def find_place(folder: Path) -> CtPlace | None:
    """The place that is kept in the folder of a volume; None where the study has its own copy.

    DataError when what is kept cannot be read.
    """
    path = folder / PLACE_NAME
    try:
        kept = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
        return CtPlace(
            ct=Path(kept["ct"]),
            is_series=bool(kept["is_series"]),
            files_sha256=str(kept["files_sha256"]),
            files=tuple(
                PlacedFile(path=Path(file), nbytes=int(nbytes), written_ns=int(written))
                for file, nbytes, written in kept["files"]
            ),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"Where a CT lies was expected in {path}, found a damaged file; import the case again."
        ) from error
