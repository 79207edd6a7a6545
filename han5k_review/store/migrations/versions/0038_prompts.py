"""Prompts that a server answered while somebody drew"""

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_prompt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("prompt_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("include", sa.Boolean(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("server", sa.String(), nullable=False),
        sa.Column("server_version", sa.String(), nullable=False),
        sa.Column("licence", sa.String(), nullable=False),
        sa.Column("answered_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_draft_prompt_draft_id"), "draft_prompt", ["draft_id"], unique=False)
    refuse_change(op.get_bind(), "draft_prompt")


def downgrade() -> None:
    raise RuntimeError("Answered prompts would be lost below 0038; restore a backup instead.")
