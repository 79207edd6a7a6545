"""ROI names of a cohort: listed, confirmed by a person, and used from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import ConfigError
from han5k_review.importing.confirmed_names import confirm_names, read_clinic_catalogue
from han5k_review.importing.imports import plan_import, run_import
from han5k_review.importing.name_list import (
    NameState,
    build_name_rows,
    read_name_rows,
    read_name_table,
    write_name_table,
)
from han5k_review.importing.name_proposals import propose_structures
from han5k_review.importing.reports import ImportReport
from han5k_review.importing.roi_names import FoundName
from han5k_review.importing.sources import CaseSource
from han5k_review.importing.study import create_study, default_tables, target_table
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue
from tests.imaging.dicom.writing import ct_hu, write_series
from tests.importing.case_files import NOON, content
from tests.importing.conftest import make_import_study, more_structures
from tests.importing.test_dicom import dicom_source, patient, write_structure_set

__all__ = ["make_import_study", "more_structures", "patient"]


def confirm(study: Study, **names: str | None) -> None:
    with transaction(study.engine) as session:
        catalogue = read_clinic_catalogue(session, read_study_catalogue(study))
        chosen = {
            written: None if one is None else StructureName(one) for written, one in names.items()
        }
        confirm_names(session, catalogue, chosen, actor="lead", now_utc=NOON)


def report(study: Study, *sources: CaseSource, dry: bool = True) -> ImportReport:
    with reading(study.engine) as session:
        catalogue = read_clinic_catalogue(session, read_study_catalogue(study))
    if dry:
        return plan_import(study, catalogue, sources)
    return run_import(study, catalogue, sources, actor="anna", now=lambda: NOON)


def rows_of(study: Study, *sources: CaseSource) -> dict[str, tuple[int, str, str | None]]:
    found = report(study, *sources)
    with reading(study.engine) as session:
        catalogue = read_clinic_catalogue(session, read_study_catalogue(study))
    names = (name for case in found.cases for name in case.names)
    rows = build_name_rows(names, catalogue)
    return {row.written: (row.files, row.state.value, row.structure) for row in rows}


def test_a_dry_run_counts_the_names_of_all_files_refused_ones_too(
    make_import_study, patient: Path
) -> None:
    study = make_import_study()
    other = patient.parent / "other"
    write_series(other / "scan", ct_hu() + 7)
    write_structure_set(other / "scan" / "rs.dcm", "Ohrspeichel li")
    sources = (
        dicom_source(study, patient),
        dicom_source(study, other, case="HN-2", ct="scan", labels="scan/rs.dcm"),
    )
    assert rows_of(study, *sources) == {
        "FREETEXT PTV": (1, "not matched", None),
        "Ohrspeichel li": (1, "not matched", None),
        "Chiasm": (2, "matched", "OpticChiasm"),
        "parotid_l": (1, "matched", "ParotidL"),
    }
    assert content(study)["cases"] == []


def test_what_a_person_confirmed_is_used_and_what_was_left_out_is_not_asked_again(
    make_import_study, patient: Path
) -> None:
    write_structure_set(patient / "plan" / "rs.dcm", "Ohrspeichel li", "PTV 70", "parotid_l")
    study = make_import_study()
    source = dicom_source(study, patient)
    before = report(study, source, dry=False).cases[0]
    assert before.unmatched == ("Ohrspeichel li", "PTV 70")
    confirm(study, **{"OHRSPEICHEL-LI": "Submandibular_L", "PTV 70": None, "parotid_l": "ParotidR"})
    after = report(study, source, dry=False).cases[0]
    assert after.unmatched == ()
    assert "Ohrspeichel li -> Submandibular_L" in after.sentence
    assert {str(label.structure) for label in after.labels} == {"Submandibular_L", "ParotidR"}
    states = {written: state for written, (_, state, _) in rows_of(study, source).items()}
    assert states == {}  # unchanged: the files are not read again
    confirm(study, parotid_l="ParotidL")
    assert rows_of(study, source)["parotid_l"] == (1, "confirmed", "ParotidL")
    assert rows_of(study, source)["PTV 70"] == (1, "left out", None)


def test_two_rois_of_one_structure_are_told_apart_by_leaving_one_out(
    make_import_study, patient: Path
) -> None:
    write_structure_set(patient / "plan" / "rs.dcm", "parotid_l", "Parotid-L")
    study = make_import_study()
    source = dicom_source(study, patient)
    refused = report(study, source, dry=False).cases[0]
    assert "ROIs 1 and 2" in refused.refusal
    assert [name.written for name in refused.names] == ["parotid_l", "Parotid-L", "Chiasm"]
    confirm(study, **{"Parotid-L": None})
    taken = report(study, source, dry=False).cases[0]
    assert [label.structure for label in taken.labels] == ["ParotidL", "OpticChiasm"]


def test_the_table_is_filled_in_and_read_back(make_import_study, tmp_path: Path) -> None:
    study = make_import_study()
    catalogue = read_study_catalogue(study)
    names = ["=Parotis re", "PTV", "Brainstem", "PTV"]
    found = [FoundName(written=n, structure=catalogue.find_name(n)) for n in names]
    rows = build_name_rows(found, catalogue)
    assert [row.state for row in rows[:2]] == [NameState.NOT_MATCHED] * 2
    table = tmp_path / "names.csv"
    write_name_table(table, rows)
    lines = table.read_text(encoding="utf-8-sig").splitlines()
    assert lines[1:] == [
        "PTV,2,not matched,,",
        "'=Parotis re,1,not matched,,ParotidR | PharynxConst_S | PharynxConst_I",
        "Brainstem,1,matched,BrainStem,",
    ]
    assert read_name_table(table, catalogue) == {}
    assert [row.files for row in read_name_rows(table, catalogue)] == [2, 1, 1]
    text = table.read_text(encoding="utf-8-sig")
    table.write_text(
        text.replace("PTV,2,not matched,,", "PTV,2,not matched,-,").replace(
            "re,1,not matched,,", "re,1,not matched,parotid_r,"
        )
    )
    assert read_name_table(table, catalogue) == {"=Parotis re": "ParotidR", "PTV": None}
    table.write_text("name,structure\nPTV,Liver\n")
    with pytest.raises(ConfigError, match="found 'Liver'"):
        read_name_table(table, catalogue)


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("Parotid gland left", "ParotidL"),
        ("LT PAROTID", "ParotidL"),
        ("parotis_re", "ParotidR"),
        ("Brain Stem PRV?", "BrainStem"),
        ("spinalcord HaN", "Cord_HaN"),
        ("Gl Submandibular re", "Submandibular_R"),
        ("Hirnstamm", "BrainStem"),
        ("Rueckenmark PRV", "Cord_HaN"),
        ("MOELLE EPINIERE", "Cord_HaN"),
        ("Parótida izquierda", "ParotidL"),
        ("nerf optique droit", "OpticNerveR"),
        ("Schildklier", "Thyroid"),
    ],
)
def test_the_nearest_structure_is_of_the_same_side(written: str, nearest: str) -> None:
    catalogue = read_catalogue(default_tables() / "structures.csv")
    proposals = propose_structures(written, catalogue)
    assert nearest in proposals
    sides = {catalogue.get_structure(name).side for name in proposals if nearest[-1] in "LR"}
    assert len(sides - {None}) <= 1


def test_a_name_without_a_side_may_be_either() -> None:
    catalogue = read_catalogue(default_tables() / "structures.csv")
    assert {"MandibleL", "MandibleR"} <= set(propose_structures("mandibula", catalogue))


def test_nothing_near_is_proposed_for_noise() -> None:
    catalogue = read_catalogue(default_tables() / "structures.csv")
    assert propose_structures("zzz 17", catalogue) == ()
    assert propose_structures("", catalogue) == ()


def test_targets_are_further_structures_when_asked_for(tmp_path: Path) -> None:
    study = create_study(tmp_path / "t", "T", now_utc=NOON, add_structures=[target_table()])
    catalogue = read_study_catalogue(study)
    study.engine.dispose()
    assert catalogue.find_name("GTV-T") == "GTVp"
    assert catalogue.find_name("PTV 70") == "PTV_High"
