"""Alembic's environment: runs on the connection that `migrate_database` hands over."""

from alembic import context
from sqlmodel import SQLModel

from han5k_review.store import (
    consensus_tables,
    draft_tables,
    import_tables,
    model_tables,
    name_tables,
    prediction_tables,
    preference_tables,
    protocol_tables,
    run_tables,
    session_tables,
    signature_tables,
    tables,
    triage_tables,
)

_ = (
    tables,
    run_tables,
    draft_tables,
    import_tables,
    prediction_tables,
    model_tables,
    name_tables,
    protocol_tables,
    triage_tables,
    signature_tables,
    session_tables,
    consensus_tables,
    preference_tables,
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
