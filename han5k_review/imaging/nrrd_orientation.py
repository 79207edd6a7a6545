"""NRRD orientation: spaces, units, directions and which axis holds several numbers per voxel."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.geometry_rule import (
    NO_ORIENTATION,
    NO_ORIGIN,
    NO_SPACING,
    build_image_grid,
    check_spacing,
)
from han5k_review.imaging.grid import RAS_TO_LPS, Grid
from han5k_review.imaging.header_values import ChannelAxis

_TO_LPS = {
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
}
_NAMELESS = ("scanner-xyz", "3d-right-handed")
_DOMAIN_KINDS = ("domain", "space", "???", "none", "unknown", "")
_LIST_KINDS = (
    *("list", "vector", "point", "covariant-vector", "normal", "stub", "scalar", "complex"),
    *("2-vector", "3-vector", "4-vector", "3-color", "rgb-color", "hsv-color", "xyz-color"),
    *("4-color", "rgba-color", "3-gradient", "3-normal", "quaternion"),
)
_MM_PER_UNIT = {
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1.0),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1000.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 10.0),
    **dict.fromkeys(("um", "µm", "μm", "micrometer", "micrometers", "micron", "microns"), 0.001),
    **dict.fromkeys(("", "none", "???"), 1.0),
}
_PER_AXIS = ("spacings", "axis mins", "axis maxs")
_VECTOR = re.compile(r"\([^()]*\)|[^\s()]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NrrdAxes:
    """Which stored axis holds channels (None: none does), and the others, which are in space."""

    channel: int | None
    channels: int
    channel_axis: ChannelAxis
    domain: tuple[int, ...]


def sort_nrrd_axes(lines: dict[str, str], sizes: tuple[int, ...], path: Path) -> NrrdAxes:
    """Find the axis of channels by its direction `none`, or else its kind, or else the fourth.

    DataError for other axes than three in space and one of channels.
    """
    count = len(sizes)
    kinds = _split(lines, "kinds", count, path) or ["" for _ in sizes]
    vectors = _split_vectors(lines, count, path)
    unknown = [k for k in kinds if k.lower() not in (*_DOMAIN_KINDS, *_LIST_KINDS)]
    if unknown:
        raise DataError(
            f"{path}: axes in space and at most one of channels were expected, found the kind "
            f"{unknown[0]!r}."
        )
    listed = [n for n, kind in enumerate(kinds) if kind.lower() in _LIST_KINDS]
    if vectors is not None:
        bare = [n for n, vector in enumerate(vectors) if vector is None]
        if listed and bare != listed:
            raise DataError(
                f"{path}: an axis of channels without a direction in space was expected, found "
                f"kinds {lines['kinds']} and space directions {lines['space directions']}."
            )
        listed = bare
    if count == 4 and not listed:
        listed = [3]
    if len(listed) != count - 3 or listed not in ([], [0], [3]):
        shown = " x ".join(str(n) for n in sizes)
        raise DataError(
            f"{path}: a 3-D image, or a 4-D one with its channels on the first or the last axis, "
            f"was expected, found {shown} voxels with channels on axis "
            f"{', '.join(str(n + 1) for n in listed)}."
        )
    channel = listed[0] if listed else None
    return NrrdAxes(
        channel=channel,
        channels=1 if channel is None else sizes[channel],
        channel_axis=ChannelAxis.FIRST if channel == 0 else ChannelAxis.LAST,
        domain=tuple(n for n in range(count) if n != channel),
    )


def place_nrrd(
    lines: dict[str, str], axes: NrrdAxes, shape: tuple[int, int, int], path: Path
) -> tuple[Grid, tuple[str, ...]]:
    """The grid of a NRRD file, and notices, as ITK places it.

    Without a space of known sides directions are read as LPS, with a notice. Raises DataError or
    GeometryError naming the file.
    """
    vectors = _split_vectors(lines, len(axes.domain) + (axes.channel is not None), path)
    if vectors is None:
        return _place_bare(lines, axes, shape, path)
    doubled = [name for name in _PER_AXIS if name in lines]
    if doubled:
        raise GeometryError(
            f"{path}: space directions alone were expected, found {doubled[0]} beside them, which "
            "the format forbids; write the file again with one of the two."
        )
    signs, notices = _read_space(lines, path)
    if axes.channel is not None and vectors[axes.channel] is not None:
        _check_beside_space(vectors[axes.channel], path)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([_in_space(vectors[n], path) for n in axes.domain]).T
    if "space origin" in lines:
        matrix[:3, 3] = _in_space(_parse_vector(lines["space origin"], path)[:3], path)
    else:
        notices = (*notices, NO_ORIGIN)
    matrix[:3] *= _read_unit(lines, path)
    matrix[:3] *= np.array(signs)[:, None]
    return build_image_grid(shape, RAS_TO_LPS @ matrix, path), notices


def _place_bare(
    lines: dict[str, str], axes: NrrdAxes, shape: tuple[int, int, int], path: Path
) -> tuple[Grid, tuple[str, ...]]:
    """A file without directions: spacing at most, its axes taken as LPS, as ITK does."""
    if "space origin" in lines or "axis mins" in lines or "axis maxs" in lines:
        raise GeometryError(
            f"{path}: space directions were expected beside an origin, found none; write the file "
            "again with its orientation."
        )
    notices = [NO_ORIENTATION.format(why=" (no space directions)"), NO_ORIGIN]
    spacing = np.ones(3)
    written = _split(lines, "spacings", len(axes.domain) + (axes.channel is not None), path)
    if written:
        spacing = _numbers([written[n] for n in axes.domain], path)
    if not written or np.isnan(spacing).all():
        spacing, notices = np.ones(3), [*notices, NO_SPACING]
    units = _split(lines, "units", len(axes.domain) + (axes.channel is not None), path)
    if units:
        spacing = spacing * [_mm_per(units[n], path) for n in axes.domain]
    check_spacing(spacing, path)
    affine = RAS_TO_LPS @ np.diag([*spacing, 1.0])
    return build_image_grid(shape, affine, path), tuple(notices)


def _read_space(lines: dict[str, str], path: Path) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    name = lines.get("space", "").lower()
    if name in _TO_LPS:
        return _TO_LPS[name], ()
    dimension = lines.get("space dimension", "3" if name in _NAMELESS else "")
    if (name in _NAMELESS or not name) and dimension in ("3", "4"):
        said = f"its space is {lines['space']}" if name else "its space has no name"
        return (1, 1, 1), (f"{said}, read as left-posterior-superior: left and right are a guess",)
    raise GeometryError(
        f"{path}: a space of left or right, anterior or posterior, superior was expected, found "
        f"space {lines.get('space')!r}; write the file again in left-posterior-superior."
    )


def _read_unit(lines: dict[str, str], path: Path) -> float:
    if "space units" not in lines:
        return 1.0
    found = {_mm_per(unit, path) for unit in _quoted(lines["space units"], path)[:3]}
    if len(found) != 1:
        raise GeometryError(
            f"{path}: one unit of length was expected, found space units {lines['space units']}."
        )
    return found.pop()


def _mm_per(unit: str, path: Path) -> float:
    scale = _MM_PER_UNIT.get(unit.strip().lower())
    if scale is None:
        raise GeometryError(
            f"{path}: mm, cm, m or um as unit of length was expected, found {unit!r}; write the "
            "file again in mm."
        )
    return scale


def _split(lines: dict[str, str], name: str, count: int, path: Path) -> list[str]:
    """One word for each stored axis; an empty list when the field is not there."""
    if name not in lines:
        return []
    words = _quoted(lines[name], path)
    if len(words) != count:
        raise DataError(f"{path}: {count} {name} were expected, found {lines[name]!r}.")
    return words


def _quoted(text: str, path: Path) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise DataError(f"{path}: closed quotation marks were expected, found {text!r}.") from error


def _split_vectors(
    lines: dict[str, str], count: int, path: Path
) -> list[NDArray[np.float64] | None] | None:
    """The direction of each stored axis, None for `none`; None when the file has none at all."""
    if "space directions" not in lines:
        return None
    words = _VECTOR.findall(lines["space directions"])
    if len(words) != count:
        raise DataError(
            f"{path}: {count} space directions were expected, found {lines['space directions']!r}."
        )
    vectors = [None if w.lower() == "none" else _parse_vector(w, path) for w in words]
    # ITK and Slicer write a channel axis as (nan,nan,nan) or none; both mean "not in space".
    return [None if v is None or np.isnan(v).all() else v for v in vectors]


def _parse_vector(text: str, path: Path) -> NDArray[np.float64]:
    return _numbers(text.strip().removeprefix("(").removesuffix(")").split(","), path)


def _numbers(words: list[str], path: Path) -> NDArray[np.float64]:
    try:
        return np.array([float(word) for word in words], dtype=np.float64)
    except ValueError as error:
        raise DataError(f"{path}: numbers were expected, found {' '.join(words)!r}.") from error


def _in_space(vector: NDArray[np.float64] | None, path: Path) -> NDArray[np.float64]:
    """Three components; a fourth (ITK writes 4-D images so) must be 0."""
    if vector is None or len(vector) not in (3, 4) or (vector[3:] != 0).any():
        raise GeometryError(
            f"{path}: directions and an origin of three components were expected, found "
            f"{None if vector is None else vector.tolist()}."
        )
    return vector[:3]


def _check_beside_space(vector: NDArray[np.float64] | None, path: Path) -> None:
    """ITK writes the axis of channels as (0,0,0,1), a fourth dimension of its space."""
    if vector is None or len(vector) != 4 or (vector[:3] != 0).any():
        raise GeometryError(
            f"{path}: an axis of channels without a direction in space was expected, found "
            f"{None if vector is None else vector.tolist()}; write it as 'none'."
        )
