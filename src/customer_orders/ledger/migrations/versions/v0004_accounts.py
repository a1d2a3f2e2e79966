"""What is known of an account: calls of a day, what others use, what its mutations cost."""

import sqlalchemy as sa
from alembic import op

from customer_orders.ledger.kinds import AMOUNT, words
from customer_orders.ledger.migrations import ours

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "account_day",
        sa.Column("account", words(20), primary_key=True),
        sa.Column("day", words(10), primary_key=True),
        sa.Column("calls", AMOUNT, nullable=False),
        sa.Column("others", AMOUNT, nullable=False),
        schema=ours(),
    )
    op.create_table(
        "price",
        sa.Column("account", words(20), primary_key=True),
        sa.Column("document", words(40), primary_key=True),
        sa.Column("cost", AMOUNT, nullable=False),
        schema=ours(),
    )


def downgrade() -> None:
    op.drop_table("price", schema=ours())
    op.drop_table("account_day", schema=ours())
