"""Opens the ledger's database, creates and migrates its tables, and translates its errors."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import SQLAlchemyError

from customer_orders.databases import database_url, trouble_of, words_of
from customer_orders.errors import LedgerBusy, LedgerError
from customer_orders.ledger.engines import (
    ENGINES,
    WHERE,
    ServerClock,
    server_engine,
    sqlite_engine,
)
from customer_orders.ledger.schema import SCHEMA

MIGRATIONS = "customer_orders.ledger:migrations"
#: In capitals: a SQL Server may tell them apart.
SCHEMATA = text("select 1 from INFORMATION_SCHEMA.SCHEMATA where SCHEMA_NAME = :name")
AFTER = "what was under way is settled by the next run"
NOTHING_STORED = "nothing of this step was stored; run `customer-orders check`"
Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")
log = structlog.get_logger()
#: Seconds between the tries of a step that another process or a cut connection got in the way of.
PAUSES = (0.1, 0.5, 2.0)


class Ledger:
    """A database with our tables. Every statement runs inside `transaction`."""

    def __init__(self, url: str, *, clock: Callable[[], float] | None = None) -> None:
        """Open a database; nothing is sent yet. Raises LedgerError for an engine we do not know.

        `clock` gives seconds since 1970; by default the server's, or this machine's for a file.
        """
        self._url = _known(url)
        if self._url.get_backend_name() == "sqlite":
            self.path: Path | None = Path(self._url.database or "")
            self._engine, usual = sqlite_engine(self._url), time.time
        else:
            self.path = None
            self._engine, usual = server_engine(self._url), ServerClock()
        self.clock: Callable[[], float] = clock or usual

    def __str__(self) -> str:
        # What stands behind the question mark may hold a password as well.
        return str(self.path or self._url.set(query={}).render_as_string(hide_password=True))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed as a whole, or not at all.

        Raises LedgerBusy when nothing was stored and the same step may go well a moment later,
        else LedgerError.
        """
        committing = False
        try:
            with self._engine.begin() as connection:
                yield connection
                committing = True
        except SQLAlchemyError as exc:
            raise self._error(exc, committing=committing) from exc

    def moment(self, connection: Connection) -> float:
        """Seconds since 1970 by the clock that decides between processes."""
        if isinstance(self.clock, ServerClock):
            self.clock.follow(connection)
        return self.clock()

    def deploy(self) -> None:
        """Create the tables, or bring them to this version's schema."""
        try:
            if self.path:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.transaction() as connection:
                command.upgrade(_alembic(connection=connection), "head")
        except (OSError, CommandError) as exc:
            # A schema that Alembic does not know comes from a later version of this program.
            raise LedgerError(f"the ledger {self} failed: {exc}", hint=NOTHING_STORED) from exc

    def ddl(self) -> str:
        """The statements of `deploy` on an empty database, for review."""
        return self._upgrade(None, _alembic(dialect=self._url.get_backend_name()))

    def pending(self) -> str:
        """The statements of `deploy` on this database as it is; empty when none is left."""
        found = self.revision()
        if found == head():
            return ""
        options = _alembic(dialect=self._url.get_backend_name())
        if self.path is None:
            with self.transaction() as connection:
                options.attributes["new_schema"] = not _stands(connection, SCHEMA)
        return self._upgrade(found, options)

    @staticmethod
    def _upgrade(since: str | None, options: Config) -> str:
        options.output_buffer = text = io.StringIO()
        command.upgrade(options, f"{since}:head" if since else "head", sql=True)
        return text.getvalue()

    def require(self) -> None:
        """Raise LedgerError unless the tables are there, in this version's schema."""
        found = self.revision()
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
        """The schema's revision, or None on an empty database; a file is not made by asking."""
        if self.path and not self.path.is_file():
            return None
        with self.transaction() as connection:
            self.moment(connection)
            options = {"version_table_schema": schema_of(connection.dialect.name)}
            return MigrationContext.configure(connection, opts=options).get_current_revision()

    def _error(self, exc: SQLAlchemyError, *, committing: bool) -> LedgerError:
        trouble, said = trouble_of(exc), f"the ledger {self} failed: {words_of(exc)}"
        if committing and not self.path:
            return LedgerError(said, hint=f"whether this step was stored is not known; {AFTER}")
        kind = LedgerBusy if trouble.passes else LedgerError
        return kind(said, hint=f"nothing of this step was stored; {trouble.value}")


def _known(url: str) -> URL:
    try:
        known = database_url(url)
    except ValueError as exc:
        raise LedgerError(f"{WHERE}: {exc}", hint="write sqlite:///ledger.db") from exc
    in_memory = known.get_backend_name() == "sqlite" and known.database in (None, "", ":memory:")
    if known.get_backend_name() not in ENGINES or in_memory:
        raise LedgerError(
            f"{WHERE}: {known.set(query={}).render_as_string()} cannot keep a ledger",
            hint="write sqlite:///ledger.db, postgresql://user@host/db or mssql://user@host/db",
        )
    return known


def schema_of(dialect: str) -> str | None:
    """Where our tables stand; None where an engine has no schemas."""
    return None if dialect == "sqlite" else SCHEMA


@contextmanager
def deployed(url: str) -> Iterator[Ledger]:
    """A ledger with its tables, closed at the end. Raises LedgerError when they are not there."""
    with closing(Ledger(url)) as ledger:
        ledger.require()
        yield ledger


def patient(
    step: Callable[Concatenate[Ledger, Rest], Answer],
) -> Callable[Concatenate[Ledger, Rest], Answer]:
    """A step of one transaction, tried again while a moment may help and nothing was stored."""

    @wraps(step)
    def tried(ledger: Ledger, /, *args: Rest.args, **named: Rest.kwargs) -> Answer:
        for pause in PAUSES:
            try:
                return step(ledger, *args, **named)
            except LedgerBusy as exc:
                log.warning("the ledger was busy", step=step.__name__, why=exc.message)
                time.sleep(pause)
        return step(ledger, *args, **named)

    return tried


def head() -> str:
    """The revision this program needs."""
    return ScriptDirectory.from_config(_alembic()).get_current_head() or ""


def _alembic(
    connection: Connection | None = None,
    dialect: str = "",
) -> Config:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    schema = schema_of(connection.dialect.name if connection else dialect)
    config.attributes["connection"] = connection
    config.attributes["dialect"] = dialect
    config.attributes["schema"] = schema
    config.attributes["new_schema"] = schema and not (connection and _stands(connection, schema))
    return config


def _stands(connection: Connection, schema: str) -> bool:
    return connection.scalar(SCHEMATA, {"name": schema}) is not None
