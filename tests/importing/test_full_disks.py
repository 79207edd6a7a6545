"""A disk that is really full: a file system of its own, filled while cases come in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.importing.test_trees import write_patient

ROOT = Path(__file__).resolve().parents[2]
_UNSHARE = ["unshare", "--map-root-user", "--mount"]

# A disk of 96 MB, on which somebody else fills what is left: while the database writes case 2,
# while the CT of case 3 is read, and still when case 4 begins; before case 5 there is space again.
FULL = """
import sys
from contextlib import suppress
from pathlib import Path
from sqlalchemy import text
from han5k_review.imaging.dicom.trees import find_tree
from han5k_review.importing.imports import run_import
from han5k_review.importing.study import create_study
from han5k_review.importing.tree_sources import CaseNaming, TreeChoice, build_tree_sources
from han5k_review.study import read_study_catalogue
from tests.importing.conftest import NOON

disk, tree = Path(sys.argv[1]), Path(sys.argv[2])
study = create_study(disk / "study", "Trial", now_utc=NOON)
ballast = disk / "ballast"
times = []

def fill():
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))

def fill_while_case_3_is_read(event, arguments):
    if event == "open" and str(arguments[0]).endswith("03/3-3") and times == [1, 2]:
        fill()

def fill_while_case_2_is_written():
    times.append(len(times) + 1)
    if times == [1, 2]:
        fill()
    return NOON

def make_room(_case, done, _total):
    if done in (2, 4):
        ballast.unlink()

def run(**more):
    sources = build_tree_sources(found, study, TreeChoice(naming=CaseNaming.PATIENT_ID)).sources
    report = run_import(study, read_study_catalogue(study), sources, actor="anna", **more)
    for case in report.cases:
        print(case.sentence)

found = find_tree(tree)
sys.addaudithook(fill_while_case_3_is_read)
run(now=fill_while_case_2_is_written, progress=make_room)
stored = sorted(path.name for path in study.volumes.folder.glob("*/*"))
with study.engine.connect() as connection:
    images = sorted(connection.execute(text("select image_sha256 from study_case")).scalars())
    print(connection.exec_driver_sql("PRAGMA integrity_check").scalar_one())
print("rows without files:", len(set(images) - set(stored)))
print("left over:", [str(path) for path in study.root.rglob("*.tmp")])
run(now=lambda: NOON)
"""


def _may_mount() -> bool:
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return False
    words = [*_UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _may_mount(), reason="a file system of its own cannot be mounted here")
def test_a_full_disk_is_a_sentence_for_each_case_and_the_next_import_is_whole(
    tmp_path: Path,
) -> None:
    for number in range(1, 6):
        write_patient(tmp_path / "tree", number)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=96m none "{disk}" && exec "$@"'
    command = [*_UNSHARE, "sh", "-c", mount, "sh", sys.executable, "-c", FULL]
    done = subprocess.run(
        [*command, str(disk), str(tmp_path / "tree")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    first, database, volume, early, fifth, healthy, rows, left, *again = done.stdout.splitlines()
    assert first.startswith("RC-0001: new case")
    assert database.startswith("RC-0002: refused (02): The study's database was expected to take")
    assert "is full" in database
    assert volume.startswith("RC-0003: refused (03): ")
    assert "No space left on device" in volume
    assert early.startswith("RC-0004: refused (04): At least 64 MB of free space were expected")
    assert fifth.startswith("RC-0005: new case")
    assert (healthy, rows, left) == ("ok", "rows without files: 0", "left over: []")
    assert [line.split(" with")[0].split(";")[0] for line in again] == [
        "RC-0001: unchanged",
        "RC-0002: new case",
        "RC-0003: new case",
        "RC-0004: new case",
        "RC-0005: unchanged",
    ]
