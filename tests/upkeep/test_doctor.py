"""`han5k doctor` finds what was done to a demo study, and says of each how to mend it."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

from han5k_review.store.columns import utc_now
from han5k_review.store.study import Study, open_study
from han5k_review.upkeep.file_check import check_files
from han5k_review.upkeep.machine_check import (
    list_clock_findings,
    list_disk_findings,
    list_version_findings,
)
from han5k_review.upkeep.record_check import list_record_findings


def say_all(study: Study, *, deep: bool = False) -> tuple[list[str], list[str]]:
    """(problems, notes), as sentences; every one of them says how to mend it."""
    found = [*list_record_findings(study), *check_files(study, deep=deep).findings]
    assert all(one.mend.endswith((".", ")")) for one in found)
    problems = [one.sentence for one in found if one.is_problem]
    return problems, [one.sentence for one in found if not one.is_problem]


def test_everything_that_was_done_to_a_study_is_found(tmp_path: Path, demo_study: Path) -> None:
    root = shutil.copytree(demo_study, tmp_path / "study")
    study = open_study(root)
    assert say_all(study, deep=True)[0] == []

    masks = sorted(study.labels.folder.glob("??/*.nii.gz"))
    slab = next(iter(study.volumes.folder.rglob("0001.zst")))
    slab.unlink()
    (study.labels.folder / "ab").mkdir(exist_ok=True)
    shutil.copy(masks[0], study.labels.folder / "ab" / f"{'ab' * 32}.nii.gz")
    left = study.labels.folder / "ab" / ".x.nii.gz.0.tmp"
    left.touch()
    os.utime(left, (0, 0))
    with sqlite3.connect(root / "study.sqlite3") as database:
        database.execute("DROP TRIGGER grade_no_delete")
        database.execute("DROP TRIGGER label_version_no_update")
        changed = database.execute(
            "UPDATE label_version SET structure = 'Nose' WHERE id = "
            "(SELECT started_from_id FROM label_version WHERE started_from_id IS NOT NULL)"
        )
        assert changed.rowcount == 1
        database.execute("UPDATE label_version SET case_id = 999 WHERE id = 1")
    database.close()
    problems, notes = say_all(study)
    for sentence in (
        "1 slab of the CT of",
        "does not refuse changes to rows of grade",
        "does not refuse changes to rows of label_version",
        "A contour starts from an older one of the same structure and case: not so in",
        "Row 1 of label_version refers to a row of study_case that is not there",
    ):
        assert sum(sentence in problem for problem in problems) == 1, (sentence, problems)
    assert any(f"labels/ab/{'ab' * 32}.nii.gz" in note for note in notes)
    assert any("half-written: labels/ab/.x.nii.gz.0.tmp" in note for note in notes)
    study.engine.dispose()


def test_a_mask_whose_bytes_changed_is_found_by_reading_it(
    tmp_path: Path, demo_study: Path
) -> None:
    study = open_study(shutil.copytree(demo_study, tmp_path / "study"))
    mask = max(study.labels.folder.glob("??/*.nii.gz"), key=lambda path: path.stat().st_size)
    content = bytearray(gzip.decompress(mask.read_bytes()))
    content[-1] ^= 1  # one voxel
    mask.write_bytes(gzip.compress(bytes(content)))
    assert say_all(study)[0] == []
    (problem,) = set(say_all(study, deep=True)[0])
    assert "does not match its hash" in problem
    assert mask.name in problem
    study.engine.dispose()


def test_this_machine_is_fit_and_a_clock_that_was_set_back_is_told(
    tmp_path: Path, demo_study: Path
) -> None:
    study = open_study(shutil.copytree(demo_study, tmp_path / "study"))
    assert list(list_version_findings()) == []
    assert not [one for one in list_disk_findings(study.root) if one.is_problem]
    assert list(list_clock_findings(study, utc_now())) == []
    (told,) = list_clock_findings(study, utc_now() - timedelta(days=900))
    assert "a clock was set back" in told.sentence
    study.engine.dispose()
