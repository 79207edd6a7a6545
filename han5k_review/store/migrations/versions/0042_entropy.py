"""How unsure the network was of each contour that it predicted"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prediction_label", sa.Column("entropy", sa.Float(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Measured entropies would be lost below 0042; restore a backup instead.")
