"""Triage: what was measured of contours, rounds of scores, draws of cases by them"""

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0012"
down_revision = "0015"
branch_labels = None
depends_on = None

KINDS = ("cohort", "grades")
ARMS = ("random", "doubt")
TIME = sa.DateTime(timezone=True)
TABLES = ("triage_measure", "triage_round", "triage_score", "triage_draw")
INDEXED = {
    "triage_measure": ("label_version_id", "beside_sha256"),
    "triage_score": ("round_id", "label_version_id"),
    "triage_draw": ("round_id", "reader_id", "case_id"),
}


def vocabulary(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "triage_measure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label_version_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("beside_sha256", sa.String(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("measured_at_utc", TIME, nullable=False),
        sa.ForeignKeyConstraint(["label_version_id"], ["label_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label_version_id", "version", "beside_sha256"),
    )
    op.create_table(
        "triage_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("kind", vocabulary("is_triagekind", KINDS), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("contours", sa.Integer(), nullable=False),
        sa.Column("graded", sa.Integer(), nullable=False),
        sa.Column("area", sa.Float(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("made_at_utc", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "triage_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("label_version_id", sa.Integer(), nullable=False),
        sa.Column("doubt", sa.Float(), nullable=False),
        sa.Column("is_doubtful", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["triage_round.id"]),
        sa.ForeignKeyConstraint(["label_version_id"], ["label_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("round_id", "label_version_id"),
    )
    make_triage_draw()
    for table, columns in INDEXED.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    for table in TABLES:
        refuse_change(op.get_bind(), table)


def make_triage_draw() -> None:
    whole = ("stratum", "stratum_cases", "stratum_drawn", "pool_cases", "drawn", "seed")
    op.create_table(
        "triage_draw",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("arm", vocabulary("is_drawarm", ARMS), nullable=False),
        sa.Column("doubt", sa.Float(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in whole),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("drawn_at_utc", TIME, nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["triage_round.id"]),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["study_case.id"]),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    raise RuntimeError("Draws and scores would be lost below 0012; restore a backup instead.")
