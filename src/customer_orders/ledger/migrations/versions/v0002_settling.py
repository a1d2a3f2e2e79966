"""What settling needs: replays, re-checks, and cells that were refused by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("request", sa.Column("status", sa.Integer(), nullable=True))
    op.add_column("request", sa.Column("sends", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("request", sa.Column("doubted", sa.Text(), nullable=True))
    op.add_column("operation", sa.Column("cell", sa.String(length=255), nullable=True))
    op.create_index("request_by_recheck", "request", ["board", "recheck_after"], unique=False)


def downgrade() -> None:
    op.drop_index("request_by_recheck", table_name="request")
    op.drop_column("operation", "cell")
    op.drop_column("request", "doubted")
    op.drop_column("request", "sends")
    op.drop_column("request", "status")
