"""Opens the ledger's database, creates and migrates its tables, and translates its errors."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from customer_orders.errors import LedgerError

MIGRATIONS = "customer_orders.ledger:migrations"
#: Seconds that a statement waits for another process of this machine.
BUSY_TIMEOUT = 30


class Ledger:
    """A database with our tables. Every statement runs inside `transaction`."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        """Open a database; only SQLite so far. Raises LedgerError for another engine."""
        self.clock = clock
        self._url = make_url(url)
        database = self._url.database
        if self._url.get_backend_name() != "sqlite" or database in (None, "", ":memory:"):
            raise LedgerError(
                f"[ledger] url: {self._url.render_as_string()} is not a SQLite file",
                hint="write sqlite:///ledger.db",
            )
        self.path = Path(database or "")
        self._engine = _sqlite_engine(url)

    def __str__(self) -> str:
        return str(self.path)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed as a whole, or not at all. Raises LedgerError."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as exc:
            raise self._error(_cause(exc)) from exc

    def deploy(self) -> None:
        """Create the tables, or bring them to this version's schema."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.transaction() as connection:
                command.upgrade(_alembic(connection=connection), "head")
        except (OSError, CommandError) as exc:
            # A schema that Alembic does not know comes from a later version of this program.
            raise self._error(str(exc)) from exc

    def ddl(self) -> str:
        """The statements of `deploy` on an empty database, for review."""
        text = io.StringIO()
        command.upgrade(
            _alembic(dialect=self._url.get_backend_name(), output=text), "head", sql=True
        )
        return text.getvalue()

    def require(self) -> None:
        """Raise LedgerError unless the tables are there, in this version's schema."""
        found = self.revision() if self.path.is_file() else None
        if found is None:
            raise LedgerError(
                f"the ledger {self} has no tables yet", hint="run `customer-orders deploy`"
            )
        if found != head():
            raise LedgerError(
                f"the ledger {self} has schema {found}, this program needs {head()}",
                hint="run `customer-orders deploy`",
            )

    def revision(self) -> str | None:
        """The schema's revision, or None on an empty database."""
        with self.transaction() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def _error(self, cause: str) -> LedgerError:
        return LedgerError(
            f"the ledger {self} failed: {cause}",
            hint="nothing of this step was stored; run `customer-orders check`",
        )


@contextmanager
def deployed(url: str) -> Iterator[Ledger]:
    """A ledger with its tables, closed at the end. Raises LedgerError when they are not there."""
    ledger = Ledger(url)
    try:
        ledger.require()
        yield ledger
    finally:
        ledger.close()


def head() -> str:
    """The revision this program needs."""
    return ScriptDirectory.from_config(_alembic()).get_current_head() or ""


def _alembic(
    connection: Connection | None = None,
    dialect: str | None = None,
    output: io.StringIO | None = None,
) -> Config:
    config = Config(output_buffer=output)
    config.set_main_option("script_location", MIGRATIONS)
    config.attributes["connection"] = connection
    config.attributes["dialect"] = dialect
    return config


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})

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


def _cause(exc: SQLAlchemyError) -> str:
    return str(getattr(exc, "orig", None) or exc.args[0])
