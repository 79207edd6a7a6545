"""Dose files: the doses of a CT beside it, the newest counts; none is ever overwritten."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from han5k_review.errors import StorageError
from han5k_review.imaging.dose import DoseVolume
from han5k_review.imaging.grid import Grid
from han5k_review.store.files import write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseFiles:
    """A folder of `<image sha256>/<number>-<hash>.npz`: Gray and its grid."""

    folder: Path

    def put_dose(self, image_sha256: str, dose: DoseVolume) -> str:
        """Keep a dose of this CT; its hash. The newest dose again changes nothing."""
        digest = hashlib.sha256(np.asfortranarray(dose.gy).tobytes(order="F"))
        digest.update(repr((dose.grid.shape, dose.grid.affine_ras)).encode())
        if dose.prescription_gy is not None:
            digest.update(repr(dose.prescription_gy).encode())
        sha256 = digest.hexdigest()
        there = self._list(image_sha256)
        if not there or not there[-1].stem.endswith(sha256):
            content = io.BytesIO()
            np.savez_compressed(
                content,
                gy=dose.gy,
                affine_ras=dose.grid.affine,
                prescription_gy=np.array(dose.prescription_gy or np.nan),
            )
            name = f"{len(there) + 1:04d}-{sha256}.npz"
            write_atomically(self.folder / image_sha256 / name, content.getvalue())
        return sha256

    def find_newest(self, image_sha256: str) -> Path | None:
        """The file of the newest dose of this CT; None where there is none."""
        there = self._list(image_sha256)
        return there[-1] if there else None

    def find_dose(self, image_sha256: str, sha256: str) -> Path | None:
        """The file of the dose with this hash; None where the CT has no such dose."""
        there = (path for path in self._list(image_sha256) if hash_of(path) == sha256)
        return next(there, None)

    def _list(self, image_sha256: str) -> list[Path]:
        folder = self.folder / image_sha256
        return sorted(folder.glob("*.npz")) if folder.is_dir() else []


def hash_of(path: Path) -> str:
    """The dose's hash, which is in the name of its file."""
    return path.stem.partition("-")[2]


def read_dose_file(path: Path) -> DoseVolume:
    """A stored dose; StorageError when its file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            gy = kept["gy"]
            # Doses of before know no prescription.
            prescribed = float(kept["prescription_gy"]) if "prescription_gy" in kept else np.nan
            return DoseVolume(
                grid=Grid.from_affine(gy.shape, kept["affine_ras"]),
                gy=gy,
                prescription_gy=prescribed if np.isfinite(prescribed) else None,
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StorageError(
            f"A whole dose was expected in {path}, found a damaged file; read the RTDOSE again "
            "(`han5k dose`)."
        ) from error
