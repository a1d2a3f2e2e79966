"""What several acceptance tests ask."""

from __future__ import annotations

import pytest
from demonstrated import Demo, run_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """`demo --po 4755 --json`, once for all tests that look at it."""
    return run_demo(tmp_path_factory.mktemp("demo"), "--po", "4755", "--json")
