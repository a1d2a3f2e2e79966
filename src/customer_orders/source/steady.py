"""Whether a table stood still while it was read: loads swap, empty and refill it."""

from __future__ import annotations

from customer_orders.errors import SourceError

HINT = "a load is at work on it; run again when it is done"
#: For an error of a database that says nothing of its own.
RELOAD = "the table may be in the middle of a reload; run again"
#: Seconds that a read waits for a load that has locked the table.
PATIENCE = 60


def refuse_moved(name: str, moved: bool) -> None:
    """Raise SourceError where it is no longer the table that was asked for its columns."""
    if moved:
        raise SourceError(f"{name} was replaced or emptied while it was being read", hint=HINT)


def refuse_shrunk(name: str, before: int, now: int) -> None:
    """Raise SourceError where rows are gone that were there a moment ago."""
    if now < before:
        raise SourceError(
            f"{name} had {before} rows a moment ago, and has {now} now, while it was being read",
            hint=HINT,
        )
