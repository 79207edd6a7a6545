"""Which ROI name of a clinic is which structure, as people confirmed it"""

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirmed_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("structure", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("confirmed_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_confirmed_name_written"), "confirmed_name", ["written"])
    refuse_change(op.get_bind(), "confirmed_name")


def downgrade() -> None:
    raise RuntimeError("Confirmed names would be lost below 0008; restore a backup instead.")
