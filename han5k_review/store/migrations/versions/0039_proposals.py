"""Proposals: what was learned from accepted revisions, drawn for other cases, and decided"""

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SOURCES = ("pseudo", "reference", "revision", "prediction", "planted", "empty")
ACTS = ("taken", "refused", "withdrawn")
TIME = sa.DateTime(timezone=True)
TABLES = ("proposal_round", "proposal", "proposal_decision")
INDEXED = {
    "proposal_round": ("structure",),
    "proposal": ("round_id", "base_label_version_id"),
    "proposal_decision": ("proposal_id",),
}


def upgrade() -> None:
    allow_proposals(op.get_bind())
    op.create_table(
        "proposal_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("revised", sa.JSON(), nullable=False),
        sa.Column("gains", sa.JSON(), nullable=False),
        sa.Column("lowest_gain", sa.Float(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("made_at_utc", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("label_version_id", sa.Integer(), nullable=False),
        sa.Column("base_label_version_id", sa.Integer(), nullable=False),
        sa.Column("gain", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["proposal_round.id"]),
        sa.ForeignKeyConstraint(["label_version_id"], ["label_version.id"]),
        sa.ForeignKeyConstraint(["base_label_version_id"], ["label_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label_version_id"),
    )
    act = sa.Enum(
        *ACTS, name="is_proposalact", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "proposal_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("act", act, nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_at_utc", TIME, nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"]),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for table in TABLES:
        for column in INDEXED[table]:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
        refuse_change(op.get_bind(), table)


def allow_proposals(bind: sa.Connection) -> None:
    """Let a label version be a proposal; on SQLite as 0032 let it be an empty start."""
    if bind.dialect.name != "sqlite":
        op.drop_constraint("is_labelsource", "label_version", type_="check")
        op.create_check_constraint(
            "is_labelsource", "label_version", sa.column("source").in_((*SOURCES, "proposal"))
        )
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema=ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, '''planted'', ''empty''', "
        "'''planted'', ''empty'', ''proposal''') "
        "WHERE type = 'table' AND name = 'label_version'"
    )
    bind.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema=OFF")
    sql = "SELECT sql FROM sqlite_schema WHERE name = 'label_version'"
    found = str(bind.exec_driver_sql(sql).scalar_one())
    if "'proposal'" not in found:
        raise RuntimeError(f"The check of label_version.source was expected, found: {found}")


def downgrade() -> None:
    raise RuntimeError("Proposals would be lost below 0039; restore a backup instead.")
