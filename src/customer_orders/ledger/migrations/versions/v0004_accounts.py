"""What is known of an account: calls of a day, what others use, what its mutations cost."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "account_day",
        sa.Column("account", sa.String(length=20), primary_key=True),
        sa.Column("day", sa.String(length=10), primary_key=True),
        sa.Column("calls", sa.Float(), nullable=False),
        sa.Column("others", sa.Float(), nullable=False),
    )
    op.create_table(
        "price",
        sa.Column("account", sa.String(length=20), primary_key=True),
        sa.Column("document", sa.String(length=40), primary_key=True),
        sa.Column("cost", sa.Float(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("price")
    op.drop_table("account_day")
