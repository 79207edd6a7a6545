"""The structure table: the project's own rows, names from other sources, wrong tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.anatomy.windows import read_windows
from han5k_review.errors import ConfigError

DATA = Path(__file__).resolve().parents[2] / "data"
HEAD = "order,name,group,window,color_rgb,aliases,pair,inside,segrap_channel,tg263\n"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(DATA / "structures.csv")


def read_text(folder: Path, text: str, head: str = HEAD) -> Catalogue:
    path = folder / "structures.csv"
    path.write_text(head + text)
    return read_catalogue(path)


def test_the_projects_table_has_50_structures_in_order(catalogue: Catalogue) -> None:
    assert len(catalogue) == 50
    assert [s.order for s in catalogue] == list(range(1, 51))
    assert len({s.color_rgb for s in catalogue}) == 50


def test_pairs_point_at_each_other_and_sides_are_opposite(catalogue: Catalogue) -> None:
    paired = [s for s in catalogue if s.pair]
    assert paired
    for structure in paired:
        other = catalogue.get_structure(str(structure.pair))
        assert other.pair == structure.name
        assert {structure.side, other.side} == {"L", "R"}
        assert structure.title.endswith("left" if structure.side == "L" else "right")


def test_every_window_of_the_table_exists(catalogue: Catalogue) -> None:
    windows = {w.name for w in read_windows(DATA / "windows.csv")}
    assert {s.window for s in catalogue} <= windows


def test_segrap_channels_are_each_of_one_structure(catalogue: Catalogue) -> None:
    channels = [s.segrap_channel for s in catalogue if s.segrap_channel is not None]
    assert len(set(channels)) == len(channels)
    assert max(channels) < 45


@pytest.mark.parametrize(
    ("foreign", "name"),
    [
        ("EyeL", "EyeL"),
        ("Eye_L", "EyeL"),
        ("Orbit-Lt", "EyeL"),
        ("orbit lt", "EyeL"),
        ("SpinalCord", "Cord_HaN"),
        ("Cord_HaN", "Cord_HaN"),
        ("BRAINSTEM", "BrainStem"),
        ("Parotid.Rt", "ParotidR"),
        ("Glnd_Submand_L", "Submandibular_L"),
    ],
)
def test_names_of_other_sources_resolve(catalogue: Catalogue, foreign: str, name: str) -> None:
    assert catalogue.find_name(foreign) == name


@pytest.mark.parametrize(
    "foreign",
    ["GTV²", "gtv-²", "Go\u0308tter\u2013L", "GÖTTER L", "Göt\u00adterL", "\ufeffGötter L"],
)
def test_unicode_forms_and_dashes_do_not_count(tmp_path: Path, foreign: str) -> None:
    catalogue = read_text(tmp_path, '1,GTV²,1,bone,"1,2,3"\n2,Götter_L,1,bone,"1,2,3"\n')
    assert catalogue.find_name(foreign) is not None
    assert catalogue.find_name("GTV2") is None
    assert catalogue.get_structure("Go\u0308tter_L").name == "Götter_L"


@pytest.mark.parametrize("foreign", ["Liver", "", "Lacrimal-Lt", "Bone_Mandible", "Eye"])
def test_a_name_that_fits_nothing_or_two_stays_unmatched(
    catalogue: Catalogue, foreign: str
) -> None:
    assert catalogue.find_name(foreign) is None


def test_no_left_name_resolves_to_a_right_structure(catalogue: Catalogue) -> None:
    for structure in catalogue:
        for alias in structure.aliases:
            if structure.side and alias[-2:].lower() in ("lt", "_l", "rt", "_r"):
                assert alias.rstrip("tT")[-1].upper() == structure.side, alias


def test_an_unknown_structure_is_an_error_that_says_what_to_do(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match="'Liver'; add a row"):
        catalogue.get_structure("Liver")


def test_later_files_add_rows(tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text('order,name,group,window,color_rgb\n60,GTVp,3,H&N soft,"255,0,0"\n')
    catalogue = read_catalogue(DATA / "structures.csv", more)
    assert len(catalogue) == 51
    assert catalogue.get_structure("GTVp").color_hex == "#ff0000"
    assert catalogue.get_structure("GTVp").tolerance_mm == 1.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('1,A,1,bone,"1,2,3",,,,,\n2,A,1,bone,"1,2,3",,,,,\n', "line 3: each structure once"),
        ('1,A,1,bone,"1,2,300",,,,,\n', "line 2: color_rgb"),
        ('x,A,1,bone,"1,2,3",,,,,\n', "line 2: a number was expected in order, found 'x'"),
        ('1.5,A,1,bone,"1,2,3",,,,,\n', "line 2: a whole number was expected in order"),
        ('nan,A,1,bone,"1,2,3",,,,,\n', "line 2: a number was expected in order, found 'nan'"),
        ('1,A,1,bone,"1²,2,3",,,,,\n', "line 2: color_rgb"),
        ('1,Ä,1,bone,"1,2,3",,,,,\n2,A\u0308,1,bone,"1,2,3",,,,,\n', "each structure once"),
        ('1,,1,bone,"1,2,3",,,,,\n', "line 2: a name and an order"),
        ('1,A,1,bone,"1,2,3",,B,,,\n', "A names B, which is not"),
        ('1,A,1,bone,"1,2,3",,,C,,\n', "A names C, which is not"),
        ('1,A,1,bone,"1,2,3",X,,,,\n2,B,1,bone,"1,2,3",x,,,,\n', "'x' is claimed by both A and B"),
        ('1,A_1,1,bone,"1,2,3",,,,,\n2,a1,1,bone,"1,2,3",,,,,\n', "claimed by both A_1 and a1"),
    ],
)
def test_a_wrong_table_names_the_line_or_the_structure(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        read_text(tmp_path, text)


def test_missing_columns_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="group, color_rgb is missing"):
        read_text(tmp_path, "", head="order,name,window\n")
    with pytest.raises(ConfigError, match="A structure table was expected at"):
        read_catalogue(tmp_path / "no.csv")


def test_a_tg263_name_of_two_structures_resolves_to_neither(tmp_path: Path) -> None:
    rows = (
        '1,A_L,1,bone,"1,2,3",,,,,Bone\n2,A_R,1,bone,"1,2,3",,,,,Bone\n3,C,1,bone,"1,2,3",,,,,Sea\n'
    )
    catalogue = read_text(tmp_path, rows)
    assert catalogue.find_name("bone") is None
    assert catalogue.find_name("sea") == "C"


def test_windows_are_read_and_wrong_ones_refused(tmp_path: Path) -> None:
    soft = {w.name: w for w in read_windows(DATA / "windows.csv")}["H&N soft"]
    assert (soft.centre_hu, soft.width_hu) == (35, 350)
    bad = tmp_path / "windows.csv"
    bad.write_text("name,centre_hu,width_hu,source\nbone,high,1600,\n")
    with pytest.raises(ConfigError, match="windows"):
        read_windows(bad)


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        ("HN-001_Parotid_L_corrected", "ParotidL"),
        ("brain stem final v2", "BrainStem"),
        ("Brain", "Brain"),
        ("ParotidL_ParotidR", None),  # which one?
        ("HN-001_corrected", None),
    ],
)
def test_the_name_of_a_file_tells_the_structure(
    catalogue: Catalogue, text: str, structure: str | None
) -> None:
    assert catalogue.find_name_within(text) == structure


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("LenL", "Lens left"),
        ("OpticNerveR", "Optic nerve right"),
        ("BrainStem", "Brain stem"),
        ("Cord_HaN", "Cord HaN"),
        ("TMJL", "TMJ left"),
    ],
)
def test_a_title_is_read_as_words(catalogue: Catalogue, name: str, title: str) -> None:
    assert catalogue.get_structure(name).title == title
