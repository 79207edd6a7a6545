"""The sealed patients: opened once, after the plan is committed and every model is trained.

An opening is written down twice before a file of these patients is read: in the results folder and
in `docs/loop_openings.json`, which counts openings. A measurement that broke off goes on, with the
same plan and the same models; anything else is a second opening, and refused.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from han5k_review.store.files import write_atomically

PLAN = Path("docs/loop_plan.md")
COUNTER = Path("docs/loop_openings.json")


@dataclass(frozen=True, kw_only=True)
class Opening:
    """When, by which committed plan, with which models; `finished_at` when it had its result."""

    number: int
    opened_at: str
    plan_commit: str
    plan_sha256: str
    models_sha256: str
    finished_at: str | None = None


def open_sealed(project: Path, results: Path, checkpoints: Iterable[str]) -> Opening:
    """Write the opening down, or go on with the one that broke off.

    SystemExit when the plan is not committed, and when the set was opened before: with another
    plan or other models, elsewhere, or to the end.
    """
    commit = find_plan_commit(project)
    now = Opening(
        number=1,
        opened_at=datetime.now(UTC).isoformat(timespec="seconds"),
        plan_commit=commit,
        plan_sha256=hashlib.sha256((project / PLAN).read_bytes()).hexdigest(),
        models_sha256=hashlib.sha256("\n".join(sorted(checkpoints)).encode()).hexdigest(),
    )
    counted, kept = read_openings(project / COUNTER), read_openings(results / "opening.json")
    for earlier in (*counted, *kept):
        same = (earlier.plan_sha256, earlier.models_sha256) == (now.plan_sha256, now.models_sha256)
        if earlier.finished_at or not same or not (counted and kept):
            raise SystemExit(
                f"The sealed patients were opened on {earlier.opened_at} with the plan of commit "
                f"{earlier.plan_commit[:12]}; they are opened once, and that result stands. See "
                f"{COUNTER}."
            )
    if counted:
        return counted[-1]
    _write(project, results, now)
    return now


def finish(project: Path, results: Path, opening: Opening) -> None:
    """The opening has its result: it is not opened again."""
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    _write(project, results, replace(opening, finished_at=ended))


def find_plan_commit(project: Path) -> str:
    """The commit that wrote the plan; SystemExit when it is missing or was changed since."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project), *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    commit = git("log", "-1", "--format=%H", "--", str(PLAN))
    if not commit or git("status", "--porcelain", "--", str(PLAN)):
        raise SystemExit(f"{PLAN} was expected to be committed as it is; commit it first.")
    return commit


def read_openings(path: Path) -> list[Opening]:
    """The openings that a file counts; none where it is missing."""
    if not path.exists():
        return []
    return [Opening(**entry) for entry in json.loads(path.read_text())]


def _write(project: Path, results: Path, opening: Opening) -> None:
    content = json.dumps([asdict(opening)], indent=1).encode() + b"\n"
    for path in (results / "opening.json", project / COUNTER):
        write_atomically(path, content)
