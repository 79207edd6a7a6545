"""Audit rows form a chain of hashes; rows of before are chained now, and a row says so"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import allow_change, refuse_change
from han5k_review.store.audit_chain import GENESIS_SHA256, ChainLink, hash_link
from han5k_review.store.columns import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

audit = sa.table(
    "audit",
    sa.column("id", sa.Integer),
    sa.column("at_utc", UtcDateTime),
    sa.column("actor", sa.String),
    sa.column("action", sa.String),
    sa.column("subject", sa.String),
    sa.column("detail", sa.JSON),
    sa.column("recorded_at_utc", UtcDateTime),
    sa.column("previous_sha256", sa.String),
    sa.column("sha256", sa.String),
)
LONG_AGO = "1970-01-01 00:00:00"


def upgrade() -> None:
    connection = op.get_bind()
    time = sa.DateTime(timezone=True)
    op.add_column(
        "audit", sa.Column("recorded_at_utc", time, nullable=False, server_default=LONG_AGO)
    )
    for name in ("previous_sha256", "sha256"):
        op.add_column("audit", sa.Column(name, sa.String(), nullable=False, server_default=""))
    allow_change(connection, "audit")
    chain_rows(connection)
    refuse_change(connection, "audit")
    op.create_index(op.f("ix_audit_previous_sha256"), "audit", ["previous_sha256"], unique=True)


def chain_rows(connection: sa.Connection) -> None:
    """Chain the rows that are there in their order, and add one that says so."""
    previous, recorded, count = GENESIS_SHA256, datetime.fromisoformat(f"{LONG_AGO}+00:00"), 0
    rows = connection.execute(sa.select(audit).order_by(audit.c.id)).all()
    for row in rows:
        recorded = max(recorded, row.at_utc)
        link = ChainLink(
            at_utc=row.at_utc,
            recorded_at_utc=recorded,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            detail=row.detail,
            previous_sha256=previous,
        )
        values = {
            "recorded_at_utc": recorded,
            "previous_sha256": previous,
            "sha256": (previous := hash_link(link)),
        }
        connection.execute(audit.update().where(audit.c.id == row.id).values(values))
        count += 1
    if count:
        now = max(datetime.now(UTC), recorded)
        told = ChainLink(
            at_utc=now,
            recorded_at_utc=now,
            actor="migration 0028",
            action="chain audit trail",
            subject="audit",
            detail={"rows": count, "reason": "the rows before this one had no hashes until now"},
            previous_sha256=previous,
        )
        connection.execute(
            audit.insert().values(
                at_utc=told.at_utc,
                recorded_at_utc=told.recorded_at_utc,
                actor=told.actor,
                action=told.action,
                subject=told.subject,
                detail=told.detail,
                previous_sha256=previous,
                sha256=hash_link(told),
            )
        )


def downgrade() -> None:
    raise RuntimeError("The audit chain would be lost below 0028; restore a backup instead.")
