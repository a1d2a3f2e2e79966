"""URLs as the drivers take them, and what their errors mean."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import mssql_python
import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from customer_orders.databases import Trouble, database_url, engine_of, trouble_of, words_of
from customer_orders.errors import LedgerError


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("sqlite:///a.db", "sqlite"),
        ("postgresql://u@localhost/d", "postgresql+psycopg"),
        ("postgres://u@localhost/d", "postgresql+psycopg"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg"),
        ("mssql://u@h/d", "mssql+mssqlpython"),
        ("mssql+pymssql://u@h/d", "mssql+pymssql"),
    ],
)
def test_the_driver_of_a_url(written: str, driver: str) -> None:
    """An engine without a driver gets the one that this program comes with."""
    assert database_url(written).drivername == driver


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        ("postgresql://u@db.example/d", "verify-full"),
        ("postgresql://u@10.0.0.7/d", "verify-full"),
        ("postgresql://u@db.example/d?sslmode=require", "require"),
        ("postgresql://u@db.example/d?sslrootcert=ours.pem", "verify-full"),
        ("postgresql+psycopg2://u@db.example/d", "verify-full"),
        ("postgresql://u@localhost/d?host=db.example", "verify-full"),
        ("postgresql://u@localhost/d?hostaddr=10.0.0.7", "verify-full"),
        ("postgresql:///d?host=localhost,db.example", "verify-full"),
        ("postgresql://u@localhost/d?service=elsewhere", "verify-full"),
        ("postgresql://u@localhost/d", None),
        ("postgresql://u@127.0.0.1:5433/d", None),
        ("postgresql://u@[::1]/d", None),
        ("postgresql:///d?host=/run/postgresql", None),
    ],
)
def test_tls_is_verified_beyond_this_machine(written: str, mode: str | None) -> None:
    """Unless the URL itself says how."""
    assert database_url(written).query.get("sslmode") == mode


def test_a_host_of_the_environment_is_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """libpq takes it where the URL names none."""
    monkeypatch.setenv("PGHOST", "db.example")
    assert database_url("postgresql:///d").query["sslmode"] == "verify-full"
    assert "sslmode" not in database_url("postgresql://localhost/d").query


def test_certificates_of_the_url_stay() -> None:
    """Only what it does not say is added."""
    query = database_url("postgresql://u@db.example/d?sslrootcert=ours.pem").query
    assert query["sslrootcert"] == "ours.pem"


def test_what_is_no_url() -> None:
    """It may hold a password, so it is not repeated."""
    with pytest.raises(ValueError, match=r"^it is no database URL$"):
        database_url("host=h password=canary")


def test_a_driver_that_is_not_there() -> None:
    """The message says what to install."""
    with pytest.raises(LedgerError, match="driver for oracle is not installed") as caught:
        engine_of(database_url("oracle://u@h/d"), "[ledger] url", LedgerError)
    assert caught.value.hint == "pip install oracledb and write oracle+oracledb://"


def test_a_url_that_the_driver_does_not_take() -> None:
    """The setting is named."""
    with pytest.raises(LedgerError, match=r"^\[ledger\] url: sqlite does not take this URL"):
        engine_of(database_url("sqlite://user@host/x"), "[ledger] url", LedgerError)


@pytest.mark.parametrize(
    ("driver_says", "meaning"),
    [
        (psycopg.errors.DeadlockDetected("x"), Trouble.CONFLICT),
        (psycopg.errors.SerializationFailure("x"), Trouble.CONFLICT),
        (psycopg.errors.LockNotAvailable("x"), Trouble.BUSY),
        (psycopg.errors.TooManyConnections("x"), Trouble.BUSY),
        (psycopg.errors.AdminShutdown("x"), Trouble.CUT),
        (psycopg.errors.ConnectionFailure("x"), Trouble.CUT),
        (psycopg.OperationalError("could not connect"), Trouble.CUT),
        (psycopg.errors.InvalidPassword("x"), Trouble.LOGIN),
        (psycopg.errors.ReadOnlySqlTransaction("x"), Trouble.READ_ONLY),
        (psycopg.errors.DiskFull("x"), Trouble.FULL),
        (psycopg.errors.QueryCanceled("x"), Trouble.SLOW),
        (psycopg.errors.InsufficientPrivilege("x"), Trouble.RIGHTS),
        (psycopg.errors.UndefinedTable("x"), Trouble.ABSENT),
        (psycopg.errors.UniqueViolation("x"), Trouble.CONFLICT),
        (psycopg.errors.CheckViolation("x"), Trouble.OTHER),
        (mssql_python.OperationalError("Serialization failure", ""), Trouble.CONFLICT),
        (mssql_python.OperationalError("Communication link failure", ""), Trouble.CUT),
        (mssql_python.IntegrityError("Integrity constraint violation", ""), Trouble.CONFLICT),
        (Exception(1205, b"chosen as the deadlock victim"), Trouble.CONFLICT),
        (Exception(18456, b"Login failed"), Trouble.LOGIN),
        (Exception("42000", "[42000] Lock request time out. (1222) (SQLExec)"), Trouble.BUSY),
        (Exception("28000", "[28000] Login failed (18456)"), Trouble.LOGIN),
        (Exception("08S01", "[08S01] Communication link failure (0)"), Trouble.CUT),
        (Exception("anything else"), Trouble.OTHER),
    ],
)
def test_errors_are_told_apart_by_code(driver_says: Exception, meaning: Trouble) -> None:
    """Whatever the driver, and whatever the words."""
    assert trouble_of(OperationalError("select 1", {}, driver_says)) is meaning


def test_a_busy_sqlite(tmp_path: Path) -> None:
    """Its codes have names."""
    file = tmp_path / "a.db"
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as one,
        closing(sqlite3.connect(file, timeout=0)) as other,
    ):
        one.execute("begin exclusive")
        with pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("create table t (a)")
        assert trouble_of(caught.value) is Trouble.BUSY
        one.execute("rollback")


def test_what_passes() -> None:
    """A step is repeated only where a moment may help."""
    assert {t for t in Trouble if t.passes} == {Trouble.CONFLICT, Trouble.BUSY, Trouble.CUT}
    assert trouble_of(PoolTimeout("no connection left")) is Trouble.BUSY


def test_the_words_of_a_driver() -> None:
    """In one line, without SQLAlchemy's statement."""
    wrapped = OperationalError("select 1", {}, Exception("first\n  second"))
    assert words_of(wrapped) == "first second"
