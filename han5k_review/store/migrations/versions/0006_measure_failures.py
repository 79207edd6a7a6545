"""Pairs that could not be measured, as rows; and what a revision corrects and started from"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

time = sa.DateTime(timezone=True)
audit = sa.table(
    "audit",
    sa.column("id"),
    sa.column("action"),
    sa.column("at_utc", time),
    sa.column("detail", sa.JSON()),
)
failure = sa.table(
    "metric_failure",
    *(sa.column(name) for name in ("reference_sha256", "prediction_sha256", "tolerance_mm")),
    *(sa.column(name) for name in ("definition", "definition_version", "reason")),
    sa.column("failed_at_utc", time),
)


def upgrade() -> None:
    make_metric_failure()
    found = list(list_earlier_failures(op.get_bind()))
    if found:
        op.bulk_insert(failure, found)
    refuse_change(op.get_bind(), "metric_failure")
    name_what_a_revision_corrects()


def make_metric_failure() -> None:
    op.create_table(
        "metric_failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference_sha256", sa.String(), nullable=False),
        sa.Column("prediction_sha256", sa.String(), nullable=False),
        sa.Column("definition", sa.String(), nullable=True),
        sa.Column("definition_version", sa.String(), nullable=True),
        sa.Column("tolerance_mm", sa.Float(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("failed_at_utc", time, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_metric_failure_reference_sha256"), "metric_failure", ["reference_sha256"]
    )


def list_earlier_failures(bind: sa.Connection) -> Iterator[dict[str, Any]]:
    """Every pair the audit trail tells of, oldest first; the oldest name no definition."""
    query = sa.select(audit).where(audit.c.action == "measure failed").order_by(audit.c.id)
    for row in bind.execute(query):
        for pair in row.detail.get("pairs", []):
            yield {
                "reference_sha256": pair["reference_sha256"],
                "prediction_sha256": pair["prediction_sha256"],
                "tolerance_mm": pair["tolerance_mm"],
                "definition": row.detail.get("definition"),
                "definition_version": row.detail.get("definition_version"),
                "reason": pair["reason"],
                "failed_at_utc": row.at_utc,
            }


def name_what_a_revision_corrects() -> None:
    """ "Parent" meant two things; both databases rename a column where it stands."""
    op.drop_index(op.f("ix_revision_parent_label_version_id"), "revision")
    op.execute("ALTER TABLE revision RENAME COLUMN parent_label_version_id TO reviewed_id")
    op.execute("ALTER TABLE label_version RENAME COLUMN parent_id TO started_from_id")
    op.create_index(op.f("ix_revision_reviewed_id"), "revision", ["reviewed_id"])


def downgrade() -> None:
    raise RuntimeError("Failures would be lost below 0006; restore a backup instead.")
