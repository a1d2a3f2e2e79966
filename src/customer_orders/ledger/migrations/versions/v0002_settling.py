"""What settling needs: replays, re-checks, and cells that were refused by themselves."""

import sqlalchemy as sa
from alembic import op

from customer_orders.ledger.kinds import COUNT, TEXT, words
from customer_orders.ledger.migrations import ours

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("request", sa.Column("status", COUNT, nullable=True), schema=ours())
    op.add_column(
        "request", sa.Column("sends", COUNT, nullable=False, server_default="1"), schema=ours()
    )
    op.add_column("request", sa.Column("doubted", TEXT, nullable=True), schema=ours())
    op.add_column("operation", sa.Column("cell", words(255), nullable=True), schema=ours())
    op.create_index(
        "request_by_recheck", "request", ["board", "recheck_after"], unique=False, schema=ours()
    )


def downgrade() -> None:
    op.drop_index("request_by_recheck", table_name="request", schema=ours())
    op.drop_column("operation", "cell", schema=ours())
    op.drop_column("request", "doubted", schema=ours())
    op.drop_column("request", "sends", schema=ours(), mssql_drop_default=True)
    op.drop_column("request", "status", schema=ours())
