"""What tells a CT whatever its header says; None until an import measures the stored volume"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("study_case", sa.Column("planes_sha256", sa.String(), nullable=True))
    op.create_index("ix_study_case_planes_sha256", "study_case", ["planes_sha256"])


def downgrade() -> None:
    raise RuntimeError("CTs could enter twice below 0005; restore a backup instead.")
