"""The files of one case of a release: written by a worker, nothing of the database with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from han5k_review.anatomy.structure import Structure
from han5k_review.exports.contour_files import Contour, Maker, build_nifti
from han5k_review.exports.dicom_files import DicomForm, build_dicom_file
from han5k_review.exports.release.label_values import LabelValues, build_label_map, find_sets
from han5k_review.exports.release.request import ReleaseForm
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.nifti_labels import build_label_nifti
from han5k_review.review.rule_warnings import list_rule_warnings
from han5k_review.store.files import write_all_atomically
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles

_DICOM = {
    ReleaseForm.RTSTRUCT: DicomForm.STRUCTURE_SET,
    ReleaseForm.SEG: DicomForm.SEGMENTATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file of a release: its path in it (with `/`), size and SHA-256."""

    path: str
    nbytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourWork:
    """One contour: its structure, stored mask, and what DICOM says of it."""

    structure: Structure
    mask_sha256: str
    outside_name: str
    maker: Maker


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWork:
    """One case, as a worker needs it; `folder` is that of the release.

    `mapped` are the structures of nnU-Net's label map, none where the case has none.
    """

    case: str
    patient: str
    image_sha256: str
    grid: Grid
    labels: LabelFiles
    folder: Path
    contours: tuple[ContourWork, ...]
    forms: tuple[ReleaseForm, ...]
    mapped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMade:
    """What came of a case: its files, the sets of its map, sentences of anatomy's rules."""

    case: str
    files: tuple[WrittenFile, ...]
    sets: frozenset[int]
    defects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapWork:
    """One label map, when the values of all cases are known; `volumes` where the CT goes too."""

    case: str
    image_sha256: str
    grid: Grid
    labels: LabelFiles
    volumes: VolumeFiles | None
    folder: Path
    dataset: str
    mask_sha256s: tuple[str, ...]
    values: LabelValues


def make_case(work: CaseWork) -> CaseMade:
    """Write masks and DICOM of a case. DataError for a mask that is not as stored or no file takes;
    StorageError when the disk refuses."""
    masks = {
        str(one.structure.name): work.labels.get_mask(one.mask_sha256, work.grid)
        for one in work.contours
    }
    contours = [_build_contour(one, masks[str(one.structure.name)]) for one in work.contours]
    files = write_files(work.folder, _list_contents(work, contours))
    mapped = [masks[name] for name in work.mapped]
    return CaseMade(
        case=work.case,
        files=files,
        sets=find_sets(mapped, work.grid) if mapped else frozenset(),
        defects=_list_defects(work, masks),
    )


def make_map(work: MapWork) -> CaseMade:
    """Write the label map of a case, and its CT where that goes too."""
    masks = [work.labels.get_mask(sha256, work.grid) for sha256 in work.mask_sha256s]
    base = f"nnunet/{work.dataset}"

    def contents() -> Iterable[tuple[str, bytes]]:
        values = build_label_map(masks, work.grid, work.values)
        yield f"{base}/labelsTr/{work.case}.nii.gz", build_label_nifti(values, work.grid)
        if work.volumes is not None:
            hu = work.volumes.get_volume(work.image_sha256).hu
            yield f"{base}/imagesTr/{work.case}_0000.nii.gz", build_label_nifti(hu, work.grid)

    files = write_files(work.folder, contents())
    return CaseMade(case=work.case, files=files, sets=frozenset(), defects=())


def write_files(folder: Path, contents: Iterable[tuple[str, bytes]]) -> tuple[WrittenFile, ...]:
    """Write (path in the release, bytes) into `folder`; all of them or StorageError."""
    written: list[WrittenFile] = []

    def placed() -> Iterable[tuple[Path, bytes]]:
        for path, content in contents:
            sha256 = hashlib.sha256(content).hexdigest()
            written.append(WrittenFile(path=path, nbytes=len(content), sha256=sha256))
            yield folder / path, content

    write_all_atomically(placed())
    return tuple(written)


def _list_contents(work: CaseWork, contours: Sequence[Contour]) -> Iterable[tuple[str, bytes]]:
    if ReleaseForm.MASKS in work.forms:
        for one in contours:
            yield f"masks/{work.case}/{one.structure}.nii.gz", build_nifti(one)
    drawn = [one for one in contours if not one.mask.is_empty]  # DICOM has no empty contour
    for form, dicom in _DICOM.items():
        if form in work.forms and drawn:
            file = build_dicom_file(
                drawn, dicom, patient=work.patient, image_sha256=work.image_sha256
            )
            yield f"dicom/{form.value}/{work.case}.dcm", file.content


def _build_contour(one: ContourWork, mask: StructureMask) -> Contour:
    return Contour(
        structure=str(one.structure.name),
        mask=mask,
        colour_rgb=one.structure.color_rgb,
        outside_name=one.outside_name,
        maker=one.maker,
    )


def _list_defects(
    work: CaseWork, masks: Mapping[str, StructureMask]
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(one.structure.name), sentence)
        for one in work.contours
        for sentence in list_rule_warnings(one.structure, masks[str(one.structure.name)], masks.get)
    )
