"""How rows of a check name things."""

from __future__ import annotations

from collections.abc import Collection

#: Titles that a row names before it says how many more there are.
NAMED = 5


def some(titles: Collection[str]) -> str:
    """The first of them by name, and how many more there are."""
    shown = sorted(titles)[:NAMED]
    more = len(titles) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
