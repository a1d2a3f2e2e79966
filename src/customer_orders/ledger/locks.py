"""One applying process per board: a row with holder, heartbeat and a token that grows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, insert, or_, select, true, update

from customer_orders.errors import LockHeld, LockLost
from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.schema import RunStatus, lock, run

#: In the words of every engine: SQL Server knows no `is true`.
HELD = lock.c.held == true()
#: The row of a lock that still stands; `Lock.guard` has the parameters.
OURS = (
    lock.c.board == bindparam("held_board"),
    lock.c.token == bindparam("held_token"),
    HELD,
)
#: Changes nothing; but the row stays ours until the transaction ends, and a takeover waits for it.
KEEP = update(lock).where(*OURS).values(token=lock.c.token)
BEAT = update(lock).where(*OURS).values(heartbeat=bindparam("now"))
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
        """The parameters of `OURS`."""
        return {"held_board": self.board, "held_token": self.token}


@contextmanager
def guarded(ledger: Ledger, held: Lock) -> Iterator[Connection]:
    """A transaction in which the board stays ours: every claim and every recording is one.

    Raises LockLost when another process has taken the board over.
    """
    with ledger.transaction() as connection:
        all_ours(connection.execute(KEEP, held.guard).rowcount, 1, held)
        yield connection


@patient
def acquire(ledger: Ledger, board: str, holder: str, run_id: str, stale: float) -> Lock:
    """Take the board. Raises LockHeld while another process's heartbeat is younger than `stale`.

    Runs that were cut off before are closed: nobody else would.
    """
    with ledger.transaction() as connection:
        now = ledger.moment(connection)
        row = connection.execute(select(lock).where(lock.c.board == board)).first()
        # A heartbeat from the future is that of a machine whose clock was put right since.
        if row and row.held and abs(now - row.heartbeat) < stale:
            raise _held(row, stale)
        token = row.token + 1 if row else 1
        values = {"holder": holder, "run_id": run_id, "token": token, "heartbeat": now}
        if row is None:
            connection.execute(insert(lock).values(board=board, held=True, **values))
        elif not _take_over(connection, row, values):
            raise _held(row, stale)
        _close_dead_runs(connection, run_id, now, stale)
    return Lock(board=board, token=token, taken_over=now if row and row.held else 0.0)


def _take_over(connection: Connection, row: Row[Any], values: Mapping[str, Any]) -> bool:
    """Whether the lock still was as it was seen: others may have taken it, or its holder woke."""
    as_seen = (lock.c.board == row.board, lock.c.token == row.token)
    free = or_(~HELD, lock.c.heartbeat == row.heartbeat)
    taken = update(lock).where(*as_seen, free).values(held=True, **values)
    return connection.execute(taken).rowcount == 1


def _held(row: Row[Any], stale: float) -> LockHeld:
    since = dt.datetime.fromtimestamp(row.heartbeat, dt.UTC)
    return LockHeld(
        f"board {row.board} is being written by {row.holder} (run {row.run_id}), "
        f"last seen {since:%Y-%m-%d %H:%M:%S} UTC",
        hint=f"wait for it; a lock without heartbeat is taken over after {stale:.0f} s",
    )


def _close_dead_runs(connection: Connection, run_id: str, now: float, stale: float) -> None:
    """Say of runs whose process is gone that they were broken off; a live one corrects it."""
    alive = exists().where(lock.c.run_id == run.c.id, HELD, lock.c.heartbeat > now - stale)
    dead = (run.c.status == RunStatus.RUNNING, run.c.id != run_id, run.c.started <= now - stale)
    connection.execute(
        update(run)
        .where(*dead, ~alive)
        .values(status=RunStatus.FAILED, ended=now, error="broken off: its process is gone")
    )


@patient
def beat(ledger: Ledger, held: Lock) -> None:
    """Show that we are alive. Raises LockLost when the board was taken over."""
    with ledger.transaction() as connection:
        beating = held.guard | {"now": ledger.moment(connection)}
        if connection.execute(BEAT, beating).rowcount != 1:
            raise LockLost(f"board {held.board} was taken over by another process", hint=LOST)


@patient
def release(ledger: Ledger, held: Lock) -> None:
    """Give the board back, if it is still ours."""
    given_back = update(lock).where(*OURS).values(held=False)
    with ledger.transaction() as connection:
        connection.execute(given_back, held.guard)


def all_ours(touched: int, wanted: int, held: Lock) -> None:
    """Raise LockLost when a guarded statement did not touch every row that it names."""
    if touched != wanted:
        raise LockLost(
            f"board {held.board}: {wanted - touched} of {wanted} rows were not ours to change",
            hint=LOST,
        )
