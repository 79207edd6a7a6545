"""Headers at random: the place of every voxel is the library's, or the file is refused.

nibabel is the oracle for NIfTI; ITK for NRRD and MetaImage, with the unit that ITK leaves out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st
from nibabel.quaternions import quat2mat
from nibabel.spatialimages import HeaderDataError

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.headers import ImageHeader, read_header
from tests.imaging.defects import AFFINE
from tests.imaging.header_writers import (
    Affine,
    MetaImage,
    Nifti,
    Nrrd,
    Qform,
    nrrd_lines,
    sound_metaimage,
    sound_nifti,
    sound_nrrd,
)

SHAPE = (4, 3, 5)
ARRAY = np.zeros(SHAPE, np.uint8)
SMALL_OR_LARGE = st.sampled_from([-1.0, 1e-3, 0.05, 1000.0])
ODD = st.one_of(SMALL_OR_LARGE, st.sampled_from([0.0, float("nan"), float("inf")]))
SPACING = st.floats(0.25, 10, width=32)
SOUND = st.tuples(*[SPACING] * 3)
LENGTHS = st.one_of(*[SOUND] * 7, st.tuples(SPACING, SMALL_OR_LARGE, SPACING))
ANY_SPACING = st.one_of(*[SOUND] * 4, st.tuples(ODD, SPACING, SPACING))
ORIGIN = st.tuples(*[st.floats(-500, 500, width=32)] * 3)
RATIO = st.one_of(*[st.just(1.0)] * 5, st.floats(0.9, 1.1))
PIECES = [b"\n", b" 3", b" = ", b": ", b"(nan)", b"-1", b"9" * 30, b"LIST", b"%d 1 2 1", b'"']
MANY = settings(max_examples=250, deadline=None)


@st.composite
def affines(draw: st.DrawFn, spacing: st.SearchStrategy[tuple[float, ...]] = LENGTHS) -> Affine:
    """Any turn and mirror, any spacing, sometimes a shear."""
    turn = draw(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1))
    axes = quat2mat(turn)
    if draw(st.booleans()):
        axes = np.eye(3)
    axes = axes[:, draw(st.permutations(range(3)))] * draw(
        st.tuples(*[st.sampled_from([1.0, -1.0])] * 3)
    )
    shear = np.eye(3)
    shear[0, 2] = draw(st.sampled_from([*[0.0] * 9, 1e-5, 2e-4, 0.01, 0.3]))
    affine = np.eye(4)
    affine[:3, :3] = axes @ shear * np.array(draw(spacing))
    affine[:3, 3] = draw(ORIGIN)
    return affine


@st.composite
def niftis(draw: st.DrawFn) -> Nifti:
    unit, mm = draw(st.sampled_from([(0, 1.0), (2, 1.0), (10, 1.0), (1, 1e3), (3, 1e-3)]))
    per_mm = draw(st.sampled_from([1 / mm, 1 / mm, 1.0]))
    sound = sound_nifti(ARRAY, np.diag([per_mm] * 3 + [1.0]) @ draw(affines()))
    bcd = draw(st.tuples(*[st.floats(-1, 1, width=32)] * 3))
    own = Qform(bcd=bcd, offset=draw(ORIGIN), qfac=draw(st.sampled_from([1.0, -1.0, 0.0, 2.0])))
    pixdim = draw(st.one_of(*[st.just(sound.pixdim)] * 5, ANY_SPACING))
    ratio = draw(RATIO)
    return replace(
        sound,
        pixdim=tuple(float(v) * ratio for v in pixdim),
        sform_code=draw(st.sampled_from([-1, 0, 1, 2, 4])),
        qform=draw(st.sampled_from([sound.qform, sound.qform, own])),
        qform_code=draw(st.sampled_from([-1, 0, 1, 2])),
        xyzt_units=unit,
        version=draw(st.sampled_from([1, 2])),
        big_endian=draw(st.booleans()),
    )


@st.composite
def nrrds(draw: st.DrawFn) -> tuple[Nrrd, float]:
    """A file, and the millimetres of its unit."""
    affine = draw(affines())
    space = draw(st.sampled_from(["LPS", "RAS", "LAS", "left-posterior-superior"]))
    unit, mm = draw(st.sampled_from([("", 1.0), ("mm", 1.0), ("m", 1e3), ("um", 1e-3)]))
    per_mm = draw(st.sampled_from([1 / mm, 1 / mm, 1.0]))
    _, directions, origin = nrrd_lines(np.diag([per_mm] * 3 + [1.0]) @ affine, space)
    lines = [
        draw(
            st.sampled_from(
                [f"space: {space}", f"space: {space}", "space dimension: 3", "space: scanner-xyz"]
            )
        )
    ]
    lines += [f'space units: "{unit}" "{unit}" "{unit}"'] if unit else []
    lines += [directions]
    lines += [origin] if draw(st.booleans()) else []
    if draw(st.integers(0, 4)) == 0:
        return Nrrd(array=ARRAY, geometry=(f"spacings: {_listed(draw(ANY_SPACING))}",)), 1.0
    return Nrrd(array=ARRAY, geometry=tuple(lines)), mm


@st.composite
def metaimages(draw: st.DrawFn) -> MetaImage:
    file = sound_metaimage(ARRAY, draw(affines()))
    rows = draw(affines(st.just((1.0, 1.0, 1.0))))[:3, :3] * draw(RATIO)
    odd = {
        "TransformMatrix": draw(st.sampled_from(["", _listed(tuple(rows.ravel()))])),
        "Offset": "",
        "ElementSpacing": draw(st.sampled_from(["", _listed(draw(ANY_SPACING))])),
        "AnatomicalOrientation": draw(st.sampled_from(["RAI", "LPS", "???"])),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(odd))))
    return file.with_fields(**{name: odd[name] for name in sorted(chosen)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("headers")


@MANY
@given(file=niftis())
def test_a_nifti_lies_where_nibabel_puts_it_or_is_refused(folder: Path, file: Nifti) -> None:
    path = file.write(folder / "random.nii")
    header = find_header(path)
    if header is None:
        return
    kind = nib.Nifti1Header if file.version == 1 else nib.Nifti2Header
    size = 348 if file.version == 1 else 540
    oracle = kind(path.read_bytes()[:size], check=False)
    mm = {1: 1e3, 3: 1e-3}.get(file.xyzt_units & 7, 1.0)
    if file.sform_code <= 0 and file.qform_code <= 0:
        assert "left and right are a guess" in header.notices[0]
        assert np.allclose(header.grid.spacing_mm, np.array(oracle.get_zooms()) * mm)
        return
    assert header.notices == ()
    if file.qform.qfac == 0:
        oracle["pixdim"][0] = 1
    forms = [oracle.get_sform()] if file.sform_code > 0 else []
    forms += [get_qform(oracle)] if file.qform_code > 0 else []
    first = np.diag([mm, mm, mm, 1.0]) @ forms[0]
    # Near a half turn nibabel's own rounding in 32 bits turns the grid by up to 0.0005.
    assert np.allclose(header.grid.affine, first, atol=1e-2, rtol=1e-6)
    near = 0.1 * min(header.grid.spacing_mm)
    for form in forms[1:]:
        other = Grid.from_affine(SHAPE, np.diag([mm, mm, mm, 1.0]) @ form)
        assert header.grid.measure_apart_mm(other) <= near * 1.01 + 1e-2
    assert not np.allclose(header.grid.spacing_mm, 0)


@MANY
@given(drawn=nrrds())
def test_a_nrrd_lies_where_itk_puts_it_or_is_refused(
    folder: Path, drawn: tuple[Nrrd, float]
) -> None:
    file, mm = drawn
    path = file.write(folder / "random.nrrd")
    header = find_header(path)
    if header is None:
        return
    assert np.allclose(header.grid.affine, read_by_itk(path, mm), atol=1e-6, rtol=1e-9)
    stored = " ".join(file.geometry)
    assert ("no origin" in str(header.notices)) == ("space origin" not in stored)
    is_named = any(f"space: {name}" in stored for name in ("LPS", "RAS", "LAS", "left-posterior"))
    assert ("left and right are a guess" in str(header.notices)) != is_named


@MANY
@given(file=metaimages())
def test_a_metaimage_lies_where_itk_puts_it_or_is_refused(folder: Path, file: MetaImage) -> None:
    path = file.write(folder / "random.mha")
    header = find_header(path)
    if header is None:
        return
    assert np.allclose(header.grid.affine, read_by_itk(path), atol=1e-6, rtol=1e-9)
    missing = [n for n in ("TransformMatrix", "Offset", "ElementSpacing") if not file.fields[n]]
    assert len(header.notices) == len(missing)


@MANY
@given(affine=affines(SOUND), data=st.data())
def test_a_sound_header_is_always_read(folder: Path, affine: Affine, data: st.DataObject) -> None:
    """The counterpart: refusing everything would satisfy the other tests."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if np.abs(axes.T @ axes - np.eye(3)).max() > 1e-4:  # 0.006 degrees
        return
    space = data.draw(st.sampled_from(["LPS", "RAS", "LAS"]))
    nrrd = Nrrd(array=ARRAY, geometry=nrrd_lines(affine, space))
    files = [sound_nifti(ARRAY, affine).write(folder / "sound.nii.gz")]
    files += [nrrd.write(folder / "sound.nrrd")]
    files += [sound_metaimage(ARRAY, affine).write(folder / "sound.mha")]
    for path in files:
        header = read_header(path)
        assert header.notices == ()
        assert np.allclose(header.grid.affine, affine, atol=1e-3)


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha"])
@MANY
@given(data=st.data())
def test_a_damaged_header_is_one_sentence(folder: Path, suffix: str, data: st.DataObject) -> None:
    """Bytes changed, lines cut, doubled or made longer: a header, or DataError; no other error."""
    sound = {
        ".nii": sound_nifti(ARRAY, AFFINE),
        ".nrrd": replace(sound_nrrd(ARRAY, AFFINE), encoding="gzip"),
        ".mha": sound_metaimage(ARRAY, AFFINE),
    }[suffix]
    path = sound.write(folder / f"damaged{suffix}")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.one_of(st.binary(max_size=3), st.sampled_from(PIECES)))
        content[place : place + data.draw(st.integers(0, 4))] = piece
    path.write_bytes(content)
    header = find_header(path)
    assert header is None or np.isfinite(header.grid.affine).all()


def find_header(path: Path) -> ImageHeader | None:
    """The header, or None when the file was refused with a sentence that names it."""
    try:
        return read_header(path)
    except DataError as error:
        if not str(error).startswith(f"{path}: "):
            raise
        return None


def get_qform(header: nib.Nifti1Header) -> Affine:
    try:
        return np.asarray(header.get_qform())  # type: ignore[no-untyped-call]
    except HeaderDataError as error:  # what nibabel cannot place must have been refused
        raise AssertionError("a qform was taken that nibabel refuses") from error


def read_by_itk(path: Path, mm: float = 1.0) -> Affine:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    lps = np.eye(4)
    lps[:3, :3] = np.array(reader.GetDirection()).reshape(3, 3) * np.array(reader.GetSpacing())
    lps[:3, 3] = reader.GetOrigin()
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.diag([mm, mm, mm, 1.0]) @ lps


def _listed(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{v:.17g}" for v in numbers)
