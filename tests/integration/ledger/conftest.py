"""A ledger for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from books import Books, ledgers


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """An empty ledger with all tables."""
    yield from ledgers(tmp_path)
