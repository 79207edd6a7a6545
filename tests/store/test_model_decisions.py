"""Decisions on models of a study from before their table: taken over from the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData
from sqlmodel import select

from han5k_review.store.engine import build_engine, reading
from han5k_review.store.migrate import migrate_database
from han5k_review.store.model_tables import ModelDecision
from han5k_review.store.vocabulary import ModelAct

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'study.sqlite3'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def fill(connection: Connection) -> None:
    """Three models of the schema 0004, and what its audit trail says of them."""
    tables = MetaData()
    tables.reflect(connection)

    def add(table: str, **values: Any) -> None:
        connection.execute(tables.tables[table].insert().values(**values))

    model = {"group": "2", "checkpoint_sha256": "0", "labels": {}, "card": {}}
    for number, name in enumerate(("first", "second", "from elsewhere"), start=1):
        add(
            "model_version",
            **model,
            id=number,
            name=name,
            folder=name,
            state="retired",
            created_at_utc=NOON,
        )
    run = {"preset": "smoke", "group": "2", "settings": {}, "device": "cpu", "progress": {}}
    run |= {"attempt": 1, "max_attempts": 3, "cancel_requested": False, "created_at_utc": NOON}
    add("retrain_run", **run, id=7, state="promoted", result_model_id=1)
    add("retrain_run", **run, id=8, state="declined", result_model_id=2)
    add("retrain_run", **run, id=9, state="failed", result_model_id=None)
    for action, subject, detail in (
        ("run promoted", "run 7", {"reason": "first", "despite_gate": ["Lens_L"], "to": "x"}),
        ("run declined", "run 8", {"reason": "too coarse"}),
        ("run failed", "run 9", {"reason": "no disk"}),
        ("model put in use", "model from elsewhere", {"reason": "to begin with"}),
        ("model rolled back", "model first", {"reason": "worse in clinic"}),
        ("model rolled back", "model that is gone", {"reason": "?"}),
    ):
        add("audit", at_utc=NOON, actor="lead", action=action, subject=subject, detail=detail)


def test_the_audit_trail_of_before_becomes_rows(url: str) -> None:
    engine = build_engine(url)
    migrate_database(engine, "0004")
    with engine.execution_options(han5k_write=True).begin() as connection:
        fill(connection)
    migrate_database(engine)
    with reading(engine) as session:
        rows = session.exec(select(ModelDecision).order_by(ModelDecision.id)).all()  # type: ignore[arg-type]
    assert [(r.model_id, r.act, r.reason, r.failed_structures) for r in rows] == [
        (1, ModelAct.PROMOTED, "first", ["Lens_L"]),
        (2, ModelAct.DECLINED, "too coarse", []),
        (3, ModelAct.PUT_IN_USE, "to begin with", []),
        (1, ModelAct.ROLLED_BACK, "worse in clinic", []),
    ]
    assert {(r.actor, r.decided_at_utc) for r in rows} == {("lead", NOON)}
    engine.dispose()
