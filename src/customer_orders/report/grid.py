"""A table as plain values: made once, printed alike by terminal, Markdown and page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

#: Rows that a terminal and Markdown show of a long table.
ROWS = 20


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Plain values in rows, to be escaped by whoever prints them."""

    #: Name of its place in a page.
    id: str
    title: str
    columns: Sequence[str]
    #: Columns that hold numbers.
    numbers: frozenset[str] = frozenset()
    rows: Sequence[Sequence[Any]] = ()
    #: Rows that there are; more than `rows` when the table was cut.
    total: int | None = None
    #: Columns of zeros are shown too.
    whole: bool = False

    @property
    def more(self) -> int:
        """Rows that were left out."""
        return (self.total or len(self.rows)) - len(self.rows)

    def first(self, most: int = ROWS) -> Grid:
        """At most so many rows."""
        return replace(self, rows=self.rows[:most], total=self.total or len(self.rows))

    def without_zeros(self) -> Grid:
        """Less the columns of numbers in which no row has one, unless the table is whole."""
        kept = [
            place
            for place, name in enumerate(self.columns)
            if self.whole or name not in self.numbers or any(row[place] for row in self.rows)
        ]
        return replace(
            self,
            columns=[self.columns[place] for place in kept],
            rows=[[row[place] for place in kept] for row in self.rows],
        )


def filled(grids: Iterable[Grid]) -> Iterator[Grid]:
    """The tables that have rows, as they are shown."""
    return (grid.without_zeros() for grid in grids if grid.rows)
