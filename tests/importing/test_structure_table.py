"""Structures and aliases are added to a study that exists; what was there stays, and is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.errors import ConfigError, RuleError
from han5k_review.importing.structure_table import (
    add_aliases,
    add_structures,
    list_other_colours,
    take_colours,
)
from han5k_review.importing.study import create_study
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit
from han5k_review.study import read_study_catalogue
from rigs.databases import lay_database
from rigs.studies import NOON, ROOT

HEAD = "order,name,group,window,color_rgb,aliases\n"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    lay_database(tmp_path / "study")
    return create_study(tmp_path / "study", "Study", now_utc=NOON)


def write_rows(folder: Path, *rows: str) -> Path:
    path = folder / "more.csv"
    path.write_text(HEAD + "\n".join(rows))
    return path


def test_a_structure_is_added_and_the_table_of_before_is_kept(study: Study, tmp_path: Path) -> None:
    before = (study.tables / "structures.csv").read_bytes()
    more = write_rows(tmp_path, '60,Tumour,1,H&N soft,"1,2,3",GTV')
    change = add_structures(study, more, actor="lead", now=NOON)
    assert (change.version, change.added) == (2, ("Tumour",))
    catalogue = read_study_catalogue(study)
    assert len(catalogue) == 51
    assert catalogue.find_name("gtv") == "Tumour"
    assert catalogue.get_structure("ParotidL").tg263 == "Parotid_L"
    assert (study.tables / "versions" / "structures-1.csv").read_bytes() == before
    with reading(study.engine) as session:
        row = session.exec(select(Audit).where(Audit.action == "add structures")).one()
    assert (row.actor, row.detail["added"]) == ("lead", ["Tumour"])


def test_an_alias_matches_from_then_on(study: Study) -> None:
    change = add_aliases(study, "ParotidL", ["left parotid gland"], actor="lead", now=NOON)
    assert change.version == 2
    assert read_study_catalogue(study).find_name("Left_Parotid_Gland") == "ParotidL"
    again = add_aliases(study, "ParotidL", ["gland 1"], actor="lead", now=NOON)
    assert again.version == 3
    assert {"left parotid gland", "gland 1"} <= set(
        read_study_catalogue(study).get_structure("ParotidL").aliases
    )


def test_a_study_of_before_takes_the_colours_of_today_and_keeps_its_own_rows(
    study: Study, tmp_path: Path
) -> None:
    today = ROOT / "data" / "structures.csv"
    assert list_other_colours(study, today) == ()
    with pytest.raises(RuleError, match="Other colours were expected"):
        take_colours(study, today, actor="lead", now=NOON)
    more = write_rows(tmp_path, '60,Tumour,1,H&N soft,"1,2,3",')
    add_structures(study, more, actor="lead", now=NOON)
    table = study.tables / "structures.csv"
    known = read_catalogue(table).get_structure("ParotidL")
    old = ",".join(map(str, known.color_rgb))
    table.write_text(table.read_text().replace(f'"{old}"', '"9,9,9"', 1))
    other = list_other_colours(study, today)
    assert len(other) == 1
    change = take_colours(study, today, actor="lead", now=NOON)
    assert (change.version, change.added) == (3, other)
    catalogue = read_study_catalogue(study)
    assert list_other_colours(study, today) == ()
    assert catalogue.get_structure("Tumour").color_rgb == (1, 2, 3)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('60,ParotidL,1,H&N soft,"1,2,3",', "found ParotidL again"),
        ('60,Tumour,1,H&N soft,"1,2,3",Parotid_L', "claimed by both"),
        ('60,Tumour,1,no window,"1,2,3",', "found 'no window'"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    study: Study, tmp_path: Path, row: str, said: str
) -> None:
    before = (study.tables / "structures.csv").read_bytes()
    with pytest.raises(ConfigError, match=said):
        add_structures(study, write_rows(tmp_path, row), actor="lead", now=NOON)
    assert (study.tables / "structures.csv").read_bytes() == before
    assert not (study.tables / "versions").exists()
