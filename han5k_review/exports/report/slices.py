"""A small picture of one axial slice: the CT as PNG, contours over it as lines of SVG."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import measure

from han5k_review.anatomy.windows import Window
from han5k_review.exports.report.markup import escape
from han5k_review.imaging.mask import StructureMask

_MARGIN_MM, _WIDTH = 20.0, 240
_LEVEL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A contour to draw: its colour as `#rrggbb`, dashed or not."""

    mask: StructureMask
    colour: str
    dashed: bool = False


def find_largest_slice(masks: Sequence[StructureMask]) -> int | None:
    """The axial slice in which two masks differ most, or one is largest; None for empty masks."""
    areas: dict[int, int] = {}
    slices = [range(mask.slices[2].start, mask.slices[2].stop) for mask in masks]
    for k in sorted({k for part in slices for k in part}):
        planes = [_read_plane(mask, k) for mask in masks]
        apart = planes[0] if len(planes) == 1 else planes[0] ^ planes[1]
        areas[k] = int(apart.sum())
    return max(areas, key=lambda k: (areas[k], -k), default=None)


def draw_slice(
    hu: NDArray[np.int16], k: int, lines: Sequence[Line], window: Window, *, words: str
) -> str:
    """Axial slice `k` (HU, ni x nj, LPS axes) around the contours, seen from below.

    Left is on the right, the patient's back at the bottom. Pixels are resampled to be square.
    """
    grid = lines[0].mask.grid
    di, dj, _ = grid.spacing_mm
    box = _find_box([line.mask for line in lines], hu.shape, (di, dj))
    part = hu[box].astype(np.float64)
    low = window.centre_hu - window.width_hu / 2
    grey = np.clip((part - low) / window.width_hu * 255, 0, 255).round().astype(np.uint8).T
    height = max(round(_WIDTH * grey.shape[0] * dj / (grey.shape[1] * di)), 1)
    image = Image.fromarray(grey).resize((_WIDTH, height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False)
    data = base64.b64encode(buffer.getvalue()).decode()
    scale = (_WIDTH / grey.shape[1], height / grey.shape[0])
    paths = "".join(_draw_line(line, k, box, scale) for line in lines)
    return (
        f'<svg class="slice" role="img" aria-label="{escape(words)}" viewBox="0 0 {_WIDTH} '
        f'{height}" width="{_WIDTH}" height="{height}"><image width="{_WIDTH}" height="{height}" '
        f'href="data:image/png;base64,{data}"/>{paths}'
        f'<text x="5" y="{height / 2:.0f}">R</text>'
        f'<text x="{_WIDTH - 14}" y="{height / 2:.0f}">L</text></svg>'
    )


def _draw_line(line: Line, k: int, box: tuple[slice, slice], scale: tuple[float, float]) -> str:
    plane = np.pad(_read_plane(line.mask, k)[box], 1)
    rings = measure.find_contours(plane.astype(np.float64), _LEVEL)
    steps = "".join(
        "M"
        + " ".join(
            f"{(i - 0.5) * scale[0]:.1f},{(j - 0.5) * scale[1]:.1f}" for i, j in ring.tolist()
        )
        + "z"
        for ring in rings
    )
    dash = ' stroke-dasharray="5 3"' if line.dashed else ""
    return f'<path d="{steps}" stroke="{line.colour}"{dash}/>' if steps else ""


def _read_plane(mask: StructureMask, k: int) -> NDArray[np.bool_]:
    """Slice `k` of a mask, (ni, nj), bool."""
    inside = np.zeros(mask.grid.shape[:2], dtype=np.bool_)
    i, j, ks = mask.slices
    if ks.start <= k < ks.stop:
        inside[i, j] = mask.voxels[:, :, k - ks.start]
    return inside


def _find_box(
    masks: Sequence[StructureMask], shape: tuple[int, ...], spacing_mm: tuple[float, float]
) -> tuple[slice, slice]:
    """The masks' common box with a margin, within the slice."""
    parts = []
    for axis in (0, 1):
        margin = round(_MARGIN_MM / spacing_mm[axis])
        low = min(mask.slices[axis].start for mask in masks if not mask.is_empty) - margin
        high = max(mask.slices[axis].stop for mask in masks if not mask.is_empty) + margin
        parts.append(slice(max(0, low), min(shape[axis], high)))
    return parts[0], parts[1]
