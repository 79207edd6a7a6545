"""Labels in DICOM: the ROIs of an RTSTRUCT or the segments of a SEG, and each as a mask.

A voxel is inside an ROI by its centre, even-odd over all closed contours of its slice. A contour
lies on the slice nearest to its plane along the normal. Segments are voxels already. What is not
drawn, or could mean another thing, is said with numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.archives import is_archive, unpacked
from han5k_review.imaging.dicom.contours import ROI_NAME_TAGS, Roi, read_rois
from han5k_review.imaging.dicom.datasets import (
    FOREIGN_ERRORS,
    find_text,
    read_dataset,
    shorten_uid,
)
from han5k_review.imaging.dicom.folders import (
    SEGMENTATION_CLASSES,
    STRUCTURE_SET_CLASS,
    read_folder,
)
from han5k_review.imaging.dicom.segments import SEGMENT_NAME_TAGS, Segment, read_segments

DicomLabel = Roi | Segment


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DicomLabels:
    """The ROIs of a structure set or the segments of a segmentation, in the order of the file."""

    path: Path
    labels: tuple[DicomLabel, ...]

    @property
    def word(self) -> str:
        """What a label of this file is called: ROI or segment."""
        return "segment" if any(isinstance(one, Segment) for one in self.labels) else "ROI"


def is_drawn(label: DicomLabel) -> bool:
    """Whether an ROI has contours, or a segment frames."""
    return bool(label.frames if isinstance(label, Segment) else label.contours)


def read_dicom_labels(path: Path, frame_uid: str = "", *, voxels: bool = True) -> DicomLabels:
    """Read the structure set or segmentation at `path` (a file, or the one in a folder or archive).

    Without `voxels` only names and types are read, and nothing is drawn.

    `frame_uid` is the CT's frame of reference, or empty where it is not known: labels of another
    one are refused. DataError when the file is neither, is damaged, or has points that are not
    finite.
    """
    with unpacked(path) as folder:
        found = _find_file(folder, path, frame_uid)
        file = path if is_archive(path) else found
        names = (*ROI_NAME_TAGS, *SEGMENT_NAME_TAGS)
        dataset = read_dataset(found, str(file), tags=None if voxels else names, pixels=voxels)
    class_uid = find_text(dataset, "SOPClassUID")
    labels: tuple[DicomLabel, ...]
    if class_uid == STRUCTURE_SET_CLASS:
        labels = read_rois(dataset, str(file))
    elif class_uid in SEGMENTATION_CLASSES:
        labels = read_segments(dataset, str(file), pixels=voxels)
    else:
        raise DataError(
            f"{file}: an RT structure set or a segmentation was expected, found another DICOM "
            "file; name the file of the contours."
        )
    if not labels:
        raise DataError(f"{file}: at least one structure was expected, found none.")
    _check_frames([one for one in labels if is_drawn(one) or not voxels], frame_uid, file)
    return DicomLabels(path=file, labels=labels)


def _find_file(folder: Path, path: Path, frame_uid: str) -> Path:
    """The one file of contours of a folder tree; of several, the one in this frame of reference.

    A file is taken as it is. DataError (naming `path`) when there is none, or several.
    """
    if folder.is_file():
        return folder
    found = [file for file in read_folder(folder, path) if file.is_labels]
    if len(found) > 1 and frame_uid:
        found = [file for file in found if frame_uid in _list_frames(file.header)] or found
    if len(found) != 1:
        ends = ", ".join(shorten_uid(find_text(f.header, "SOPInstanceUID")) for f in found)
        raise DataError(
            f"{path}: one RT structure set (or segmentation) was expected, found {len(found)}"
            f"{f' ({ends})' if ends else ''}; name its file."
        )
    return found[0].path


def _list_frames(header: Dataset) -> list[str]:
    own = find_text(header, "FrameOfReferenceUID")
    try:
        items = header.get("ReferencedFrameOfReferenceSequence") or ()
        return [own, *(find_text(item, "FrameOfReferenceUID") for item in items)]
    except FOREIGN_ERRORS:
        return [own]


def _check_frames(labels: Sequence[DicomLabel], frame_uid: str, file: Path) -> None:
    strange = sorted({label.frame_uid for label in labels} - {"", frame_uid})
    if frame_uid and strange:
        raise GeometryError(
            f"{file}: contours in the CT's frame of reference ({shorten_uid(frame_uid)}) were "
            f"expected, found some in {', '.join(map(shorten_uid, strange))}: they belong to "
            "another image; give the structure set of this CT."
        )
