"""Labels that a board had not when an operation was refused: once it has them, nothing is held."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("operation", sa.Column("missing_labels", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("operation", "missing_labels")
