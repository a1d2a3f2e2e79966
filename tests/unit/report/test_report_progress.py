"""How far an apply is: in the log where no terminal is."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import structlog
from rich.console import Console

from customer_orders.ledger.recording import Tally
from customer_orders.monday import Governor
from customer_orders.report import ApplyProgress, progress


@pytest.fixture(autouse=True)
def _every_level() -> Iterator[None]:
    """A test before may have left a logger that drops lines."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


def told(*tallies: Tally) -> list[dict[str, object]]:
    """The lines of the log while these were recorded, of ten lines."""
    console = Console(file=io.StringIO(), force_terminal=False)
    with structlog.testing.capture_logs() as logged, ApplyProgress(console) as shown:
        shown.started(10, Governor("pro"))
        for tally in tallies:
            shown.moved(tally)
    return [dict(line) for line in logged]


def test_lines_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many are whole, of how many, how fast, and how long it still takes."""
    monkeypatch.setattr(progress, "EVERY", 0.0)
    first, last = told(Tally(delivered=3, lines=0), Tally(delivered=9, lines=4))
    assert (first["lines"], first["minutes_left"]) == (0, None)
    assert (last["lines"], last["of"]) == (4, 10)
    assert isinstance(last["minutes_left"], float)


def test_not_every_request_is_told() -> None:
    """A line now and then is enough."""
    assert told(*[Tally(delivered=1, lines=1)] * 5) == []
