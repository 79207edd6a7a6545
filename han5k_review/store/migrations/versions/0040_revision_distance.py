"""How far a revision's border lies from the contour it corrects: what edit bands are made of"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revision", sa.Column("hd95_mm", sa.Float(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Measured distances would be lost below 0040; restore a backup instead.")
