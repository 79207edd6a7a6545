"""What a header's refusal says, and what label files leave unsaid."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from han5k_review.errors import GeometryError
from han5k_review.imaging.geometry_notices import list_geometry_notices
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.headers import read_header
from tests.imaging.defects import AFFINE, mirrored, sheared
from tests.imaging.header_writers import (
    build_qform,
    nrrd_lines,
    sound_metaimage,
    sound_nifti,
    sound_nrrd,
)

SHAPE = (12, 10, 8)
ARRAY = np.zeros(SHAPE, np.uint8)


def test_a_shear_is_refused_with_its_angle_in_every_format(tmp_path: Path) -> None:
    tilt = sheared(18.5)
    beside = replace(sound_nifti(ARRAY, AFFINE), sform=tilt)  # as dcm2niix writes a gantry tilt
    files = [beside.write(tmp_path / "tilt.nii.gz")]
    files += [sound_nrrd(ARRAY, tilt).write(tmp_path / "tilt.nrrd")]
    files += [sound_metaimage(ARRAY, tilt).write(tmp_path / "tilt.mha")]
    for path in files:
        with pytest.raises(GeometryError, match=r"axes j and k are 18\.500 degrees off") as caught:
            read_header(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_two_orientations_are_both_named(tmp_path: Path) -> None:
    # Mirrored along i: the corners of 12 voxels of 1.5 mm swap their places, 16.5 mm apart.
    file = replace(sound_nifti(ARRAY, AFFINE), qform=build_qform(mirrored(SHAPE)))
    with pytest.raises(GeometryError) as caught:
        read_header(file.write(tmp_path / "two.nii"))
    for words in ("up to 16.50 mm apart", "RAS (40.25, 71.50", "RAS (23.75, 71.50", "LPS", "RPS"):
        assert words in str(caught.value)


def test_two_spacings_are_both_named(tmp_path: Path) -> None:
    file = replace(sound_nifti(ARRAY, AFFINE), pixdim=(1.0, 1.0, 1.0))
    with pytest.raises(GeometryError, match=r"1\.5 x 2 x 3 mm in the sform and 1 x 1 x 1 mm in"):
        read_header(file.write(tmp_path / "two.nii"))


def test_a_unit_that_no_ct_has_is_refused_with_the_spacing(tmp_path: Path) -> None:
    file = replace(sound_nifti(ARRAY, AFFINE), xyzt_units=1)
    with pytest.raises(GeometryError, match="found 1500 x 2000 x 3000 mm"):
        read_header(file.write(tmp_path / "metres.nii"))


@pytest.mark.parametrize("degrees", np.linspace(-12, 12, 25))
def test_a_tilted_head_is_not_refused_for_a_rounded_quaternion(
    tmp_path: Path, degrees: float
) -> None:
    """LPS axes are a half turn, at which 32 bits leave a quaternion open by 0.0006."""
    angle = np.deg2rad(degrees)
    rotation = np.eye(4)
    rotation[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine = rotation @ np.diag([-0.5, -0.5, 1.5, 1.0])
    file = sound_nifti(np.zeros((512, 512, 1), np.uint8), affine)
    assert read_header(file.write(tmp_path / "tilted.nii")).notices == ()


def test_notices_name_the_files_they_are_true_of(tmp_path: Path) -> None:
    bare = replace(sound_nrrd(ARRAY, AFFINE), geometry=nrrd_lines(AFFINE)[:2])
    paths = [bare.write(tmp_path / f"{name}.nrrd") for name in "abcde"]
    sound = sound_nrrd(ARRAY, AFFINE).write(tmp_path / "sound.nrrd")
    grid = Grid.from_affine(SHAPE, AFFINE)
    (notice,) = list_geometry_notices([*paths, sound], grid)
    assert notice.startswith("a.nrrd, b.nrrd, c.nrrd and 2 more files: no origin is stored")
    assert list_geometry_notices([sound], grid) == ()
    (part,) = list_geometry_notices([sound], Grid.from_affine((12, 10, 9), AFFINE))
    assert part.startswith("sound.nrrd: a part of the CT's grid")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("listed", [False, True])
def test_voxels_in_a_file_with_an_accent_in_its_name_are_found(
    tmp_path: Path, form: Literal["NFC", "NFD"], listed: bool
) -> None:
    # The header is always written in NFC; macOS gives the file's name back in NFD.
    name = unicodedata.normalize("NFC", "dr\u00fcse.raw")
    stored = unicodedata.normalize(form, name)
    file = replace(sound_metaimage(ARRAY, AFFINE), data_file=name, parts=(stored,))
    if listed:
        file = replace(file, data_file="LIST", listed=(name,))
    (voxels,) = read_header(file.write(tmp_path / "labels.mhd")).files
    assert voxels.path.read_bytes() == ARRAY.tobytes()
