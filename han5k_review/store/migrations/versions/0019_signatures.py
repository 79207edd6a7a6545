"""A reader signs a read; another person can unlock it, with a reason"""

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0019"
down_revision = "0014"
branch_labels = None
depends_on = None

ACTS = ("signed", "unlocked")


def upgrade() -> None:
    acts = sa.Enum(*ACTS, name="signatureact", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "read_signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("act", acts, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("grades", sa.Integer(), nullable=False),
        sa.Column("grades_sha256", sa.String(), nullable=False),
        sa.Column("at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"]),
        sa.ForeignKeyConstraint(["by_id"], ["reader.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_read_signature_assignment_id"), "read_signature", ["assignment_id"])
    refuse_change(op.get_bind(), "read_signature")


def downgrade() -> None:
    raise RuntimeError("Signatures would be lost below 0019; restore a backup instead.")
