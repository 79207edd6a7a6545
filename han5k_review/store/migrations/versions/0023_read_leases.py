"""How many days a read belongs to the reader who began it"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "protocol_version",
        sa.Column("lease_days", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )


def downgrade() -> None:
    raise RuntimeError("The leases of protocols would be lost below 0023; restore a backup.")
