"""Contours as files for other tools: one NIfTI per structure, and 3D Slicer's .seg.nrrd.

Written on the case's grid, which is the CT's in LPS axes, so that what comes back needs no
resampling. Structures overlap: a .seg.nrrd gets as many layers as it needs, NIfTI one file each.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.nifti_labels import DISCLAIMER, build_mask_nifti

_GZIP_LEVEL = 4
_MAX_LABEL = 255
_GZIP_WINDOW = 31  # zlib's word for a gzip container
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What made a contour, as DICOM says it: AUTOMATIC, SEMIAUTOMATIC or empty, name, version."""

    kind: str = ""
    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contour:
    """A structure's mask under its name; the colour (0-255 each) is a hint for the other tool.

    For DICOM: its name there (TG-263), and what made it.
    """

    structure: str
    mask: StructureMask
    colour_rgb: tuple[int, int, int] = (128, 174, 128)
    outside_name: str = ""
    maker: Maker = Maker()


def build_nifti(contour: Contour) -> bytes:
    """A .nii.gz: uint8 on the whole grid, 1 inside, with sform and qform."""
    return build_mask_nifti(contour.mask)


def build_nifti_archive(contours: Sequence[Contour]) -> bytes:
    """A .zip with one .nii.gz per structure, so that overlaps stay, and the disclaimer."""
    return b"".join(stream_nifti_archive(contours))


def stream_nifti_archive(contours: Sequence[Contour]) -> Iterator[bytes]:
    """The same archive piece by piece, a structure at a time: the first comes at once.

    The contours are checked before the first piece is asked for; errors as `check_contours`.
    """
    check_contours(contours)
    return _stream_archive(contours)


def _stream_archive(contours: Sequence[Contour]) -> Iterator[bytes]:
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as file:
        file.writestr(zipfile.ZipInfo("README.txt", _ZIP_TIME), DISCLAIMER + "\n")
        yield pieces.take()
        for contour in contours:
            name = zipfile.ZipInfo(f"{contour.structure}.nii.gz", _ZIP_TIME)
            file.writestr(name, build_nifti(contour))
            yield pieces.take()
    yield pieces.take()


class _Pieces(io.RawIOBase):
    """Where an archive is written that leaves in pieces: it cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        found = bytes(self._kept)
        self._kept.clear()
        return found


def build_segmentation(contours: Sequence[Contour]) -> bytes:
    """A .seg.nrrd as 3D Slicer reads it: named segments, overlaps in layers of their own.

    Header fields: Slicer's developer guide, Segmentations. The voxels are written slice by slice;
    all layers of a whole volume are never in memory.
    """
    grid = check_contours(contours)
    places = place_in_layers([contour.mask for contour in contours])
    layers = 1 + max(layer for layer, _ in places)
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    out = bytearray(_build_header(grid, contours, places, layers))
    for k in range(grid.shape[2]):
        out += packer.compress(_build_slice(grid, contours, places, layers, k).tobytes(order="F"))
    return bytes(out + packer.flush())


def check_contours(contours: Sequence[Contour]) -> Grid:
    """The one grid of contours for a file.

    DataError for none or a name twice, GeometryError for another grid.
    """
    if not contours:
        raise DataError("At least one structure was expected for the file, found none.")
    names = [contour.structure for contour in contours]
    if len(set(names)) < len(names) or any("\n" in name or "/" in name for name in names):
        raise DataError(f"Each structure once was expected, found {', '.join(names)}.")
    grid = contours[0].mask.grid
    for contour in contours:
        if not contour.mask.grid.matches(grid):
            raise GeometryError(
                f"{contour.structure}: a mask on the grid {grid.describe()} was expected, found "
                f"{contour.mask.grid.describe()}."
            )
    return grid


def place_in_layers(masks: Sequence[StructureMask]) -> list[tuple[int, int]]:
    """(layer, label value) of each mask: the first layer where it meets no other one."""
    layers: list[list[StructureMask]] = []
    places = []
    for mask in masks:
        for number, others in enumerate(layers):
            if len(others) < _MAX_LABEL and not any(_overlap(mask, other) for other in others):
                others.append(mask)
                places.append((number, len(others)))
                break
        else:
            layers.append([mask])
            places.append((len(layers) - 1, 1))
    return places


def _overlap(one: StructureMask, other: StructureMask) -> bool:
    spans = [
        (max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(one.slices, other.slices, strict=True)
    ]
    if any(low >= high for low, high in spans):
        return False

    def part(mask: StructureMask) -> NDArray[np.bool_]:
        i, j, k = (
            slice(low - start, high - start)
            for (low, high), start in zip(spans, mask.start_ijk, strict=True)
        )
        return mask.voxels[i, j, k]

    return bool((part(one) & part(other)).any())


def _build_slice(
    grid: Grid,
    contours: Sequence[Contour],
    places: Sequence[tuple[int, int]],
    layers: int,
    k: int,
) -> NDArray[np.uint8]:
    """(layers, ni, nj) label values of axial slice k; (ni, nj) when there is one layer."""
    values = np.zeros((layers, grid.shape[0], grid.shape[1]), dtype=np.uint8)
    for contour, (layer, value) in zip(contours, places, strict=True):
        i, j, ks = contour.mask.slices
        if ks.start <= k < ks.stop:
            values[layer, i, j][contour.mask.voxels[:, :, k - ks.start]] = value
    return values[0] if layers == 1 else values


def _build_header(
    grid: Grid, contours: Sequence[Contour], places: Sequence[tuple[int, int]], layers: int
) -> bytes:
    spacing_mm, origin_lps_mm, direction_lps = grid.lps_geometry
    axes = [
        _vector([direction_lps[3 * row + axis] * spacing_mm[axis] for row in range(3)])
        for axis in range(3)
    ]
    has_list = layers > 1
    lines = [
        "NRRD0004",
        f"# {DISCLAIMER}",
        "type: unsigned char",
        f"dimension: {4 if has_list else 3}",
        "space: left-posterior-superior",
        "sizes: " + " ".join(map(str, [layers, *grid.shape] if has_list else grid.shape)),
        "space directions: " + " ".join(["none", *axes] if has_list else axes),
        "kinds: " + ("list " if has_list else "") + "domain domain domain",
        "encoding: gzip",
        f"space origin: {_vector(origin_lps_mm)}",
    ]
    for number, (contour, (layer, value)) in enumerate(zip(contours, places, strict=True)):
        lines += _segment_lines(number, contour, layer, value)
    lines += [
        "Segmentation_ContainedRepresentationNames:=Binary labelmap|",
        "Segmentation_MasterRepresentation:=Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset:=0 0 0",
    ]
    return ("\n".join(lines) + "\n\n").encode()


def _segment_lines(number: int, contour: Contour, layer: int, value: int) -> list[str]:
    # 3D Slicer cuts a whole layer to the extent of a segment in it, so each names the whole grid.
    extent = " ".join(f"0 {size - 1}" for size in contour.mask.grid.shape)
    colour = " ".join(f"{part / 255:.6g}" for part in contour.colour_rgb)
    return [
        f"Segment{number}_{key}:={text}"
        for key, text in (
            ("Color", colour),
            ("ColorAutoGenerated", "0"),
            ("Extent", extent),
            ("ID", contour.structure),
            ("LabelValue", str(value)),
            ("Layer", str(layer)),
            ("Name", contour.structure),
            ("NameAutoGenerated", "0"),
            ("Tags", "|"),
        )
    ]


def _vector(numbers: Sequence[float]) -> str:
    return "(" + ",".join(f"{float(number) + 0.0:.17g}" for number in numbers) + ")"
