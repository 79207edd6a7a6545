"""Voxels read once: bit for bit what SimpleITK and nibabel read, or refused."""

from __future__ import annotations

import contextlib
import gzip
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.ct_files import read_ct
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.image_files import read_image
from han5k_review.imaging.label_images import read_mask, read_multi_label
from han5k_review.imaging.voxel_streams import open_voxels
from tests.imaging.header_writers import Nrrd, sound_metaimage, sound_nifti, sound_nrrd
from tests.imaging.phantoms import AFFINE_LPS_AXES, ORIENTATIONS

TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")
FORMATS = ("nii", "nii.gz", "nrrd", "packed.nrrd", "nhdr", "mha", "packed.mha", "mhd")


def random_image(seed: int, code: str) -> NDArray[np.generic]:
    """Any size, any value of the type; half of it zero, and some of it negative zero."""
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 19, size=3))
    count = int(np.prod(shape))
    dtype = np.dtype(code)
    if dtype.kind == "f":
        values = random.normal(0, 1e6, count).astype(dtype)
        values[random.random(count) < 0.1] = -0.0
    else:
        info = np.iinfo(dtype)
        values = random.integers(info.min, info.max, count, dtype=dtype, endpoint=True)
    values[random.random(count) < 0.5] = 0
    return values.reshape(shape)


def write(folder: Path, array: NDArray[np.generic], kind: str, *, big: bool) -> Path:
    """A sound file of one of FORMATS in either byte order, by writers of our own."""
    path = folder / f"image.{kind}"
    if ".nii" in path.name:
        return replace(sound_nifti(array, AFFINE_LPS_AXES), big_endian=big).write(path)
    if kind.endswith(("mha", "mhd")):
        image = replace(sound_metaimage(array, AFFINE_LPS_AXES), big_endian=big)
        if "packed" in kind:  # ITK asks how long the packed voxels are
            raw = array.astype(array.dtype.newbyteorder(">" if big else "<")).tobytes(order="F")
            size = str(len(zlib.compress(raw)))
            image = replace(image, packed=True).with_fields(CompressedDataSize=size)
        if kind == "mhd":
            image = replace(image, data_file="image.raw", parts=("image.raw",))
        return image.write(path)
    nrrd: Nrrd = replace(sound_nrrd(array, AFFINE_LPS_AXES), big_endian=big)
    nrrd = replace(nrrd, encoding="gzip" if "packed" in kind else "raw")
    if kind == "nhdr":
        nrrd = replace(nrrd, data_file="image.raw", parts=("image.raw",))
    return nrrd.write(path)


def read_with_peer(path: Path) -> NDArray[np.generic]:
    if ".nii" in path.name:
        return np.asarray(nib.load(path).dataobj)
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path))).transpose(2, 1, 0)


@pytest.mark.parametrize("big", [False, True], ids=["little", "big"])
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("code", TYPES)
def test_every_type_and_byte_order_is_read_as_the_peers_read_it(
    tmp_path: Path, code: str, kind: str, big: bool
) -> None:
    for seed in range(3):
        array = random_image(seed, code)
        path = write(tmp_path, array, kind, big=big)
        found = read_image(path).array
        assert found.dtype == array.dtype
        assert found.tobytes() == array.tobytes()
        assert np.array_equal(found, read_with_peer(path))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("code", TYPES)
def test_a_mask_is_where_the_peers_see_it(tmp_path: Path, code: str, kind: str) -> None:
    """Most slices and rows are empty, so that there is something to crop."""
    for seed in range(8):
        random = np.random.default_rng(seed)
        array = np.zeros(tuple(random.integers(1, 40, size=3)), np.dtype(code))
        start = [int(random.integers(0, n)) for n in array.shape]
        stop = [int(random.integers(a, n)) + 1 for a, n in zip(start, array.shape, strict=True)]
        box = array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
        box[...] = random.integers(0, 2, box.shape) * random.integers(0, 2)
        if array.dtype.kind == "f":
            array[array == 0] = -0.0
        path = write(tmp_path, array, kind, big=bool(seed % 2))
        grid = Grid.from_affine(array.shape, AFFINE_LPS_AXES)
        assert np.array_equal(read_mask(path, grid).dense(), read_with_peer(path) != 0)


@pytest.mark.parametrize("orientation", ORIENTATIONS[::7], ids=lambda o: str(o.astype(int)))
@pytest.mark.parametrize("suffix", ["nii.gz", "mha"])
def test_cropped_labels_of_a_turned_file_are_in_their_place(
    tmp_path: Path, suffix: str, orientation: NDArray[np.float64]
) -> None:
    random = np.random.default_rng(4)
    labels = np.zeros((21, 13, 17), np.uint16)
    labels[3:9, 5:7, 2:15] = random.integers(0, 5, (6, 2, 13))
    turned = nib.Nifti1Image(labels, AFFINE_LPS_AXES).as_reoriented(orientation)
    array = np.asarray(turned.dataobj)
    writer = sound_nifti if suffix == "nii.gz" else sound_metaimage
    path = writer(array, turned.affine).write(tmp_path / f"labels.{suffix}")
    grid = Grid.from_affine(labels.shape, AFFINE_LPS_AXES)
    masks = read_multi_label(path, grid, {str(n): {n} for n in range(1, 5)}, range(5))
    for name, mask in masks.items():
        assert np.array_equal(mask.dense(), labels == int(name))


def test_a_slope_and_an_intercept_are_applied_to_labels_too(tmp_path: Path) -> None:
    array = np.zeros((6, 5, 4), np.int16)
    array[2:4, 1:3, 1:3] = 1
    grid = Grid.from_affine(array.shape, AFFINE_LPS_AXES)
    sloped = replace(sound_nifti(array, AFFINE_LPS_AXES), slope=3.0)
    path = sloped.write(tmp_path / "a.nii.gz")
    assert np.array_equal(np.asarray(nib.load(path).dataobj), array * 3.0)
    assert np.array_equal(read_mask(path, grid).dense(), array == 1)
    shifted = replace(sound_nifti(array, AFFINE_LPS_AXES), slope=1.0, intercept=-1.0)
    path = shifted.write(tmp_path / "b.nii.gz")
    assert np.array_equal(read_mask(path, grid).dense(), array == 0)


def small_ct(folder: Path, name: str = "ct.nii.gz") -> tuple[Path, NDArray[np.int16]]:
    hu = np.random.default_rng(3).integers(-1000, 1500, (9, 8, 7)).astype(np.int16)
    return sound_nifti(hu, AFFINE_LPS_AXES).write(folder / name), hu


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    """The gzip header holds bits that mean nothing (time, system); all others are covered."""
    path, hu = small_ct(tmp_path_factory.mktemp("flip"))
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)
    found = hu
    with contextlib.suppress(DataError):
        found = read_ct(path).hu
    assert np.array_equal(found, hu)


@pytest.mark.parametrize("kind", ["nii.gz", "packed.nrrd", "packed.mha"])
def test_every_way_to_cut_a_packed_file_is_refused(tmp_path: Path, kind: str) -> None:
    hu = np.random.default_rng(3).integers(-1000, 1500, (5, 4, 3)).astype(np.int16)
    content = write(tmp_path, hu, kind, big=False).read_bytes()
    path = tmp_path / f"cut.{kind}"
    for kept in range(len(content)):
        path.write_bytes(content[:kept])
        with pytest.raises(DataError, match="cut"):
            read_ct(path)


@pytest.mark.parametrize("kind", ["nii", "nrrd", "mha", "mhd", "nhdr"])
def test_a_cut_raw_file_is_refused(tmp_path: Path, kind: str) -> None:
    hu = np.random.default_rng(3).integers(-1000, 1500, (5, 4, 3)).astype(np.int16)
    path = write(tmp_path, hu, kind, big=False)
    cut = path.with_suffix(".raw") if kind in ("mhd", "nhdr") else path
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(DataError, match="bytes of voxels were expected"):
        read_ct(path)


def test_several_gzip_members_are_one_file_and_garbage_is_none(tmp_path: Path) -> None:
    path, hu = small_ct(tmp_path)
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:500]) + gzip.compress(content[500:]) + bytes(64))
    assert np.array_equal(read_ct(path).hu, hu)
    path.write_bytes(gzip.compress(content) + b"more than the archive says, and no archive")
    with pytest.raises(DataError, match="undamaged compressed voxels"):
        read_ct(path)


@pytest.mark.parametrize("packed", [False, True])
def test_voxels_in_several_files_are_read_in_their_order(tmp_path: Path, packed: bool) -> None:
    array = random_image(9, "i2")
    array = np.concatenate([array, array[:, :, ::-1]], axis=2)
    parts = ("one.bin", "two.bin")
    nrrd = sound_nrrd(array, AFFINE_LPS_AXES)
    nrrd = replace(nrrd, encoding="gzip" if packed else "raw", data_file="LIST", parts=parts)
    path = replace(nrrd, listed=parts).write(tmp_path / "image.nhdr")
    assert np.array_equal(read_image(path).array, array)
    header = read_header(path)
    with open_voxels(header) as stream:
        stream.skip(header.nbytes // 2 - 4)
        assert stream.read(8) == array.tobytes(order="F")[header.nbytes // 2 - 4 :][:8]
    (tmp_path / "two.bin").write_bytes((tmp_path / "two.bin").read_bytes()[:-1])
    with pytest.raises(DataError, match=r"image\.nhdr"):
        read_image(path)


BOMB = """
import resource, sys
from pathlib import Path
from han5k_review.errors import DataError
from han5k_review.imaging.ct_files import read_ct
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_ct(Path(sys.argv[1]))
except DataError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


@pytest.mark.parametrize("kind", ["nii.gz", "packed.nrrd", "packed.mha"])
def test_what_unfolds_to_more_than_promised_is_not_unfolded(tmp_path: Path, kind: str) -> None:
    """4 GB of zeros behind 60 voxels."""
    hu = np.zeros((5, 4, 3), np.int16)
    path = write(tmp_path, hu, kind, big=False)
    if kind == "packed.mha":
        head, _ = path.read_bytes().split(b"LOCAL\n")
        deflate = sitk.Image([1024, 1024, 1024], sitk.sitkUInt8)
        sitk.WriteImage(deflate, str(tmp_path / "zeros.mha"), True)
        _, zeros = (tmp_path / "zeros.mha").read_bytes().split(b"LOCAL\n")
        path.write_bytes(head + b"LOCAL\n" + zeros)
    else:
        megabyte = gzip.compress(bytes(1 << 20), 9)
        path.write_bytes(path.read_bytes() + megabyte * 4096)
    command = [sys.executable, "-c", BOMB, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    grown_kb, sentence = done.stdout.split(maxsplit=1)
    assert "bytes of voxels were expected by its header, found more" in sentence
    assert int(grown_kb) < 60_000
