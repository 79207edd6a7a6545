"""The HMSK packet: many cropped bit masks in one binary answer (docs/transport.md, Masks)."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from han5k_review.imaging.mask import StructureMask

MAGIC = b"HMSK"
_ALIGNMENT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketMask:
    """One mask of a packet, with the number of its label version."""

    structure: str
    label_version: int
    mask: StructureMask


def build_packet(masks: Sequence[PacketMask], **fields: int) -> bytes:
    """The packet, not yet compressed: magic, header length, JSON header, padding, bits.

    `fields` stand in the header beside the masks.
    Bit n = (k * nj + j) * ni + i of a mask's box is `1 << (n & 7)` of byte n >> 3; each mask begins
    at a whole byte, `offset` bytes after the padding.
    """
    entries: list[dict[str, Any]] = []
    payload = bytearray()
    for item in masks:
        mask = item.mask
        bits = mask.packed_bits()
        centre = mask.centre_ijk()
        entries.append(
            {
                "structure": item.structure,
                "label_version": item.label_version,
                "sha256": mask.sha256,
                "start": list(mask.start_ijk),
                "shape": list(mask.voxels.shape),
                "offset": len(payload),
                "bytes": len(bits),
                "voxels": mask.voxel_count,
                "centre": None if centre is None else list(centre),
            }
        )
        payload += bits
    header = json.dumps({"masks": entries, **fields}, separators=(",", ":")).encode()
    front = MAGIC + struct.pack("<I", len(header)) + header
    return front + bytes(-len(front) % _ALIGNMENT) + bytes(payload)
