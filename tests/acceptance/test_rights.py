"""What `deploy --roles` prints is enough for every run, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from customer_orders.databases import database_url
from customer_orders.demo import sample, tables
from engines import copied
from place import Place
from postgres import Postgres

LEDGER, SOURCE = "LEDGER_DB_URL", "ORDERS_DB_URL"
USERS = {"pipeline": "customer_orders_writer", "reader": "customer_orders_reader"}
PASSWORD = "canary-of-a-user"


@pytest.fixture
def url(postgres_server: Postgres) -> Iterator[str]:
    """A database that holds both, by the user who owns it."""
    with copied(postgres_server) as url:
        yield url
    for role in (*USERS, *USERS.values()):
        postgres_server.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))


@pytest.fixture
def place(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A place with source and ledger on PostgreSQL, deployed by the owner."""
    for name in (LEDGER, SOURCE):
        monkeypatch.setenv(name, url)
    with Place(tmp_path, ledger_url=f"env/{LEDGER}", deployed=False) as place:
        text = place.config.read_text(encoding="utf-8")
        text = text.replace('url = "sqlite:///source.db"', f'url = "env/{SOURCE}"')
        place.config.write_text(text, encoding="utf-8")
        load(url, 70)
        place.call("deploy")
        yield place


def load(url: str, lines: int) -> None:
    """Make the table anew, as a load does."""
    with tables.database(database_url(url)) as connection:
        tables.replace(connection, tables.orders_table(sample.TABLE), sample.rows(lines))


def as_user(url: str, name: str) -> str:
    """The same database for another user."""
    return url.replace("owner:canary-of-the-tests@", f"{name}:{PASSWORD}@")


def make_users(url: str, script: str) -> None:
    """Run the script, and give each role to a user."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(script)
        for user, role in USERS.items():
            made = "create role {} login password {} in role {}"
            names = (sql.Identifier(user), sql.Literal(PASSWORD), sql.Identifier(role))
            owner.execute(sql.SQL(made).format(*names))


def test_the_roles_are_enough(place: Place, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With them a whole run goes through, also after the table was made anew by its loader."""
    make_users(url, place.call("deploy", "--roles").out)
    monkeypatch.setenv(LEDGER, as_user(url, "pipeline"))
    monkeypatch.setenv(SOURCE, as_user(url, "reader"))
    assert place.apply()["items"]["created"] == 69
    load(url, 72)
    assert place.apply()["items"]["created"] == 2
    assert place.call("check", "--json").json["ready"] is True
    place.call("verify")


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("reader", 'delete from "ORDERS_UNIFIED"'),
        ("reader", "select * from customer_orders.item"),
        ("pipeline", 'select * from "ORDERS_UNIFIED"'),
        ("pipeline", "create table customer_orders.mine (id integer)"),
        ("pipeline", "drop table customer_orders.item"),
        ("pipeline", "truncate customer_orders.item"),
    ],
)
def test_the_roles_are_no_more_than_enough(
    place: Place, url: str, user: str, statement: str
) -> None:
    """Neither user gets at the other's tables, and neither makes or drops one."""
    make_users(url, place.call("deploy", "--roles").out)
    with (
        psycopg.connect(as_user(url, user)) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_a_missing_right_is_named(place: Place, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever deploys with the writer's rights is told what prints the others."""
    make_users(url, place.call("deploy", "--roles").out)
    monkeypatch.setenv(LEDGER, as_user(url, "pipeline"))
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(
            "revoke delete, insert, update on all tables in schema customer_orders "
            "from customer_orders_writer"
        )
    ended = place.call("sync", code=1)
    assert "permission denied" in ended.err
    assert "deploy --roles" in ended.err
