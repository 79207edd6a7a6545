"""Accounts of people whom the hospital's own sign-in vouches for"""

from alembic import op

revision = "0029"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In place: making the table anew would drop what points to it.
    op.execute("ALTER TABLE reader ADD COLUMN outside_id VARCHAR")
    op.create_index("ix_reader_outside_id", "reader", ["outside_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_reader_outside_id", "reader")
    op.execute("ALTER TABLE reader DROP COLUMN outside_id")
