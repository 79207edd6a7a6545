"""Segmentation files: what the header of 3D Slicer's .seg.nrrd says about its segments.

Read as 3D Slicer reads it (its developer guide, "Segmentations", and the behaviour of its own
reader): segments are numbered from 0; one without `Layer` lies in the layer of its number, one
without `LabelValue` has the value 1 (files of 4.10 and before have one layer per segment and
neither field); one without a name is called by its ID; `Extent` counts voxels of the file, and a
layer is cut to the extents of its segments. `Segmentation_ReferenceImageExtentOffset` places
nothing: the file's origin is that of its first voxel already.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.image_names import NRRD_SUFFIXES, image_suffix

SEGMENTATION_SUFFIX = ".seg.nrrd"
Box = tuple[slice, slice, slice]
_FIELD = re.compile(r"Segment([0-9]{1,9})_(ID|Name|LabelValue|Layer|Extent)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,10}")
_LEGACY_EXTENT = "Segmentation_Extent"
_EMPTY_BOX = (slice(0, 0), slice(0, 0), slice(0, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The voxels of `layer` that hold `value`; `box` cuts the layer, in the file's own axes.

    `box` is None where the file says nothing.
    """

    name: str
    layer: int
    value: int
    box: Box | None


def is_segmentation(path: Path) -> bool:
    """True for a .seg.nrrd, and for any other NRRD whose header names segments."""
    if image_suffix(path) == SEGMENTATION_SUFFIX:
        return True
    if image_suffix(path) not in NRRD_SUFFIXES:
        return False
    return not {"Segment0_ID", "Segment0_Name"}.isdisjoint(read_header(path).fields)


def build_segments(fields: Mapping[str, str], layers: int, path: Path) -> tuple[Segment, ...]:
    """The segments that `fields` name, of a file with so many layers.

    Raises DataError naming the file: no segments, numbers with a gap, a name or a label value
    twice, a number that is none, a layer that the file does not have.
    """
    found: dict[int, dict[str, str]] = {}
    for key, text in fields.items():
        match = _FIELD.fullmatch(key)
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = text.strip()
    if not found:
        raise DataError(
            f"{path}: named segments were expected, as 3D Slicer writes them, found none."
        )
    if sorted(found) != list(range(len(found))):
        raise DataError(
            f"{path}: segments numbered from 0 without a gap were expected (3D Slicer stops at a "
            f"gap), found {', '.join(str(n) for n in sorted(found))}."
        )
    _check_legacy(fields, path)
    segments = tuple(_build_segment(n, found[n], layers, path) for n in range(len(found)))
    _check_names(segments, path)
    return segments


def join_boxes(boxes: Sequence[Box | None]) -> Box | None:
    """The smallest box around all; None when one of them says nothing, or there is none."""
    known = [box for box in boxes if box is not None]
    if not boxes or len(known) < len(boxes):
        return None
    filled = [box for box in known if box != _EMPTY_BOX]
    if not filled:
        return _EMPTY_BOX
    i, j, k = (
        slice(min(box[axis].start for box in filled), max(box[axis].stop for box in filled))
        for axis in range(3)
    )
    return (i, j, k)


def _build_segment(number: int, parts: Mapping[str, str], layers: int, path: Path) -> Segment:
    name = parts.get("Name") or parts.get("ID")
    if not name:
        raise DataError(f"{path}: a name or an ID for segment {number} was expected, found none.")
    layer = _read_number(parts.get("Layer", str(number)), "a layer", name, path)
    value = _read_number(parts.get("LabelValue", "1"), "a label value", name, path)
    if value < 1:
        raise DataError(
            f"{path}: a label value above 0 was expected for segment {name}, found {value}; 0 is "
            "the background."
        )
    if not 0 <= layer < layers:
        why = "" if "Layer" in parts else " (its number, as the file has no field Layer for it)"
        raise DataError(
            f"{path}: segment {name} is in layer {layer}{why}, but there are only {layers} layers, "
            "numbered from 0; write the file again with 3D Slicer."
        )
    return Segment(name=name, layer=layer, value=value, box=_read_box(parts.get("Extent"), path))


def _read_number(text: str, what: str, name: str, path: Path) -> int:
    if not _NUMBER.fullmatch(text):
        raise DataError(f"{path}: {what} was expected for segment {name}, found {text!r}.")
    return int(text)


def _read_box(text: str | None, path: Path) -> Box | None:
    """`Extent` names the first and the last voxel along each axis; first above last is empty."""
    if text is None:
        return None
    ends = text.split()
    if len(ends) != 6 or not all(_NUMBER.fullmatch(end) for end in ends):
        raise DataError(f"{path}: an Extent of six whole numbers was expected, found {text!r}.")
    spans = [(int(ends[2 * axis]), int(ends[2 * axis + 1])) for axis in range(3)]
    if any(first > last for first, last in spans):
        return _EMPTY_BOX
    i, j, k = (slice(max(first, 0), max(last + 1, 0)) for first, last in spans)
    return (i, j, k)


def _check_legacy(fields: Mapping[str, str], path: Path) -> None:
    """Before 3D Slicer 4.8 the origin was not that of the first voxel, unless it is voxel 0."""
    text = fields.get(_LEGACY_EXTENT)
    if text is not None and text.split()[0::2] != ["0", "0", "0"]:
        raise DataError(
            f"{path}: a segmentation of 3D Slicer 4.8 or later was expected, found one whose place "
            f"depends on the old field {_LEGACY_EXTENT} ({text}); open it in 3D Slicer and save it "
            "again."
        )


def _check_names(segments: Sequence[Segment], path: Path) -> None:
    names = [unicodedata.normalize("NFC", segment.name) for segment in segments]
    if len(set(names)) < len(names):
        raise DataError(
            f"{path}: named segments, each name once, were expected, found {', '.join(names)}."
        )
    owners: dict[tuple[int, int], str] = {}
    for segment in segments:
        owner = owners.setdefault((segment.layer, segment.value), segment.name)
        if owner != segment.name:
            raise DataError(
                f"{path}: one segment for each label value was expected, found {owner} and "
                f"{segment.name} for the value {segment.value} of layer {segment.layer}; nothing "
                "says which of the two it is."
            )
