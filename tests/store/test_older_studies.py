"""A study that an older version made opens, and says the same as before.

`study_0004.sql` is the dump of a study of the code before migration 0006: four cases of blocks,
a revision that was accepted, a contour locked as it is, a pair that could not be measured, and one
that a still older version could not measure, remembered without a definition.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from han5k_review.evaluation.choice import find_labels, get_choice
from han5k_review.evaluation.plan import PlannedPair, plan_evaluation
from han5k_review.evaluation.rows import list_metrics
from han5k_review.evaluation.stored_panels import find_failures
from han5k_review.metrics import Definition
from han5k_review.review.accepted import list_accepted
from han5k_review.store.audit_check import check_audit
from han5k_review.store.engine import build_engine, reading
from han5k_review.store.migrate import migrate_database
from han5k_review.store.run_tables import MetricFailure
from han5k_review.store.tables import Audit, LabelVersion, Revision
from han5k_review.study import get_study_info
from tests.evaluation.phantom_study import CATALOGUE

DUMP = Path(__file__).with_name("study_0004.sql")


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database as the older version left it."""
    file = tmp_path / "study.sqlite3"
    with sqlite3.connect(file) as database:
        database.executescript(DUMP.read_text())
    database.close()
    if request.param == "sqlite":
        return f"sqlite:///{file}"
    url = str(request.getfixturevalue("empty_postgres_url"))
    copy_rows(f"sqlite:///{file}", url)
    return url


def copy_rows(source_url: str, target_url: str) -> None:
    """The dump's rows in a PostgreSQL database that the same migrations built."""
    source, target = sa.create_engine(source_url), build_engine(target_url)
    migrate_database(target, "0004")
    tables = sa.MetaData()
    tables.reflect(target)
    with source.connect() as old, target.begin() as new:
        for table in tables.sorted_tables:
            rows = old.execute(sa.text(f"SELECT * FROM {table.name}")).mappings().all()
            if rows and table.name != "alembic_version":
                new.execute(table.insert(), [typed(table, row) for row in rows])
        count_on = "SELECT setval(pg_get_serial_sequence('audit', 'id'), max(id)) FROM audit"
        new.execute(sa.text(count_on))
    source.dispose()
    target.dispose()


def typed(table: sa.Table, row: Any) -> dict[str, Any]:
    """SQLite keeps JSON, times and truth values as text and numbers."""
    read: dict[type[Any], Any] = {
        sa.JSON: json.loads,
        sa.DateTime: datetime.fromisoformat,
        sa.Boolean: bool,
    }
    found = dict(row)
    for column in table.columns:
        for kind, convert in read.items():
            if isinstance(column.type, kind) and found[column.name] is not None:
                found[column.name] = convert(found[column.name])
    return found


def test_an_older_study_opens_and_says_the_same(older: str) -> None:
    engine = build_engine(older)
    migrate_database(engine)
    with reading(engine) as session:
        assert get_study_info(session).name == "Grading study"
        assert check_audit(session).problem is None
        told = session.exec(select(Audit).order_by(col(Audit.id).desc())).first()
        assert told is not None
        assert (told.action, told.detail["rows"]) == ("chain audit trail", 6)
        revision = session.exec(select(Revision)).one()
        revised = session.get_one(LabelVersion, revision.label_version_id)
        assert (revision.reviewed_id, revised.started_from_id) == (1, 1)
        accepted = {key: found.contour.id for key, found in list_accepted(session).items()}
        assert accepted == {(1, "BrainStem"): 33, (1, "ParotidL"): 5}
        labels = find_labels(session, get_choice(session, "accepted"))
        assert {key: label.label_version_id for key, label in labels.items()} == accepted
        plan = plan_evaluation(session, CATALOGUE, structures=["BrainStem"])
        rows = {row.case: row for row in list_metrics(session, plan)}
        assert "f37363e06d7f" in (rows["HN-004"].reason or "")
        panels = [rows[f"HN-00{n}"].panel for n in (1, 2, 3)]
        assert [panel.dice if panel else None for panel in panels] == [1.0, 5 / 6, 4 / 6]
    engine.dispose()


def test_failures_come_out_of_the_audit_trail(older: str) -> None:
    engine = build_engine(older)
    migrate_database(engine)
    with reading(engine) as session:
        found = session.exec(select(MetricFailure)).all()
        assert [(row.definition, row.reason == "gone") for row in found] == [
            ("surfel", False),
            (None, True),
        ]
        pairs = [wrong_pair(session, row) for row in found]
        for definition, known in ((Definition.SURFEL, 2), (Definition.VOXEL_POOLED, 1)):
            reasons = find_failures(session, pairs, definition)
            assert len(reasons) == known
            assert "gone" in reasons.values()
    engine.dispose()


def wrong_pair(session: Session, row: MetricFailure) -> PlannedPair:
    """A pair with the hashes of a failure."""
    (pair, *_) = plan_evaluation(session, CATALOGUE, structures=["BrainStem"]).pairs
    return replace(
        pair,
        tolerance_mm=row.tolerance_mm,
        reference=replace(pair.reference, mask_sha256=row.reference_sha256),
        prediction=replace(pair.prediction, mask_sha256=row.prediction_sha256),
    )


def test_the_migrated_schema_is_the_present_one(older: str) -> None:
    engine = build_engine(older)
    migrate_database(engine)
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
        assert tables == set(SQLModel.metadata.tables)
    engine.dispose()
