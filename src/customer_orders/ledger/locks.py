"""One applying process per board: a row with holder, heartbeat and a token that grows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, exists, insert, select, update

from customer_orders.errors import LockHeld, LockLost
from customer_orders.ledger.database import Ledger
from customer_orders.ledger.schema import RunStatus, lock, run

#: The row of a lock that still stands; `Lock.guard` has the parameters.
OURS = (
    lock.c.board == bindparam("held_board"),
    lock.c.token == bindparam("held_token"),
    lock.c.held.is_(True),
)
#: The condition that guards every claim and every recording.
HOLDS = exists().where(*OURS)
LOST = "this run stops; the other one settles what was under way"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """A board that is ours to write to, as long as the token stands."""

    board: str
    token: int
    #: When it was taken over from a holder that may have sent until then; 0 when it was free.
    taken_over: float

    @property
    def guard(self) -> dict[str, object]:
        """The parameters of `HOLDS`."""
        return {"held_board": self.board, "held_token": self.token}


def acquire(ledger: Ledger, board: str, holder: str, run_id: str, stale: float) -> Lock:
    """Take the board. Raises LockHeld while another process's heartbeat is younger than `stale`.

    Runs that were cut off before are closed: nobody else would.
    """
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
        _close_dead_runs(connection, run_id, now, stale)
    return Lock(board=board, token=token, taken_over=now if row and row.held else 0.0)


def _close_dead_runs(connection: Connection, run_id: str, now: float, stale: float) -> None:
    """Say of runs whose process is gone that they were broken off; a live one corrects it."""
    alive = exists().where(
        lock.c.run_id == run.c.id, lock.c.held.is_(True), lock.c.heartbeat > now - stale
    )
    dead = (run.c.status == RunStatus.RUNNING, run.c.id != run_id, run.c.started <= now - stale)
    connection.execute(
        update(run)
        .where(*dead, ~alive)
        .values(status=RunStatus.FAILED, ended=now, error="broken off: its process is gone")
    )


def beat(ledger: Ledger, held: Lock) -> None:
    """Show that we are alive. Raises LockLost when the board was taken over."""
    with ledger.transaction() as connection:
        touched = connection.execute(
            update(lock)
            .where(lock.c.board == held.board, lock.c.token == held.token, lock.c.held.is_(True))
            .values(heartbeat=ledger.clock())
        )
        if touched.rowcount != 1:
            raise LockLost(f"board {held.board} was taken over by another process", hint=LOST)


def release(ledger: Ledger, held: Lock) -> None:
    """Give the board back, if it is still ours."""
    with ledger.transaction() as connection:
        connection.execute(
            update(lock)
            .where(lock.c.board == held.board, lock.c.token == held.token)
            .values(held=False)
        )


def all_ours(touched: int, wanted: int, held: Lock) -> None:
    """Raise LockLost when a guarded statement did not touch every row that it names."""
    if touched != wanted:
        raise LockLost(
            f"board {held.board}: {wanted - touched} of {wanted} rows were not ours to change",
            hint=LOST,
        )
