"""A ledger for each test, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from books import Books
from sqlalchemy import event
from tsql import as_tsql

from customer_orders.ledger import Ledger
from engines import copied
from postgres import Postgres


@pytest.fixture(scope="session")
def deployed_postgres(postgres_server: Postgres) -> str:
    """The name of a database with our tables, to be copied: quicker than making them again."""
    url = postgres_server.database()
    with closing(Ledger(url)) as ledger:
        ledger.deploy()
    return url.rpartition("/")[2]


@pytest.fixture
def books(request: pytest.FixtureRequest, engine: str) -> Iterator[Books]:
    """An empty ledger with all tables."""
    if engine == "postgresql":
        template = request.getfixturevalue("deployed_postgres")
        with copied(request.getfixturevalue("postgres_server"), template) as url:
            yield from _books(url)
    else:
        yield from _books(request.getfixturevalue("empty_database"))


def _books(url: str) -> Iterator[Books]:
    with closing(Ledger(url)) as ledger:
        books = Books(ledger)
        if ledger.path:
            # No server is at hand everywhere: what any test executes is rendered for it here.
            event.listen(ledger._engine, "before_execute", as_tsql)
        yield books
