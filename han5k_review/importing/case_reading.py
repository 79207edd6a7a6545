"""Case reading: one source -> what would be stored of it. Runs in any executor's worker.

With `files` the volume and masks are stored too, under their content hash, once everything was
read and nothing stands against it; rows are never written here.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import DataError, Han5kError
from han5k_review.imaging.ct_files import CtReading, read_ct, read_ct_with_notices
from han5k_review.imaging.dicom.references import hash_frame
from han5k_review.imaging.dicom.segments import NO_MAKER, SegmentMaker
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.importing.case_contents import CaseContent, CaseRefusal, ReadLabel
from han5k_review.importing.case_doses import keep_dose, read_case_dose
from han5k_review.importing.case_labels import CaseLabels, read_case_labels
from han5k_review.importing.case_outlines import ROLES, CaseOutline, describe_names, outline_case
from han5k_review.importing.ct_identity import check_new_ct, check_same_ct
from han5k_review.importing.file_stamps import (
    SETTLE_S,
    CaseStamp,
    measure_stamp,
    settle_stamp,
)
from han5k_review.importing.fingerprints import Fingerprint, describe_fill, measure_fingerprint
from han5k_review.importing.known_cases import KnownCase, Owner
from han5k_review.importing.placed_cts import place_ct
from han5k_review.importing.plausibility import list_image_warnings, list_label_warnings
from han5k_review.importing.refusals import RefusalKind, TwinCtError, find_kind
from han5k_review.importing.roi_names import UnfitNamesError
from han5k_review.importing.sources import CaseSource
from han5k_review.store.dose_files import DoseFiles
from han5k_review.store.files import check_space
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.vocabulary import LabelSource
from han5k_review.store.volume_files import VolumeFiles
from han5k_review.texts.names import show_line
from han5k_review.texts.paths import describe_unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFiles:
    """Where volumes, masks and doses of the study lie."""

    volumes: VolumeFiles
    labels: LabelFiles
    doses: DoseFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTask:
    """All that reading one case needs.

    `owners` of CTs by the hashes of volume and planes, or only the hashes `taken`: a task for
    another process stays small; `shared_shapes` are those (sorted) for which a quick dry run reads
    the CT, as another case has one of that shape. `write` stores what is
    read; `deep` hashes every file and, in a dry run, reads the voxels too.
    Stamps of files that were touched in the last `settle_s` seconds are not kept.
    """

    source: CaseSource
    catalogue: Catalogue
    catalogue_sha256: str
    known: KnownCase | None
    owners: Mapping[str, Owner]
    taken: frozenset[str] = frozenset()
    files: StudyFiles
    write: bool
    deep: bool = False
    settle_s: float = SETTLE_S
    shared_shapes: frozenset[tuple[int, ...]] = frozenset()


def read_case(task: CaseTask) -> CaseContent | CaseOutline | CaseRefusal:
    """Read a case and, if the task says so, store its files; an error comes back as a refusal.

    A quick dry run (neither `write` nor `deep`) gives an outline.
    """
    try:
        return _read(task)
    except UnfitNamesError as error:
        return CaseRefusal(sentence=str(error), kind=RefusalKind.NAMES, names=error.names)
    except Han5kError as error:
        twin = error.sha256 if isinstance(error, TwinCtError) else ""
        return CaseRefusal(sentence=str(error), kind=find_kind(error), twin_sha256=twin)
    except OSError as error:
        return CaseRefusal(sentence=describe_unreadable(error))
    except Exception as error:  # noqa: BLE001 - the last resort: no case ends the others
        words = str(error).strip().splitlines() or ["no words"]
        return CaseRefusal(
            sentence=f"the program met an error of its own ({type(error).__name__}: {words[0]})",
            fault="".join(traceback.format_exception(error)),
            kind=RefusalKind.PROGRAM,
        )


def _read(task: CaseTask) -> CaseContent | CaseOutline:
    source, known = task.source, task.known
    if task.write:
        check_space(task.files.volumes.folder)
    stamp = measure_stamp(source)
    if known is not None and _is_stored(known, task):
        before = known.fingerprint
        trusted = (
            not task.deep
            and before.get("structures") == task.catalogue_sha256
            and before.get("fill", "") == describe_fill(source)
        )
        if trusted and known.stamp == stamp.key:
            return _same(known)
        fingerprint = measure_fingerprint(source, task.catalogue_sha256)
        if known.fingerprint == fingerprint:
            if task.write and source.in_place and source.ct is not None:
                task.files.volumes.move_place(known.image_sha256, place_ct(source, fingerprint))
            return _same(known)
    else:
        fingerprint = measure_fingerprint(source, task.catalogue_sha256)
    if not (task.write or task.deep):
        outline = outline_case(source, known, task.catalogue, fingerprint)
        return replace(outline, planes_sha256=_compare_ct(task, outline))
    return _read_voxels(task, fingerprint, stamp)


def _same(known: KnownCase) -> CaseContent:
    return CaseContent(
        fingerprint=known.fingerprint,
        image_sha256=known.image_sha256,
        grid=known.grid,
        is_same=True,
    )


def _read_voxels(task: CaseTask, fingerprint: Fingerprint, stamp: CaseStamp) -> CaseContent:
    source = task.source
    ct = None if source.ct is None else read_ct_with_notices(source.ct, source.ct_files)
    image_sha256, grid = _check_ct(ct.volume if ct else None, task)
    warnings = _list_ct_warnings(source, ct, grid)
    masks: dict[tuple[LabelSource, StructureName], StructureMask] = {}
    channels: list[str] = []
    files = [
        (kind, _read_labels(kind, source, grid, task.catalogue, ct))
        for kind in (LabelSource.PSEUDO, LabelSource.REFERENCE)
    ]
    for kind, found in files:
        kept, empty = _sort_out_empty(kind, found)
        masks |= {(kind, name): mask for name, mask in kept.items()}
        sentences = (*found.notices, *list_label_warnings(kept, task.catalogue))
        warnings += [*empty, *(f"{ROLES[kind]}: {sentence}" for sentence in sentences)]
        channels += describe_names(kind, found)
    makers = {(kind, name): maker for kind, f in files for name, maker in f.makers.items()}
    dose = read_case_dose(source, ct, warnings, channels)
    doses, is_kept = task.files.doses, task.write
    settled = settle_stamp(source, stamp, task.settle_s)
    if task.write:
        if ct is not None and ct.volume.sha256 == image_sha256:
            _store_ct(task, ct.volume, fingerprint)
        task.files.labels.put_masks(masks.values())
    return CaseContent(
        fingerprint=fingerprint,
        image_sha256=image_sha256,
        grid=grid,
        planes_sha256=ct.volume.planes_sha256 if ct else "",
        frame_sha256=hash_frame(ct.frame_uid, image_sha256) if ct else "",
        labels=tuple(_describe(key, mask, makers.get(key)) for key, mask in masks.items()),
        unmatched=tuple(dict.fromkeys(show_line(n) for _, f in files for n in f.unmatched)),
        warnings=tuple(map(show_line, warnings)),
        channels=tuple(channels),
        private_names=frozenset(n for _, f in files if f.is_free_text for n in f.unmatched),
        stamp=settled,
        names=tuple(name for _, found in files for name in found.names),
        dose=None if dose is None else keep_dose(doses, image_sha256, dose, write=is_kept),
    )


def _list_ct_warnings(source: CaseSource, ct: CtReading | None, grid: Grid) -> list[str]:
    warnings = list(source.notices)
    warnings += [f"CT: {notice}" for notice in ct.notices] if ct else []
    warnings += [f"CT: {warning}" for warning in list_image_warnings(grid)]
    if source.labels is None and source.reference is None:
        warnings.append("no labels: there is nothing to review yet")
    return warnings


def _store_ct(task: CaseTask, volume: CtVolume, fingerprint: Fingerprint) -> None:
    if task.source.in_place:
        task.files.volumes.put_place(volume, place_ct(task.source, fingerprint))
    else:
        task.files.volumes.put_volume(volume)


def _is_stored(known: KnownCase, task: CaseTask) -> bool:
    """Whether all files of a case are there; a CT that is to be copied lies in no other place."""
    source, files = task.source, task.files
    hashes = {label.mask_sha256 for label in known.labels.values()}
    may_stay = source.in_place or source.ct is None or not task.write
    is_there = files.volumes.is_stored(known.image_sha256, in_place=may_stay)
    return is_there and all(files.labels.path(sha256).is_file() for sha256 in hashes)


def _check_ct(volume: CtVolume | None, task: CaseTask) -> tuple[str, Grid]:
    """The stored CT's hash and grid; RuleError when the CT contradicts what the study holds."""
    known = task.known
    if volume is not None and known is None:
        check_new_ct(task.source, volume, task.owners, task.taken)
        return volume.sha256, volume.grid
    if known is None:
        raise DataError("a CT was expected for a case the study does not know, found none.")
    if volume is not None:
        check_same_ct(task.source, known, volume, task.files.volumes)
    return known.image_sha256, known.grid


def _compare_ct(task: CaseTask, outline: CaseOutline) -> str:
    """The hash of the planes where a quick dry run has to read a CT, else ""; as `_check_ct`.

    It has to when the CT could be that of another case, or may no longer be that of its own.
    """
    source = task.source
    is_new = task.known is None and tuple(sorted(outline.grid.shape)) in task.shared_shapes
    is_changed = task.known is not None and "ct" in outline.changed
    if source.ct is None or not (is_new or is_changed):
        return ""
    volume = read_ct(source.ct, source.ct_files)
    _check_ct(volume, task)
    return volume.planes_sha256 if is_new else ""


def _read_labels(
    kind: LabelSource,
    source: CaseSource,
    grid: Grid,
    catalogue: Catalogue,
    ct: CtReading | None,
) -> CaseLabels:
    pseudo = kind is LabelSource.PSEUDO
    path = source.labels if pseudo else source.reference
    label_map = source.label_map if pseudo else source.reference_label_map
    if path is None:
        return CaseLabels(masks={}, unmatched=())
    return read_case_labels(
        path,
        grid,
        catalogue,
        label_map,
        frame_uid=ct.frame_uid if ct else "",
        rule=source.fill,
    )


def _sort_out_empty(
    kind: LabelSource, labels: CaseLabels
) -> tuple[dict[StructureName, StructureMask], list[str]]:
    """Masks to keep, and a warning. Empty pseudo-labels are kept: the network found nothing.

    An empty reference is left out: nobody contoured the structure.
    """
    empty = [name for name, mask in labels.masks.items() if mask.is_empty]
    if not empty:
        return dict(labels.masks), []
    names = ", ".join(empty)
    if kind is LabelSource.PSEUDO:
        return dict(labels.masks), [f"empty pseudo-labels, kept as empty: {names}"]
    kept = {name: mask for name, mask in labels.masks.items() if not mask.is_empty}
    return kept, [f"empty references, left out: {names}"]


def _describe(
    key: tuple[LabelSource, StructureName], mask: StructureMask, maker: SegmentMaker | None
) -> ReadLabel:
    kind, name = key
    return ReadLabel(
        source=kind,
        structure=name,
        mask_sha256=mask.sha256,
        voxels=mask.voxel_count,
        volume_cc=mask.volume_cc,
        maker=maker or NO_MAKER,
    )
