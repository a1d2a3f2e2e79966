"""Every table of ours, and every name in them, written once.

States and transitions are those of docs/states.md; the CHECK constraints hold the same words as
the enumerations, and a test compares the three.
"""

from __future__ import annotations

import enum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

UUID = String(36)
#: Start in UTC and four random digits, such as 20261123-211700-ab12.
RUN = String(20)
NAME = String(255)
#: Seconds since 1970, UTC.
MOMENT = Float
#: JSON with sorted keys.
JSON = Text


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


def _one_of(column: str, words: type[enum.StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_is_known")


snapshot = Table(
    "orders_unified_snapshot",
    metadata,
    Column("record_uuid", UUID, primary_key=True),
    # The key columns, normalised and joined (contract.md, Values).
    Column("line_key", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("customer", NAME, nullable=False),
    # Hash of the row that item and all sizes were delivered from; NULL when that is not sure.
    Column("row_hash", String(64)),
    # Hash of the row that was planned last: tells equal keys apart, never means "unchanged".
    Column("seen_hash", String(64), nullable=False),
    Column("mapping_version", String(16), nullable=False),
    Column("first_seen", MOMENT, nullable=False),
    Column("last_delivered", MOMENT),
    Column("missing_since", MOMENT),
    # Complete reads of the same scope that did not have the line, in a row.
    Column("missing_reads", Integer, nullable=False, default=0),
)

run = Table(
    "run",
    metadata,
    Column("id", RUN, primary_key=True),
    Column("started", MOMENT, nullable=False),
    Column("ended", MOMENT),
    Column("status", String(16), nullable=False),
    Column("filters", JSON, nullable=False),
    Column("scope", String(64)),
    Column("mapping_version", String(16)),
    Column("checksum", String(64)),
    # Rows of the read, and rows by customer name, for the mass-change guard.
    Column("source_rows", Integer),
    Column("source_customers", JSON),
    # Lines that were not looked at, by canonical customer: [lines, subitems].
    Column("unchanged", JSON, nullable=False, default="{}"),
    Column("dropped", Integer, nullable=False, default=0),
    Column("error", Text),
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
    Column("line_key", Text),
    Column("ordinal", Integer, nullable=False),
    Column("planned_hash", String(64)),
    # What the line counts as when all its operations are delivered.
    Column("planned", String(16), nullable=False),
    # What it counted as when the run ended.
    Column("outcome", String(16)),
    # Subitems that need no operation, and those whose operation is held after a refusal.
    Column("quiet_subitems", Integer, nullable=False),
    Column("refused_subitems", Integer, nullable=False),
)

operation = Table(
    "operation",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("run_id", RUN, nullable=False),
    Column("board", String(20), nullable=False),
    Column("target", String(400), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("action", String(16), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("customer", NAME, nullable=False),
    Column("group_title", NAME, nullable=False),
    Column("record_uuid", UUID),
    Column("size", String(64)),
    # Title of the one column that was taken out of an operation because monday refused it.
    Column("cell", NAME),
    Column("payload", JSON, nullable=False),
    Column("before", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("request_id", UUID),
    Column("alias", String(8)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("category", String(16)),
    Column("code", String(80)),
    Column("error", Text),
    Column("hint", Text),
    # Titles of the columns that had not the label of their cell when it was refused.
    Column("missing_labels", JSON),
    _one_of("state", State),
    Index("operation_by_state", "run_id", "state", "id"),
    Index("operation_by_line", "record_uuid", "state"),
    Index("operation_by_group", "board", "group_title", "kind", "state"),
    Index("operation_by_request", "request_id"),
)
Index(
    "one_open_operation",
    operation.c.target,
    operation.c.action,
    unique=True,
    sqlite_where=operation.c.state.in_([State.PENDING.value, State.SENDING.value]),
    postgresql_where=operation.c.state.in_([State.PENDING.value, State.SENDING.value]),
)

request = Table(
    "request",
    metadata,
    # Also the Idempotency-Key.
    Column("id", UUID, primary_key=True),
    Column("run_id", RUN, nullable=False),
    Column("board", String(20), nullable=False),
    # The bytes, until the request is settled.
    Column("body", LargeBinary),
    # The user whose token sent it: a replay must come from the same one.
    Column("monday_user", String(20), nullable=False),
    Column("first_send", MOMENT, nullable=False),
    Column("last_send", MOMENT, nullable=False),
    Column("sends", Integer, nullable=False, server_default="1"),
    # HTTP status of an answer that did not tell; with one the request is not replayed.
    Column("status", Integer),
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
    Column("monday_id", String(20), nullable=False, unique=True),
    Column("board", String(20), nullable=False),
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
    Column("size", String(64), primary_key=True),
    Column("monday_id", String(20), nullable=False, unique=True),
    Column("delivered", JSON, nullable=False),
)

board_group = Table(
    "board_group",
    metadata,
    Column("board", String(20), primary_key=True),
    Column("title", NAME, primary_key=True),
    Column("monday_id", String(80), nullable=False),
)

finding = Table(
    "finding",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("rule", String(32), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("message", Text, nullable=False),
    Column("record_uuid", UUID),
    Column("customer", NAME),
    Column("source_row", Integer),
    Column("source_column", NAME),
    Column("value", String(200)),
    Column("first_run", RUN, nullable=False),
    Column("last_run", RUN, nullable=False),
    Column("resolved_run", RUN),
    Index("finding_by_line", "record_uuid"),
)

event = Table(
    "event",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("run_id", RUN, nullable=False),
    Column("request_id", UUID),
    Column("at", MOMENT, nullable=False),
    Column("name", String(40), nullable=False),
    Column("detail", JSON, nullable=False),
    Index("event_by_run", "run_id"),
)

account_day = Table(
    "account_day",
    metadata,
    Column("account", String(20), primary_key=True),
    # Date in UTC: monday counts the calls of a day from 00:00 UTC.
    Column("day", String(10), primary_key=True),
    # Calls of ours; one that a limit refused is a tenth.
    Column("calls", Float, nullable=False),
    # Complexity of a minute that other programs use on the average, as seen last.
    Column("others", Float, nullable=False),
)

price = Table(
    "price",
    metadata,
    Column("account", String(20), primary_key=True),
    # Name of the document.
    Column("document", String(40), primary_key=True),
    # Complexity of one of it, as monday said last.
    Column("cost", Float, nullable=False),
)

lock = Table(
    "lock",
    metadata,
    Column("board", String(20), primary_key=True),
    Column("holder", NAME, nullable=False),
    Column("run_id", RUN, nullable=False),
    # Grows with every takeover; every claim and every recording checks it.
    Column("token", Integer, nullable=False),
    Column("heartbeat", MOMENT, nullable=False),
    Column("held", Boolean, nullable=False),
)
