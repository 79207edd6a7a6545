"""`han5k audit`: verify, head and export on a real study, before and after somebody altered it."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from pathlib import Path

from tests.cli.conftest import Han5k


def test_the_trail_of_a_study_is_whole_until_a_row_is_altered(han5k: Han5k, tmp_path: Path) -> None:
    study, heads = tmp_path / "study", tmp_path / "heads.txt"
    words = ("--study", str(study))
    (tmp_path / "password").write_text("a long first word\n")
    assert han5k("init", *words)[0] == 0
    for name in ("anna", "ben"):
        add = ("reader", "add", name, "--password-file", str(tmp_path / "password"))
        assert han5k(*add, *words)[0] == 0
    code, printed = han5k("audit", "head", "--append", str(heads), *words)
    head = printed.split()[-1]
    assert (code, heads.read_text().split()[-1]) == (0, head)

    for name in ("trail.csv", "trail.jsonl"):
        assert han5k("audit", "export", "--out", str(tmp_path / name), *words)[0] == 0
    with (tmp_path / "trail.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = (tmp_path / "trail.jsonl").read_text().splitlines()
    assert [hashlib.sha256(line.encode()).hexdigest() for line in lines][: len(rows)] == [
        row["sha256"] for row in rows
    ]
    assert head in [row["sha256"] for row in rows]
    assert json.loads(lines[len(rows)])[5] == "export audit trail"

    code, printed = han5k("audit", "verify", "--head", head, "--heads", str(heads), *words)
    assert (code, "intact" in printed) == (0, True), printed
    assert "all of 2 kept hashes found" in printed
    with sqlite3.connect(study / "study.sqlite3") as database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'nobody' WHERE id = 2")
    database.close()
    code, printed = han5k("audit", "verify", *words)
    assert (code, "Row 2 of the audit trail (add account" in printed) == (2, True), printed
    assert han5k("audit", "verify", "--head", "abc", *words)[0] == 2
