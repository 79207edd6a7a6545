"""How many axial slices a revision changed"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revision", sa.Column("slices_edited", sa.Integer(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Slice counts would be lost below 0004; restore a backup instead.")
