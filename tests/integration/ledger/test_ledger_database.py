"""The ledger's database: made, migrated, reviewed, and its failures in our words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, inspect

from customer_orders.errors import LedgerError
from customer_orders.ledger import Ledger, database, deployed, engines
from customer_orders.ledger.schema import metadata
from engines import copied
from postgres import Postgres


def ledger_at(file: Path) -> Ledger:
    """A ledger in this file."""
    return Ledger(f"sqlite:///{file}")


@pytest.fixture
def empty(empty_database: str) -> Iterator[Ledger]:
    """A ledger without tables, on each engine."""
    with closing(Ledger(empty_database)) as ledger:
        yield ledger


def test_the_migrations_make_the_schema_of_the_module(empty: Ledger):
    """After deploy, Alembic finds no difference between the database and schema.py."""
    empty.deploy()
    with empty.transaction() as connection:
        schema = database.schema_of(connection.dialect.name)
        ours = MetaData()
        for each in metadata.tables.values():
            each.to_metadata(ours, schema=schema)
        options = {"include_schemas": True, "version_table_schema": schema}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), ours) == []
        assert inspect(connection).get_view_names(schema) == ["batch"]


def test_down_and_up_again(empty: Ledger):
    """The migrations can be taken back to nothing, and made again."""
    empty.deploy()
    with empty.transaction() as connection:
        schema = database.schema_of(connection.dialect.name)
        command.downgrade(database._alembic(connection=connection), "base")
        assert inspect(connection).get_table_names(schema) == ["alembic_version"]
        assert inspect(connection).get_view_names(schema) == []
    assert empty.revision() is None
    empty.deploy()
    assert empty.revision() == database.head()
    empty.deploy()
    empty.require()


def test_the_folder_of_a_file_is_made(tmp_path: Path):
    """A ledger may stand where nothing was before."""
    with closing(ledger_at(tmp_path / "deep" / "ledger.db")) as ledger:
        ledger.deploy()
        ledger.require()


def test_the_ddl_is_what_deploy_runs(tmp_path: Path):
    """The printed statements make the same tables in an empty database."""
    ledger = ledger_at(tmp_path / "ledger.db")
    ledger.deploy()
    text = ledger.ddl()
    ledger.close()
    with sqlite3.connect(tmp_path / "by_hand.db") as by_hand:
        by_hand.executescript(text)
    by_hand.close()
    query = "select type, name, sql from sqlite_master where name not like 'sqlite_%' order by name"
    made = []
    for name in ("ledger.db", "by_hand.db"):
        connection = sqlite3.connect(tmp_path / name)
        made.append([(t, n, " ".join(s.split())) for t, n, s in connection.execute(query)])
        connection.close()
    assert made[0] == made[1]
    assert len(made[0]) > 12


def test_the_ddl_makes_the_same_tables_on_a_server(postgres_server: Postgres):
    """A DBA may run what is printed; afterwards nothing is left to deploy."""
    with copied(postgres_server) as url, closing(Ledger(url)) as ledger:
        with psycopg.connect(url) as by_hand:
            by_hand.execute(ledger.ddl())
        ledger.require()


def test_a_server_without_tables_is_named(postgres_server: Postgres):
    """As a file without them; and nothing is made by asking."""
    with copied(postgres_server) as url:
        for _ in range(2):
            with pytest.raises(LedgerError, match="has no tables yet"):
                deployed(url).__enter__()


def test_a_ledger_without_tables_is_named(tmp_path: Path):
    """The message says what to run, and the file is not made by asking."""
    with pytest.raises(LedgerError, match="has no tables yet") as caught:
        deployed(f"sqlite:///{tmp_path / 'none.db'}").__enter__()
    assert "customer-orders deploy" in caught.value.hint
    assert not (tmp_path / "none.db").exists()


def test_an_older_schema_is_named(tmp_path: Path):
    """A database of another revision is refused with both revisions."""
    ledger = ledger_at(tmp_path / "ledger.db")
    ledger.deploy()
    with ledger.transaction() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0000'")
    with pytest.raises(LedgerError, match="has schema 0000, this program needs"):
        ledger.require()
    with pytest.raises(LedgerError, match="0000"):
        ledger.deploy()
    ledger.close()


@pytest.mark.parametrize(
    "url", ["oracle://u:secret@h/d?password=secret", "sqlite://", "sqlite:///:memory:"]
)
def test_what_cannot_keep_a_ledger(url: str):
    """Another engine, and a database that nobody keeps, are refused without the password."""
    with pytest.raises(LedgerError, match="cannot keep a ledger") as caught:
        Ledger(url)
    assert "secret" not in str(caught.value)
    assert "postgresql://" in caught.value.hint


def test_what_is_no_url():
    """It may hold a password, and is not repeated."""
    with pytest.raises(LedgerError, match=r"^\[ledger\] url: it is no database URL$"):
        Ledger("host=h password=secret")


def test_a_file_that_is_no_database(tmp_path: Path):
    """Garbage is a LedgerError with the file's name and the driver's words."""
    file = tmp_path / "ledger.db"
    file.write_text("this is not a database, but a text of more than a hundred bytes\n" * 3)
    ledger = ledger_at(file)
    for step in (ledger.require, ledger.deploy):
        with pytest.raises(LedgerError, match="failed: file is not a database"):
            step()
    ledger.close()


def test_a_folder_in_place_of_the_file(tmp_path: Path):
    """What cannot be opened is a LedgerError."""
    ledger = ledger_at(tmp_path)
    with pytest.raises(LedgerError, match="unable to open database file"):
        ledger.deploy()
    ledger.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    """A file stands where the ledger's folder should be."""
    (tmp_path / "taken").write_text("")
    ledger = ledger_at(tmp_path / "taken" / "ledger.db")
    with pytest.raises(LedgerError, match="failed: "):
        ledger.deploy()
    ledger.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_file_that_may_not_be_written(tmp_path: Path):
    """A read-only file is a LedgerError."""
    file = tmp_path / "ledger.db"
    ledger = ledger_at(file)
    ledger.deploy()
    ledger.close()
    file.chmod(0o444)
    with pytest.raises(LedgerError, match="readonly"):
        ledger.require()
    ledger.close()


def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Who cannot write within the time allowed says so, and nothing is stored."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT", 0.05)
    ledger = ledger_at(tmp_path / "ledger.db")
    ledger.deploy()
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(LedgerError, match="database is locked"), ledger.transaction():
        pass
    other.execute("rollback")
    other.close()
    with ledger.transaction():
        pass
    ledger.close()


def test_a_transaction_is_whole_or_not_at_all(tmp_path: Path):
    """An exception of any kind leaves nothing behind."""
    ledger = ledger_at(tmp_path / "ledger.db")
    ledger.deploy()
    insert = "insert into board_group values ('1', 'a', 'x')"

    def twice() -> None:
        with ledger.transaction() as connection:
            connection.exec_driver_sql(insert)
            connection.exec_driver_sql(insert)

    def broken() -> None:
        with ledger.transaction() as connection:
            connection.exec_driver_sql(insert)
            raise KeyError("a bug")

    for step, error in ((twice, LedgerError), (broken, KeyError)):
        with pytest.raises(error):
            step()
        with ledger.transaction() as connection:
            assert connection.exec_driver_sql("select count(*) from board_group").scalar() == 0
    ledger.close()


def test_a_server_is_told_how_to_wait(postgres_server: Postgres) -> None:
    """Locks are not waited for without end, and a process that stands still holds none for long."""
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit")
    with (
        copied(postgres_server) as url,
        closing(Ledger(url)) as ledger,
        ledger.transaction() as connection,
    ):
        found = [connection.exec_driver_sql(f"show {name}").scalar() for name in names]
        driver: Any = connection.connection.dbapi_connection
        reaching = driver.info.get_parameters()
    assert found == ["10s", "1min", "on"]
    # A machine that vanished is noticed within half a minute, and not after hours.
    assert (reaching["keepalives_idle"], reaching["tcp_user_timeout"]) == ("15", "30000")


def test_what_is_committed_outlives_a_power_cut(tmp_path: Path) -> None:
    """A claim is on the disk before its request leaves: write-ahead log, fully synchronous."""
    ledger = ledger_at(tmp_path / "ledger.db")
    with ledger.transaction() as connection:
        found = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous")
        ]
    ledger.close()
    assert found == ["wal", 2]
