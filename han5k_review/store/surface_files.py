"""Surface files: meshes made once per mask and kept under its hash. They can always be remade."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.surfaces import Surface, build_surface
from han5k_review.store.files import write_atomically
from han5k_review.store.label_files import LabelFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceFiles:
    """A folder of `<2>/<mask sha256>.npz` beside the masks they belong to."""

    folder: Path
    labels: LabelFiles

    def get_surface(self, mask_sha256: str, grid: Grid) -> Surface:
        """The surface of a stored mask on its case's grid; made now when it is not kept yet."""
        path = self.folder / mask_sha256[:2] / f"{mask_sha256}.npz"
        kept = _find_kept(path)
        if kept is not None:
            return kept
        surface = build_surface(self.labels.get_mask(mask_sha256, grid))
        content = io.BytesIO()
        np.savez_compressed(
            content, points_ras_mm=surface.points_ras_mm, triangles=surface.triangles
        )
        write_atomically(path, content.getvalue())
        return surface


def _find_kept(path: Path) -> Surface | None:
    """None when there is no file, or one that cannot be read: it is made anew."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            return Surface(points_ras_mm=kept["points_ras_mm"], triangles=kept["triangles"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
