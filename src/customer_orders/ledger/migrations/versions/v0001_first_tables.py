"""The first tables."""

import sqlalchemy as sa
from alembic import op

from customer_orders.ledger.kinds import BYTES, COUNT, FLAG, MOMENT, NUMBERED, TEXT, words
from customer_orders.ledger.migrations import ours

revision = "0001"
down_revision = None

#: A batch is a run's work for one customer; its status is derived from the operations.
BATCH = """
create view {batch} as
select run_id, customer,
  count(*) as operations,
  sum(case when state = 'delivered' then 1 else 0 end) as delivered,
  sum(case when state = 'failed' then 1 else 0 end) as failed,
  sum(case when state in ('pending', 'sending') then 1 else 0 end) as {open},
  case
    when sum(case when state in ('pending', 'sending') then 1 else 0 end) > 0 then 'open'
    when sum(case when state = 'failed' then 1 else 0 end) > 0 then 'failed'
    else 'completed'
  end as status
from {operation}
where state <> 'superseded'
group by run_id, customer
"""


def upgrade() -> None:
    op.create_table(
        "board_group",
        sa.Column("board", words(20), nullable=False),
        sa.Column("title", words(255), nullable=False),
        sa.Column("monday_id", words(80), nullable=False),
        sa.PrimaryKeyConstraint("board", "title"),
        schema=ours(),
    )
    op.create_table(
        "event",
        sa.Column("id", NUMBERED, nullable=False),
        sa.Column("run_id", words(20), nullable=False),
        sa.Column("request_id", words(36), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("name", words(40), nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=ours(),
    )
    op.create_index("event_by_run", "event", ["run_id"], unique=False, schema=ours())
    op.create_table(
        "finding",
        sa.Column("id", words(12), nullable=False),
        sa.Column("rule", words(32), nullable=False),
        sa.Column("severity", words(8), nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("record_uuid", words(36), nullable=True),
        sa.Column("customer", words(255), nullable=True),
        sa.Column("source_row", COUNT, nullable=True),
        sa.Column("source_column", words(255), nullable=True),
        sa.Column("value", words(200), nullable=True),
        sa.Column("first_run", words(20), nullable=False),
        sa.Column("last_run", words(20), nullable=False),
        sa.Column("resolved_run", words(20), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema=ours(),
    )
    op.create_index("finding_by_line", "finding", ["record_uuid"], unique=False, schema=ours())
    op.create_table(
        "item",
        sa.Column("record_uuid", words(36), nullable=False),
        sa.Column("monday_id", words(20), nullable=False),
        sa.Column("board", words(20), nullable=False),
        sa.Column("group_title", words(255), nullable=False),
        sa.Column("name", words(255), nullable=False),
        sa.Column("delivered", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("record_uuid"),
        sa.UniqueConstraint("monday_id"),
        schema=ours(),
    )
    op.create_table(
        "lock",
        sa.Column("board", words(20), nullable=False),
        sa.Column("holder", words(255), nullable=False),
        sa.Column("run_id", words(20), nullable=False),
        sa.Column("token", COUNT, nullable=False),
        sa.Column("heartbeat", MOMENT, nullable=False),
        sa.Column("held", FLAG, nullable=False),
        sa.PrimaryKeyConstraint("board"),
        schema=ours(),
    )
    op.create_table(
        "operation",
        sa.Column("id", NUMBERED, nullable=False),
        sa.Column("run_id", words(20), nullable=False),
        sa.Column("board", words(20), nullable=False),
        sa.Column("target", words(400), nullable=False),
        sa.Column("kind", words(8), nullable=False),
        sa.Column("action", words(16), nullable=False),
        sa.Column("rank", COUNT, nullable=False),
        sa.Column("customer", words(255), nullable=False),
        sa.Column("group_title", words(255), nullable=False),
        sa.Column("record_uuid", words(36), nullable=True),
        sa.Column("size", words(64), nullable=True),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=False),
        sa.Column("state", words(16), nullable=False),
        sa.Column("request_id", words(36), nullable=True),
        sa.Column("alias", words(8), nullable=True),
        sa.Column("attempts", COUNT, nullable=False),
        sa.Column("category", words(16), nullable=True),
        sa.Column("code", words(80), nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("hint", TEXT, nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'sending', 'delivered', 'failed', 'superseded')",
            name="state_is_known",
        ),
        sa.PrimaryKeyConstraint("id"),
        schema=ours(),
    )
    op.create_index(
        "one_open_operation",
        "operation",
        ["target", "action"],
        unique=True,
        sqlite_where=sa.text("state IN ('pending', 'sending')"),
        postgresql_where=sa.text("state IN ('pending', 'sending')"),
        mssql_where=sa.text("state IN ('pending', 'sending')"),
        schema=ours(),
    )
    op.create_index(
        "operation_by_group",
        "operation",
        ["board", "group_title", "kind", "state"],
        unique=False,
        schema=ours(),
    )
    op.create_index(
        "operation_by_line", "operation", ["record_uuid", "state"], unique=False, schema=ours()
    )
    op.create_index(
        "operation_by_request", "operation", ["request_id"], unique=False, schema=ours()
    )
    op.create_index(
        "operation_by_state", "operation", ["run_id", "state", "id"], unique=False, schema=ours()
    )
    op.create_table(
        "orders_unified_snapshot",
        sa.Column("record_uuid", words(36), nullable=False),
        sa.Column("line_key", TEXT, nullable=False),
        sa.Column("ordinal", COUNT, nullable=False),
        sa.Column("customer", words(255), nullable=False),
        sa.Column("row_hash", words(64), nullable=True),
        sa.Column("seen_hash", words(64), nullable=False),
        sa.Column("mapping_version", words(16), nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("last_delivered", MOMENT, nullable=True),
        sa.Column("missing_since", MOMENT, nullable=True),
        sa.Column("missing_reads", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("record_uuid"),
        schema=ours(),
    )
    op.create_table(
        "request",
        sa.Column("id", words(36), nullable=False),
        sa.Column("run_id", words(20), nullable=False),
        sa.Column("board", words(20), nullable=False),
        sa.Column("body", BYTES, nullable=True),
        sa.Column("monday_user", words(20), nullable=False),
        sa.Column("first_send", MOMENT, nullable=False),
        sa.Column("last_send", MOMENT, nullable=False),
        sa.Column("unknown_since", MOMENT, nullable=True),
        sa.Column("recheck_after", MOMENT, nullable=True),
        sa.Column("settled", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema=ours(),
    )
    op.create_table(
        "run",
        sa.Column("id", words(20), nullable=False),
        sa.Column("started", MOMENT, nullable=False),
        sa.Column("ended", MOMENT, nullable=True),
        sa.Column("status", words(16), nullable=False),
        sa.Column("filters", TEXT, nullable=False),
        sa.Column("scope", words(64), nullable=True),
        sa.Column("mapping_version", words(16), nullable=True),
        sa.Column("checksum", words(64), nullable=True),
        sa.Column("source_rows", COUNT, nullable=True),
        sa.Column("source_customers", TEXT, nullable=True),
        sa.Column("unchanged", TEXT, nullable=False),
        sa.Column("dropped", COUNT, nullable=False),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("report", TEXT, nullable=True),
        sa.CheckConstraint(
            "status in ('RUNNING', 'SUCCESS', 'ATTENTION', 'FAILED', 'NO_CHANGES')",
            name="status_is_known",
        ),
        sa.PrimaryKeyConstraint("id"),
        schema=ours(),
    )
    op.create_table(
        "run_line",
        sa.Column("run_id", words(20), nullable=False),
        sa.Column("line", words(36), nullable=False),
        sa.Column("customer", words(255), nullable=False),
        sa.Column("line_key", TEXT, nullable=True),
        sa.Column("ordinal", COUNT, nullable=False),
        sa.Column("planned_hash", words(64), nullable=True),
        sa.Column("planned", words(16), nullable=False),
        sa.Column("outcome", words(16), nullable=True),
        sa.Column("quiet_subitems", COUNT, nullable=False),
        sa.Column("refused_subitems", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "line"),
        schema=ours(),
    )
    op.create_table(
        "subitem",
        sa.Column("record_uuid", words(36), nullable=False),
        sa.Column("size", words(64), nullable=False),
        sa.Column("monday_id", words(20), nullable=False),
        sa.Column("delivered", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("record_uuid", "size"),
        sa.UniqueConstraint("monday_id"),
        schema=ours(),
    )

    # OPEN is a word of T-SQL.
    word = op.get_context().dialect.identifier_preparer.quote("open")
    names = {"batch": _quoted("batch"), "operation": _quoted("operation"), "open": word}
    op.execute(BATCH.format(**names))


def _quoted(name: str) -> str:
    """A table's name with its schema, as the engine writes it."""
    table = sa.table(name, schema=ours())
    return op.get_context().dialect.identifier_preparer.format_table(table)


def downgrade() -> None:
    op.execute(f"drop view {_quoted('batch')}")
    op.drop_table("subitem", schema=ours())
    op.drop_table("run_line", schema=ours())
    op.drop_table("run", schema=ours())
    op.drop_table("request", schema=ours())
    op.drop_table("orders_unified_snapshot", schema=ours())
    op.drop_index("operation_by_state", table_name="operation", schema=ours())
    op.drop_index("operation_by_request", table_name="operation", schema=ours())
    op.drop_index("operation_by_line", table_name="operation", schema=ours())
    op.drop_index("operation_by_group", table_name="operation", schema=ours())
    op.drop_index("one_open_operation", table_name="operation", schema=ours())
    op.drop_table("operation", schema=ours())
    op.drop_table("lock", schema=ours())
    op.drop_table("item", schema=ours())
    op.drop_index("finding_by_line", table_name="finding", schema=ours())
    op.drop_table("finding", schema=ours())
    op.drop_index("event_by_run", table_name="event", schema=ours())
    op.drop_table("event", schema=ours())
    op.drop_table("board_group", schema=ours())
