"""Predictions wait for a decision and can be withdrawn; runs are compared with what is in use"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ACTS = ("put under review", "set aside", "withdrawn")
MODEL_ACTS = ("promoted", "declined", "put in use", "rolled back", "taken out of use")
ARMS = ("parent", "candidate", "in_use")
KINDS = ("reference", "revised", "unchanged")

time = sa.DateTime(timezone=True)
prediction = sa.table(
    "prediction_run",
    *(sa.column(name) for name in ("id", "state", "model_id", "actor")),
    sa.column("cases", sa.JSON()),
    sa.column("started_at_utc", time),
    sa.column("finished_at_utc", time),
)
case = sa.table("study_case", sa.column("id"), sa.column("name"))
label = sa.table(
    "label_version",
    *(sa.column(name) for name in ("id", "case_id", "model_version_id", "source")),
    sa.column("created_at_utc", time),
)
link = sa.table("prediction_label", sa.column("prediction_id"), sa.column("label_version_id"))
decision = sa.table(
    "prediction_decision",
    *(sa.column(name) for name in ("prediction_id", "act", "actor", "reason")),
    sa.column("decided_at_utc", time),
)


def vocabulary(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.add_column("prediction_run", sa.Column("structures", sa.JSON(), nullable=True))
    op.add_column("prediction_run", sa.Column("found", sa.JSON(), nullable=True))
    make_prediction_label()
    make_prediction_decision()
    decisions, links = build_earlier_rounds(op.get_bind())
    if decisions:
        op.bulk_insert(decision, decisions)
    if links:
        op.bulk_insert(link, links)
    for table in ("prediction_label", "prediction_decision"):
        refuse_change(op.get_bind(), table)
    allow_more(
        "run_score", {"arm": ("is_arm", ARMS)}, {"reference_kind": ("is_referencekind", KINDS)}
    )
    allow_more("model_decision", {"act": ("is_modelact", MODEL_ACTS)}, {})
    if op.get_bind().dialect.name == "sqlite":  # its triggers went with the table of before
        refuse_change(op.get_bind(), "model_decision")


def make_prediction_label() -> None:
    op.create_table(
        "prediction_label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("prediction_id", sa.Integer(), nullable=False),
        sa.Column("label_version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["prediction_id"], ["prediction_run.id"]),
        sa.ForeignKeyConstraint(["label_version_id"], ["label_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label_version_id"),
    )
    op.create_index(
        op.f("ix_prediction_label_prediction_id"), "prediction_label", ["prediction_id"]
    )


def make_prediction_decision() -> None:
    op.create_table(
        "prediction_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("prediction_id", sa.Integer(), nullable=False),
        sa.Column("act", vocabulary("is_predictionact", ACTS), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_at_utc", time, nullable=False),
        sa.ForeignKeyConstraint(["prediction_id"], ["prediction_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_prediction_decision_prediction_id"), "prediction_decision", ["prediction_id"]
    )


def build_earlier_rounds(
    bind: sa.Connection,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Predictions of before came under review as they ended: their decisions, and their contours.

    A contour belongs to the prediction of its model and case in whose time it was stored.
    """
    decisions, links = [], []
    taken: set[int] = set()
    query = sa.select(prediction).where(prediction.c.state == "done").order_by(prediction.c.id)
    for row in bind.execute(query):
        decisions.append(
            {
                "prediction_id": row.id,
                "act": "put under review",
                "actor": row.actor,
                "reason": "",
                "decided_at_utc": row.finished_at_utc,
            }
        )
        for number in list_drawn_by(bind, row):
            if number not in taken:
                taken.add(number)
                links.append({"prediction_id": row.id, "label_version_id": number})
    return decisions, links


def list_drawn_by(bind: sa.Connection, row: Any) -> Iterator[int]:
    query = (
        sa.select(label.c.id)
        .join(case, case.c.id == label.c.case_id)
        .where(
            label.c.source == "prediction",
            label.c.model_version_id == row.model_id,
            label.c.created_at_utc.between(row.started_at_utc, row.finished_at_utc),
            case.c.name.in_(row.cases),
        )
        .order_by(label.c.id)
    )
    yield from bind.execute(query).scalars()


def allow_more(
    table: str,
    changed: dict[str, tuple[str, tuple[str, ...]]],
    kept: dict[str, tuple[str, tuple[str, ...]]],
) -> None:
    """Let columns hold more words. SQLite makes the table anew, and with it what `kept` checks."""
    if op.get_bind().dialect.name != "sqlite":
        for column, (name, values) in changed.items():
            op.drop_constraint(name, table, type_="check")
            op.create_check_constraint(name, table, sa.column(column).in_(values))
        return
    with op.batch_alter_table(table, recreate="always") as batch:
        for column, (name, values) in {**changed, **kept}.items():
            batch.alter_column(column, type_=vocabulary(name, values), existing_nullable=False)


def downgrade() -> None:
    raise RuntimeError("Decisions on predictions would be lost below 0011; restore a backup.")
