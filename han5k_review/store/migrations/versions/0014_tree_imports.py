"""Imports that pages start; the frame of reference of a CT, as a hash; audit rows by subject"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

STATES = ("queued", "importing", "done", "failed", "cancelled")
SOURCES = ("pseudo", "reference", "revision", "prediction")
SPLITS = ("train", "held_out")
HOLDS = sa.text("state = 'importing'")
time = sa.DateTime(timezone=True)


def vocabulary(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.add_column("study_case", sa.Column("frame_sha256", sa.String(), nullable=True))
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"])
    op.create_table(
        "tree_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", vocabulary("is_importstate", STATES), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("contours", vocabulary("is_labelsource", SOURCES), nullable=False),
        sa.Column("naming", sa.String(), nullable=False),
        sa.Column("split", vocabulary("is_split", SPLITS), nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("processes", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("heartbeat_at_utc", time, nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at_utc", time, nullable=False),
        sa.Column("started_at_utc", time, nullable=True),
        sa.Column("finished_at_utc", time, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_tree_import_state"), "tree_import", ["state"])
    op.create_index(
        "one_tree_import_at_a_time",
        "tree_import",
        ["device"],
        unique=True,
        sqlite_where=HOLDS,
        postgresql_where=HOLDS,
    )


def downgrade() -> None:
    op.drop_table("tree_import")
    op.drop_index(op.f("ix_audit_subject"), "audit")
    op.drop_column("study_case", "frame_sha256")
