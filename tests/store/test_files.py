"""Masks and volumes on disk: what goes in comes out, damage is seen, a full disk leaves nothing."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from han5k_review.errors import DataError, StorageError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.store.files import write_all_atomically, write_atomically
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles

TILTED = np.array(
    [[-0.9, 0.1, 0, 12.3456], [-0.1, -0.9, 0, -250.123], [0, 0, 2.5, 731.77], [0, 0, 0, 1.0]]
)
GRID = Grid.from_affine((20, 30, 21), TILTED)


def mask_of(seed: int) -> StructureMask:
    dense = np.zeros(GRID.shape, dtype=bool)
    dense[3:9, 12:25, 4:7] = np.random.default_rng(seed).random((6, 13, 3)) > 0.5
    return StructureMask.from_dense(dense, GRID)


def test_a_stored_mask_comes_back_bit_for_bit(tmp_path: Path) -> None:
    files = LabelFiles(folder=tmp_path)
    mask = mask_of(1)
    back = files.get_mask(files.put_mask(mask), GRID)
    assert back.start_ijk == mask.start_ijk
    assert np.array_equal(back.voxels, mask.voxels)


def test_an_empty_mask_can_be_stored(tmp_path: Path) -> None:
    files = LabelFiles(folder=tmp_path)
    empty = StructureMask.empty(GRID)
    assert files.get_mask(files.put_mask(empty), GRID).is_empty


def test_any_viewer_finds_a_stored_mask_in_its_place(tmp_path: Path) -> None:
    files = LabelFiles(folder=tmp_path)
    mask = mask_of(2)
    image = nib.load(files.path(files.put_mask(mask)))
    voxel = np.argwhere(np.asarray(image.dataobj))[0]
    in_file = (image.affine @ [*voxel, 1])[:3]
    in_grid = GRID.points_ras_mm(voxel[None] + np.array(mask.start_ijk))[0]
    assert np.allclose(in_file, in_grid, atol=1e-3)


def test_the_same_mask_is_stored_once_and_a_voxel_more_is_another(tmp_path: Path) -> None:
    files = LabelFiles(folder=tmp_path)
    first = files.put_mask(mask_of(3))
    assert files.put_mask(mask_of(3)) == first
    assert len(list(tmp_path.rglob("*.nii.gz"))) == 1
    grown = mask_of(3).dense()
    grown[19, 29, 20] = True
    assert files.put_mask(StructureMask.from_dense(grown, GRID)) != first


def test_a_damaged_mask_is_refused(tmp_path: Path) -> None:
    files = LabelFiles(folder=tmp_path)
    sha256 = files.put_mask(mask_of(4))
    other = files.put_mask(mask_of(5))
    path = files.path(sha256)
    path.write_bytes(files.path(other).read_bytes())
    with pytest.raises(DataError, match="does not match its hash"):
        files.get_mask(sha256, GRID)
    path.write_bytes(b"not a mask")
    with pytest.raises(DataError, match=str(path.name)):
        files.get_mask(sha256, GRID)


def volume() -> CtVolume:
    hu = np.random.default_rng(6).integers(-1024, 3071, GRID.shape).astype(np.int16)
    return CtVolume(grid=GRID, hu=hu)


def test_a_stored_volume_comes_back_voxel_for_voxel(tmp_path: Path) -> None:
    files = VolumeFiles(folder=tmp_path)
    stored = volume()
    sha256 = files.put_volume(stored)
    back = files.get_volume(sha256)
    assert np.array_equal(back.hu, stored.hu)
    assert back.grid == GRID
    assert back.sha256 == sha256
    assert [slab.slices for slab in files.get_index(sha256).slabs] == [8, 8, 5]


def test_a_damaged_slab_is_refused(tmp_path: Path) -> None:
    files = VolumeFiles(folder=tmp_path)
    sha256 = files.put_volume(volume())
    first, second = (files.path(sha256) / f"000{n}.zst" for n in (0, 1))
    first.write_bytes(second.read_bytes())
    with pytest.raises(DataError, match="import the case again"):
        files.get_volume(sha256)


def test_writing_over_a_file_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from han5k_review.errors import StorageError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.volume import CtVolume
from han5k_review.store.volume_files import VolumeFiles
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
hu = np.random.default_rng(6).integers(-1024, 3071, (40, 40, 16)).astype(np.int16)
volume = CtVolume(grid=Grid.from_affine(hu.shape, np.eye(4)), hu=hu)
try:
    VolumeFiles(folder=Path(sys.argv[1])).put_volume(volume)
except StorageError as error:
    sys.stdout.write(str(error))
"""


def test_a_full_disk_leaves_no_half_volume(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 5000
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "bytes were to be written" in result.stdout
    assert "Free space" in result.stdout
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_read_only_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where a folder is wanted")
    with pytest.raises(StorageError, match="were to be written"):
        write_atomically(tmp_path / "blocked" / "file", b"x")


def test_of_many_files_none_is_moved_when_one_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is needed")
    places = [tmp_path / "a" / "one", tmp_path / "b" / "two", tmp_path / "taken" / "three"]
    with pytest.raises(StorageError, match="three; the disk answered"):
        write_all_atomically((place, b"content") for place in places)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["taken"]
    write_all_atomically((place, place.name.encode()) for place in places[:2])
    assert [place.read_bytes() for place in places[:2]] == [b"one", b"two"]
    assert not list(tmp_path.rglob("*.tmp"))


def test_many_masks_are_stored_as_one_by_one(tmp_path: Path) -> None:
    masks = [mask_of(1), StructureMask.empty(GRID), mask_of(2), mask_of(1)]
    together, apart = LabelFiles(folder=tmp_path / "a"), LabelFiles(folder=tmp_path / "b")
    hashes = together.put_masks(masks)
    assert hashes == [apart.put_mask(mask) for mask in masks]
    for sha256 in hashes:
        assert together.path(sha256).read_bytes() == apart.path(sha256).read_bytes()
