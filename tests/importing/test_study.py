"""Making a study: its own tables, checked first; again changes nothing, with others is refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.errors import ConfigError, RuleError, StorageError
from han5k_review.importing.study import (
    create_study,
    default_tables,
)
from han5k_review.store.engine import reading
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import StudyInfo
from han5k_review.study import get_study_info, read_study_catalogue
from tests.importing.conftest import NOON


def listing(root: Path) -> dict[str, tuple[int, bytes]]:
    files = [p for p in (root / "tables").rglob("*") if p.is_file()]
    return {str(p.relative_to(root)): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}


def test_a_study_has_its_own_copies_of_the_tables(tmp_path: Path) -> None:
    study = create_study(tmp_path / "s", "Trial", now_utc=NOON)
    for name in ("structures.csv", "scales.csv", "windows.csv", "label_maps/openkbp.csv"):
        assert (study.tables / name).read_bytes() == (default_tables() / name).read_bytes()
    info = identity(study)
    assert (info.name, info.scale, info.protocol_version) == ("Trial", "han5k-3", "1")
    assert info.created_at_utc == NOON
    assert len(read_study_catalogue(study)) == 50
    study.engine.dispose()


def test_added_structures_join_the_table(make_import_study: Callable[..., Study]) -> None:
    catalogue = read_study_catalogue(make_import_study())
    assert len(catalogue) == 51
    assert catalogue.find_name("Mandible") == "Mandible"
    own = read_catalogue(default_tables() / "structures.csv")
    for structure in own:
        assert catalogue.get_structure(structure.name) == structure


def test_making_the_same_study_again_changes_nothing(
    make_import_study: Callable[..., Study],
) -> None:
    before = listing(make_import_study().root)
    again = make_import_study()
    assert listing(again.root) == before
    assert identity(again).name == "Trial"


def test_other_tables_or_names_for_the_same_folder_are_refused(
    make_import_study: Callable[..., Study], more_structures: Path, tmp_path: Path
) -> None:
    root = make_import_study().root
    before = listing(root)
    with pytest.raises(RuleError, match="a study keeps its tables"):
        create_study(root, "Trial", now_utc=NOON)
    extra = tmp_path / "extra.csv"
    extra.write_text("structure,values\nLarynx,1\n")
    more = [more_structures]
    with pytest.raises(RuleError, match=r"label_maps/extra\.csv"):
        create_study(root, "Trial", now_utc=NOON, add_structures=more, label_maps=[extra])
    with pytest.raises(RuleError, match="cannot become 'Other'"):
        create_study(root, "Other", now_utc=NOON, add_structures=more)
    with pytest.raises(RuleError, match="with scale mdacc-5"):
        create_study(root, "Trial", now_utc=NOON, add_structures=more, scale="mdacc-5")
    assert listing(root) == before


@pytest.mark.parametrize("wrong", ["structures", "scale", "scales", "windows", "label_maps"])
def test_a_wrong_table_makes_no_study(tmp_path: Path, wrong: str) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("name,nonsense\nx,y\n")
    given = {wrong: [bad] if wrong in ("structures", "label_maps") else bad}
    if wrong == "scale":
        given = {"scale": "no such scale"}
    with pytest.raises(ConfigError):
        create_study(tmp_path / "s", "Trial", now_utc=NOON, **given)
    assert not (tmp_path / "s").exists()


def test_a_structure_whose_window_is_unknown_makes_no_study(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text('order,name,group,window,color_rgb\n60,GTVp,1,x-ray,"1,2,3"\n')
    with pytest.raises(ConfigError, match="found 'x-ray'"):
        create_study(tmp_path / "s", "Trial", now_utc=NOON, add_structures=[rows])


def test_a_study_half_made_is_finished_by_the_next_attempt(
    make_import_study: Callable[..., Study], tmp_path: Path
) -> None:
    whole = make_import_study()
    half = tmp_path / "half" / "tables"
    half.mkdir(parents=True)
    (half / "scales.csv").write_bytes((whole.tables / "scales.csv").read_bytes())
    finished = make_import_study("half")
    assert {k: v[1] for k, v in listing(finished.root).items()} == {
        k: v[1] for k, v in listing(whole.root).items()
    }


def test_a_study_without_identity_says_how_to_finish_it(tmp_path: Path) -> None:
    study = open_study(tmp_path / "s", create=True)
    with pytest.raises(StorageError, match="han5k init"):
        identity(study)
    study.engine.dispose()


def test_tables_of_any_form_become_the_study_s_own_csv(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Order", "Name", "Group", "Window", "Color RGB", "Aliases"])
    sheet.append([90, unicodedata.normalize("NFD", "Ösophagus"), 1, "H&N soft", "1,2,3", "Größe"])
    workbook.save(tmp_path / "more.xlsx")
    label_map = tmp_path / f"{unicodedata.normalize('NFD', 'Übersicht')}.csv"
    label_map.write_text("structure;values\nÖsophagus;1-3\n", encoding="utf-16")
    for _ in range(2):
        study = create_study(
            tmp_path / "s",
            "Trial",
            now_utc=NOON,
            add_structures=[tmp_path / "more.xlsx"],
            label_maps=[label_map],
        )
        catalogue = read_study_catalogue(study)
        assert catalogue.get_structure("Ösophagus").color_rgb == (1, 2, 3)
        assert catalogue.find_name("GRÖSSE") == "Ösophagus"
        kept = study.tables / "label_maps" / "Übersicht.csv"
        assert kept.read_bytes() == "structure,values\nÖsophagus,1-3\n".encode()
        study.engine.dispose()


def identity(study: Study) -> StudyInfo:
    with reading(study.engine) as session:
        info = get_study_info(session)
        session.expunge(info)
        return info
