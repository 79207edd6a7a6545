"""A picture of one axial slice with contours, drawn by Plotly.

The CT's numbers go to the browser over the page's own authenticated connection: never as a file
that anybody with its address could fetch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from han5k_review.anatomy.windows import Window
from han5k_review.imaging.mask import StructureMask

_MARGIN_MM = 25.0
_HEIGHT = 420
_GROUND = "#0c0f13"  # as the workspace, whatever the page's theme
_INK = "#cfd6df"
_LETTERS = {"showarrow": False, "font": {"color": _INK, "size": 14}}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedMask:
    """A mask to outline: its name, its colour, and Plotly's word for the line style."""

    name: str
    mask: StructureMask
    colour: str
    dash: str


def choose_window(windows: Sequence[Window], name: str) -> Window:
    """The window of this name, else the study's first."""
    return next((one for one in windows if one.name == name), windows[0])


def build_slice_picture(
    hu: NDArray[np.int16], k: int, outlined: Sequence[OutlinedMask], window: Window
) -> go.Figure:
    """Axial slice `k` (HU, ni x nj) around the masks, seen from below: left is on the right.

    Axes are in mm; the patient's back is at the bottom.
    """
    grid = outlined[0].mask.grid
    box = _find_box([one.mask for one in outlined], hu.shape, grid.spacing_mm)
    x, y = (
        np.arange(part.start, part.stop) * grid.spacing_mm[axis] for axis, part in enumerate(box)
    )
    figure = go.Figure(
        go.Heatmap(
            x=x,
            y=y,
            z=hu[box].T,
            zmin=window.centre_hu - window.width_hu / 2,
            zmax=window.centre_hu + window.width_hu / 2,
            colorscale="gray",
            zsmooth="fast",
            showscale=False,
            hovertemplate="%{z:.0f} HU<extra></extra>",
        )
    )
    for one in outlined:
        inside = _read_slice(one.mask, k, hu.shape)[box]
        if inside.any():
            figure.add_trace(_outline(one, x, y, inside))
    inset = 0.03 * (x[-1] - x[0])
    place = {"y": (y[0] + y[-1]) / 2, **_LETTERS}
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        plot_bgcolor=_GROUND,
        paper_bgcolor=_GROUND,
        font={"color": _INK},
        xaxis={"visible": False, "constrain": "domain"},
        yaxis={"visible": False, "autorange": "reversed", "scaleanchor": "x"},
        showlegend=True,
        legend={"orientation": "h", "y": -0.01, "yanchor": "top", "x": 0},
        annotations=[
            {"text": "R", "x": x[0] + inset, **place},
            {"text": "L", "x": x[-1] - inset, **place},
        ],
    )
    return figure


def _outline(
    one: OutlinedMask, x: NDArray[np.float64], y: NDArray[np.float64], inside: NDArray[np.bool_]
) -> go.Contour:
    return go.Contour(
        x=x,
        y=y,
        z=inside.T.astype(np.uint8),
        contours={"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"},
        line={"color": one.colour, "width": 2, "dash": one.dash},
        name=one.name,
        showlegend=True,
        showscale=False,
        hoverinfo="skip",
    )


def _find_box(
    masks: Sequence[StructureMask], shape: tuple[int, ...], spacing_mm: Sequence[float]
) -> tuple[slice, slice]:
    """The masks' common box with a margin, within the slice; the whole slice for empty masks."""
    filled = [mask for mask in masks if not mask.is_empty]
    if not filled:
        return slice(0, shape[0]), slice(0, shape[1])
    parts = []
    for axis in (0, 1):
        margin = round(_MARGIN_MM / spacing_mm[axis])
        low = min(mask.slices[axis].start for mask in filled) - margin
        high = max(mask.slices[axis].stop for mask in filled) + margin
        parts.append(slice(max(0, low), min(shape[axis], high)))
    return parts[0], parts[1]


def _read_slice(mask: StructureMask, k: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    inside = np.zeros(shape, dtype=np.bool_)
    i, j, ks = mask.slices
    if ks.start <= k < ks.stop:
        inside[i, j] = mask.voxels[:, :, k - ks.start]
    return inside
