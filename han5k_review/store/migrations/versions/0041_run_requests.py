"""A run knows the request that asked for it, so that the same request twice starts one run"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("retrain_run", sa.Column("request_id", sa.String(), nullable=True))
    op.create_index("ix_retrain_run_request_id", "retrain_run", ["request_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_retrain_run_request_id", "retrain_run")
    op.drop_column("retrain_run", "request_id")
