"""Forced choice: two contours beside each other, and which one a reader prefers"""

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0022"
down_revision = "0028"
branch_labels = None
depends_on = None

CHOICES = ("left", "right", "neither", "both_poor")


def upgrade() -> None:
    choice = sa.Enum(
        *CHOICES, name="is_choice", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "preference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column("left_id", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Integer(), nullable=False),
        sa.Column("choice", choice, nullable=True),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("opened_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chosen_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_seconds", sa.Float(), nullable=True),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"]),
        sa.ForeignKeyConstraint(["left_id"], ["label_version.id"]),
        sa.ForeignKeyConstraint(["right_id"], ["label_version.id"]),
        sa.ForeignKeyConstraint(["supersedes_id"], ["preference.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("supersedes_id"),
        sa.UniqueConstraint("request_id"),
    )
    for column in ("assignment_id", "left_id", "right_id"):
        op.create_index(op.f(f"ix_preference_{column}"), "preference", [column])
    refuse_change(op.get_bind(), "preference")
    # Not by Alembic: it cannot add a column with a foreign key on SQLite.
    op.execute("ALTER TABLE read_contour ADD COLUMN right_id INTEGER REFERENCES label_version (id)")
    op.add_column("read_contour", sa.Column("left_source", sa.String(), nullable=True))
    op.add_column("read_contour", sa.Column("right_source", sa.String(), nullable=True))
    op.add_column(
        "protocol_version",
        sa.Column("allows_neither", sa.Boolean(), nullable=False, server_default=sa.true()),
    )


def downgrade() -> None:
    raise RuntimeError("Preferences would be lost below 0022; restore a backup instead.")
