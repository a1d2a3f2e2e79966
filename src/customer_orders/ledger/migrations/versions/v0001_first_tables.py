"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

#: A batch is a run's work for one customer; its status is derived from the operations.
BATCH = """
create view batch as
select run_id, customer,
  count(*) as operations,
  sum(case when state = 'delivered' then 1 else 0 end) as delivered,
  sum(case when state = 'failed' then 1 else 0 end) as failed,
  sum(case when state in ('pending', 'sending') then 1 else 0 end) as open,
  case
    when sum(case when state in ('pending', 'sending') then 1 else 0 end) > 0 then 'open'
    when sum(case when state = 'failed' then 1 else 0 end) > 0 then 'failed'
    else 'completed'
  end as status
from operation
where state <> 'superseded'
group by run_id, customer
"""


def upgrade() -> None:
    op.create_table(
        "board_group",
        sa.Column("board", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("monday_id", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("board", "title"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.String(length=20), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("event_by_run", "event", ["run_id"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("record_uuid", sa.String(length=36), nullable=True),
        sa.Column("customer", sa.String(length=255), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.Column("source_column", sa.String(length=255), nullable=True),
        sa.Column("value", sa.String(length=200), nullable=True),
        sa.Column("first_run", sa.String(length=20), nullable=False),
        sa.Column("last_run", sa.String(length=20), nullable=False),
        sa.Column("resolved_run", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("finding_by_line", "finding", ["record_uuid"], unique=False)
    op.create_table(
        "item",
        sa.Column("record_uuid", sa.String(length=36), nullable=False),
        sa.Column("monday_id", sa.String(length=20), nullable=False),
        sa.Column("board", sa.String(length=20), nullable=False),
        sa.Column("group_title", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("delivered", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_uuid"),
        sa.UniqueConstraint("monday_id"),
    )
    op.create_table(
        "lock",
        sa.Column("board", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=False),
        sa.Column("run_id", sa.String(length=20), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("heartbeat", sa.Float(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("board"),
    )
    op.create_table(
        "operation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.String(length=20), nullable=False),
        sa.Column("board", sa.String(length=20), nullable=False),
        sa.Column("target", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=False),
        sa.Column("group_title", sa.String(length=255), nullable=False),
        sa.Column("record_uuid", sa.String(length=36), nullable=True),
        sa.Column("size", sa.String(length=64), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("alias", sa.String(length=8), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=True),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("hint", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'sending', 'delivered', 'failed', 'superseded')",
            name="state_is_known",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_open_operation",
        "operation",
        ["target", "action"],
        unique=True,
        sqlite_where=sa.text("state IN ('pending', 'sending')"),
        postgresql_where=sa.text("state IN ('pending', 'sending')"),
    )
    op.create_index(
        "operation_by_group", "operation", ["board", "group_title", "kind", "state"], unique=False
    )
    op.create_index("operation_by_line", "operation", ["record_uuid", "state"], unique=False)
    op.create_index("operation_by_request", "operation", ["request_id"], unique=False)
    op.create_index("operation_by_state", "operation", ["run_id", "state", "id"], unique=False)
    op.create_table(
        "orders_unified_snapshot",
        sa.Column("record_uuid", sa.String(length=36), nullable=False),
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=True),
        sa.Column("seen_hash", sa.String(length=64), nullable=False),
        sa.Column("mapping_version", sa.String(length=16), nullable=False),
        sa.Column("first_seen", sa.Float(), nullable=False),
        sa.Column("last_delivered", sa.Float(), nullable=True),
        sa.Column("missing_since", sa.Float(), nullable=True),
        sa.Column("missing_reads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("record_uuid"),
    )
    op.create_table(
        "request",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=20), nullable=False),
        sa.Column("board", sa.String(length=20), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("monday_user", sa.String(length=20), nullable=False),
        sa.Column("first_send", sa.Float(), nullable=False),
        sa.Column("last_send", sa.Float(), nullable=False),
        sa.Column("unknown_since", sa.Float(), nullable=True),
        sa.Column("recheck_after", sa.Float(), nullable=True),
        sa.Column("settled", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("started", sa.Float(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=True),
        sa.Column("mapping_version", sa.String(length=16), nullable=True),
        sa.Column("checksum", sa.String(length=64), nullable=True),
        sa.Column("source_rows", sa.Integer(), nullable=True),
        sa.Column("source_customers", sa.Text(), nullable=True),
        sa.Column("unchanged", sa.Text(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status in ('RUNNING', 'SUCCESS', 'ATTENTION', 'FAILED', 'NO_CHANGES')",
            name="status_is_known",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "run_line",
        sa.Column("run_id", sa.String(length=20), nullable=False),
        sa.Column("line", sa.String(length=36), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=False),
        sa.Column("line_key", sa.Text(), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("planned_hash", sa.String(length=64), nullable=True),
        sa.Column("planned", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("quiet_subitems", sa.Integer(), nullable=False),
        sa.Column("refused_subitems", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "line"),
    )
    op.create_table(
        "subitem",
        sa.Column("record_uuid", sa.String(length=36), nullable=False),
        sa.Column("size", sa.String(length=64), nullable=False),
        sa.Column("monday_id", sa.String(length=20), nullable=False),
        sa.Column("delivered", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_uuid", "size"),
        sa.UniqueConstraint("monday_id"),
    )

    op.execute(BATCH)


def downgrade() -> None:
    op.execute("drop view batch")
    op.drop_table("subitem")
    op.drop_table("run_line")
    op.drop_table("run")
    op.drop_table("request")
    op.drop_table("orders_unified_snapshot")
    op.drop_index("operation_by_state", table_name="operation")
    op.drop_index("operation_by_request", table_name="operation")
    op.drop_index("operation_by_line", table_name="operation")
    op.drop_index("operation_by_group", table_name="operation")
    op.drop_index(
        "one_open_operation",
        table_name="operation",
        sqlite_where=sa.text("state IN ('pending', 'sending')"),
        postgresql_where=sa.text("state IN ('pending', 'sending')"),
    )
    op.drop_table("operation")
    op.drop_table("lock")
    op.drop_table("item")
    op.drop_index("finding_by_line", table_name="finding")
    op.drop_table("finding")
    op.drop_index("event_by_run", table_name="event")
    op.drop_table("event")
    op.drop_table("board_group")
