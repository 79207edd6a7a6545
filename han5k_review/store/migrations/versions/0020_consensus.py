"""An adjudicator's consensus grade of a contour, beside the readers' grades"""

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0020"
down_revision = "0013"
branch_labels = None
depends_on = None

RULES = ("none", "one level apart", "two levels apart", "any major", "a random sample")
LEVELS = ("no", "minor", "major", "not_assessable", "absent")


def vocabulary(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "consensus_grade",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label_version_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column("protocol_id", sa.Integer(), nullable=False),
        sa.Column("rule", vocabulary("is_adjudicationrule", RULES), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("last_grade_id", sa.Integer(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("raw_code", sa.String(), nullable=False),
        sa.Column("level", vocabulary("is_gradelevel", LEVELS), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("adjudicator_id", sa.Integer(), nullable=False),
        sa.Column("graded_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["label_version_id"], ["label_version.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["study_case.id"]),
        sa.ForeignKeyConstraint(["protocol_id"], ["protocol_version.id"]),
        sa.ForeignKeyConstraint(["last_grade_id"], ["grade.id"]),
        sa.ForeignKeyConstraint(["adjudicator_id"], ["reader.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("label_version_id", "case_id", "adjudicator_id"):
        op.create_index(op.f(f"ix_consensus_grade_{column}"), "consensus_grade", [column])
    refuse_change(op.get_bind(), "consensus_grade")


def downgrade() -> None:
    raise RuntimeError("Consensus grades would be lost below 0020; restore a backup instead.")
