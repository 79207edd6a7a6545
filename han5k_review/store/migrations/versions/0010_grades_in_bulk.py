"""Whether a grade was given with the rest, after scrolling through"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "grade", sa.Column("in_bulk", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    raise RuntimeError("How grades were given would be lost below 0010; restore a backup instead.")
