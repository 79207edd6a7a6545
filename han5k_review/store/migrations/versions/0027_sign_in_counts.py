"""Counts of wrong passwords that a restart does not forget"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waits_until_utc", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash"),
    )
    op.create_index(op.f("ix_sign_in_count_last_at_utc"), "sign_in_count", ["last_at_utc"])


def downgrade() -> None:
    op.drop_table("sign_in_count")
