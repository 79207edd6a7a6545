"""Sign-ins as rows that end at once, in place of epochs; first passwords that are to be changed"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.Column("made_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index(op.f("ix_sign_in_session_reader_id"), "sign_in_session", ["reader_id"])
    # In place: making the table anew would drop what points to it.
    op.execute("ALTER TABLE reader DROP COLUMN session_epoch")
    op.execute("ALTER TABLE reader ADD COLUMN must_change_password BOOLEAN NOT NULL DEFAULT false")


def downgrade() -> None:
    op.execute("ALTER TABLE reader DROP COLUMN must_change_password")
    op.drop_table("sign_in_session")
    op.execute("ALTER TABLE reader ADD COLUMN session_epoch INTEGER NOT NULL DEFAULT 0")
