"""Segments: a DICOM SEG -> its named segments, and which frame holds which of them where.

Binary, fractional and label map segmentations. Only numbers, labels and the name and version of
the algorithm are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.datasets import (
    FOREIGN_ERRORS,
    find_number,
    find_numbers,
    find_text,
    find_whole,
    tidy_name,
    tolerant_reading,
    unreadable,
)
from han5k_review.imaging.dicom.folders import SEGMENTATION_CLASSES
from han5k_review.imaging.dicom.named_masks import LONG, NOT_KNOWN

SEGMENT_NAME_TAGS = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "FrameOfReferenceUID",
    "SegmentSequence",
)
_MOST_FRAMES = 100_000
KINDS_OF_MAKING = ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")
_SAME = 1e-4  # of direction cosines, and of spacings in mm


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frames:
    """All frames of a file: `corners_lps_mm` (n, 3), the centre of the first pixel of each.

    `orientation` are the cosines along a row and along a column; `spacing_mm` from row to row and
    from column to column. `packed` holds binary frames as bits, `values` others as (n, rows,
    columns); of them at least `level` is inside, or, in a label map, what equals the number.
    """

    rows: int
    columns: int
    corners_lps_mm: NDArray[np.float64]
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, float]
    packed: NDArray[np.uint8]
    values: NDArray[np.generic] | None = None
    level: float | None = None

    def get_plane(self, frame: int, number: int) -> NDArray[np.bool_]:
        """(rows, columns), True inside of segment `number` in a frame."""
        if self.values is not None:
            plane = self.values[frame]
            inside: NDArray[np.bool_] = np.asarray(
                plane == number if self.level is None else plane >= self.level
            )
            return inside
        size = self.rows * self.columns
        first, last = frame * size, (frame + 1) * size
        bits = np.unpackbits(self.packed[first // 8 : -(-last // 8)], bitorder="little")
        own: NDArray[np.bool_] = bits[first % 8 : first % 8 + size].view(np.bool_)
        return own.reshape(self.rows, self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMaker:
    """How a segment was made: `kind` (AUTOMATIC, SEMIAUTOMATIC, MANUAL), algorithm, its version.

    Each is empty where the file does not say it.
    """

    kind: str = ""
    name: str = ""
    version: str = ""

    def describe(self) -> str:
        """All three in one text."""
        return ", ".join(dict.fromkeys(filter(None, (self.kind, self.name, self.version))))


NO_MAKER = SegmentMaker()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """A segment: its number, name, how it was made, and its frames.

    `held` (None where only names were read) are all frames of the file, `frames` its own.
    """

    number: int
    name: str
    frame_uid: str
    maker: SegmentMaker = NO_MAKER
    frames: tuple[int, ...] = ()
    held: Frames | None = None
    notices: tuple[str, ...] = ()


def read_segments(dataset: Dataset, file: str, *, pixels: bool = True) -> tuple[Segment, ...]:
    """The segments of a dataset; without `pixels` only names, and no segment has a frame.

    DataError naming `file` when frames are damaged, cut off, or do not say where they lie.
    """
    try:
        with tolerant_reading():
            return _read(dataset, file, pixels)
    except FOREIGN_ERRORS as error:
        raise unreadable(file, error) from error


def _read(dataset: Dataset, file: str, pixels: bool) -> tuple[Segment, ...]:
    items = [item for item in dataset.get("SegmentSequence") or () if not _is_background(item)]
    frame_uid = find_text(dataset, "FrameOfReferenceUID")
    held: Frames | None = None
    members: dict[int, list[int]] = {}
    notices: tuple[str, ...] = ()
    if pixels:
        numbers = tuple(find_whole(item, "SegmentNumber") or 0 for item in items)
        held, members, notices = _read_frames(dataset, numbers, file)
    segments = []
    for place, item in enumerate(items, start=1):
        number = find_whole(item, "SegmentNumber") or place
        segments.append(
            Segment(
                number=number,
                name=tidy_name(find_text(item, "SegmentLabel")),
                frame_uid=frame_uid,
                maker=_read_maker(item),
                frames=tuple(members.get(number, ())),
                held=held,
                notices=notices,
            )
        )
    return tuple(segments)


def _is_background(item: Dataset) -> bool:
    """Segment 0 of a label map is what lies outside of all others."""
    return find_whole(item, "SegmentNumber") == 0


def _read_maker(item: Dataset) -> SegmentMaker:
    """The algorithm's name is that of its own sequence, else what the segment calls it."""
    first = (item.get("SegmentationAlgorithmIdentificationSequence") or (Dataset(),))[0]
    kind, own, name, version = (
        tidy_name(find_text(holder, word))
        for holder, word in (
            (item, "SegmentAlgorithmType"),
            (item, "SegmentAlgorithmName"),
            (first, "AlgorithmName"),
            (first, "AlgorithmVersion"),
        )
    )
    return SegmentMaker(
        kind=kind if kind in KINDS_OF_MAKING else "",
        name=_known(name) or _known(own),
        version=_known(version),
    )


def _known(text: str) -> str:
    """Up to 64 characters, as DICOM has them (LO); empty for what our own files say instead."""
    return "" if text == NOT_KNOWN else text[:LONG]


def _read_frames(
    dataset: Dataset, numbers: Sequence[int], file: str
) -> tuple[Frames, dict[int, list[int]], tuple[str, ...]]:
    count = find_whole(dataset, "NumberOfFrames") or 0
    rows, columns = (find_whole(dataset, name) or 0 for name in ("Rows", "Columns"))
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or ())
    if not 0 < count <= _MOST_FRAMES or rows < 1 or columns < 1 or len(groups) != count:
        raise DataError(
            f"{file}: 1 to {_MOST_FRAMES} frames of at least one pixel, each with its place, were "
            f"expected, found {count} frames of {rows} x {columns} and {len(groups)} places; "
            "export the segmentation again."
        )
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    where = [_read_place(group, shared) for group in groups]
    _check_places(where, file)
    packed, values, level, notices = _read_pixels(dataset, count * rows * columns, file)
    held = Frames(
        rows=rows,
        columns=columns,
        corners_lps_mm=np.array([place[:3] for place in where]),
        orientation=tuple(where[0][3:9]),
        spacing_mm=(where[0][9], where[0][10]),
        packed=packed,
        values=None if values is None else values.reshape(count, rows, columns),
        level=level,
    )
    return held, _find_members(groups, shared, held, numbers), notices


_PLACE = (
    ("PlanePositionSequence", "ImagePositionPatient", 3),
    ("PlaneOrientationSequence", "ImageOrientationPatient", 6),
    ("PixelMeasuresSequence", "PixelSpacing", 2),
)


def _read_place(group: Dataset, shared: Dataset) -> list[float]:
    """Corner, orientation and spacing of a frame, its own or what all share; NaN where none is."""
    numbers: list[float] = []
    for sequence, name, count in _PLACE:
        found = None
        for holder in (group, shared):
            if found is None and holder.get(sequence):
                found = find_numbers(holder[sequence].value[0], name, count)
        numbers += [np.nan] * count if found is None else found.tolist()
    return numbers


def _check_places(where: Sequence[Sequence[float]], file: str) -> None:
    table = np.array(where)
    wrong = int(np.count_nonzero(~np.isfinite(table).all(axis=1)))
    if wrong:
        raise DataError(
            f"{file}: a position, orientation and spacing were expected with every frame, found "
            f"{wrong} of {len(table)} frames without; export the segmentation again."
        )
    if np.ptp(table[:, 3:], axis=0).max() > _SAME or (table[:, 9:] <= 0).any():
        raise DataError(
            f"{file}: frames of one orientation and one spacing above 0 were expected, found "
            "several; export the segmentation on its CT."
        )


def _read_pixels(
    dataset: Dataset, size: int, file: str
) -> tuple[NDArray[np.uint8], NDArray[np.generic] | None, float | None, tuple[str, ...]]:
    """(bits, values, the value from which on a voxel is inside, notices); bits or values."""
    nothing = np.empty(0, dtype=np.uint8)
    plain = not dataset.file_meta.TransferSyntaxUID.is_encapsulated
    if find_whole(dataset, "BitsAllocated") == 1 and plain:
        packed = np.frombuffer(dataset.PixelData, dtype=np.uint8)
        if packed.size * 8 < size:
            raise DataError(
                f"{file}: {size} voxels in its frames were expected, found {packed.size * 8}; the "
                "file is cut off, copy it again."
            )
        return packed, None, None, ()
    values = dataset.pixel_array
    if find_text(dataset, "SOPClassUID") == SEGMENTATION_CLASSES[1]:
        return nothing, values, None, ()
    kind = find_text(dataset, "SegmentationType").upper()
    if kind != "FRACTIONAL":
        return nothing, values, 1, ()
    most = find_number(dataset, "MaximumFractionalValue") or 255
    words = "the segmentation holds fractions: voxels of one half and more are inside"
    return nothing, values, most / 2, (words,)


def _find_members(
    groups: Sequence[Dataset], shared: Dataset, held: Frames, numbers: Sequence[int]
) -> dict[int, list[int]]:
    """The frames of each segment; in a label map those in which its number occurs."""
    members: dict[int, list[int]] = {}
    for frame, group in enumerate(groups):
        if held.values is not None and held.level is None:
            own = set(np.unique(held.values[frame]).tolist()) & set(numbers)
        else:
            own = {_find_number(group, shared)}
        for number in own:
            members.setdefault(number, []).append(frame)
    return members


def _find_number(group: Dataset, shared: Dataset) -> int:
    for holder in (group, shared):
        items = holder.get("SegmentIdentificationSequence")
        if items:
            return find_whole(items[0], "ReferencedSegmentNumber") or 0
    return 0
