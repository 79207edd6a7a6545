"""The audit trail is a chain: whatever is done to its rows is found, and the first is named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from han5k_review.errors import DataError, StorageError
from han5k_review.store.append_only import allow_change
from han5k_review.store.audit import AuditHead, add_audit, find_audit_head
from han5k_review.store.audit_chain import ChainLink, hash_link
from han5k_review.store.audit_check import AuditCheck, check_audit
from han5k_review.store.audit_heads import append_head, read_heads
from han5k_review.store.engine import build_engine, reading, transaction
from han5k_review.store.tables import Audit
from rigs.databases import new_sqlite_url
from rigs.studies import NOON

LONG_AGO = "'2020-01-01 00:00:00+00:00'"
# What somebody with the database's password does -> what the sentence names.
TAMPERINGS = {
    "UPDATE audit SET actor = 'eve' WHERE id = 3": "Row 3 of the audit trail (grade, case 3",
    "UPDATE audit SET detail = '{\"new\": 9}' WHERE id = 2": "Row 2 of the audit trail",
    f"UPDATE audit SET at_utc = {LONG_AGO} WHERE id = 4": "2020-01-01T00:00:00Z) was altered",
    "DELETE FROM audit WHERE id = 3": "does not follow row 2: a row between them was removed",
    "DELETE FROM audit WHERE id = 1": "does not follow the beginning",
    "SWAP": "Row 2 of the audit trail (grade, case 3",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    sqlite = request.param == "sqlite"
    url = new_sqlite_url(tmp_path) if sqlite else str(request.getfixturevalue("postgres_url"))
    engine = build_engine(url)
    for number in range(1, 5):
        with transaction(engine) as session:
            say(session, number)
    yield engine
    engine.dispose()


def say(session: Session, number: int) -> None:
    words = {"old": None, "new": number, "reason": "größer — ø", "share": 0.1}
    add_audit(session, at_utc=NOON, actor="anna", action="grade", subject=f"case {number}", **words)


def check(engine: Engine, *heads: str) -> AuditCheck:
    with reading(engine) as session:
        return check_audit(session, heads)


def test_the_hash_of_a_row_is_that_of_the_line_that_is_documented(engine: Engine) -> None:
    with reading(engine) as session:
        first, second, *_ = session.exec(select(Audit).order_by(Audit.id)).all()  # type: ignore[arg-type]
    recorded = first.recorded_at_utc.isoformat(timespec="microseconds")
    line = (
        f'["han5k-audit-1","{"0" * 64}","{recorded}","2026-05-04T12:00:00.000000+00:00","anna",'
        '"grade","case 1",{"new":1,"old":null,"reason":"gr\\u00f6\\u00dfer \\u2014 \\u00f8",'
        '"share":0.1}]'
    )
    assert first.sha256 == hashlib.sha256(line.encode()).hexdigest()
    assert second.previous_sha256 == first.sha256
    assert check(engine).problem is None


def test_whatever_is_done_to_a_row_is_found_and_the_first_bad_row_is_named(engine: Engine) -> None:
    for tampering, sentence in TAMPERINGS.items():
        with engine.connect() as connection, connection.begin() as whole:
            allow_change(connection, "audit")
            for statement in _statements(tampering):
                connection.execute(text(statement))
            with Session(connection) as session:
                problem = check_audit(session).problem
            whole.rollback()
        assert problem is not None, tampering
        assert sentence in problem
    assert check(engine).rows == 4


def _statements(tampering: str) -> list[str]:
    """Two rows change places by way of a number that none has."""
    if tampering != "SWAP":
        return [tampering]
    moves = ((2, -9), (3, 2), (-9, 3))
    return [f"UPDATE audit SET id = {new} WHERE id = {old}" for old, new in moves]


def test_a_row_that_was_put_in_with_a_right_hash_and_an_old_date_is_found(engine: Engine) -> None:
    with reading(engine) as session:
        head = find_audit_head(session)
    assert head is not None
    before = head.recorded_at_utc - timedelta(seconds=1)
    words = {"actor": "eve", "action": "grade", "subject": "case 9", "detail": {}}
    link = ChainLink(at_utc=before, recorded_at_utc=before, previous_sha256=head.sha256, **words)
    forged = Audit(
        at_utc=before,
        recorded_at_utc=before,
        previous_sha256=head.sha256,
        sha256=hash_link(link),
        **words,
    )
    with transaction(engine) as session:
        session.add(forged)
    assert "Row 5 of the audit trail (grade, case 9" in (found := check(engine).problem or "")
    assert "is back-dated" in found


def test_rows_missing_at_the_end_are_found_by_a_hash_that_was_kept(
    engine: Engine, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.txt"
    with reading(engine) as session:
        head = find_audit_head(session)
    assert head is not None
    assert [append_head(kept, head), append_head(kept, head)] == [True, False]
    heads = read_heads(kept)
    with transaction(engine) as session:
        say(session, 5)
    assert check(engine, *heads).problem is None
    with engine.begin() as connection:
        allow_change(connection, "audit")
        connection.execute(text("DELETE FROM audit WHERE id > 3"))
    assert check(engine).problem is None
    problem = check(engine, *heads).problem or ""
    assert f"The hash {head.sha256} that was written down is that of no row" in problem
    assert "row 3" in problem


def test_a_late_row_is_told_and_is_no_fault(engine: Engine) -> None:
    found = check(engine)
    is_late = datetime.now(UTC) - NOON > timedelta(days=1)
    assert (found.problem, found.late) == (None, 4 if is_late else 0)


def test_a_file_of_heads_that_cannot_be_is_refused_by_its_line(tmp_path: Path) -> None:
    wrong = tmp_path / "heads.txt"
    wrong.write_text("2026-05-04T12:00:00Z 7 abc\n")
    with pytest.raises(DataError, match=r"heads\.txt line 1: a line that ends in a hash"):
        read_heads(wrong)
    with pytest.raises(StorageError, match="HAN5K_AUDIT_HEADS"):
        append_head(
            tmp_path / "none" / "heads.txt",
            AuditHead(number=1, sha256="a" * 64, recorded_at_utc=NOON),
        )
