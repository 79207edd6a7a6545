"""Label versions keep the algorithm that an imported DICOM segmentation names"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS = ("algorithm_kind", "algorithm_name", "algorithm_version")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column(
            "label_version", sa.Column(name, sa.String(), nullable=False, server_default="")
        )


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("label_version", name)
