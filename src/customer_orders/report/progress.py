"""How far an apply is: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from customer_orders.ledger.recording import Tally


class ApplyProgress:
    """Counts finished operations. Use as a context manager around an apply."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("applying"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]} refused"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("applying", total=None, failed=0)
        self._failed = 0

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

    def started(self, total: int) -> None:
        """How many operations there are."""
        self._bar.update(self._task, total=total)

    def moved(self, tally: Tally) -> None:
        """Some operations are finished; an operation that is open again is not."""
        failed = tally.failed + len(tally.blocked)
        self._failed += failed
        self._bar.update(self._task, advance=tally.delivered + failed, failed=self._failed)
