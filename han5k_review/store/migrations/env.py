"""Alembic's environment: runs on the connection that `migrate_database` hands over."""

from importlib import import_module
from pkgutil import iter_modules

from alembic import context
from sqlmodel import SQLModel

from han5k_review import store

for module in iter_modules(store.__path__):
    if module.name.endswith("tables"):
        import_module(f"{store.__name__}.{module.name}")

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
