"""The restore drill: a backup made while somebody writes holds all that was acknowledged before."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select

from han5k_review.errors import ConfigError, DataError
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.audit import add_audit
from han5k_review.store.audit_check import check_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.upkeep import BackupReport, BackupRequest, check_backup, make_backup
from han5k_review.upkeep.manifest import list_backups, object_path, read_manifest
from han5k_review.upkeep.restore import restore_backup
from rigs.databases import open_new_study
from rigs.studies import add_case, add_identity, add_label, make_grid

GRID = make_grid((12, 12, 6))


@pytest.fixture(params=["sqlite", "postgresql"])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Study]:
    is_sqlite = request.param == "sqlite"
    url = None if is_sqlite else str(request.getfixturevalue("postgres_url"))
    study = open_new_study(tmp_path / "study", url)
    add_identity(study)
    with transaction(study.engine) as session:
        add_case(session, "HN-001", GRID)
    (study.root / "secret.key").write_text("secret")
    yield study
    study.engine.dispose()


@pytest.fixture
def empty_url(study: Study, request: pytest.FixtureRequest) -> str | None:
    """Where a restored database may go; None for SQLite."""
    if study.engine.dialect.name == "sqlite":
        return None
    return str(request.getfixturevalue("empty_postgres_url"))


@dataclass
class Writer:
    """Somebody who writes a new contour, its row and an audit row, again and again."""

    study: Study
    acknowledged: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    ending: threading.Event = field(default_factory=threading.Event)

    def write(self) -> None:
        while not self.ending.is_set():
            number = len(self.acknowledged)
            dense = np.zeros(GRID.shape, dtype=bool)
            dense[number % 12, number // 12 % 12, : 1 + number // 144 % 6] = True
            mask = StructureMask.from_dense(dense, GRID)
            with transaction(self.study.engine) as session:
                case = session.exec(select(Case)).one()
                label = add_label(session, self.study, case, f"S{number}", mask)
                add_audit(
                    session, at_utc=utc_now(), actor="anna", action="write", subject=f"{number}"
                )
                sha256 = label.mask_sha256
            self.acknowledged.append(sha256)
            if number == 20:
                self.begun.set()


def back_up(study: Study, folder: Path, *, deep: bool = False) -> BackupReport:
    return make_backup(study, folder, BackupRequest(actor="root", now=utc_now(), deep=deep))


def test_a_backup_made_while_somebody_writes_gives_back_all_that_was_acknowledged(
    study: Study, empty_url: str | None, tmp_path: Path
) -> None:
    folder, target = tmp_path / "backups", tmp_path / "restored"
    writer = Writer(study=study)
    thread = threading.Thread(target=writer.write)
    thread.start()
    try:
        assert writer.begun.wait(60)
        first = back_up(study, folder)
        before = len(writer.acknowledged)
        second = back_up(study, folder)
    finally:
        writer.ending.set()
        thread.join()
    assert len(writer.acknowledged) > before > 20, "it wrote on meanwhile"
    assert second.copied < second.files, "what the first backup holds is not copied again"
    assert list_backups(folder) == sorted([first.name, second.name])
    assert check_backup(folder, second.name) > 20
    assert not list((folder / "objects").glob(".*")), "nothing is left on the way"

    restore_backup(folder, second.name, target, database_url=empty_url)
    restored = open_study(target, empty_url)
    with reading(restored.engine) as session:
        stored = set(session.exec(select(LabelVersion.mask_sha256)).all())
        assert set(writer.acknowledged[:before]) <= stored
        for sha256 in stored:
            assert restored.labels.get_mask(sha256, GRID).sha256 == sha256
        chain = check_audit(session, [first.audit_head, second.audit_head])
        assert (chain.problem, chain.rows > before) == (None, True)
    with transaction(restored.engine) as session:  # and it can be worked with
        add_audit(session, at_utc=utc_now(), actor="anna", action="go on", subject="here")
    restored.engine.dispose()
    key = target / "secret.key"
    assert (key.read_text(), key.stat().st_mode & 0o077) == ("secret", 0)
    with pytest.raises(ConfigError, match="new or empty folder"):
        restore_backup(folder, second.name, target, database_url=empty_url)


def test_what_is_damaged_is_found_and_never_put_back(tmp_path: Path) -> None:
    study = open_new_study(tmp_path / "study")
    add_identity(study)
    folder = tmp_path / "backups"
    name = back_up(study, folder).name
    with pytest.raises(ConfigError, match="outside the study"):
        back_up(study, study.root / "backups")

    table = study.tables / "scales.csv"
    kept = table.stat()
    table.write_bytes(table.read_bytes()[::-1])  # as a disk that fails: same size, same time
    os.utime(table, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert back_up(study, folder, deep=True).damaged == ("tables/scales.csv",)

    manifest = read_manifest(folder, name)
    content = object_path(folder, manifest.files[0].sha256)
    content.write_bytes(b"something else")
    with pytest.raises(DataError, match="does not match its hash"):
        check_backup(folder, name)
    with pytest.raises(DataError, match="does not match its hash"):
        restore_backup(folder, name, tmp_path / "restored")
    content.unlink()
    with pytest.raises(DataError, match="take another backup"):
        check_backup(folder, name)
    listed = folder / "backups" / f"{name}.json"
    listed.write_text(listed.read_text().replace("Grading study", "Grading Study"))
    with pytest.raises(DataError, match="does not fit the hash in its name"):
        check_backup(folder, name)
    with pytest.raises(DataError, match="found none"):
        check_backup(tmp_path / "nothing")
    study.engine.dispose()
