"""A .seg.nrrd as 3D Slicer writes it, its header by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.imaging.phantoms import phantom_labels

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


def write_segments(path: Path, fields: str) -> Path:
    """Two layers: the phantom's labels, and their union as label 1."""
    labels = phantom_labels()
    layers = np.stack([labels, (labels > 0).astype(np.uint8)])
    path.write_bytes((HEADER + fields + "\n").encode() + layers.tobytes(order="F"))
    return path


def field(number: int, **values: object) -> str:
    return "".join(f"Segment{number}_{key}:={value}\n" for key, value in values.items())
