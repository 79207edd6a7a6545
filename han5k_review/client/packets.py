"""HMSK packets as the server sends contours (docs/transport.md, Masks), read."""

from __future__ import annotations

import json
import struct

import numpy as np

from han5k_review.client.values import Contour
from han5k_review.errors import ServerError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask

_MAGIC = b"HMSK"
_ALIGNMENT = 8


def read_packet(content: bytes, grid: Grid) -> tuple[Contour, ...]:
    """The contours of a packet, on `grid`. ServerError for what is no packet.

    Bit n = (k * nj + j) * ni + i of a box is `1 << (n & 7)` of its byte n >> 3.
    """
    if content[:4] != _MAGIC or len(content) < 8:
        raise ServerError("A packet of contours (HMSK) was expected, found something else.")
    (length,) = struct.unpack("<I", content[4:8])
    header = json.loads(content[8 : 8 + length])
    payload = content[-(-(8 + length) // _ALIGNMENT) * _ALIGNMENT :]
    found = []
    for entry in header["masks"]:
        ni, nj, nk = entry["shape"]
        piece = payload[entry["offset"] : entry["offset"] + entry["bytes"]]
        bits = np.unpackbits(np.frombuffer(piece, dtype=np.uint8), bitorder="little")
        box = bits[: ni * nj * nk].reshape((ni, nj, nk), order="F")
        i, j, k = entry["start"]
        mask = StructureMask.from_box(box, (i, j, k), grid)
        if mask.sha256 != entry["sha256"]:
            raise ServerError(
                f"The contour of {entry['structure']} was expected whole, its hash differs; ask "
                "for it again."
            )
        found.append(
            Contour(structure=entry["structure"], label_version=entry["label_version"], mask=mask)
        )
    return tuple(found)
