"""First tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "label_version",
    "grade",
    "revision",
    "revision_decision",
    "run_event",
    "audit",
)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_audit_action"), "audit", ["action"], unique=False)

    op.create_table(
        "metric",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference_sha256", sa.String(), nullable=False),
        sa.Column("prediction_sha256", sa.String(), nullable=False),
        sa.Column("definition", sa.String(), nullable=False),
        sa.Column("definition_version", sa.String(), nullable=False),
        sa.Column("tolerance_mm", sa.Float(), nullable=False),
        sa.Column("dice", sa.Float(), nullable=True),
        sa.Column("jaccard", sa.Float(), nullable=True),
        sa.Column("volume_reference_cc", sa.Float(), nullable=True),
        sa.Column("volume_prediction_cc", sa.Float(), nullable=True),
        sa.Column("hd_mm", sa.Float(), nullable=True),
        sa.Column("hd95_mm", sa.Float(), nullable=True),
        sa.Column("masd_mm", sa.Float(), nullable=True),
        sa.Column("assd_mm", sa.Float(), nullable=True),
        sa.Column("median_surface_distance_mm", sa.Float(), nullable=True),
        sa.Column("surface_dice", sa.Float(), nullable=True),
        sa.Column("apl_mm", sa.Float(), nullable=True),
        sa.Column("vrd", sa.Float(), nullable=True),
        sa.Column("centroid_distance_mm", sa.Float(), nullable=True),
        sa.Column("false_positive_cc", sa.Float(), nullable=True),
        sa.Column("false_negative_cc", sa.Float(), nullable=True),
        sa.Column("components_reference", sa.Integer(), nullable=True),
        sa.Column("components_prediction", sa.Integer(), nullable=True),
        sa.Column("software_version", sa.String(), nullable=False),
        sa.Column("computed_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "reference_sha256",
            "prediction_sha256",
            "definition",
            "definition_version",
            "tolerance_mm",
        ),
    )
    op.create_index(
        op.f("ix_metric_prediction_sha256"), "metric", ["prediction_sha256"], unique=False
    )
    op.create_index(
        op.f("ix_metric_reference_sha256"), "metric", ["reference_sha256"], unique=False
    )

    op.create_table(
        "model_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("checkpoint_sha256", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("created_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["model_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index(op.f("ix_model_version_run_id"), "model_version", ["run_id"], unique=False)

    op.create_table(
        "reader",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pseudonym", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "reader",
                "adjudicator",
                "lead",
                "engineer",
                "admin",
                name="is_role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("pseudonym"),
    )
    op.create_table(
        "study_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("patient", sa.String(), nullable=False),
        sa.Column(
            "split",
            sa.Enum(
                "train",
                "held_out",
                name="is_split",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("image_sha256", sa.String(), nullable=False),
        sa.Column("shape_ijk", sa.JSON(), nullable=False),
        sa.Column("affine_ras", sa.JSON(), nullable=False),
        sa.Column("imported_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index(
        op.f("ix_study_case_image_sha256"), "study_case", ["image_sha256"], unique=False
    )
    op.create_index(op.f("ix_study_case_patient"), "study_case", ["patient"], unique=False)

    op.create_table(
        "study_info",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("created_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("presentation_order", sa.Integer(), nullable=False),
        sa.Column("read_index", sa.Integer(), nullable=False),
        sa.Column("is_repeat", sa.Boolean(), nullable=False),
        sa.Column("is_calibration", sa.Boolean(), nullable=False),
        sa.Column("blinded", sa.Boolean(), nullable=False),
        sa.Column("resume_structure", sa.String(), nullable=True),
        sa.Column("resume_slice", sa.Integer(), nullable=True),
        sa.Column("created_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["study_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "reader_id", "read_index"),
    )
    op.create_index(op.f("ix_assignment_reader_id"), "assignment", ["reader_id"], unique=False)

    op.create_table(
        "label_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "pseudo",
                "reference",
                "revision",
                "prediction",
                name="is_labelsource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("mask_sha256", sa.String(), nullable=False),
        sa.Column("voxels", sa.Integer(), nullable=False),
        sa.Column("volume_cc", sa.Float(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("reader_id", sa.Integer(), nullable=True),
        sa.Column("model_version_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["study_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["label_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_label_version_case_id"), "label_version", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_label_version_mask_sha256"), "label_version", ["mask_sha256"], unique=False
    )
    op.create_index(
        op.f("ix_label_version_structure"), "label_version", ["structure"], unique=False
    )

    op.create_table(
        "retrain_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "preparing",
                "training",
                "evaluating",
                "awaiting_approval",
                "promoted",
                "declined",
                "failed",
                "cancelled",
                name="is_runstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("preset", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("manifest_sha256", sa.String(), nullable=True),
        sa.Column("parent_model_id", sa.Integer(), nullable=True),
        sa.Column("result_model_id", sa.Integer(), nullable=True),
        sa.Column("requested_by_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_started", sa.String(), nullable=True),
        sa.Column("heartbeat_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_model_id"],
            ["model_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"],
            ["reader.id"],
        ),
        sa.ForeignKeyConstraint(
            ["result_model_id"],
            ["model_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_retrain_run_state"), "retrain_run", ["state"], unique=False)
    op.create_index(
        "one_run_per_device",
        "retrain_run",
        ["device"],
        unique=True,
        sqlite_where=sa.text("state IN ('preparing', 'training', 'evaluating')"),
        postgresql_where=sa.text("state IN ('preparing', 'training', 'evaluating')"),
    )

    op.create_table(
        "grade",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("label_version_id", sa.Integer(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("raw_code", sa.String(), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "no",
                "minor",
                "major",
                "not_assessable",
                "absent",
                name="is_gradelevel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("flagged_slices", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("opened_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("graded_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_seconds", sa.Float(), nullable=True),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["assignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["label_version_id"],
            ["label_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"],
            ["grade.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id"),
        sa.UniqueConstraint("supersedes_id"),
    )
    op.create_index(op.f("ix_grade_assignment_id"), "grade", ["assignment_id"], unique=False)
    op.create_index(op.f("ix_grade_label_version_id"), "grade", ["label_version_id"], unique=False)

    op.create_table(
        "run_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["retrain_run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_run_event_run_id"), "run_event", ["run_id"], unique=False)

    op.create_table(
        "run_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column(
            "arm",
            sa.Enum(
                "parent",
                "candidate",
                name="is_arm",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "reference_kind",
            sa.Enum(
                "reference",
                "revised",
                "unchanged",
                name="is_referencekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference_sha256", sa.String(), nullable=False),
        sa.Column("prediction_sha256", sa.String(), nullable=False),
        sa.Column("dice", sa.Float(), nullable=True),
        sa.Column("hd95_mm", sa.Float(), nullable=True),
        sa.Column("surface_dice", sa.Float(), nullable=True),
        sa.Column("volume_prediction_cc", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["study_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["retrain_run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "case_id", "structure", "arm"),
    )
    op.create_index(op.f("ix_run_score_run_id"), "run_score", ["run_id"], unique=False)

    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label_version_id", sa.Integer(), nullable=False),
        sa.Column("parent_label_version_id", sa.Integer(), nullable=False),
        sa.Column("grade_id", sa.Integer(), nullable=True),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("vrd", sa.Float(), nullable=True),
        sa.Column("apl_mm", sa.Float(), nullable=True),
        sa.Column("active_seconds", sa.Float(), nullable=True),
        sa.Column("submitted_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["grade_id"],
            ["grade.id"],
        ),
        sa.ForeignKeyConstraint(
            ["label_version_id"],
            ["label_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parent_label_version_id"],
            ["label_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label_version_id"),
    )
    op.create_index(
        op.f("ix_revision_parent_label_version_id"),
        "revision",
        ["parent_label_version_id"],
        unique=False,
    )

    op.create_table(
        "revision_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "accepted",
                "rejected",
                name="is_decision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=False),
        sa.Column("decided_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["reader.id"],
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revision.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_revision_decision_revision_id"), "revision_decision", ["revision_id"], unique=False
    )
    for table in APPEND_ONLY:
        refuse_change(table)


def refuse_change(table: str) -> None:
    """Make the database refuse UPDATE and DELETE on `table`."""
    message = f"rows of {table} are never changed; add a row that names the old one"
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
    )


def downgrade() -> None:
    """The first schema has nothing below it; restore a backup instead."""
    raise RuntimeError("There is no schema before 0001; restore a backup instead.")
