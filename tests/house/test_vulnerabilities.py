"""What scripts/check says of the packages' known vulnerabilities, asked or not."""

from __future__ import annotations

import runpy
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "vulnerabilities.py"
# As pip-audit 2.10 writes its JSON; the vulnerability is a real one of urllib3.
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found on PyPI"}
CLEAN = {"name": "rich", "version": "15.0.0", "vulns": []}
FOUND = {
    "name": "urllib3",
    "version": "1.26.4",
    "vulns": [{"id": "PYSEC-2021-108", "fix_versions": ["1.26.5"], "aliases": []}],
}


def test_a_service_that_is_not_reachable_is_said_and_fails_nothing() -> None:
    judge = runpy.run_path(str(SCRIPT))["judge"]
    for packages in ([], [SKIPPED]):
        said, is_bad = judge(packages)
        assert not is_bad
        assert "could not be asked" in said


def test_a_vulnerability_fails_unless_its_reason_is_written_down() -> None:
    script = runpy.run_path(str(SCRIPT))
    assert script["judge"]([CLEAN, SKIPPED]) == (
        "1 packages looked up, 1 unknown to the service, 0 known vulnerabilities",
        False,
    )
    said, is_bad = script["judge"]([CLEAN, FOUND])
    assert is_bad
    assert "urllib3 1.26.4: PYSEC-2021-108, mended in 1.26.5" in said
    script["EXCEPTIONS"]["PYSEC-2021-108"] = "no redirect is followed"
    said, is_bad = script["judge"]([CLEAN, FOUND])
    assert (is_bad, "accepted: no redirect is followed" in said) == (False, True)
