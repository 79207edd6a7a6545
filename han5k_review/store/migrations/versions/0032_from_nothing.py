"""Reads that are drawn from nothing: their share in the protocol, and what they start from"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SOURCES = ("pseudo", "reference", "revision", "prediction", "planted")


def upgrade() -> None:
    op.add_column(
        "protocol_version",
        sa.Column("manual_share", sa.Float(), nullable=False, server_default=sa.text("0")),
    )
    allow_empty(op.get_bind())


def allow_empty(bind: sa.Connection) -> None:
    """Let a label version be an empty start; on SQLite as 0015 let it be a planted error."""
    if bind.dialect.name != "sqlite":
        op.drop_constraint("is_labelsource", "label_version", type_="check")
        op.create_check_constraint(
            "is_labelsource", "label_version", sa.column("source").in_((*SOURCES, "empty"))
        )
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema=ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, '''prediction'', ''planted''', "
        "'''prediction'', ''planted'', ''empty''') "
        "WHERE type = 'table' AND name = 'label_version'"
    )
    bind.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema=OFF")
    sql = "SELECT sql FROM sqlite_schema WHERE name = 'label_version'"
    found = str(bind.exec_driver_sql(sql).scalar_one())
    if "'empty'" not in found:
        raise RuntimeError(f"The check of label_version.source was expected, found: {found}")


def downgrade() -> None:
    raise RuntimeError("Contours drawn from nothing would be lost below 0032; restore a backup.")
