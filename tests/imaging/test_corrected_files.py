"""Contours that come back from other tools: exactly, resampled when asked, or not at all."""

from __future__ import annotations

import resource
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.corrected_files import read_corrected
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.resampling import resample_mask
from tests.imaging.phantoms import (
    AFFINE_LPS_AXES,
    ORIENTATIONS,
    phantom_grid,
    phantom_labels,
    write_image,
    write_phantom,
)
from tests.imaging.segment_phantoms import HEADER, field, write_segments

FIELDS = field(0, Name="Parotid_L", LabelValue=1, Layer=0) + field(
    1, Name="Everything", LabelValue=1, Layer=1
)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_mask_in_any_axis_order_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    labels = (phantom_labels() == 2).astype(np.uint8)
    path = write_phantom(tmp_path / f"mask{suffix}", labels, ORIENTATIONS[29])
    (found,) = read_corrected(path, phantom_grid())
    assert found.name is None
    assert found.resampling is None
    assert np.array_equal(found.mask.dense(), labels == 1)


def test_segments_come_back_by_name_with_their_overlap(tmp_path: Path) -> None:
    path = write_segments(tmp_path / "back.seg.nrrd", FIELDS)
    first, second = read_corrected(path, phantom_grid())
    assert (first.name, second.name) == ("Parotid_L", "Everything")
    assert np.array_equal(first.mask.dense(), phantom_labels() == 1)
    assert np.array_equal(second.mask.dense(), phantom_labels() > 0)


def test_a_part_of_the_grid_is_put_in_its_place_without_resampling(tmp_path: Path) -> None:
    # 3D Slicer crops to the segments; the origin says where the part begins.
    labels = (phantom_labels() == 2).astype(np.uint8)
    part = phantom_grid().cropped((3, 1, 0), (4, 6, 5))
    path = write_image(tmp_path / "part.nrrd", labels[3:7, 1:7], part.affine)
    (found,) = read_corrected(path, phantom_grid())
    assert found.resampling is None
    assert np.array_equal(found.mask.dense(), labels == 1)


def test_another_grid_is_refused_unless_resampling_is_asked_for(tmp_path: Path) -> None:
    # Half the spacing in i and j: each voxel of the phantom is four of the file.
    fine = np.repeat(np.repeat(phantom_labels() == 2, 2, axis=0), 2, axis=1).astype(np.uint8)
    affine = AFFINE_LPS_AXES.copy()
    affine[:, 3] -= affine[:, 0] / 4 + affine[:, 1] / 4
    affine[:, :2] /= 2
    path = write_image(tmp_path / "fine.nii.gz", fine, affine)
    with pytest.raises(GeometryError, match=r"fine\.nii\.gz: .*grid of their CT"):
        read_corrected(path, phantom_grid())
    (found,) = read_corrected(path, phantom_grid(), resample=True)
    assert np.array_equal(found.mask.dense(), phantom_labels() == 2)
    assert found.resampling is not None
    assert "changed by +0.0 %" in found.resampling.describe()


def test_resampling_says_what_fell_outside() -> None:
    # A block of 4 slices, of which the target holds 2.
    dense = np.zeros((4, 4, 6), dtype=bool)
    dense[1:3, 1:3, 1:5] = True
    source = phantom_grid().cropped((0, 0, 0), (4, 4, 6))
    found, told = resample_mask(
        StructureMask.from_dense(dense, source), phantom_grid().cropped((0, 0, 0), (4, 4, 3))
    )
    assert np.array_equal(found.dense(), dense[:, :, :3])
    assert "changed by -50.0 %" in told.describe()


def test_two_labels_where_one_is_asked_for_are_refused(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "both.nii.gz", phantom_labels())
    with pytest.raises(DataError, match=r"one structure .*1, 2, 3"):
        read_corrected(path, phantom_grid())


def gzip_bomb(head: bytes, gigabytes: int) -> bytes:
    """`head`, then zeros that unfold to gigabytes: gzip members of 64 MB, one after the other."""

    def member(content: bytes) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        return packer.compress(content) + packer.flush()

    return member(head) + member(bytes(64 << 20)) * (16 * gigabytes)


def write_nifti_bomb(path: Path, shape: tuple[int, int, int]) -> Path:
    """A header of this shape before 3 GB of zeros."""
    written = write_image(path.with_name("small.nii"), np.zeros((2, 2, 2), np.uint8), np.eye(4))
    head = bytearray(written.read_bytes()[:352])
    head[40:48] = np.array([3, *shape], dtype="<i2").tobytes()
    path.write_bytes(gzip_bomb(bytes(head), 3))
    return path


def write_segment_bomb(path: Path, sizes: str) -> Path:
    header = HEADER.replace("encoding: raw", "encoding: gzip").replace("2 7 9 5", sizes)
    path.write_bytes((header + FIELDS + "\n").encode() + gzip_bomb(b"", 3))
    return path


SCRIPT = """
import resource, sys
from pathlib import Path
from han5k_review.errors import Han5kError
from han5k_review.imaging.corrected_files import read_corrected
from tests.imaging.phantoms import phantom_grid
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[2:]:
    try:
        read_corrected(Path(name), phantom_grid(), resample=sys.argv[1] == "resample")
        print("taken")
    except Han5kError as error:
        print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("choice", ["as it is", "resample"])
def test_three_gigabytes_are_refused_before_memory_is_spent(tmp_path: Path, choice: str) -> None:
    files = [
        write_nifti_bomb(tmp_path / "honest.nii.gz", (2048, 2048, 768)),
        write_nifti_bomb(tmp_path / "lying.nii.gz", (7, 9, 5)),
        write_segment_bomb(tmp_path / "honest.seg.nrrd", "2 1024 1024 1536"),
        write_segment_bomb(tmp_path / "lying.seg.nrrd", "2 7 9 5"),
    ]
    assert max(path.stat().st_size for path in files) < 5 << 20
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, choice, *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (120, 120)),
    )
    *sentences, grown_kb = result.stdout.splitlines()
    assert [sentence.partition(":")[0] for sentence in sentences] == [str(f) for f in files]
    assert "3072 MB" in sentences[0]
    assert "3072 MB" in sentences[2]
    assert all("by its header, found more" in sentence for sentence in sentences[1::2])
    assert int(grown_kb) < 100_000  # kB: a few chunks, no volume
