"""Segmentation files: 3D Slicer's .seg.nrrd, several named segments in one or more layers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.image_files import read_image
from han5k_review.imaging.label_images import align_labels, find_value_boxes, union_of
from han5k_review.imaging.mask import StructureMask

SEGMENTATION_SUFFIX = ".seg.nrrd"
_FIELD = re.compile(r"Segment(\d+)_(Name|LabelValue|Layer)")


def read_segments(path: Path, grid: Grid) -> dict[str, StructureMask]:
    """Read the segments of a .seg.nrrd by name, on `grid` (the CT's, in LPS axes).

    The key/value pairs `Segment<n>_Name`, `_LabelValue` and `_Layer` say which value of which layer
    is which segment. Raises DataError naming the file (no segments, a name twice), GeometryError
    when it is on another grid.
    """
    image = read_image(path, channels=True)
    layers = image.array if image.array.ndim == 4 else image.array[None]
    masks: dict[str, StructureMask] = {}
    segments = _read_fields(image.fields, path)
    for layer in sorted({layer for _, _, layer in segments}):
        if layer >= len(layers):
            raise DataError(
                f"{path}: a segment is in layer {layer}, but there are only {len(layers)} layers."
            )
        labels = align_labels(replace(image, array=layers[layer]), grid, path)
        boxes = find_value_boxes(labels)
        for name, value, place in segments:
            if place == layer:
                masks[name] = union_of(labels, boxes, {value}, grid)
    return masks


def _read_fields(fields: dict[str, str], path: Path) -> list[tuple[str, int, int]]:
    """(name, label value, layer) of each segment."""
    found: dict[int, dict[str, str]] = {}
    for key, text in fields.items():
        match = _FIELD.fullmatch(key)
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = text.strip()
    try:
        segments = [
            (parts["Name"], int(parts.get("LabelValue", number + 1)), int(parts.get("Layer", 0)))
            for number, parts in sorted(found.items())
        ]
    except (KeyError, ValueError) as error:
        raise DataError(
            f"{path}: each segment with a name, label value and layer was expected: {error}."
        ) from error
    names = [name for name, _, _ in segments]
    if not segments or len(set(names)) < len(names):
        raise DataError(
            f"{path}: named segments, each name once, were expected, found "
            f"{', '.join(names) or 'none'}."
        )
    return segments
