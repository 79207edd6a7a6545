"""Case outlines: what names and headers say of a case, without one voxel: the quick dry run.

Seen so are missing files, names, label maps, geometry, other grids, sizes. Only voxels tell of
damage further in, of values that a label map lacks, of empty or implausible structures and HU.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import DataError
from han5k_review.imaging.corrected_files import open_segmentation
from han5k_review.imaging.ct_files import CtOutline, read_ct_outline
from han5k_review.imaging.dicom.doses import check_dose
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.geometry_notices import list_geometry_notices
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.label_images import open_labels
from han5k_review.imaging.one_hot_files import open_one_hot
from han5k_review.imaging.segmentation_files import build_segments
from han5k_review.importing.case_labels import (
    CaseLabels,
    LabelForm,
    check_any,
    choose_channels,
    find_form,
    get_label_map,
    match_mask_files,
    open_masks,
)
from han5k_review.importing.case_rules import check_grid
from han5k_review.importing.fingerprints import Fingerprint
from han5k_review.importing.known_cases import KnownCase
from han5k_review.importing.plausibility import list_image_warnings
from han5k_review.importing.roi_names import NO_FRAME, FoundName, match_rois
from han5k_review.importing.sources import CaseSource
from han5k_review.store.vocabulary import LabelSource
from han5k_review.texts.names import show_line

ROLES = {LabelSource.PSEUDO: "labels", LabelSource.REFERENCE: "reference"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedLabel:
    """A structure that the labels of a source name; whether it has voxels is not known."""

    source: LabelSource
    structure: StructureName


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutline:
    """What is known of a case before its voxels are read.

    `changed` are the inputs (ct, labels, ...) whose files differ from those of the last import.
    `planes_sha256` is that of a CT whose voxels had to be read after all, or empty.
    """

    fingerprint: Fingerprint
    grid: Grid
    labels: tuple[OutlinedLabel, ...]
    unmatched: tuple[str, ...]
    warnings: tuple[str, ...]
    channels: tuple[str, ...]
    changed: tuple[str, ...]
    planes_sha256: str = ""
    names: tuple[FoundName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOutline:
    """As `CaseLabels`, with the names of structures instead of their masks."""

    structures: tuple[StructureName, ...]
    unmatched: tuple[str, ...]
    notices: tuple[str, ...]
    channels: str = ""
    rois: str = ""
    roi_word: str = "ROI"
    names: tuple[FoundName, ...] = ()


def describe_names(kind: LabelSource, labels: CaseLabels | LabelOutline) -> list[str]:
    """Which channel or ROI of these labels is which structure, for a report; mostly nothing."""
    role = ROLES[kind]
    channels = [f"channels of the {role}: {labels.channels}"] if labels.channels else []
    return channels + ([f"{labels.roi_word}s of the {role}: {labels.rois}"] if labels.rois else [])


def outline_case(
    source: CaseSource,
    known: KnownCase | None,
    catalogue: Catalogue,
    fingerprint: Fingerprint,
) -> CaseOutline:
    """Judge a source by its headers.

    Raises DataError, GeometryError, ConfigError or RuleError, as the import would.
    """
    ct = None if source.ct is None else read_ct_outline(source.ct, source.ct_files)
    grid = _check_ct(ct, source, known)
    warnings = list(source.notices)
    warnings += [f"CT: {notice}" for notice in ct.notices] if ct else []
    warnings += [f"CT: {warning}" for warning in list_image_warnings(grid)]
    if source.labels is None and source.reference is None:
        warnings.append("no labels: there is nothing to review yet")
    labels: list[OutlinedLabel] = []
    unmatched: dict[str, None] = {}
    channels: list[str] = []
    names: list[FoundName] = []
    for kind, path, label_map in (
        (LabelSource.PSEUDO, source.labels, source.label_map),
        (LabelSource.REFERENCE, source.reference, source.reference_label_map),
    ):
        if path is not None:
            frame = ct.frame_uid if ct else ""
            found = outline_labels(path, grid, catalogue, label_map, frame_uid=frame)
            labels += [OutlinedLabel(source=kind, structure=name) for name in found.structures]
            unmatched |= dict.fromkeys(map(show_line, found.unmatched))
            warnings += [f"{ROLES[kind]}: {notice}" for notice in found.notices]
            channels += describe_names(kind, found)
            names += found.names
    if source.dose is not None:
        check_dose(source.dose, ct.frame_uid if ct else "")
        channels.append("planned dose")
    before = {} if known is None else known.fingerprint
    return CaseOutline(
        fingerprint=fingerprint,
        grid=grid,
        labels=tuple(labels),
        unmatched=tuple(unmatched),
        warnings=tuple(map(show_line, warnings)),
        channels=tuple(channels),
        names=tuple(names),
        changed=tuple(role for role, found in fingerprint.items() if before.get(role) != found),
    )


def outline_labels(
    path: Path,
    grid: Grid,
    catalogue: Catalogue,
    label_map: Path | None,
    *,
    frame_uid: str = "",
) -> LabelOutline:
    """What labels on `grid` hold by their names and headers.

    Raises as `read_case_labels` where no voxel is needed.
    """
    form = find_form(path, label_map)
    if form is LabelForm.FOLDER:
        with open_masks(path) as folder:
            outline = _outline_folder(folder, grid, catalogue)
    elif form is LabelForm.SEGMENTATION:
        outline = _outline_segmentation(path, grid, catalogue)
    elif form is LabelForm.ONE_HOT:
        outline = _outline_one_hot(path, grid, catalogue, label_map)
    elif form is LabelForm.DICOM:
        match = match_rois(read_dicom_labels(path, frame_uid, voxels=False), catalogue)
        outline = LabelOutline(
            structures=tuple(match.rois),
            unmatched=match.unmatched,
            notices=() if frame_uid else (NO_FRAME,),
            rois=match.describe(),
            roi_word=match.word,
            names=match.names,
        )
    else:
        values = get_label_map(path, label_map, catalogue)
        open_labels(path, grid)
        outline = LabelOutline(
            structures=tuple(values.structures),
            unmatched=values.unmatched,
            notices=(*values.notices, *list_geometry_notices([path], grid)),
        )
    check_any(outline.structures, outline.unmatched, path)
    return outline


def _outline_folder(folder: Path, grid: Grid, catalogue: Catalogue) -> LabelOutline:
    files, unmatched = match_mask_files(folder, catalogue)
    for file in files.values():
        open_labels(file, grid)
    return LabelOutline(
        structures=tuple(files),
        unmatched=unmatched,
        notices=list_geometry_notices(files.values(), grid),
    )


def _outline_segmentation(path: Path, grid: Grid, catalogue: Catalogue) -> LabelOutline:
    header = open_segmentation(path, grid)
    names = [segment.name for segment in build_segments(header.fields, header.channels, path)]
    found: list[StructureName] = []
    for name in filter(None, map(catalogue.find_name, names)):
        if name in found:
            raise DataError(f"{path}: one segment for {name} was expected, found several.")
        found.append(name)
    return LabelOutline(
        structures=tuple(found),
        unmatched=tuple(name for name in names if catalogue.find_name(name) is None),
        notices=header.notices,
    )


def _outline_one_hot(
    path: Path, grid: Grid, catalogue: Catalogue, label_map: Path | None
) -> LabelOutline:
    header, _ = open_one_hot(path, grid)
    channels = choose_channels(path, header.channels, catalogue, label_map)
    return LabelOutline(
        structures=tuple(channels.structures.values()),
        unmatched=channels.unmatched,
        notices=list_geometry_notices([path], grid),
        channels=channels.describe(),
    )


def _check_ct(
    ct: CtOutline | None,
    source: CaseSource,
    known: KnownCase | None,
) -> Grid:
    if ct is None:
        if known is None:
            raise DataError("a CT was expected for a case the study does not know, found none.")
        return known.grid
    if known is None:
        return ct.grid
    check_grid(source, known, ct.grid)
    return known.grid
