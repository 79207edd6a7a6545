"""Contours leave and come back: with our readers, and with readers that are not ours."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from han5k_review.errors import DataError, GeometryError
from han5k_review.exports.contour_files import (
    DISCLAIMER,
    Contour,
    build_nifti,
    build_nifti_archive,
    build_segmentation,
    stream_nifti_archive,
)
from han5k_review.imaging.corrected_files import read_corrected
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.label_images import read_mask
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.nifti_labels import build_label_nifti

TILTED = np.array(
    [
        [-0.96, 0.0, 0.56, 40.25],
        [0.0, -1.5, 0.0, 71.5],
        [0.28, 0.0, 1.92, -310.75],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
GRIDS = {
    "straight": Grid.from_affine((24, 20, 13), np.diag([-0.9766, -0.9766, 3.0, 1.0])),
    "tilted": Grid.from_affine((24, 20, 13), TILTED),
}


def blobs(grid: Grid) -> list[Contour]:
    """Brain holds BrainStem holds a nucleus; a lens far away; a structure nobody drew."""
    boxes = {
        "Brain": (2, 20, 2, 18, 1, 12),
        "BrainStem": (6, 14, 6, 14, 3, 9),
        "Nucleus": (8, 11, 9, 11, 5, 7),
        "Lens_L": (21, 23, 1, 3, 12, 13),
        "Cochlea_R": (0, 0, 0, 0, 0, 0),
    }
    contours = []
    for n, (name, (a, b, c, d, e, f)) in enumerate(boxes.items()):
        dense = np.zeros(grid.shape, dtype=bool)
        dense[a:b, c:d, e:f] = True
        dense[a, c:d:2, e:f] = False
        mask = StructureMask.from_dense(dense, grid)
        contours.append(Contour(structure=name, mask=mask, colour_rgb=(n, 128, 255)))
    return contours


@pytest.fixture(params=list(GRIDS))
def grid(request: pytest.FixtureRequest) -> Grid:
    return GRIDS[request.param]


def test_a_segmentation_comes_back_bit_for_bit(grid: Grid, tmp_path: Path) -> None:
    path = tmp_path / "case.seg.nrrd"
    contours = blobs(grid)
    path.write_bytes(build_segmentation(contours))
    found = {one.name: one.mask for one in read_corrected(path, grid)}
    assert list(found) != []
    for contour in contours:
        assert found[contour.structure].sha256 == contour.mask.sha256


def test_another_reader_finds_the_layers_and_the_geometry(grid: Grid, tmp_path: Path) -> None:
    path = tmp_path / "case.seg.nrrd"
    contours = blobs(grid)
    path.write_bytes(build_segmentation(contours))
    image = sitk.ReadImage(str(path))
    layers = sitk.GetArrayFromImage(image).transpose(3, 2, 1, 0)
    assert layers.shape == (3, *grid.shape)  # three deep at most
    for number, contour in enumerate(contours):
        layer = int(image.GetMetaData(f"Segment{number}_Layer"))
        value = int(image.GetMetaData(f"Segment{number}_LabelValue"))
        assert image.GetMetaData(f"Segment{number}_Name") == contour.structure
        assert np.array_equal(layers[layer] == value, contour.mask.dense())
    for ijk in ((0, 0, 0), (23, 0, 0), (0, 19, 0), (0, 0, 12)):
        lps = np.array(image.TransformIndexToPhysicalPoint(ijk))
        ras = grid.points_ras_mm(np.array([ijk]))[0]
        assert np.allclose(lps * (-1, -1, 1), ras, atol=1e-4)
    assert DISCLAIMER.encode() in path.read_bytes()[:200]


def test_every_segment_names_the_whole_grid_as_its_extent(tmp_path: Path) -> None:
    # 3D Slicer cuts a layer to the extent of one of its segments (vtkMRMLSegmentationStorageNode):
    # a box of the segment's own would empty the others there.
    path = tmp_path / "case.seg.nrrd"
    grid = GRIDS["straight"]
    contours = blobs(grid)
    path.write_bytes(build_segmentation(contours))
    image = sitk.ReadImage(str(path))
    whole = " ".join(f"0 {size - 1}" for size in image.GetSize())
    found = {image.GetMetaData(f"Segment{number}_Extent") for number in range(len(contours))}
    assert found == {whole}


def test_without_overlap_there_is_one_layer_of_three_axes(tmp_path: Path) -> None:
    path = tmp_path / "case.seg.nrrd"
    grid = GRIDS["straight"]
    contours = [one for one in blobs(grid) if one.structure in ("Brain", "Lens_L")]
    path.write_bytes(build_segmentation(contours))
    assert sitk.ReadImage(str(path)).GetNumberOfComponentsPerPixel() == 1
    found = {one.name: one.mask for one in read_corrected(path, grid)}
    assert {name: mask.sha256 for name, mask in found.items()} == {
        one.structure: one.mask.sha256 for one in contours
    }


def test_a_nifti_comes_back_bit_for_bit(grid: Grid, tmp_path: Path) -> None:
    for contour in blobs(grid):
        path = tmp_path / f"{contour.structure}.nii.gz"
        path.write_bytes(build_nifti(contour))
        image = nib.load(path)
        assert np.allclose(image.get_sform(), grid.affine)
        assert np.allclose(image.get_qform(), grid.affine, atol=1e-4)
        assert image.header["descrip"].tobytes().startswith(DISCLAIMER.encode())
        assert np.array_equal(np.asarray(image.dataobj) == 1, contour.mask.dense())
        assert read_mask(path, grid).sha256 == contour.mask.sha256
        whole = build_label_nifti(contour.mask.dense().astype(np.uint8), grid)  # packed in one go
        assert gzip.decompress(path.read_bytes()) == gzip.decompress(whole)
        assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(path)).T, image.dataobj)


def test_an_archive_comes_piece_by_piece_the_first_before_any_contour_is_packed() -> None:
    contours = blobs(GRIDS["straight"])
    pieces = list(stream_nifti_archive(contours))
    assert b"".join(pieces) == build_nifti_archive(contours)
    assert len(pieces) == 1 + len(contours) + 1, "the disclaimer, each structure, the index"
    assert b"README.txt" in pieces[0]
    assert b"Brain" not in pieces[0]
    with pytest.raises(DataError, match="At least one structure"):
        stream_nifti_archive([])


def test_an_archive_holds_one_nifti_per_structure_and_the_disclaimer() -> None:
    contours = blobs(GRIDS["straight"])
    content = build_nifti_archive(contours)
    assert content == build_nifti_archive(contours)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.read("README.txt").decode().strip() == DISCLAIMER
        names = {name.removesuffix(".nii.gz") for name in archive.namelist()[1:]}
        assert names == {one.structure for one in contours}
        assert archive.read("Brain.nii.gz") == build_nifti(contours[0])


def test_what_cannot_be_one_file_is_refused() -> None:
    straight, tilted = blobs(GRIDS["straight"]), blobs(GRIDS["tilted"])
    with pytest.raises(DataError, match="At least one"):
        build_segmentation([])
    with pytest.raises(DataError, match="once"):
        build_segmentation([straight[0], straight[0]])
    with pytest.raises(GeometryError, match="BrainStem"):
        build_segmentation([straight[0], tilted[1]])
