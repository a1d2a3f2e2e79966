"""What nobody answered: settled by looking, before anything else is sent for the line."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from delivering import Kill, Killed, World, item, wanted

from customer_orders.delivery import deliver
from customer_orders.errors import NoAnswer
from customer_orders.ledger import State, locks

Make = Callable[..., World]
KINDS = ("create_group", "create_item", "create_subitem")
AFTER = [
    {"kind": "apply_then_drop"},
    {"kind": "apply_then_status", "status": 502, "body": "html"},
    {"kind": "apply_then_status", "status": 504, "body": "html"},
    {"kind": "apply_then_status", "status": 500},
    {"kind": "cut_body"},
]


@pytest.mark.parametrize("operation", KINDS)
@pytest.mark.parametrize("fault", AFTER, ids=lambda fault: f"{fault['kind']}{fault.get('status')}")
async def test_done_and_not_answered(world: World, operation: str, fault: Mapping[str, Any]):
    """What was done without an answer is found on the board and not done again."""
    world.fault(operation=operation, **fault)
    items = [item(number) for number in range(3)]
    ended = await world.run(*items)
    assert ended.error is None
    assert ended.by_document == {"create_group": 1, "create_item": 3, "create_subitem": 6}
    assert world.board() == wanted(*items)
    assert set(ended.outcomes.values()) == {"created"}
    assert None not in world.hashes().values()
    again = await world.run(*items)
    assert (again.mutations, set(again.outcomes.values())) == (0, {"unchanged"})


@pytest.mark.parametrize("operation", KINDS)
@pytest.mark.parametrize("kind", ["drop_before", "status"])
async def test_not_done_and_not_answered(world: World, operation: str, kind: str):
    """What is absent after the wait was not done: it is opened again and delivered."""
    world.fault(kind, operation, status=503)
    items = [item(number) for number in range(3)]
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert set(ended.outcomes.values()) == {"created"}
    assert None not in world.hashes().values()
    assert ended.mutations > 10


async def test_done_in_part_and_not_answered(world: World):
    """The first four of ten items were made when monday broke down: the other six are made."""
    world.fault("apply_first_n_then", "create_item", n=4, status=500)
    items = [item(number) for number in range(10)]
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert ended.by_document["create_item"] == 16
    assert world.get("stats")["mutations"]["create_item"] == 10


@pytest.mark.parametrize("kind", ["apply_then_drop", "drop_before"])
async def test_changes_that_nobody_answered(world: World, kind: str):
    """Updates and moves count when the board shows them, and go out again when it does not."""
    await world.run(item(0), item(1), item(2))
    for operation in ("change_multiple_column_values", "move_item_to_group"):
        world.fault(kind, operation)
    after = [item(0, note="new"), item(1, M="7", L="80"), item(2, group="TORVANE 2026 SPRING")]
    ended = await world.run(*after)
    assert ended.error is None
    assert world.board() == wanted(*after)
    again = await world.run(*after)
    assert (again.mutations, set(again.outcomes.values())) == (0, {"unchanged"})


async def test_nothing_else_is_sent_for_a_line_that_is_unknown(make_world: Make):
    """While one size of a line is unknown, its other sizes wait; those of other lines do not."""
    world = make_world(monday={"aliases": 1, "in_flight": 1})
    await world.run(item(0), item(1))
    after = [item(0, M="1", L="2"), item(1, M="3", L="4")]
    sent: list[tuple[float, str]] = []

    class Lost:
        def __init__(self, inner: Any) -> None:
            self.inner, self.done = inner, False

        async def post(self, body: bytes, headers: Any) -> Any:
            if "Idempotency-Key" in headers:
                values = json.loads(json.loads(body)["variables"]["values_op0"])
                sent.append((time.monotonic(), next(iter(values.values()))))
                if sent[-1][1] == "1" and not self.done:
                    self.done = True
                    raise NoAnswer("cut off")
            return await self.inner.post(body, headers)

    ended = await world.run(*after, wrap=Lost)
    assert ended.error is None
    assert world.board() == wanted(*after)
    values = [value for _, value in sent]
    pauses = [later[0] - earlier[0] for earlier, later in pairwise(sent)]
    before = pauses.index(max(pauses)) + 1
    # "2" is the other size of the line whose "1" was lost; "7" is the other line's ORDER QTY.
    assert set(values[:before]) == {"1", "3", "4", "7"}
    assert set(values[before:]) == {"1", "2"}


async def test_read_values_are_taken_for_delivered(world: World):
    """What a person changed between send and look-up is seen, and put right by the next run."""

    class Meddled:
        def __init__(self, inner: Any) -> None:
            self.inner, self.done = inner, False

        async def post(self, body: bytes, headers: Any) -> Any:
            if b"create_item(" not in body or self.done:
                return await self.inner.post(body, headers)
            self.done = True
            await self.inner.post(body, headers)
            (made,) = world.get("state")["boards"][0]["items"]
            world.mutate(
                "mutation { change_simple_column_value(board_id: 10, "
                f'item_id: {made["id"]}, column_id: "note", value: "mine") {{ id }} }}'
            )
            raise NoAnswer("cut off")

    ended = await world.run(item(0), wrap=Meddled)
    assert ended.error is None
    # The line is not whole: its hash must not say that nothing has to be done.
    assert world.hashes() == {item(0).record_uuid: None}
    mended = await world.run(item(0))
    assert mended.by_document == {"change_values": 1}
    assert world.board() == wanted(item(0))
    assert world.hashes() == {item(0).record_uuid: item(0).row_hash}


async def test_an_item_archived_before_the_look_up_is_gone(world: World):
    """An update that nobody answered, on an item that a person archived since, has failed."""
    await world.run(item(0))
    (made,) = world.get("state")["boards"][0]["items"]
    world.fault("drop_before", "change_multiple_column_values")

    class Archived:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        async def post(self, body: bytes, headers: Any) -> Any:
            try:
                return await self.inner.post(body, headers)
            except NoAnswer:
                world.mutate(f"mutation {{ archive_item(item_id: {made['id']}) {{ id }} }}")
                raise

    ended = await world.run(item(0, note="new"), wrap=Archived)
    assert ended.error is None
    (failed,) = world.operations(State.FAILED)
    assert failed.category == "gone"
    assert world.board() == {}


async def test_an_answer_that_leaves_aliases_out(world: World):
    """Aliases that an answer says nothing about are unknown; the others are recorded at once."""

    class Forgetful:
        def __init__(self, inner: Any) -> None:
            self.inner, self.done = inner, False

        async def post(self, body: bytes, headers: Any) -> Any:
            answer = await self.inner.post(body, headers)
            if b"create_item(" not in body or self.done:
                return answer
            self.done = True
            cut = answer.body.replace(b'"op2":{"id"', b'"op2":{"name"')
            assert cut != answer.body
            return type(answer)(status=200, headers=answer.headers, body=cut)

    items = [item(number) for number in range(4)]
    ended = await world.run(*items, wrap=Forgetful)
    assert ended.error is None
    assert ended.by_document["create_item"] == 4
    assert world.board() == wanted(*items)
    assert None not in world.hashes().values()


async def test_answers_that_never_come_end_the_run(world: World, monkeypatch: pytest.MonkeyPatch):
    """When look-up after look-up finds nothing done, the run gives up and all stays open."""
    monkeypatch.setattr(deliver, "IN_VAIN", 2)
    world.fault("status", "create_item", status=500, count=None)
    ended = await world.run(item(0), item(1), item(2))
    assert isinstance(ended.error, NoAnswer)
    assert world.operations(State.FAILED, State.SENDING) == []
    assert set(ended.outcomes.values()) == {"pending"}
    # The second attempt was one by one, so that one operation cannot spoil all others for ever.
    with world.ledger.transaction() as connection:
        assert connection.exec_driver_sql("select count(*) from request").scalar() == 1 + 1 + 3


async def test_unknowns_in_a_row_end_the_run(make_world: Make, monkeypatch: pytest.MonkeyPatch):
    """A monday that answers nothing is not sent everything: what was sent stays to be settled."""
    monkeypatch.setattr(deliver, "FRUITLESS", 3)
    world = make_world(monday={"aliases": 1, "in_flight": 1})
    world.fault("apply_then_status", "create_item", status=502, count=None)
    items = [item(number) for number in range(8)]
    ended = await world.run(*items)
    assert isinstance(ended.error, NoAnswer)
    assert len(world.operations(State.SENDING)) == 3
    world.clear()
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert world.get("stats")["mutations"]["create_item"] == 8


@pytest.mark.parametrize("after", [False, True], ids=["before it left", "after it arrived"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_killed_between_claim_and_record(world: World, at: int, after: bool):
    """The next run finds the stored request, settles it by looking, and finishes the work."""
    items = [item(number) for number in range(12)]
    killed = await world.run(*items, wrap=lambda inner: Kill(inner, at, after=after))
    assert isinstance(killed.error, Killed)
    assert world.operations(State.SENDING)
    assert None in world.hashes().values() or at == 1
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert world.hashes() == {each.record_uuid: each.row_hash for each in items}
    again = await world.run(*items)
    assert again.mutations == 0


async def test_killed_and_then_changed(world: World):
    """What was under way is settled with its old payload first; then the new one is planned."""
    killed = await world.run(item(0), wrap=lambda inner: Kill(inner, 2, after=True))
    assert isinstance(killed.error, Killed)
    changed = item(0, note="changed", M="5", L="80")
    ended = await world.run(changed)
    assert ended.error is None
    assert world.board() == wanted(changed)
    assert {o.state for o in world.operations(*State)} == {"delivered", "superseded"}


async def test_a_run_that_stood_still_does_not_send(world: World):
    """A claim older than `send_within` is opened again: somebody may be settling it already."""
    now, main, claims = world.ledger.clock, threading.get_ident(), []

    def clock() -> float:
        # Claims look at the clock in a thread, sending in the loop: it jumps once in between.
        if threading.get_ident() != main:
            claims.append("")
        jumps = threading.get_ident() == main and len(claims) == 2
        claims.extend(["jumped"] * jumps)
        return now() + 100 * jumps

    world.ledger.clock = clock
    ended = await world.run(item(0))
    assert ended.error is None
    assert "jumped" in claims
    assert world.board() == wanted(item(0))
    with world.ledger.transaction() as connection:
        details = connection.exec_driver_sql("select detail from event order by id").scalars().all()
        requests = connection.exec_driver_sql("select count(*) from request").scalar()
    assert "not sent within 1 s" in details[1]
    assert (requests, ended.by_document["create_group"]) == (4, 1)


async def test_taken_over_in_mid_run(world: World):
    """A run that lost its board records nothing more; the taker settles and finishes."""
    items = [item(number) for number in range(12)]

    class TakenOver:
        def __init__(self, inner: Any) -> None:
            self.inner, self.left = inner, 3

        async def post(self, body: bytes, headers: Any) -> Any:
            answer = await self.inner.post(body, headers)
            if "Idempotency-Key" in headers:
                self.left -= 1
                if self.left == 0:
                    locks.acquire(world.ledger, "10", "somebody else", "other", stale=0)
            return answer

    ended = await world.run(*items, wrap=TakenOver)
    assert type(ended.error).__name__ == "LockLost"
    assert world.operations(State.SENDING)
    assert len(asyncio.all_tasks()) == 1
    with world.ledger.transaction() as connection:
        holder = connection.exec_driver_sql("select holder, held from lock").one()
    assert tuple(holder) == ("somebody else", 1)
    # The other process is gone; its lock goes stale, and a third run takes over.
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql("update lock set heartbeat = heartbeat - 100")
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)


async def test_a_board_that_is_held_is_refused(world: World):
    """A second run on the same board says who holds it, and sends nothing."""
    held = locks.acquire(world.ledger, "10", "night shift process 7", "r1", stale=60)
    ended = await world.run(item(0))
    assert type(ended.error).__name__ == "LockHeld"
    assert "night shift process 7" in str(ended.error)
    assert (ended.mutations, world.board()) == (0, {})
    locks.release(world.ledger, held)
    assert (await world.run(item(0))).error is None
