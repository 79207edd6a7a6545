"""Label maps: unions, ranges, aliases, values left out, and wrong files."""

from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.anatomy.label_map import (
    LabelMap,
    build_channel_map,
    find_channel_map,
    read_label_map,
)
from han5k_review.errors import ConfigError

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(DATA / "structures.csv")


def read_text(folder: Path, text: str, catalogue: Catalogue) -> LabelMap:
    path = folder / "map.csv"
    path.write_text(text)
    return read_label_map(path, catalogue)


def test_a_structure_may_be_a_union_and_a_value_serve_two(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = "structure,values\nBrain,1-9\nBrainStem,2\nEar_Middle_L,16|18|20|24|28|30\n"
    found = read_text(tmp_path, text, catalogue)
    assert found.structures["Brain"] == frozenset(range(1, 10))
    assert found.structures["BrainStem"] == {2}
    assert found.structures["MiddleEar_L"] == {16, 18, 20, 24, 28, 30}
    assert found.known_values == {*range(1, 10), 16, 18, 20, 24, 28, 30}


def test_rows_of_one_structure_add_up_and_others_are_left_out(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = "structure,values\nEyeL,3\nOrbit-Lt,4\n,7-8\nGTVp,9\n"
    found = read_text(tmp_path, text, catalogue)
    assert found.structures == {"EyeL": {3, 4}}
    assert found.ignored == {7, 8, 9}
    assert found.unmatched == ("GTVp",)
    assert found.known_values == {3, 4, 7, 8, 9}


def test_the_projects_label_map_fits_its_structure_table(catalogue: Catalogue) -> None:
    found = read_label_map(DATA / "label_maps" / "openkbp.csv", catalogue)
    assert found.known_values == set(range(1, 8))
    assert found.structures["ParotidR"] == {3}
    assert found.structures["ParotidL"] == {4}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,value\n", "the columns structure, values were expected"),
        ("structure,values\nBrain,\n", "line 2: at least one label value"),
        ("structure,values\nBrain,1\nEyeL,two\n", "line 3: integers or ranges"),
        ("structure,values\nBrain,-1\n", "integers or ranges"),
        ("structure,values\nBrain,1²\n", "line 2: integers or ranges"),
        ("structure,values\nBrain,١-٣\n", "line 2: integers or ranges"),
        ("structure,values\nBrain,1_0\n", "line 2: integers or ranges"),
        ("structure,values\nBrain,1-2-3\n", "line 2: integers or ranges"),
        ("structure,values\nBrain,09.Jan\n", "line 2: integers or ranges"),
        ("structure,values\nBrain,0\n", "0 is the background"),
        ("structure,values\nBrain,9-1\n", "line 2: a rising range was expected, found '9-1'"),
        ("structure,values\nBrain,1-9999999999\n", "line 2: a rising range"),
    ],
)
def test_a_wrong_label_map_names_its_line(
    tmp_path: Path, catalogue: Catalogue, text: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        read_text(tmp_path, text, catalogue)


def test_a_missing_label_map_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match="A label map was expected at"):
        read_label_map(tmp_path / "no.csv", catalogue)


def test_channels_of_the_one_hot_file_have_their_structure(catalogue: Catalogue) -> None:
    channels = build_channel_map(catalogue)
    assert channels[0] == "Brain"
    assert channels[31] == "ParotidL"
    assert channels[32] == "ParotidR"


def test_merged_rows_and_values_of_both_sides_are_said(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    text = "structure,values\nEyeL,3\nOrbit-Lt,4\nParotidL,1\nParotidR,1|2\n"
    merged, shared = read_text(tmp_path, text, catalogue).notices
    assert merged == "map.csv: EyeL stands in 2 rows (EyeL 3; Orbit-Lt 4), which were merged"
    assert shared == "map.csv: ParotidL and ParotidR have the same label values (1)"
    assert (
        read_text(tmp_path, "structure,values\nBrain,1-9\nBrainStem,1\n", catalogue).notices == ()
    )


def test_a_channel_map_is_told_from_a_label_map_by_its_column(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    path = tmp_path / "channels.csv"
    path.write_text("structure,channel\nParotid_L,1\nGTVp,0\n,2\n")
    found = find_channel_map(path, catalogue)
    assert found is not None
    assert found.structures == {1: "ParotidL"}
    assert found.channels == {0, 1, 2}
    assert found.unmatched == ("GTVp", "channel 2")
    assert found.describe() == "0 left out (GTVp), 1 ParotidL, 2 left out"
    assert find_channel_map(DATA / "label_maps" / "openkbp.csv", catalogue) is None
