"""The database of a study lies in its folder, whatever the folder is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session, select

from han5k_review.errors import StorageError
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.study import DATABASE_NAME, open_study
from han5k_review.store.tables import Audit, Case
from han5k_review.store.vocabulary import Split
from han5k_review.study import find_case, find_cases
from rigs.databases import open_new_study

NAMES = ["my study", "Prüfung Ü", "50% trial", "a%20b", "what?now", "c#sharp", "x@y:z", "日本",
         "semi;colon", "q'uo\"te", "a&b=c", "back\\slash", "~tilde", "[brackets]", "{braces}",
         "ends.", "$HOME", "file:x?mode=memory", ":memory:"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_database_lies_in_the_folder(tmp_path: Path, name: str) -> None:
    root = tmp_path / "studies" / name
    study = open_study(root, create=True)
    with transaction(study.engine) as session:
        add_audit(session, at_utc=utc_now(), actor="a", action="b", subject="c")
    study.engine.dispose()
    assert (root / DATABASE_NAME).stat().st_size > 0
    assert [path.name for path in (tmp_path / "studies").iterdir()] == [name]
    (root / "tables").mkdir()
    again = open_study(root)
    with transaction(again.engine) as session:
        assert session.exec(select(Audit)).one().subject == "c"
    again.engine.dispose()


def test_a_relative_folder_is_the_same_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    open_study(Path("what?now"), create=True).engine.dispose()
    assert (tmp_path / "what?now" / DATABASE_NAME).is_file()


def test_a_study_without_its_database_is_not_opened_as_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    with pytest.raises(StorageError, match=r"study\.sqlite3 was expected in .*, found none"):
        open_study(tmp_path)
    assert not (tmp_path / DATABASE_NAME).exists()


def add_case(session: Session, name: str) -> None:
    session.add(
        Case(name=name, patient=name, split=Split.TRAIN, image_sha256=name, shape_ijk=[1, 1, 1],
             affine_ras=[])
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_case_is_found_by_the_name_that_people_write(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    study = open_new_study(tmp_path / "s", url)
    with transaction(study.engine) as session:
        for name in ("Müller", "A1", "a1", "HN-1"):
            add_case(session, name)
    with transaction(study.engine) as session:
        found = {
            name: getattr(find_case(session, name), "name", None)
            for name in ("Mu\u0308ller", "MÜLLER", "A1", "a1", "hn-1 ", "HN-2", "1²")
        }
        assert found == {
            "Mu\u0308ller": "Müller",
            "MÜLLER": "Müller",
            "A1": "A1",
            "a1": "a1",
            "hn-1 ": "HN-1",
            "HN-2": None,
            "1²": None,
        }
        cases, unknown = find_cases(session, ["HN-1", "hn-1", "nobody", "Mu\u0308ller"])
        assert ([case.name for case in cases], unknown) == (["HN-1", "Müller"], ["nobody"])
    study.engine.dispose()
