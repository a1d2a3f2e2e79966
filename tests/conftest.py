"""Working folders with an emulated board, for the tests that run commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
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


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine decides what a command does; tables have room."""
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("CUSTOMER_ORDERS_CONFIG", "MONDAY_API_TOKEN", "ORDERS_DB_URL"):
        monkeypatch.delenv(name, raising=False)
