"""A PostgreSQL for the tests that read one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from reading import POSTGRES

from postgres import Postgres


@pytest.fixture(scope="session")
def source_database(postgres_server: Postgres) -> Iterator[str]:
    """The URL of a database for tables of the tests: each makes its own anew."""
    url = postgres_server.database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(autouse=True)
def _postgres(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of this engine are known by their name or by their parameter's."""
    if "postgres" in request.node.nodeid:
        monkeypatch.setenv(POSTGRES, request.getfixturevalue("source_database"))
