"""What the histories of one worker share: a ledger that is kept, lost and restored."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import delete, event, select
from trouble import on_statement

from customer_orders.emulator import Monday
from customer_orders.ledger import Ledger
from customer_orders.ledger.bulk import fill
from customer_orders.ledger.schema import metadata

#: Every row of every table.
Rows = dict[str, list[dict[str, Any]]]
EMPTY, BEFORE = "empty", "before"


@dataclass
class Stage:
    """A folder, a ledger, and ledgers that were kept by name; the documents of the last monday."""

    folder: Path
    ledger: Ledger
    monday: Monday | None = None
    _kept: dict[str, Rows] = field(default_factory=dict)

    def keep(self, name: str) -> None:
        """Keep the ledger as it is."""
        if self.ledger.path:
            with closing(sqlite3.connect(self.ledger.path)) as connection:
                connection.execute("pragma wal_checkpoint(truncate)")
            shutil.copy(self.ledger.path, self.folder / f"{name}.db")
            return
        with self.ledger.transaction() as connection:
            self._kept[name] = {
                table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in metadata.sorted_tables
            }

    def restore(self, name: str) -> None:
        """Put a ledger that was kept in its place."""
        if self.ledger.path:
            self.ledger.close()
            for beside in self.folder.glob("ledger.db-*"):
                beside.unlink()
            shutil.copy(self.folder / f"{name}.db", self.ledger.path)
            return
        with self.ledger.transaction() as connection:
            for table in metadata.sorted_tables:
                connection.execute(delete(table))
                fill(connection, table, self._kept.get(name, {}).get(table.name, []))


@contextmanager
def staged(folder: Path, url: str | None = None) -> Iterator[Stage]:
    """A stage with an empty ledger, in the folder or in a database."""
    ledger = Ledger(url or f"sqlite:///{folder / 'ledger.db'}")
    ledger.deploy()
    for point in ("before_cursor_execute", "commit"):
        event.listen(ledger._engine, point, on_statement)
    stage = Stage(folder, ledger)
    # A database may hold what an earlier worker left there.
    stage.keep(EMPTY) if ledger.path else stage.restore(EMPTY)
    try:
        yield stage
    finally:
        ledger.close()
