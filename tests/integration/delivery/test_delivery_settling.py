"""What nobody answered: settled by looking, before anything else is sent for the line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from delivering import Wire, World, item, wanted

from customer_orders.delivery import courier
from customer_orders.errors import NoAnswer
from customer_orders.ledger import State

Make = Callable[..., World]
KINDS = ("create_group", "create_item", "create_subitem")
#: monday answers, and does not tell: the board is looked at.
AFTER = [
    {"kind": "apply_then_status", "status": 502, "body": "html"},
    {"kind": "apply_then_status", "status": 504, "body": "html"},
    {"kind": "apply_then_status", "status": 500},
    {"kind": "cut_body"},
]


@pytest.fixture
def looking(make_world: Make) -> World:
    """A world that never replays: what nobody answered is looked up."""
    return make_world(time={"replay": 0})


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
async def test_done_and_not_answered_without_replays(looking: World, operation: str):
    """When the time for replays has passed, even a lost answer is looked up, never sent again."""
    looking.fault("apply_then_drop", operation)
    items = [item(number) for number in range(3)]
    ended = await looking.run(*items)
    assert ended.error is None
    assert looking.board() == wanted(*items)
    assert ended.by_document == {"create_group": 1, "create_item": 3, "create_subitem": 6}
    assert looking.get("stats")["replays"] == 0


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
                    raise NoAnswer("HTTP 502", status=502)
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
            raise NoAnswer("HTTP 502", status=502)

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
    world.fault("status", "change_multiple_column_values", status=503)

    class Archived:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        async def post(self, body: bytes, headers: Any) -> Any:
            answer = await self.inner.post(body, headers)
            if answer.status == 503:
                world.mutate(f"mutation {{ archive_item(item_id: {made['id']}) {{ id }} }}")
            return answer

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
    monkeypatch.setattr(courier, "IN_VAIN", 2)
    world.fault("status", "create_item", status=500, count=None)
    ended = await world.run(item(0), item(1), item(2))
    assert isinstance(ended.error, NoAnswer)
    assert world.operations(State.FAILED, State.SENDING) == []
    assert set(ended.outcomes.values()) == {"pending"}
    # The second attempt was one by one, so that one operation cannot spoil all others for ever.
    with world.ledger.transaction() as connection:
        assert connection.exec_driver_sql("select count(*) from request").scalar() == 1 + 1 + 3


async def test_five_rounds_in_vain_end_the_run(world: World):
    """Not four, and not for ever: each round sends the item once more, and looks."""
    world.fault("status", "create_item", status=500, count=None)
    wire = Wire()
    ended = await world.run(item(0), wrap=wire)
    assert isinstance(ended.error, NoAnswer)
    keys = wire.keys("CreateItem")
    assert (len(keys), len(set(keys))) == (5, 5)


async def test_unknowns_in_a_row_end_the_run(make_world: Make, monkeypatch: pytest.MonkeyPatch):
    """A monday that answers nothing is not sent everything: what was sent stays to be settled."""
    monkeypatch.setattr(courier, "FRUITLESS", 3)
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
