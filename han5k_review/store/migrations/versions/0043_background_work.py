"""Works in the background of a web process, seen and cancelled from every other one"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

KINDS = ("evaluation", "release", "round")
STATES = ("running", "finished", "cancelled", "stopped")
TIME = sa.DateTime(timezone=True)


def vocabulary(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "background_work",
        sa.Column("kind", vocabulary("is_workkind", KINDS), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("state", vocabulary("is_workstate", STATES), nullable=False),
        sa.Column("claim", sa.String(), nullable=False),
        sa.Column("first_done", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("started_at_utc", TIME, nullable=False),
        sa.Column("heartbeat_at_utc", TIME, nullable=False),
        sa.Column("finished_at_utc", TIME, nullable=True),
        sa.PrimaryKeyConstraint("kind"),
    )


def downgrade() -> None:
    op.drop_table("background_work")
