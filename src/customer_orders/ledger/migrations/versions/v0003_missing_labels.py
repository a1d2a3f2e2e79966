"""Labels that a board had not when an operation was refused: once it has them, nothing is held."""

import sqlalchemy as sa
from alembic import op

from customer_orders.ledger.kinds import TEXT
from customer_orders.ledger.migrations import ours

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("operation", sa.Column("missing_labels", TEXT, nullable=True), schema=ours())


def downgrade() -> None:
    op.drop_column("operation", "missing_labels", schema=ours())
