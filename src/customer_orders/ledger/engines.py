"""What each engine needs so that a transaction of the ledger means the same on all of them."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, text

from customer_orders.databases import engine_of
from customer_orders.errors import LedgerError
from customer_orders.ledger.schema import SCHEMA

#: Seconds that a statement waits for a lock of another process, and for a free connection.
BUSY_TIMEOUT = 10.0
#: Seconds after which a server ends a transaction whose process stands still: what it has locked
#: would hold up whoever takes its board over.
IDLE_TIMEOUT = 60
#: Of a PostgreSQL: seconds until it must have taken a connection, and until one counts as cut
#: because the machine at the other end says nothing at all.
REACHING = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}
WHERE = "[ledger] url"

#: Seconds since 1970 by the clock of the server.
SERVER_TIME = {
    "postgresql": text("select extract(epoch from clock_timestamp())"),
    "mssql": text("select datediff_big(millisecond, '19700101', sysutcdatetime()) / 1000.0"),
}
ENGINES = ("sqlite", *SERVER_TIME)


class ServerClock:
    """Seconds since 1970 as the server of the ledger counts them: it decides between machines."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def follow(self, connection: Connection) -> None:
        """Set it by the server."""
        told = connection.scalar(SERVER_TIME[connection.dialect.name])
        self._ahead = float(told or 0) - time.time()


def sqlite_engine(url: URL) -> Engine:
    """Write-ahead log, fully synchronous, and one writer at a time."""
    engine = engine_of(url, WHERE, LedgerError, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late for a read that is followed by a write.
        connection.isolation_level = None
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine


def _greetings(backend: str) -> tuple[str, ...]:
    """What a connection is told first."""
    busy = int(BUSY_TIMEOUT * 1000)
    if backend == "mssql":
        # Any error ends the transaction, as it does on the other engines.
        return (f"set lock_timeout {busy}", "set xact_abort on")
    return (
        f"set lock_timeout = {busy}",
        f"set idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}s'",
        # What was committed must outlive a crash of the server, whatever its own default is.
        "set synchronous_commit = on",
    )


def server_engine(url: URL) -> Engine:
    """READ COMMITTED; a connection that was cut while nobody used it is made anew."""
    backend = url.get_backend_name()
    options: dict[str, Any] = {
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,
        "pool_timeout": BUSY_TIMEOUT,
    }
    if url.drivername == "postgresql+psycopg":
        options["connect_args"] = {n: v for n, v in REACHING.items() if n not in url.query}
    if url.drivername == "mssql+pyodbc":
        options["fast_executemany"] = True
    engine, greetings = engine_of(url, WHERE, LedgerError, **options), _greetings(backend)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for words in greetings:
            cursor.execute(words)
        cursor.close()
        connection.commit()

    return engine.execution_options(schema_translate_map={None: SCHEMA})
