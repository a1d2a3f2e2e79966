"""Working folders with an emulated board, for the tests that run commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from place import Place
    from postgres import Postgres


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Place]]:
    """Makes working folders; their emulators stop when the module is done."""
    from place import Place  # the whole program: only for tests that need it

    with ExitStack() as stack:

        def make(**options: Any) -> Place:
            return stack.enter_context(Place(tmp_path_factory.mktemp("place"), **options))

        yield make


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A running PostgreSQL; it starts with the first test that needs it."""
    from postgres import postgres

    with postgres() as server:
        yield server


@pytest.fixture(params=("sqlite", "postgresql", pytest.param("mssql", marks=pytest.mark.mssql)))
def engine(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    name: str = request.param
    return name


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, on each engine in turn."""
    from engines import empty_database

    with empty_database(engine, tmp_path, partial(_server, request)) as url:
        yield url


def _server(request: pytest.FixtureRequest) -> Postgres:
    server: Postgres = request.getfixturevalue("postgres_server")
    return server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say of what was skipped how many tests it was, and why, in one line a reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, number in Counter(report.longrepr[2] for report in skipped).items():
        terminalreporter.write_line(f"{number} {reason.replace('Skipped:', 'skipped:')}")


@pytest.fixture(autouse=True)
def _clean_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine decides what a command does; tables have room."""
    if not request.node.get_closest_marker("mssql"):  # by which `make test-mssql` finds its tests
        monkeypatch.delenv("CUSTOMER_ORDERS_TEST_MSSQL_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("CUSTOMER_ORDERS_CONFIG", "MONDAY_API_TOKEN", "ORDERS_DB_URL"):
        monkeypatch.delenv(name, raising=False)
