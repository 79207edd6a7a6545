"""Predictions as queued work, and the uncertainty of predicted contours"""

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

METHODS = ("off", "mirrored", "shifted", "ensemble")
STATES = ("queued", "drawing", "done", "failed", "cancelled")


def vocabulary(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    make_prediction_run()
    make_label_uncertainty()
    refuse_change(op.get_bind(), "label_uncertainty")


def make_prediction_run() -> None:
    op.create_table(
        "prediction_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", vocabulary("is_predictionstate", STATES), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("cases", sa.JSON(), nullable=False),
        sa.Column("uncertainty", vocabulary("is_uncertainty", METHODS), nullable=False),
        sa.Column("member_ids", sa.JSON(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("dask_address", sa.String(), nullable=True),
        sa.Column("requested_by_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("heartbeat_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("new_labels", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["model_version.id"]),
        sa.ForeignKeyConstraint(["requested_by_id"], ["reader.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_prediction_run_state"), "prediction_run", ["state"], unique=False)
    op.create_index(
        op.f("ix_prediction_run_model_id"), "prediction_run", ["model_id"], unique=False
    )
    op.create_index(
        "one_prediction_per_device",
        "prediction_run",
        ["device"],
        unique=True,
        sqlite_where=sa.text("state = 'drawing'"),
        postgresql_where=sa.text("state = 'drawing'"),
    )


def make_label_uncertainty() -> None:
    op.create_table(
        "label_uncertainty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label_version_id", sa.Integer(), nullable=False),
        sa.Column("method", vocabulary("is_uncertainty", METHODS), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("disagreement", sa.Float(), nullable=False),
        sa.Column("volume_spread", sa.Float(), nullable=True),
        sa.Column("measured_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["label_version_id"], ["label_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label_version_id"),
    )


def downgrade() -> None:
    """What was predicted stays; restore a backup instead of dropping its record."""
    raise RuntimeError("Predictions would be lost below 0003; restore a backup instead.")
