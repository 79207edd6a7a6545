"""kill -9 at any moment and a full disk: what is stored is whole, and the next run completes it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from han5k_review.importing.reports import CaseOutcome
from han5k_review.store.study import Study, open_study
from tests.imaging.phantoms import AFFINE_LPS_AXES, write_image
from tests.importing.case_files import (
    content,
    run,
    source,
    write_ct,
    write_label_map,
    write_labels,
)

ROOT = Path(__file__).resolve().parents[2]
CASES = 4

# Imports four cases and kills itself with SIGKILL where it is told to.
KILLED = """
import os, signal, sys
from pathlib import Path
from han5k_review.importing.imports import run_import
from han5k_review.importing.sources import read_manifest
from han5k_review.study import read_study_catalogue
from han5k_review.store.study import open_study
from tests.importing.conftest import NOON

root, manifest, where = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
calls = []

def die(*_):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return NOON

def die_before_a_mask_takes_its_place(event, arguments):
    if event == "os.rename" and ".nii.gz." in str(arguments[0]):
        die()

study = open_study(root)
if where == "while files are stored":
    sys.addaudithook(die_before_a_mask_takes_its_place)
run_import(
    study, read_study_catalogue(study), read_manifest(manifest, study), actor="anna",
    now=die if where == "inside a transaction" else lambda: NOON,
    progress=die if where == "between cases" else None,
)
"""

# Imports with a limit on the size of any file, which is how a full disk answers a write.
FULL = """
import resource, sys
from pathlib import Path
from han5k_review.importing.imports import run_import
from han5k_review.importing.sources import read_manifest
from han5k_review.study import read_study_catalogue
from han5k_review.store.study import open_study
from tests.importing.conftest import NOON

study = open_study(Path(sys.argv[1]))
sources = read_manifest(Path(sys.argv[2]), study)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
report = run_import(
    study, read_study_catalogue(study), sources, actor="anna", now=lambda: NOON
)
for case in report.cases:
    sys.stdout.write(case.sentence + "\\n")
sys.exit(report.exit_code)
"""


def write_manifest(study: Study, folder: Path) -> Path:
    write_labels(folder)
    write_label_map(folder)
    rows = ["case,ct,labels,label_map"]
    for n in range(CASES):
        write_ct(folder / str(n), shift=n)
        rows.append(f"HN-{n},{n}/ct.nii.gz,labels.nii.gz,map.csv")
    path = folder / "cases.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def start(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    )


@pytest.mark.parametrize(
    ("where", "whole"),
    [("between cases", 3), ("inside a transaction", 2), ("while files are stored", 0)],
)
def test_a_killed_import_is_completed_by_the_next(
    study: Study, tmp_path: Path, where: str, whole: int
) -> None:
    manifest = write_manifest(study, tmp_path)
    killed = start(KILLED, study.root, manifest, where)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    before = content(study)
    assert len(before["cases"]) == whole
    assert len(before["versions"]) == 3 * whole
    assert len(before["audits"]) == whole
    sources = [source(study, tmp_path, case=f"HN-{n}", ct=f"{n}/ct.nii.gz") for n in range(CASES)]
    report = run(study, *sources)
    assert [c.outcome for c in report.cases] == [CaseOutcome.UNCHANGED] * whole + [
        CaseOutcome.NEW
    ] * (CASES - whole)
    after = content(study)
    assert after["cases"][:whole] == before["cases"]
    assert len(after["cases"]) == CASES
    assert len(after["versions"]) == 3 * CASES
    for row in after["cases"]:
        study.volumes.get_volume(str(row[3]))


@pytest.mark.parametrize("large", ["ct", "labels"])
def test_a_full_disk_is_a_sentence_and_leaves_no_half_case(
    study: Study, tmp_path: Path, large: str
) -> None:
    randomness = np.random.default_rng(1)
    shape = (90, 90, 40)
    noise = randomness.integers(-1000, 2000, shape).astype(np.int16)
    labels = randomness.integers(0, 4, shape).astype(np.uint8)
    write_image(tmp_path / "ct.nii.gz", noise if large == "ct" else noise // 9999, AFFINE_LPS_AXES)
    write_image(
        tmp_path / "labels.nii.gz",
        labels if large == "labels" else (np.indices(shape)[2] % 4).astype(np.uint8),
        AFFINE_LPS_AXES,
    )
    write_label_map(tmp_path)
    manifest = tmp_path / "cases.csv"
    manifest.write_text("case,ct,labels,label_map\nHN-1,ct.nii.gz,labels.nii.gz,map.csv\n")
    with study.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    limited = start(FULL, study.root, manifest, 24_000)
    assert limited.returncode == 2, limited.stderr
    assert limited.stdout.startswith("HN-1: refused (cases.csv line 2): ")
    assert "the disk answered: File too large" in limited.stdout
    there = content(study)
    assert there["cases"] == there["versions"] == there["audits"] == []
    assert not list(study.root.rglob("*.tmp"))
    enough = start(FULL, study.root, manifest, 50_000_000)
    assert enough.returncode == 0, enough.stderr
    reopened = open_study(study.root)
    assert len(content(reopened)["versions"]) == 3
    reopened.engine.dispose()


# A worker process that dies while it reads; the pool then refuses every further task.
BROKEN = """
import os, signal, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from han5k_review.importing.imports import run_import
from han5k_review.importing.sources import read_manifest
from han5k_review.study import read_study_catalogue
from han5k_review.store.study import open_study
from tests.importing.conftest import NOON

def die_over_the_second_ct(event, arguments):
    if event == "open" and str(arguments[0]).endswith("1/ct.nii.gz"):
        os.kill(os.getpid(), signal.SIGKILL)

study = open_study(Path(sys.argv[1]))
sources = read_manifest(Path(sys.argv[2]), study)
with ProcessPoolExecutor(
    1, mp_context=get_context("fork"), initializer=sys.addaudithook,
    initargs=(die_over_the_second_ct,),
) as executor:
    report = run_import(
        study, read_study_catalogue(study), sources, actor="anna", now=lambda: NOON,
        executor=executor,
    )
for case in report.cases:
    sys.stdout.write(case.sentence + "\\n")
sys.exit(report.exit_code)
"""


def test_a_reading_process_that_dies_is_a_sentence(study: Study, tmp_path: Path) -> None:
    ended = start(BROKEN, study.root, write_manifest(study, tmp_path))
    assert ended.returncode == 2, ended.stderr
    first, *others = ended.stdout.splitlines()
    assert len(others) == CASES - 1
    assert all("the process that read this case ended" in line for line in others)
    assert first.startswith("HN-0: ")
    names = [row[0] for row in content(study)["cases"]]
    assert names in ([], ["HN-0"])
