"""Programs that break one rule, made by replacing a seam: the simulation must catch each."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert

from customer_orders import draft
from customer_orders.delivery import Delivery, courier, settle
from customer_orders.delivery.courier import Courier
from customer_orders.delivery.settle import Settling
from customer_orders.ledger import Ledger, locks, runs, snapshots
from customer_orders.ledger.results import Done, Reopen
from customer_orders.ledger.schema import lock, snapshot
from customer_orders.monday import Client, client


@dataclass(frozen=True)
class Mutant:
    """A name, and what stands in the place of what."""

    name: str
    seams: tuple[tuple[Any, str, Any], ...]

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Put it in place, and the real thing back."""
        real = [(owner, name, owner.__dict__[name]) for owner, name, _ in self.seams]
        for owner, name, seam in self.seams:
            setattr(owner, name, seam)
        try:
            yield
        finally:
            for owner, name, value in real:
                setattr(owner, name, value)


async def _all_undone(request: Any, *_: Any) -> dict[int, Reopen]:
    return {claimed.id: Reopen(reason="assumed") for claimed in request.operations}


async def _no_replay(*_: Any) -> None:
    return None


def _marked(response: Any) -> Any:
    return dataclasses.replace(_real_read(response), replayed=True)


async def _released(self: Courier, request: Any, reason: str, status: int | None = None) -> None:
    undone = {claimed.id: Reopen(reason=reason) for claimed in request.operations}
    await self.record(request, undone, {})


def _in_order(request: Any, answer: Any, *_: Any) -> dict[int, Any]:
    """The n-th value that came belongs to the n-th operation."""
    ids = [str(value["id"]) for value in answer.data.values() if isinstance(value, Mapping)]
    pairs = zip(request.operations, ids, strict=False)
    results: dict[int, Any] = {c.id: Done(monday_id=number) for c, number in pairs}
    missing = (c for c in request.operations if c.id not in results)
    return results | {c.id: Reopen(reason="no value") for c in missing}


async def _not_looked_up(*_: Any) -> tuple[dict[str, Any], list[Any]]:
    return {}, []


async def _not_looked_again(self: Any) -> None:
    return None


async def _sent_by_content(self: Client, body: bytes, key: str, **more: Any) -> Any:
    return await _real_send(self, body, str(uuid.uuid5(uuid.NAMESPACE_OID, body.decode())), **more)


def _with_open_door(ledger: Ledger, *args: Any) -> locks.Lock:
    """Beside the real lock, one that is always held: every guard looks there."""
    held = _real_acquire(ledger, *args)
    with ledger.transaction() as connection:
        connection.execute(delete(lock).where(lock.c.board == "*"))
        row = {"board": "*", "token": 0, "held": True}
        connection.execute(insert(lock).values(holder="", run_id="", heartbeat=0, **row))
    return held


def _unchecked(*_: Any) -> None:
    return None


_real_read: Callable[..., Any] = client.read_answer
_real_send: Callable[..., Any] = Client.send
_real_acquire: Callable[..., locks.Lock] = locks.acquire

MUTANTS = [
    Mutant("settling off", ((settle, "look_up", _all_undone), (Settling, "_replayed", _no_replay))),
    Mutant("content-derived key", ((Client, "send", _sent_by_content),)),
    Mutant("unmarked replay trusted", ((client, "read_answer", _marked),)),
    Mutant(
        "release after an unknown",
        ((Courier, "unknown", _released), (Settling, "_replayed", _no_replay)),
    ),
    Mutant(
        "row hash not cleared",
        ((snapshots, "DOUBT", snapshots.DOUBT.values(row_hash=snapshot.c.row_hash)),),
    ),
    Mutant("per-alias mapping off", ((courier, "results_of", _in_order),)),
    Mutant(
        "lock token unchecked",
        (
            (locks, "acquire", _with_open_door),
            (locks.Lock, "guard", {"held_board": "*", "held_token": 0}),
            (runs, "_still_ours", _unchecked),
        ),
    ),
    Mutant("no look before a create", ((draft, "already_there", _not_looked_up),)),
    Mutant("no re-check", ((Delivery, "_recheck", _not_looked_again),)),
]
