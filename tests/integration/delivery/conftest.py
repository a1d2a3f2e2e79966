"""A board and a ledger for the tests of delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from delivering import LIMITS, SEED, World

from customer_orders.emulator import Emulator


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Starts an emulator with these limits, and a world with these settings."""
    with ExitStack() as stack:

        def make(limits: dict[str, Any] | None = None, **settings: Any) -> World:
            url = stack.enter_context(Emulator(state=SEED, settings=LIMITS | (limits or {})))
            world = World(url, tmp_path, **settings)
            stack.callback(world.ledger.close)
            return world

        yield make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A board without items, and an empty ledger."""
    return make_world()
