"""How far an apply is: a bar on a terminal, a line in the log now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

import structlog
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from customer_orders.ledger.recording import Tally
from customer_orders.monday import Governor

#: Seconds between two lines in the log.
EVERY = 10.0

log = structlog.get_logger()


class _Waits(ProgressColumn):
    """What is waited for, and how long still."""

    def __init__(self) -> None:
        super().__init__()
        self.governor: Governor | None = None

    def render(self, task: Task) -> Text:
        """Nothing while requests go out."""
        waiting = self.governor.waiting if self.governor else None
        if waiting is None:
            return Text("")
        left = max(waiting.until - time.monotonic(), 0.0)
        return Text(f"waits for {waiting.cause}, {left:.0f} s")


class ApplyProgress:
    """Counts lines that are whole. Use as a context manager around an apply."""

    def __init__(self, console: Console) -> None:
        self._waits = _Waits()
        self._bar = Progress(
            TextColumn("lines"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}, {task.fields[failed]} refused,"),
            TimeRemainingColumn(),
            self._waits,
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("lines", total=None, failed=0, rate="")
        self._failed = self._done = self._total = 0
        self._started = self._told = time.monotonic()

    def __enter__(self) -> ApplyProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def started(self, lines: int, governor: Governor) -> None:
        """How many lines have something to send, and who knows what is waited for."""
        self._total, self._waits.governor = lines, governor
        self._started = self._told = time.monotonic()
        self._bar.update(self._task, total=lines)

    def moved(self, tally: Tally) -> None:
        """Some operations are finished, and with them perhaps some lines."""
        self._done += tally.lines
        self._failed += tally.failed + len(tally.blocked)
        now = time.monotonic()
        a_second = self._done / max(now - self._started, 1.0)
        rate = f"{a_second:.1f} a second"
        self._bar.update(self._task, advance=tally.lines, failed=self._failed, rate=rate)
        if self._bar.disable and now - self._told >= EVERY:
            self._told = now
            left = round((self._total - self._done) / a_second / 60, 1) if a_second else None
            log.info("progress", lines=self._done, of=self._total, rate=rate, minutes_left=left)
