"""A .seg.nrrd as 3D Slicer and others write it, its header by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.imaging.phantoms import phantom_grid, phantom_labels

HEADER = """NRRD0004
type: unsigned char
dimension: 4
space: left-posterior-superior
sizes: 2 7 9 5
space directions: none (1.5,0,0) (0,2,0) (0,0,3)
kinds: list domain domain domain
endian: little
encoding: raw
space origin: (-40.25,-71.5,-310.75)
"""
_VECTORS = "(1.5,0,0) (0,2,0) (0,0,3)"


def write_segments(path: Path, fields: str) -> Path:
    """Two layers: the phantom's labels, and their union as label 1."""
    labels = phantom_labels()
    layers = np.stack([labels, (labels > 0).astype(np.uint8)])
    path.write_bytes((HEADER + fields + "\n").encode() + layers.tobytes(order="F"))
    return path


def write_layers(
    path: Path,
    layers: NDArray[np.uint8],
    fields: str | bytes,
    *,
    kinds: str = "list domain domain domain",
    start_ijk: tuple[int, int, int] = (0, 0, 0),
) -> Path:
    """Layers (n, ni, nj, nk) that begin at `start_ijk` of the phantom's grid.

    `kinds` says where their axis is written, or that there is none ("domain domain domain", for one
    layer).
    """
    axes = kinds.split()
    plain = len(axes) == 3
    first = axes[0] != "domain"
    array = layers[0] if plain else layers if first else np.moveaxis(layers, 0, -1)
    vectors = _VECTORS if plain else f"none {_VECTORS}" if first else f"{_VECTORS} none"
    grid = phantom_grid()
    origin = grid.cropped(start_ijk, layers.shape[1:]).lps_geometry[1]
    lines = [
        "NRRD0004",
        "type: unsigned char",
        f"dimension: {array.ndim}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, array.shape))}",
        f"space directions: {vectors}",
        f"kinds: {kinds}",
        "endian: little",
        "encoding: raw",
        f"space origin: ({','.join(map(repr, map(float, origin)))})",
    ]
    text = fields if isinstance(fields, bytes) else fields.encode()
    head = "\n".join(lines).encode() + b"\n" + text + b"\n"
    path.write_bytes(head + array.tobytes(order="F"))
    return path


def field(number: int, **values: object) -> str:
    return "".join(f"Segment{number}_{key}:={value}\n" for key, value in values.items())
