"""What an import that a page starts does with CTs, doses and several structure sets"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = "tree_import"


def upgrade() -> None:
    for name, default in (("in_place", sa.false()), ("doses", sa.true())):
        flag: sa.Column[bool] = sa.Column(
            name, sa.Boolean(), nullable=False, server_default=default
        )
        op.add_column(TABLE, flag)
    for name, text in (("structure_sets", "one"), ("set_label", ""), ("reference_label", "")):
        words = sa.Column(name, sa.String(), nullable=False, server_default=text)
        op.add_column(TABLE, words)


def downgrade() -> None:
    for name in ("in_place", "doses", "structure_sets", "set_label", "reference_label"):
        op.drop_column(TABLE, name)
