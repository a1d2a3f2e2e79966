"""Every table of ours, and every name in them, written once.

States and transitions are those of docs/states.md; the CHECK constraints hold the same words as
the enumerations, and a test compares the three.
"""

from __future__ import annotations

import enum

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Table

from customer_orders.ledger.kinds import (
    AMOUNT,
    BYTES,
    COUNT,
    FLAG,
    JSON,
    MOMENT,
    NUMBERED,
    TEXT,
    words,
)

#: Where our tables stand, on engines that have schemas.
SCHEMA = "customer_orders"

metadata = MetaData()

UUID = words(36)
#: Start in UTC and four random digits, such as 20261123-211700-ab12.
RUN = words(20)
NAME = words(255)


class State(enum.StrEnum):
    """Where an operation stands."""

    #: Planned, not sent.
    PENDING = "pending"
    #: Claimed: its request is stored and may be under way. Stays so while the outcome is unknown.
    SENDING = "sending"
    #: Confirmed by monday, and recorded.
    DELIVERED = "delivered"
    #: Refused by monday, or blocked by a refusal that it depends on.
    FAILED = "failed"
    #: A later plan took its place before it was sent.
    SUPERSEDED = "superseded"


class Move(enum.Enum):
    """The transitions: each is one guarded UPDATE."""

    CLAIM = (State.PENDING, State.SENDING)
    DELIVER = (State.SENDING, State.DELIVERED)
    RELEASE = (State.SENDING, State.PENDING)
    REFUSE = (State.SENDING, State.FAILED)
    BLOCK = (State.PENDING, State.FAILED)
    SUPERSEDE = (State.PENDING, State.SUPERSEDED)
    #: A failed operation that is planned afresh.
    REPLACE = (State.FAILED, State.SUPERSEDED)


class RunStatus(enum.StrEnum):
    """How a run ended; RUNNING while it has not."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    ATTENTION = "ATTENTION"
    FAILED = "FAILED"
    NO_CHANGES = "NO_CHANGES"


def _one_of(column: str, known: type[enum.StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in known)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_is_known")


snapshot = Table(
    "orders_unified_snapshot",
    metadata,
    Column("record_uuid", UUID, primary_key=True),
    # The key columns, trimmed, in capital letters, and joined.
    Column("line_key", TEXT, nullable=False),
    Column("ordinal", COUNT, nullable=False),
    Column("customer", NAME, nullable=False),
    # Hash of the row that item and all sizes were delivered from; NULL when that is not sure.
    Column("row_hash", words(64)),
    # Hash of the row that was planned last: tells equal keys apart, never means "unchanged".
    Column("seen_hash", words(64), nullable=False),
    Column("mapping_version", words(16), nullable=False),
    Column("first_seen", MOMENT, nullable=False),
    Column("last_delivered", MOMENT),
    Column("missing_since", MOMENT),
    # Complete reads of the same scope that did not have the line, in a row.
    Column("missing_reads", COUNT, nullable=False, default=0),
)

run = Table(
    "run",
    metadata,
    Column("id", RUN, primary_key=True),
    Column("started", MOMENT, nullable=False),
    Column("ended", MOMENT),
    Column("status", words(16), nullable=False),
    Column("filters", JSON, nullable=False),
    Column("scope", words(64)),
    Column("mapping_version", words(16)),
    Column("checksum", words(64)),
    # Rows of the read, and rows by customer name, for the mass-change guard.
    Column("source_rows", COUNT),
    Column("source_customers", JSON),
    # Lines that were not looked at, by canonical customer: [lines, subitems].
    Column("unchanged", JSON, nullable=False, default="{}"),
    Column("dropped", COUNT, nullable=False, default=0),
    Column("error", TEXT),
    # The RUN structure as it was reported.
    Column("report", JSON),
    _one_of("status", RunStatus),
)

run_line = Table(
    "run_line",
    metadata,
    Column("run_id", RUN, primary_key=True),
    # record_uuid, or the source row of a line that cannot be told.
    Column("line", UUID, primary_key=True),
    Column("customer", NAME, nullable=False),
    Column("line_key", TEXT),
    Column("ordinal", COUNT, nullable=False),
    Column("planned_hash", words(64)),
    # What the line counts as when all its operations are delivered.
    Column("planned", words(16), nullable=False),
    # What it counted as when the run ended.
    Column("outcome", words(16)),
    # Subitems that need no operation, and those whose operation is held after a refusal.
    Column("quiet_subitems", COUNT, nullable=False),
    Column("refused_subitems", COUNT, nullable=False),
)

operation = Table(
    "operation",
    metadata,
    Column("id", NUMBERED, primary_key=True),
    Column("run_id", RUN, nullable=False),
    Column("board", words(20), nullable=False),
    Column("target", words(400), nullable=False),
    Column("kind", words(8), nullable=False),
    Column("action", words(16), nullable=False),
    Column("rank", COUNT, nullable=False),
    Column("customer", NAME, nullable=False),
    Column("group_title", NAME, nullable=False),
    Column("record_uuid", UUID),
    Column("size", words(64)),
    # Title of the one column that was taken out of an operation because monday refused it.
    Column("cell", NAME),
    Column("payload", JSON, nullable=False),
    Column("before", JSON, nullable=False),
    Column("state", words(16), nullable=False),
    Column("request_id", UUID),
    Column("alias", words(8)),
    Column("attempts", COUNT, nullable=False, default=0),
    Column("category", words(16)),
    Column("code", words(80)),
    Column("error", TEXT),
    Column("hint", TEXT),
    # Titles of the columns that had not the label of their cell when it was refused.
    Column("missing_labels", JSON),
    _one_of("state", State),
    Index("operation_by_state", "run_id", "state", "id"),
    Index("operation_by_line", "record_uuid", "state"),
    Index("operation_by_group", "board", "group_title", "kind", "state"),
    Index("operation_by_request", "request_id"),
)
_open = operation.c.state.in_([State.PENDING.value, State.SENDING.value])
Index(
    "one_open_operation",
    operation.c.target,
    operation.c.action,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
    mssql_where=_open,
)

request = Table(
    "request",
    metadata,
    # Also the Idempotency-Key.
    Column("id", UUID, primary_key=True),
    Column("run_id", RUN, nullable=False),
    Column("board", words(20), nullable=False),
    # The bytes, until the request is settled.
    Column("body", BYTES),
    # The user whose token sent it: a replay must come from the same one.
    Column("monday_user", words(20), nullable=False),
    Column("first_send", MOMENT, nullable=False),
    Column("last_send", MOMENT, nullable=False),
    Column("sends", COUNT, nullable=False, server_default="1"),
    # HTTP status of an answer that did not tell; with one the request is not replayed.
    Column("status", COUNT),
    Column("unknown_since", MOMENT),
    # Until then the board is looked at again for what may have been done late.
    Column("recheck_after", MOMENT),
    # The operations whose outcome was not known, until that moment.
    Column("doubted", JSON),
    Column("settled", MOMENT),
    Index("request_by_recheck", "board", "recheck_after"),
)

item = Table(
    "item",
    metadata,
    Column("record_uuid", UUID, primary_key=True),
    Column("monday_id", words(20), nullable=False, unique=True),
    Column("board", words(20), nullable=False),
    # Title of the group it was delivered to, whatever people did since.
    Column("group_title", NAME, nullable=False),
    Column("name", NAME, nullable=False),
    # Board title -> canonical value.
    Column("delivered", JSON, nullable=False),
)

subitem = Table(
    "subitem",
    metadata,
    Column("record_uuid", UUID, primary_key=True),
    Column("size", words(64), primary_key=True),
    Column("monday_id", words(20), nullable=False, unique=True),
    Column("delivered", JSON, nullable=False),
)

board_group = Table(
    "board_group",
    metadata,
    Column("board", words(20), primary_key=True),
    Column("title", NAME, primary_key=True),
    Column("monday_id", words(80), nullable=False),
)

finding = Table(
    "finding",
    metadata,
    Column("id", words(12), primary_key=True),
    Column("rule", words(32), nullable=False),
    Column("severity", words(8), nullable=False),
    Column("message", TEXT, nullable=False),
    Column("record_uuid", UUID),
    Column("customer", NAME),
    Column("source_row", COUNT),
    Column("source_column", NAME),
    Column("value", words(200)),
    Column("first_run", RUN, nullable=False),
    Column("last_run", RUN, nullable=False),
    Column("resolved_run", RUN),
    Index("finding_by_line", "record_uuid"),
)

event = Table(
    "event",
    metadata,
    Column("id", NUMBERED, primary_key=True),
    Column("run_id", RUN, nullable=False),
    Column("request_id", UUID),
    Column("at", MOMENT, nullable=False),
    Column("name", words(40), nullable=False),
    Column("detail", JSON, nullable=False),
    Index("event_by_run", "run_id"),
)

account_day = Table(
    "account_day",
    metadata,
    Column("account", words(20), primary_key=True),
    # Date in UTC: monday counts the calls of a day from 00:00 UTC.
    Column("day", words(10), primary_key=True),
    # Calls of ours; one that a limit refused is a tenth.
    Column("calls", AMOUNT, nullable=False),
    # Complexity of a minute that other programs use on the average, as seen last.
    Column("others", AMOUNT, nullable=False),
)

price = Table(
    "price",
    metadata,
    Column("account", words(20), primary_key=True),
    # Name of the document.
    Column("document", words(40), primary_key=True),
    # Complexity of one of it, as monday said last.
    Column("cost", AMOUNT, nullable=False),
)

lock = Table(
    "lock",
    metadata,
    Column("board", words(20), primary_key=True),
    Column("holder", NAME, nullable=False),
    Column("run_id", RUN, nullable=False),
    # Grows with every takeover; every claim and every recording checks it.
    Column("token", COUNT, nullable=False),
    Column("heartbeat", MOMENT, nullable=False),
    Column("held", FLAG, nullable=False),
)
