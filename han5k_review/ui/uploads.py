"""A corrected file that a person brings to a page: what it would change, then "Take it"."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from han5k_review.errors import DataError
from han5k_review.imaging.brought_files import read_brought
from han5k_review.imaging.dicom.datasets import has_preamble
from han5k_review.imaging.image_names import image_stem, image_suffix
from han5k_review.importing.confirmed_names import read_clinic_catalogue
from han5k_review.review.corrections import (
    CorrectionPlan,
    plan_corrections,
    take_corrections,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Case
from han5k_review.study import ct_of
from han5k_review.texts.counts import choose_form, say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.upload_preview import show_numbers, show_pictures
from han5k_review.ui.visit import Bench, Visit, attempt

_SUFFIXES = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".mha")
_ARCHIVE = ".zip"
_SHOWN = "upload-shown"
_HEAD_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The preview a person looks at: what is taken is exactly this, not the file read again.

    `taken` says what became of it, so that a second press takes nothing twice.
    """

    asked: tuple[object, ...]
    plan: CorrectionPlan
    taken: str | None = None


def show_upload(visit: Visit, case: Case, structures: Sequence[str]) -> None:
    """Choose a file, see what it would change, take it. Nothing is stored before that."""
    st.caption(
        "A corrected contour of this case: one mask as NIfTI, NRRD or MHA in any axis order, or "
        "several structures as .seg.nrrd of 3D Slicer, as DICOM (RTSTRUCT, SEG) drawn on this CT, "
        "or as a .zip of masks, each named after its structure. Name a single mask likewise, for "
        "example HN-001_Parotid_L.nii.gz. You see what changes before it is taken; then it waits "
        "for an adjudicator."
    )
    left, right = st.columns([3, 2])
    visit.permit_upload()
    upload = left.file_uploader("Corrected file", key=f"file-{case.id}")
    resample = right.checkbox(
        "Resample if it lies on another grid",
        help="Nearest neighbour; the preview says what it did.",
    )
    if upload is None:
        st.session_state.pop(_SHOWN, None)
        return
    with attempt():
        structure = _ask_structure(visit.bench, case, upload, structures)
        if structure is None and not _names_its_own(upload):
            return
        asked = (case.id, upload.file_id, structure, resample)
        shown = st.session_state.get(_SHOWN)
        if not isinstance(shown, _Shown) or shown.asked != asked:
            st.session_state.pop(_SHOWN, None)
            plan = read_upload(visit.bench, case, upload, structure, resample=resample)
            shown = st.session_state[_SHOWN] = _Shown(asked=asked, plan=plan)
        if shown.taken is not None:
            st.success(shown.taken)
            return
        show_numbers(shown.plan)
        _offer(visit, case, shown)
        show_pictures(visit.bench, case, shown.plan)


def _names_its_own(upload: UploadedFile) -> bool:
    """True for segments of 3D Slicer, DICOM and a .zip; False for one mask, or no such file."""
    suffix = Path(upload.name).suffix.lower()
    is_named = image_suffix(Path(upload.name)) == ".seg.nrrd" or suffix == _ARCHIVE
    return is_named or _is_dicom(upload)


def _is_dicom(upload: UploadedFile) -> bool:
    """By its first bytes: planning systems write names with any ending."""
    head = bytes(upload.getbuffer()[:_HEAD_BYTES])
    return image_suffix(Path(upload.name)) is None and has_preamble(head)


def _ask_structure(
    bench: Bench, case: Case, upload: UploadedFile, structures: Sequence[str]
) -> str | None:
    """Which structure a single mask is: what its file's name says, or what is chosen; else None."""
    _check_suffix(upload)
    if _names_its_own(upload):
        return None
    stem = image_stem(Path(upload.name)).removeprefix(case.name)
    told = bench.catalogue.find_name_within(stem)
    chosen: str | None = st.selectbox(
        "Structure of this mask",
        structures,
        index=structures.index(told) if told in structures else None,
        placeholder="Choose the structure",
        key=f"structure-{upload.file_id}",
        width=320,
    )
    if chosen is None and told is not None:
        st.warning(
            f"{as_text(upload.name)} speaks of {told}, which has no contour under review here."
        )
    elif chosen is None:
        st.info(
            f"The name of {as_text(upload.name)} does not say which structure this is. Choose it."
        )
    elif chosen == told:
        st.caption(f"As the name of {as_text(upload.name)} says.")
    return chosen


def read_upload(
    bench: Bench, case: Case, upload: UploadedFile, structure: str | None, *, resample: bool
) -> CorrectionPlan:
    """What the uploaded file would change; DataError or GeometryError when it is no such file."""
    suffix = _check_suffix(upload)
    with reading(bench.study.engine) as session:
        catalogue = read_clinic_catalogue(session, bench.catalogue)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(upload.getbuffer())
        try:
            file = read_brought(path, ct_of(case), catalogue.find_clinic_name, resample=resample)
        except DataError as error:  # people know the file by the name they gave it
            raise type(error)(str(error).replace(str(path), upload.name)) from error
    with reading(bench.study.engine) as session:
        return plan_corrections(
            session,
            bench.study.labels,
            catalogue,
            case=case,
            contours=file,
            structure=structure,
            notices=file.notices,
        )


def _check_suffix(upload: UploadedFile) -> str:
    if _is_dicom(upload):
        return ".dcm"
    if Path(upload.name).suffix.lower() == _ARCHIVE:
        return _ARCHIVE
    suffix = image_suffix(Path(upload.name))
    if suffix not in _SUFFIXES:
        raise DataError(
            f"{upload.name}: a file ending in {', '.join((*_SUFFIXES, _ARCHIVE))}, or a DICOM "
            "RTSTRUCT or SEG, was expected; save it so."
        )
    return suffix


def _offer(visit: Visit, case: Case, shown: _Shown) -> None:
    plan = shown.plan
    if not plan.taken:
        st.info("Nothing in this file can be taken.")
        return
    names = [one.structure for one in plan.taken]
    label = f"Take {names[0] if len(names) == 1 else say_count(len(names), 'structure')}"
    if not st.button(label, type="primary", key="take-upload"):
        return
    with transaction(visit.bench.study.engine) as session:
        revisions = take_corrections(
            session,
            visit.bench.study.labels,
            case=case,
            corrections=plan.taken,
            reader=visit.get_reader(),
            now=utc_now(),
        )
        numbers = ", ".join(str(revision.id) for revision in revisions)
    count = len(names)
    words = f"{choose_form(count, 'revision', 'revisions')} {numbers}; "
    words += choose_form(count, "it waits", "they wait")
    st.session_state[_SHOWN] = replace(shown, taken=f"Taken as {words} for an adjudicator.")
    st.rerun()
