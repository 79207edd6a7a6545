"""What people decided about models, as rows: filled from the audit trail of before"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from han5k_review.store.append_only import refuse_change

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ACTS = ("promoted", "declined", "put in use", "rolled back")
# How the audit trail of before called them: action -> act.
OF_RUNS = {"run promoted": "promoted", "run declined": "declined"}
OF_MODELS = {"model put in use": "put in use", "model rolled back": "rolled back"}

time = sa.DateTime(timezone=True)
audit = sa.table(
    "audit",
    *(sa.column(name) for name in ("id", "actor", "action", "subject")),
    sa.column("at_utc", time),
    sa.column("detail", sa.JSON()),
)
run = sa.table("retrain_run", sa.column("id"), sa.column("result_model_id"))
model = sa.table("model_version", sa.column("id"), sa.column("name"))


def upgrade() -> None:
    op.create_table(
        "model_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                *ACTS, name="is_modelact", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("failed_structures", sa.JSON(), nullable=False),
        sa.Column("decided_at_utc", time, nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model_version.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_model_decision_model_id"), "model_decision", ["model_id"])
    found = list(list_earlier_decisions(op.get_bind()))
    if found:
        op.bulk_insert(table_of_decisions(), found)
    refuse_change(op.get_bind(), "model_decision")


def table_of_decisions() -> sa.TableClause:
    return sa.table(
        "model_decision",
        *(sa.column(name) for name in ("model_id", "act", "actor", "reason")),
        sa.column("failed_structures", sa.JSON()),
        sa.column("decided_at_utc", time),
    )


def list_earlier_decisions(bind: sa.Connection) -> Iterator[dict[str, Any]]:
    """Every audit row that tells of a decision on a model the study still has, oldest first."""
    runs = {f"run {r.id}": r.result_model_id for r in bind.execute(sa.select(run))}
    models = {f"model {m.name}": m.id for m in bind.execute(sa.select(model))}
    acts = {**OF_RUNS, **OF_MODELS}
    query = sa.select(audit).where(audit.c.action.in_(acts)).order_by(audit.c.id)
    for row in bind.execute(query):
        model_id = (runs if row.action in OF_RUNS else models).get(row.subject)
        if model_id is not None:
            detail = row.detail or {}
            yield {
                "model_id": model_id,
                "act": acts[row.action],
                "actor": row.actor,
                "reason": str(detail.get("reason", "")),
                "failed_structures": list(detail.get("despite_gate") or []),
                "decided_at_utc": row.at_utc,
            }


def downgrade() -> None:
    raise RuntimeError("Decisions on models would be lost below 0007; restore a backup instead.")
