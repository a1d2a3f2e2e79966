"""Databases of every kind: the URL that a driver takes, an engine, and its errors in plain words.

Errors are told apart by code, never by words: the SQLSTATE of PostgreSQL and ODBC, the number of
SQL Server where a driver gives no state, the name of SQLite.
"""

from __future__ import annotations

import enum
import os
import re
import ssl
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from customer_orders.errors import CustomerOrdersError

#: The driver of an engine whose URL names none.
USUAL = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mssql": "mssql+mssqlpython",
}
#: Drivers that hand the URL's options to libpq.
LIBPQ = ("postgresql+psycopg", "postgresql+psycopg2")
#: What to install for an engine whose driver is missing.
DRIVERS = {
    "postgresql": 'pip install "customer-orders[postgres]" and write postgresql://',
    "mssql": 'pip install "customer-orders[mssql]" and write mssql://',
    "mysql": "pip install pymysql and write mysql+pymysql://",
    "mariadb": "pip install pymysql and write mariadb+pymysql://",
    "oracle": "pip install oracledb and write oracle+oracledb://",
}
#: How DuckDB is opened. Nothing is downloaded: its extensions stay off.
DUCKDB: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class Trouble(enum.Enum):
    """Why a statement or a connection failed; the value says what mends it."""

    CONFLICT = "another process got in the way; run again"
    BUSY = "another process holds what was needed; run again"
    CUT = "check that the database is up and can be reached, with user, password and TLS of its URL"
    LOGIN = "check user and password of the URL, and whether the server asks for TLS"
    READ_ONLY = "this database may only be read; give the URL of the one that can be written"
    FULL = "make room on the disk of the database, and run again"
    SLOW = "the database breaks statements off after a time; ask for more (statement_timeout)"
    RIGHTS = "the user of the URL lacks a right; `customer-orders deploy --roles` prints them"
    ABSENT = "`customer-orders check` says what is missing, and what makes it"
    OTHER = "run `customer-orders check`"

    @property
    def passes(self) -> bool:
        """Whether the same step may go well a moment later."""
        return self in (Trouble.CONFLICT, Trouble.BUSY, Trouble.CUT)


#: SQLSTATE, whole or its class of two letters.
STATES = {
    "40001": Trouble.CONFLICT,
    "40P01": Trouble.CONFLICT,
    # Two processes make the same row at the same time: the next try finds it.
    "23505": Trouble.CONFLICT,
    "55P03": Trouble.BUSY,
    "53300": Trouble.BUSY,
    "HYT00": Trouble.BUSY,
    "HYT01": Trouble.CUT,
    "57P": Trouble.CUT,
    "08": Trouble.CUT,
    "28": Trouble.LOGIN,
    "25006": Trouble.READ_ONLY,
    "53100": Trouble.FULL,
    "57014": Trouble.SLOW,
    "42501": Trouble.RIGHTS,
    "42P01": Trouble.ABSENT,
    "3D": Trouble.ABSENT,
    "3F": Trouble.ABSENT,
    "42S02": Trouble.ABSENT,
}
IN_BRACKETS = re.compile(r"\((\d+)\)")
#: SQL Server's error numbers.
NUMBERS = {
    1205: Trouble.CONFLICT,
    3960: Trouble.CONFLICT,
    2601: Trouble.CONFLICT,
    2627: Trouble.CONFLICT,
    1222: Trouble.BUSY,
    18456: Trouble.LOGIN,
    3906: Trouble.READ_ONLY,
    1105: Trouble.FULL,
    9002: Trouble.FULL,
    229: Trouble.RIGHTS,
    262: Trouble.RIGHTS,
    208: Trouble.ABSENT,
    4060: Trouble.ABSENT,
}
#: mssql-python turns a SQLSTATE into these words, and keeps neither state nor number.
MSSQL_PYTHON = {
    "Serialization failure": Trouble.CONFLICT,
    "Integrity constraint violation": Trouble.CONFLICT,
    "Timeout expired": Trouble.BUSY,
    "Invalid authorization specification": Trouble.LOGIN,
    "Base table or view not found": Trouble.ABSENT,
    "Client unable to establish connection": Trouble.CUT,
    "Server rejected the connection": Trouble.CUT,
    "Connection not open": Trouble.CUT,
    "Connection failure during transaction": Trouble.CUT,
    "Communication link failure": Trouble.CUT,
    "Connection timeout expired": Trouble.CUT,
    "Connection operation failed": Trouble.CUT,
}
#: The first words of SQLite's names of errors.
SQLITE = {
    "SQLITE_BUSY": Trouble.BUSY,
    "SQLITE_LOCKED": Trouble.BUSY,
    "SQLITE_FULL": Trouble.FULL,
    "SQLITE_READONLY": Trouble.READ_ONLY,
}


def database_url(text: str) -> URL:
    """The URL with its driver and, beyond this machine, with verified TLS where it says nothing.

    Raises ValueError when it is none; the text may hold a password and is not repeated.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as exc:
        raise ValueError("it is no database URL") from exc
    url = url.set(drivername=USUAL.get(url.drivername, url.drivername))
    if url.drivername in LIBPQ and "sslmode" not in url.query and not _on_this_machine(url):
        # libpq's own default takes any certificate, and no encryption where the server has none.
        safe = {"sslmode": "verify-full", "sslrootcert": _certificates()}
        url = url.set(query={**safe, **url.query})
    return url


def _certificates() -> str:
    """Whom this machine trusts: a driver's binary would look where it was built."""
    return ssl.get_default_verify_paths().cafile or "system"


def _on_this_machine(url: URL) -> bool:
    """Whether every host that libpq could take is this one; a service may name any."""
    named = [url.host, *(url.query.get(name) for name in ("host", "hostaddr"))]
    if not any(named):
        named = [os.environ.get(name) for name in ("PGHOST", "PGHOSTADDR")]
    if "service" in url.query or "PGSERVICE" in os.environ:
        return False
    hosts = [host for each in named if each for host in str(each).split(",")]
    return all(map(_is_local, hosts))


def _is_local(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def engine_of(url: URL, where: str, error: type[CustomerOrdersError], **options: Any) -> Engine:
    """An engine; `where` is the setting that the URL comes from.

    Raises `error` when the driver is not installed or does not take the URL.
    """
    try:
        return create_engine(url, **options)
    except (NoSuchModuleError, ImportError) as exc:
        another = "install its SQLAlchemy dialect, or choose another database; a source may be CSV"
        raise error(
            f"{where}: the driver for {url.drivername} is not installed",
            hint=DRIVERS.get(url.get_backend_name(), another),
        ) from exc
    except (SQLAlchemyError, TypeError, ValueError) as exc:
        raise error(
            f"{where}: {url.drivername} does not take this URL",
            hint="check its parts with the documents of the driver",
        ) from exc


def copy_rows(
    connection: Connection, place: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """PostgreSQL's bulk load, through psycopg: rows into a table by its quoted name; how many.

    Its errors come as those of SQLAlchemy, like any statement's.
    """
    dialect, written = connection.dialect, 0
    names = ", ".join(map(dialect.identifier_preparer.quote, columns))
    # SQLAlchemy writes a per cent twice for its driver, which is not asked to look for parameters.
    statement = f"COPY {place} ({names}) FROM STDIN".replace("%%", "%")
    driver: Any = dialect.loaded_dbapi
    cursor: Any = connection.connection.cursor()
    try:
        with cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
                written += 1
    except driver.Error as exc:
        raise DBAPIError.instance(statement, None, exc, driver.Error, dialect=dialect) from exc
    return written


def trouble_of(exc: BaseException) -> Trouble:
    """What an error of SQLAlchemy or of a driver means."""
    if isinstance(exc, PoolTimeout):
        return Trouble.BUSY
    cause: Any = getattr(exc, "orig", None) or exc
    found = (
        _by_prefix(STATES, getattr(cause, "sqlstate", None))
        or _by_prefix(SQLITE, getattr(cause, "sqlite_errorname", None))
        or MSSQL_PYTHON.get(getattr(cause, "driver_error", ""))
        or _by_argument(cause)
    )
    return found or (Trouble.CUT if _unanswered(exc) else Trouble.OTHER)


def _unanswered(exc: BaseException) -> bool:
    """Whether nobody was there to give a code."""
    if isinstance(exc, DBAPIError) and exc.connection_invalidated:
        return True
    return isinstance(exc, OperationalError) and getattr(exc.orig, "sqlstate", "") is None


def _by_argument(cause: BaseException) -> Trouble | None:
    """pymssql's first argument is a number; pyodbc's a SQLSTATE, with the number in its message."""
    match cause.args:
        case [int(number), *_]:
            return NUMBERS.get(number)
        case [str(state), str(message), *_]:
            numbers = (NUMBERS.get(int(number)) for number in IN_BRACKETS.findall(message))
            return next(filter(None, numbers), None) or _by_prefix(STATES, state)
    return None


def _by_prefix(table: dict[str, Trouble], code: str | None) -> Trouble | None:
    """The longest beginning of the code that the table knows."""
    if not code:
        return None
    known = (code[:length] for length in range(len(code), 1, -1))
    return next((table[part] for part in known if part in table), None)


def words_of(exc: BaseException) -> str:
    """What the driver said, in one line."""
    cause = getattr(exc, "orig", None) or (exc.args[0] if exc.args else type(exc).__name__)
    return " ".join(str(cause).split())


def hint_of(exc: BaseException, otherwise: str) -> str:
    """What mends it; `otherwise` where the code of the error says nothing of its own."""
    trouble = trouble_of(exc)
    return otherwise if trouble in (Trouble.OTHER, Trouble.ABSENT) else trouble.value
