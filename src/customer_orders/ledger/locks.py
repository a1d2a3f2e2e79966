"""One applying process per board: a row with holder, heartbeat and a token that grows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from customer_orders.errors import LockHeld, LockLost
from customer_orders.ledger.database import Ledger
from customer_orders.ledger.schema import lock


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """A board that is ours to write to, as long as the token stands."""

    board: str
    token: int
    #: When it was taken over from a holder that may have sent until then; 0 when it was free.
    taken_over: float


def acquire(ledger: Ledger, board: str, holder: str, run_id: str, stale: float) -> Lock:
    """Take the board. Raises LockHeld while another process's heartbeat is younger than `stale`."""
    now = ledger.clock()
    with ledger.transaction() as connection:
        row = connection.execute(select(lock).where(lock.c.board == board)).first()
        if row and row.held and now - row.heartbeat < stale:
            since = dt.datetime.fromtimestamp(row.heartbeat, dt.UTC)
            raise LockHeld(
                f"board {board} is being written by {row.holder} (run {row.run_id}), "
                f"last seen {since:%Y-%m-%d %H:%M:%S} UTC",
                hint=f"wait for it; a lock without heartbeat is taken over after {stale:.0f} s",
            )
        token = row.token + 1 if row else 1
        values = {
            "holder": holder,
            "run_id": run_id,
            "token": token,
            "heartbeat": now,
            "held": True,
        }
        statement = update(lock).where(lock.c.board == board) if row else insert(lock)
        connection.execute(statement.values(board=board, **values))
    return Lock(board=board, token=token, taken_over=now if row and row.held else 0.0)


def beat(ledger: Ledger, held: Lock) -> None:
    """Show that we are alive. Raises LockLost when the board was taken over."""
    with ledger.transaction() as connection:
        touched = connection.execute(
            update(lock)
            .where(lock.c.board == held.board, lock.c.token == held.token, lock.c.held.is_(True))
            .values(heartbeat=ledger.clock())
        )
        if touched.rowcount != 1:
            raise LockLost(
                f"board {held.board} was taken over by another process",
                hint="this run stops; the other one settles what was under way",
            )


def release(ledger: Ledger, held: Lock) -> None:
    """Give the board back, if it is still ours."""
    with ledger.transaction() as connection:
        connection.execute(
            update(lock)
            .where(lock.c.board == held.board, lock.c.token == held.token)
            .values(held=False)
        )
