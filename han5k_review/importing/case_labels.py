"""Case labels: whatever form the labels of a case come in -> one mask per structure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.label_map import (
    ChannelMap,
    LabelMap,
    build_channel_map,
    find_channel_map,
    is_channel_map,
    read_label_map,
)
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import DataError
from han5k_review.imaging.corrected_files import read_corrected
from han5k_review.imaging.dicom.archives import is_archive, list_member_names, unpacked_named
from han5k_review.imaging.dicom.folders import is_dicom_file, is_dicom_folder
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.dicom.roi_masks import FillRule
from han5k_review.imaging.dicom.segments import SegmentMaker
from han5k_review.imaging.geometry_notices import list_geometry_notices
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.image_files import check_plain
from han5k_review.imaging.image_names import image_stem, image_suffix
from han5k_review.imaging.label_images import list_mask_files, read_mask, read_multi_label
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.one_hot_files import count_channels, is_one_hot, read_one_hot
from han5k_review.imaging.segmentation_files import SEGMENTATION_SUFFIX, is_segmentation
from han5k_review.importing.roi_names import NO_FRAME, FoundName, RoiMatch, build_masks, match_rois


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLabels:
    """Masks by structure on the CT's grid, and the names nobody could match.

    `notices` are sentences for a person to weigh; `channels` says which channel of a 4-D file, and
    `rois` which ROI or segment (`roi_word`) of a DICOM file, is which structure. `is_free_text`:
    the names are those of a clinic, which are shown and never stored; `names` are all of them.
    `makers` say how the segments of a SEG were made.
    """

    masks: Mapping[StructureName, StructureMask]
    unmatched: tuple[str, ...]
    notices: tuple[str, ...] = ()
    channels: str = ""
    rois: str = ""
    roi_word: str = "ROI"
    is_free_text: bool = False
    names: tuple[FoundName, ...] = ()
    makers: Mapping[StructureName, SegmentMaker] = field(default_factory=dict)


class LabelForm(StrEnum):
    """The forms that the labels of a case come in."""

    FOLDER = "a folder or archive of masks"
    SEGMENTATION = "a .seg.nrrd"
    ONE_HOT = "a 4-D one-hot file"
    MULTI_LABEL = "a multi-label image"
    DICOM = "an RT structure set or DICOM segmentation"


def find_form(path: Path, label_map: Path | None) -> LabelForm:
    """The form of the labels at `path`, by name and header; DataError when it is none of them.

    A label map makes a multi-label image of a NRRD that is not named .seg.nrrd.
    """
    if not path.exists():
        raise DataError(f"Labels were expected at {path}, found nothing.")
    if path.is_dir() or is_archive(path):
        return LabelForm.DICOM if _holds_dicom(path) else LabelForm.FOLDER
    if is_dicom_file(path):
        return LabelForm.DICOM
    if is_segmentation(path) and (label_map is None or image_suffix(path) == SEGMENTATION_SUFFIX):
        return LabelForm.SEGMENTATION
    if is_one_hot(path):
        return LabelForm.ONE_HOT
    check_plain(read_header(path))
    return LabelForm.MULTI_LABEL


def _holds_dicom(path: Path) -> bool:
    """Whether a folder or archive is one of DICOM: of an archive, that none in it is an image."""
    if path.is_dir():
        return is_dicom_folder(path)
    return not any(image_suffix(Path(name)) for name in list_member_names(path))


@contextmanager
def open_masks(path: Path) -> Iterator[Path]:
    """The folder that holds masks: `path`, or of an archive the one folder in it that has images.

    Errors name the archive, DataError as well when its images lie in several folders.
    """
    with unpacked_named(path) as folder:
        if folder == path:
            yield folder
            return
        held = sorted({f.parent for f in folder.rglob("*") if image_suffix(f) and f.name[0] != "."})
        if len(held) != 1:
            raise DataError(
                f"{path}: masks of one case in one folder were expected in the archive, found "
                f"images in {len(held)} folders; pack the masks of each case by themselves."
            )
        yield held[0]


def get_label_map(path: Path, label_map: Path | None, catalogue: Catalogue) -> LabelMap:
    """The label map of a multi-label image; DataError without one."""
    if label_map is None:
        raise DataError(
            f"{path}: a label map that says which value is which structure was expected with a "
            "multi-label image; name it with --label-map or in the manifest's column label_map."
        )
    if is_channel_map(label_map):
        raise DataError(
            f"{path}: a label map with the columns structure,values was expected with an image of "
            f"one number per voxel, found the channel map {label_map}; a channel map belongs to a "
            "4-D file."
        )
    return read_label_map(label_map, catalogue)


def check_any(found: Collection[StructureName], unmatched: Collection[str], path: Path) -> None:
    """DataError when the labels hold no structure of the study."""
    if not found:
        raise DataError(
            f"{path}: at least one structure of the study's table was expected, found only "
            f"{', '.join(unmatched) or 'nothing'}; add aliases or rows to structures.csv."
        )


def read_case_labels(
    path: Path,
    grid: Grid,
    catalogue: Catalogue,
    label_map: Path | None,
    *,
    frame_uid: str = "",
    rule: FillRule = FillRule.EVEN_ODD,
) -> CaseLabels:
    """Read labels: masks in a folder, .seg.nrrd, 4-D one-hot, a multi-label map, RTSTRUCT, SEG.

    `grid` is the CT's, in LPS axes, `frame_uid` its frame of reference in DICOM; `rule` says what
    overlapping contours of an RTSTRUCT mean. Raises DataError
    (unreadable, unknown values, no structure at all), GeometryError (another grid or frame of
    reference) or ConfigError (label map); the message names the file.
    """
    form = find_form(path, label_map)
    if form is LabelForm.FOLDER:
        with open_masks(path) as folder:
            labels = _read_folder(folder, grid, catalogue)
    elif form is LabelForm.SEGMENTATION:
        labels = _read_segmentation(path, grid, catalogue)
    elif form is LabelForm.ONE_HOT:
        labels = _read_one_hot(path, grid, catalogue, label_map)
    elif form is LabelForm.DICOM:
        match = match_rois(read_dicom_labels(path, frame_uid), catalogue)
        labels = _build_dicom(match, grid, rule, has_frame=bool(frame_uid))
    else:
        labels = _read_multi_label(path, grid, get_label_map(path, label_map, catalogue))
    check_any(labels.masks, labels.unmatched, path)
    if all(mask.is_empty for mask in labels.masks.values()):
        raise DataError(
            f"{path}: at least one labelled voxel was expected, all {len(labels.masks)} "
            "structures are empty."
        )
    return labels


def _read_multi_label(path: Path, grid: Grid, label_map: LabelMap) -> CaseLabels:
    unions = {str(name): values for name, values in label_map.structures.items()}
    masks = read_multi_label(path, grid, unions, label_map.known_values)
    return CaseLabels(
        masks={StructureName(name): mask for name, mask in masks.items()},
        unmatched=label_map.unmatched,
        notices=(*label_map.notices, *list_geometry_notices([path], grid)),
    )


def match_mask_files(
    folder: Path, catalogue: Catalogue
) -> tuple[dict[StructureName, Path], tuple[str, ...]]:
    """The mask files of a folder by structure, and the names that no structure answers to.

    DataError when the folder holds no image, or two for one structure.
    """
    files: dict[StructureName, Path] = {}
    unmatched: list[str] = []
    for file in list_mask_files(folder):
        name = catalogue.find_name(image_stem(file))
        if name is None:
            unmatched.append(image_stem(file))
        elif name in files:
            raise DataError(
                f"{folder}: one mask for {name} was expected, found {files[name].name} and "
                f"{file.name}."
            )
        else:
            files[name] = file
    return files, tuple(unmatched)


def _read_folder(folder: Path, grid: Grid, catalogue: Catalogue) -> CaseLabels:
    files, unmatched = match_mask_files(folder, catalogue)
    return CaseLabels(
        masks={name: read_mask(file, grid) for name, file in files.items()},
        unmatched=unmatched,
        notices=list_geometry_notices(files.values(), grid),
    )


def _read_segmentation(path: Path, grid: Grid, catalogue: Catalogue) -> CaseLabels:
    file = read_corrected(path, grid)
    found: dict[StructureName, StructureMask] = {}
    unmatched: list[str] = []
    notices = list(file.notices)
    for contour in file:
        foreign = str(contour.name)
        name = catalogue.find_name(foreign)
        if name is None:
            unmatched.append(foreign)
        elif name in found:
            raise DataError(f"{path}: one segment for {name} was expected, found several.")
        else:
            found[name] = contour.mask
            notices += [f"{foreign}: {notice}" for notice in contour.notices]
    return CaseLabels(masks=found, unmatched=tuple(unmatched), notices=tuple(notices))


def _build_dicom(match: RoiMatch, grid: Grid, rule: FillRule, *, has_frame: bool) -> CaseLabels:
    masks, notices = build_masks(match, grid, rule)
    return CaseLabels(
        masks=masks,
        unmatched=match.unmatched,
        notices=notices if has_frame else (NO_FRAME, *notices),
        rois=match.describe(),
        roi_word=match.word,
        names=match.names,
        makers=match.list_makers(),
        is_free_text=True,
    )


def _read_one_hot(
    path: Path, grid: Grid, catalogue: Catalogue, label_map: Path | None
) -> CaseLabels:
    channels = choose_channels(path, count_channels(path), catalogue, label_map)
    masks = read_one_hot(path, grid, channels.structures.keys()).masks
    return CaseLabels(
        masks={channels.structures[number]: mask for number, mask in masks.items()},
        unmatched=channels.unmatched,
        notices=list_geometry_notices([path], grid),
        channels=channels.describe(),
    )


def choose_channels(
    path: Path, channels: int, catalogue: Catalogue, label_map: Path | None
) -> ChannelMap:
    """What each of the `channels` of a 4-D file is: by a channel map, or by SegRap's numbers.

    A channel map speaks of every channel of the file. Without one, the file has as many channels as
    the catalogue numbers (its last `segrap_channel` and all before it): any other number is another
    order. Raises DataError naming the file.
    """
    given = None if label_map is None else find_channel_map(label_map, catalogue)
    everyone = frozenset(range(channels))
    if given is not None:
        if given.channels != everyone:
            strangers = sorted(given.channels ^ everyone)
            raise DataError(
                f"{path}: a channel map of its channels 0 to {channels - 1} was expected, "
                f"{label_map} differs in {', '.join(map(str, strangers[:12]))}; give every channel "
                "a row (an empty structure leaves a channel out)."
            )
        return given
    numbers = build_channel_map(catalogue)
    expected = max(numbers, default=-1) + 1
    if channels != expected:
        raise DataError(
            f"{path}: {expected} channels, as the column segrap_channel of the structure table "
            f"numbers them, were expected, found {channels}; say which channel is which structure "
            "in a CSV with the columns structure,channel (numbers from 0), and name it with "
            "--label-map or in the manifest's column label_map."
        )
    return ChannelMap(
        structures=numbers, left_out={n: "" for n in sorted(everyone - numbers.keys())}
    )
