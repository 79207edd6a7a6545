"""The reader study: versions of its protocol, what each read shows, planted errors, pauses"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None

PRESETS = (
    "acceptance",
    "blinded comparison",
    "forced choice",
    "two reads and adjudication",
    "timed revision",
    "intra-reader",
    "training",
    "own",
)
ORDERS = ("case by case", "structure by structure")
BLINDINGS = ("blind", "open")
RULES = ("none", "one level apart", "two levels apart", "any major", "a random sample")
ENDPOINTS = (
    "share acceptable",
    "preference",
    "difference between sources",
    "agreement between readers",
    "agreement with oneself",
    "active time",
    "agreement with the consensus",
)
CERTIFICATES = ("none", "fixed number", "sequential")
MANY = ("family-wise error", "false discovery rate")
KINDS = (
    "missing_slice",
    "island",
    "over_segmentation",
    "under_segmentation",
    "leak",
    "truncated",
    "shifted",
    "swapped_side",
)
GUESSES = ("a model", "a person", "not sure")
SOURCES = ("pseudo", "reference", "revision", "prediction")

time = sa.DateTime(timezone=True)


def vocabulary(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def needed(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    make_protocol_version()
    make_read_contour()
    make_planted_contour()
    make_reading_pause()
    for table in ("protocol_version", "planted_contour", "reading_pause"):
        refuse_change(op.get_bind(), table)
    # Not by Alembic: it cannot add a column with a foreign key or a check on SQLite.
    for column in (
        "assignment ADD COLUMN protocol_id INTEGER REFERENCES protocol_version (id)",
        "assignment ADD COLUMN repeat_of_id INTEGER REFERENCES assignment (id)",
        "grade ADD COLUMN source_guess VARCHAR(32) CONSTRAINT is_sourceguess CHECK "
        f"(source_guess IN {GUESSES})",
    ):
        op.execute(f"ALTER TABLE {column}")
    op.add_column("assignment", sa.Column("alias", sa.String(), nullable=True))
    op.add_column("assignment", sa.Column("closed_at_utc", time, nullable=True))
    op.create_index(op.f("ix_assignment_protocol_id"), "assignment", ["protocol_id"])
    allow_planted(op.get_bind())


def make_protocol_version() -> None:
    op.create_table(
        "protocol_version",
        needed("id", sa.Integer()),
        needed("number", sa.Integer()),
        needed("preset", vocabulary("is_preset", PRESETS)),
        needed("scale", sa.String()),
        needed("structures", sa.JSON()),
        needed("sources", sa.JSON()),
        needed("reads_per_case", sa.Integer()),
        needed("repeat_share", sa.Float()),
        needed("repeat_weeks", sa.Integer()),
        needed("calibration_cases", sa.JSON()),
        needed("planted_share", sa.Float()),
        needed("planted_kinds", sa.JSON()),
        needed("read_order", vocabulary("is_readorder", ORDERS)),
        needed("blinding", vocabulary("is_blinding", BLINDINGS)),
        needed("adjudication", vocabulary("is_adjudicationrule", RULES)),
        needed("adjudication_share", sa.Float()),
        needed("ai_assistance", sa.Boolean()),
        needed("asks_source", sa.Boolean()),
        needed("asks_confidence", sa.Boolean()),
        needed("endpoint", vocabulary("is_endpoint", ENDPOINTS)),
        needed("certificate", vocabulary("is_certificatekind", CERTIFICATES)),
        needed("certificate_limit", sa.Float()),
        needed("error_rate", sa.Float()),
        needed("many_rule", vocabulary("is_manyrule", MANY)),
        needed("fixed_failures", sa.Integer()),
        needed("seed", sa.Integer()),
        needed("reason", sa.String()),
        needed("actor", sa.String()),
        needed("created_at_utc", time),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )


def make_read_contour() -> None:
    op.create_table(
        "read_contour",
        needed("id", sa.Integer()),
        needed("assignment_id", sa.Integer()),
        needed("structure", sa.String()),
        needed("label_version_id", sa.Integer()),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"]),
        sa.ForeignKeyConstraint(["label_version_id"], ["label_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("assignment_id", "structure"),
    )
    op.create_index(op.f("ix_read_contour_label_version_id"), "read_contour", ["label_version_id"])


def make_planted_contour() -> None:
    op.create_table(
        "planted_contour",
        needed("id", sa.Integer()),
        needed("label_version_id", sa.Integer()),
        needed("original_id", sa.Integer()),
        needed("kind", vocabulary("is_plantedkind", KINDS)),
        needed("planted_at_utc", time),
        sa.ForeignKeyConstraint(["label_version_id"], ["label_version.id"]),
        sa.ForeignKeyConstraint(["original_id"], ["label_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label_version_id"),
    )
    op.create_index(op.f("ix_planted_contour_original_id"), "planted_contour", ["original_id"])


def make_reading_pause() -> None:
    op.create_table(
        "reading_pause",
        needed("id", sa.Integer()),
        sa.Column("reader_id", sa.Integer(), nullable=True),
        needed("paused", sa.Boolean()),
        needed("reason", sa.String()),
        needed("actor", sa.String()),
        needed("at_utc", time),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_reading_pause_reader_id"), "reading_pause", ["reader_id"])


def allow_planted(bind: sa.Connection) -> None:
    """Let a label version be a planted error.

    SQLite cannot change a check, and making the table anew would break what refers to it; its
    manual (lang_altertable, section 7) gives this way for a change that moves no row.
    """
    if bind.dialect.name != "sqlite":
        op.drop_constraint("is_labelsource", "label_version", type_="check")
        op.create_check_constraint(
            "is_labelsource", "label_version", sa.column("source").in_((*SOURCES, "planted"))
        )
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema=ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, '''revision'', ''prediction''', "
        "'''revision'', ''prediction'', ''planted''') "
        "WHERE type = 'table' AND name = 'label_version'"
    )
    bind.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema=OFF")
    sql = "SELECT sql FROM sqlite_schema WHERE name = 'label_version'"
    found = str(bind.exec_driver_sql(sql).scalar_one())
    if "'planted'" not in found:
        raise RuntimeError(f"The check of label_version.source was expected, found: {found}")


def downgrade() -> None:
    raise RuntimeError("Protocols and planted errors would be lost below 0015; restore a backup.")
