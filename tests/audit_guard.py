"""Every change that the product commits has a row in the audit trail: watched in every test.

While tests run, each transaction is watched for the tables it writes to. One that the product
opened (tests make rows of their own) and that writes to a table of the study must add an audit row
before it commits, unless the tables or the function stand here, with the reason. What no test runs
is looked for in the source (`tests/house/test_audited_changes.py`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Connection, Engine, event

TABLES_WITHOUT = {
    "draft_patch": "strokes are a journal of their own, append-only, of a draft whose opening, "
    "submission and end are audited",
    "draft_snapshot": "a copy of what the journal says, made by the server",
    "draft_prompt": "prompts are a journal beside that of the strokes; the audit row of a "
    "revision says which server answered them",
    "draft": "version, lease and place move with each stroke and by themselves",
    "background_work": "who works in the background and how far; what comes of it is audited",
    "sign_in_count": "a counter of wrong passwords; each refused sign-in is audited",
}
_HAND_ON = "what it commits is done by a service that it is handed, which audits"
_MACHINERY = "machinery of a worker: its claims, deaths and looks; what comes of them is audited"
_COPY = "derived from stored files or rows, the same whoever does it; changes nothing of the study"
WITHOUT = {
    "han5k_review/cli/session.py decide": _HAND_ON,
    "han5k_review/ui/retraining/models.py _show_use": _HAND_ON,
    "han5k_review/web/draft_room.py change": _HAND_ON,
    "han5k_review/web/draft_room.py append": TABLES_WITHOUT["draft_patch"],
    "han5k_review/web/draft_room.py keep_snapshot": TABLES_WITHOUT["draft_snapshot"],
    "han5k_review/web/prompt_room.py _record": TABLES_WITHOUT["draft_prompt"],
    "han5k_review/web/entrance.py _sign_in": "its first transaction only counts; the second audits",
    "han5k_review/web/guard.py _write_seen": "when a sign-in was used last, noted by itself",
    "han5k_review/web/grade_routes.py post_position": "where a reader looks, noted by itself",
    "han5k_review/importing/known_planes.py read_full_claims": _COPY,
    "han5k_review/triage/run.py run_triage": _COPY,
    "han5k_review/background.py _changing": TABLES_WITHOUT["background_work"],
    "han5k_review/background.py _claim": TABLES_WITHOUT["background_work"],
    "han5k_review/intake/jobs.py look": _MACHINERY,
    "han5k_review/retraining/jobs/device_claims.py claim_row": _MACHINERY,
    "han5k_review/retraining/jobs/device_claims.py release_row": _MACHINERY,
    "han5k_review/retraining/predictions/prediction_jobs.py count_death": _MACHINERY,
    "han5k_review/retraining/predictions/prediction_jobs.py look": _MACHINERY,
    "han5k_review/retraining/runs/restarts.py take_over_epochs": _MACHINERY,
    "han5k_review/retraining/runs/run_jobs.py look": _MACHINERY,
    "han5k_review/retraining/runs/run_jobs.py note_start": _MACHINERY,
}
"""Functions whose transaction leaves no audit row, or not by a call that the source shows."""
AUDITED_ELSEWHERE = {_HAND_ON, WITHOUT["han5k_review/web/entrance.py _sign_in"]}
"""Of these, what they commit is watched all the same."""
_WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
_AUDIT = "audit"
_KEY = "tables written"
_ROOT = Path(__file__).resolve().parents[1]
_PRODUCT = (str(_ROOT / "han5k_review"), str(_ROOT / "pages"))
_ENGINE = str(_ROOT / "han5k_review" / "store" / "engine.py")


@dataclass(slots=True)
class AuditGuard:
    """What was committed without an audit row, as sentences."""

    found: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """From now on, every engine of this process."""
        event.listen(Engine, "before_cursor_execute", self._note)
        event.listen(Engine, "commit", self._check)
        event.listen(Engine, "rollback", self._forget)

    def rest(self) -> None:
        """Watch no more."""
        event.remove(Engine, "before_cursor_execute", self._note)
        event.remove(Engine, "commit", self._check)
        event.remove(Engine, "rollback", self._forget)

    def _note(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        written = _WRITES.match(statement)
        if written is not None:
            connection.info.setdefault(_KEY, set()).add(written[1].lower())

    def _forget(self, connection: Connection) -> None:
        connection.info.pop(_KEY, None)

    def _check(self, connection: Connection) -> None:
        tables = connection.info.pop(_KEY, set())
        if _AUDIT in tables or not tables - TABLES_WITHOUT.keys():
            return
        opener = find_opener(sys._getframe())
        if opener is not None and WITHOUT.get(opener, _HAND_ON) in AUDITED_ELSEWHERE:
            self.found.append(
                f"{opener} changed {', '.join(sorted(tables - TABLES_WITHOUT.keys()))} without a "
                "row in the audit trail"
            )


def find_opener(frame: FrameType | None) -> str | None:
    """File and function of the product that opened the transaction; None for a test's own."""
    is_past_engine = False
    for one in _list_frames(frame):
        file = one.f_code.co_filename
        if file == _ENGINE:
            is_past_engine = True
        elif is_past_engine and "contextlib" not in file:
            if not file.startswith(_PRODUCT):
                return None
            return f"{Path(file).relative_to(_ROOT).as_posix()} {one.f_code.co_name}"
    return None


def _list_frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
