"""A structure of a case is found by both, not among all cases of that structure"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_label_version_case_structure", "label_version", ["case_id", "structure"])
    op.drop_index("ix_label_version_case_id", "label_version")


def downgrade() -> None:
    op.create_index("ix_label_version_case_id", "label_version", ["case_id"])
    op.drop_index("ix_label_version_case_structure", "label_version")
