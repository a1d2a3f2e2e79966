"""A request that got no answer is sent once more under its key: a marked answer settles it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from delivering import Kill, Killed, Wire, World, item, wanted

from customer_orders.errors import NoAnswer
from customer_orders.ledger import State
from customer_orders.monday import outcomes

Make = Callable[..., World]
DOCUMENTS = {
    "create_group": "CreateGroup",
    "create_item": "CreateItem",
    "create_subitem": "CreateSubitem",
}
#: Never enough room to remember an answer: a replay is carried out a second time.
FORGETFUL = {"idempotency_budget_bytes": 0}


def evidence(world: World) -> set[Any]:
    """What the recordings of the world rest on."""
    query = "select json_extract(detail, '$.evidence') from event where name = 'recorded'"
    return {row[0] for row in world.ask(query)}


@pytest.fixture
def world(make_world: Make) -> World:
    """A world in which what was unknown is not forgotten, however slow the machine is."""
    return make_world(time={"recheck": 3_600})


def unknown_requests(world: World) -> list[tuple[Any, ...]]:
    """Sends, status and doubt of the requests that were ever unknown."""
    return world.ask(
        "select sends, status, doubted is null from request"
        " where unknown_since is not null order by first_send"
    )


@pytest.mark.parametrize("operation", DOCUMENTS)
async def test_a_lost_answer_is_replayed(world: World, operation: str):
    """The same bytes under the same key; the marked answer counts, and nobody looks."""
    world.fault("apply_then_drop", operation)
    items = [item(number) for number in range(3)]
    wire = Wire()
    ended = await world.run(*items, wrap=wire)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert set(ended.outcomes.values()) == {"created"}
    assert None not in world.hashes().values()
    keys = wire.keys(DOCUMENTS[operation])
    assert (len(keys), len(set(keys))) == (2, 1)
    first, again = (v for _, name, v in wire.sent if name == DOCUMENTS[operation])
    assert first == again
    assert world.get("stats")["replays"] == 1
    assert "FindItems" not in wire.asked
    assert evidence(world) == {"answer", "replay"}
    # monday cached the answer of the only send: nothing of it can come late.
    assert unknown_requests(world) == [(2, None, 1)]
    again_run = await world.run(*items)
    assert (again_run.mutations, set(again_run.outcomes.values())) == (0, {"unchanged"})


async def test_a_replay_that_is_carried_out_is_looked_at_first(world: World):
    """Unmarked: what it says counts, but only once the board was looked at."""
    world.fault("drop_before", "create_item")
    items = [item(number) for number in range(3)]
    wire = Wire()
    ended = await world.run(*items, wrap=wire)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert set(ended.outcomes.values()) == {"created"}
    assert world.get("stats")["mutations"]["create_item"] == 3
    assert len(wire.keys("CreateItem")) == 2
    assert "FindItems" in wire.asked
    assert evidence(world) == {"answer", "board"}
    assert unknown_requests(world) == [(2, 200, 0)]


async def test_what_an_unmarked_replay_said_outlives_the_index(make_world: Make):
    """monday said that it was done; a look-up that finds nothing yet does not undo that."""
    world = make_world({"index_lag_seconds": 3})
    world.fault("drop_before", "create_item")
    ended = await world.run(item(0))
    assert ended.error is None
    assert world.get("stats")["mutations"]["create_item"] == 1
    assert world.board() == wanted(item(0))


@pytest.mark.parametrize("code", ["ColumnValueException", "COMPLEXITY_BUDGET_EXHAUSTED"])
async def test_what_an_unmarked_replay_refuses_says_nothing(
    make_world: Make, monkeypatch: pytest.MonkeyPatch, code: str
):
    """monday forgot that it had made the item: no refusal or limit of the second send undoes it."""
    monkeypatch.setattr(outcomes, "DEFAULT_WAIT", 0.05)
    world = make_world(FORGETFUL)
    world.fault("apply_then_drop", "create_item")
    world.fault("alias_error", "create_item", skip=1, code=code)
    ended = await world.run(item(0))
    assert ended.error is None
    assert world.operations(State.FAILED, State.PENDING, State.SENDING) == []
    assert ended.by_document["create_item"] == 2
    assert world.board() == wanted(item(0))


async def test_two_executions_leave_one_item(make_world: Make):
    """monday forgot the first answer: the second copy goes, and the older one is ours."""
    world = make_world(FORGETFUL)
    world.fault("apply_then_drop", "create_item")
    items = [item(number) for number in range(3)]
    ended = await world.run(*items)
    assert ended.error is None
    assert world.get("stats")["mutations"]["create_item"] == 6
    assert world.board() == wanted(*items)
    shown = world.get("state")["boards"][0]["items"]
    kept = {int(each["id"]) for each in shown if each["state"] == "active"}
    gone = {int(each["id"]) for each in shown if each["state"] == "archived"}
    assert (len(kept), len(gone)) == (3, 3)
    assert max(kept) < min(gone)
    assert set(ended.outcomes.values()) == {"created"}


async def test_two_executions_of_a_size_leave_one(make_world: Make):
    """The same for subitems."""
    world = make_world(FORGETFUL)
    world.fault("apply_then_drop", "create_subitem")
    ended = await world.run(item(0))
    assert ended.error is None
    assert world.get("stats")["mutations"]["create_subitem"] == 4
    assert world.board() == wanted(item(0))


@pytest.mark.parametrize("status", [409, 423, 401, 429, 400])
async def test_what_a_replay_is_refused_with_says_nothing(world: World, status: int):
    """The first send was carried out; no limit, lock, conflict or refusal of a replay undoes it."""
    world.fault("apply_then_drop", "create_item")
    world.fault("status", "create_item", status=status)
    ended = await world.run(item(0), item(1))
    assert ended.error is None
    assert world.operations(State.FAILED, State.PENDING, State.SENDING) == []
    assert world.get("stats")["mutations"]["create_item"] == 2
    assert world.board() == wanted(item(0), item(1))


async def test_a_replay_that_is_lost_too_is_repeated_once(world: World):
    """Once at once, once when the calls can no longer be running; then the board is looked at."""
    wire = Wire(lambda number, body: NoAnswer("cut off") if b"create_item(" in body else None)
    stopped_at = 3

    def lost(number: int, body: bytes) -> Exception | None:
        tries = len(wire.keys("CreateItem"))
        cut = b"create_item(" in body and tries <= stopped_at
        return NoAnswer("cut off") if cut else None

    wire.meddle = lost
    ended = await world.run(item(0), wrap=wire)
    assert ended.error is None
    keys = wire.keys("CreateItem")
    assert [len(keys), len(set(keys))] == [4, 2]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert "FindItems" in wire.asked
    assert world.board() == wanted(item(0))


async def test_a_marked_answer_after_two_sends_leaves_a_doubt(world: World):
    """Two sends were lost: one of them may still come, so the line is looked at again."""
    wire = Wire()

    def lost(number: int, body: bytes) -> Exception | None:
        return NoAnswer("cut off") if len(wire.keys("CreateItem")) == 1 else None

    wire.meddle = lambda n, body: lost(n, body) if b"create_item(" in body else None
    world.fault("apply_then_drop", "create_item")
    ended = await world.run(item(0), wrap=wire)
    assert ended.error is None
    assert len(wire.keys("CreateItem")) == 3
    assert world.get("stats")["replays"] == 1
    assert unknown_requests(world) == [(3, None, 0)]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_after_a_5xx_nothing_is_replayed(world: World, status: int):
    """Nobody promises that the cached answer is that of a whole execution: the board tells."""
    world.fault("apply_then_status", "create_item", status=status)
    wire = Wire()
    ended = await world.run(item(0), wrap=wire)
    assert ended.error is None
    assert len(wire.keys("CreateItem")) == 1
    assert "FindItems" in wire.asked
    assert unknown_requests(world) == [(1, status, 0)]
    assert world.board() == wanted(item(0))


async def test_a_replay_that_meets_a_5xx_is_the_last(world: World):
    """From then on the board tells, in this run and in the next."""
    world.fault("drop_before", "create_item")
    world.fault("status", "create_item", status=502)
    wire = Wire()
    ended = await world.run(item(0), wrap=wire)
    assert ended.error is None
    keys = wire.keys("CreateItem")
    assert (len(keys), len(set(keys)), keys[0] == keys[1]) == (3, 2, True)
    assert world.board() == wanted(item(0))


async def test_the_next_run_replays_what_a_dead_process_left(world: World):
    """It was carried out: the marked answer settles it without a look."""
    killed = await world.run(item(0), wrap=lambda inner: Kill(inner, 2, after=True))
    assert isinstance(killed.error, Killed)
    wire = Wire()
    ended = await world.run(item(0), wrap=wire)
    assert ended.error is None
    assert wire.sent[0][1] == "CreateItem"
    assert world.get("stats")["replays"] == 1
    assert world.get("stats")["mutations"]["create_item"] == 1
    assert world.board() == wanted(item(0))


@pytest.mark.parametrize(
    "change",
    ["set monday_user = '77'", "set first_send = first_send - 1501", "set status = 502"],
    ids=["another user", "25 minutes ago", "after a 5xx"],
)
async def test_the_next_run_does_not_replay(world: World, change: str):
    """Not as another user, not when monday may have forgotten, not after a 5xx."""
    killed = await world.run(item(0), wrap=lambda inner: Kill(inner, 2, after=True))
    assert isinstance(killed.error, Killed)
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(f"update request {change} where settled is null")
    wire = Wire()
    ended = await world.run(item(0), wrap=wire)
    assert ended.error is None
    assert "CreateItem" not in {name for _, name, _ in wire.sent}
    assert world.board() == wanted(item(0))


async def test_updates_and_moves_are_replayed_as_well(world: World):
    """A lost answer to any mutation is settled by its marked replay."""
    await world.run(item(0), item(1), item(2))
    for operation in ("change_multiple_column_values", "move_item_to_group", "create_group"):
        world.fault("apply_then_drop", operation)
    after = [item(0, note="new"), item(1, M="7", L="80"), item(2, group="TORVANE 2026 SPRING")]
    wire = Wire()
    ended = await world.run(*after, wrap=wire)
    assert ended.error is None
    assert world.get("stats")["replays"] == 3
    assert world.board() == wanted(*after)
    assert set(ended.outcomes.values()) == {"updated", "moved"}


async def test_a_marked_answer_may_refuse(world: World):
    """The cached answer holds an alias that was refused: it fails, the others count as done."""
    world.fault("apply_then_drop", "create_item")
    world.fault("alias_error", "create_item", skip=1, message="no such label")
    items = [item(number) for number in range(3)]
    ended = await world.run(*items)
    assert ended.error is None
    assert world.get("stats")["replays"] == 1
    assert ended.outcomes[items[1].record_uuid] == "failed"
    assert world.board() == wanted(items[0], items[2])


async def test_a_process_that_slept_does_not_replay_at_once(world: World):
    """25 minutes passed while it waited for the answer: monday may have forgotten the key."""
    now = world.ledger.clock
    late = [0.0]
    world.ledger.clock = lambda: now() + late[0]
    wire = Wire()

    def slept(number: int, body: bytes) -> Exception | None:
        if b"create_item(" not in body or late[0]:
            return None
        late[0] = 1_501.0
        return NoAnswer("cut off")

    wire.meddle = slept
    world.settings = world.settings.model_copy(
        update={"time": world.settings.time.model_copy(update={"lock_stale": 10_000.0})}
    )
    ended = await world.run(item(0), wrap=wire)
    assert ended.error is None
    keys = wire.keys("CreateItem")
    assert len(keys) == len(set(keys))


async def test_a_group_that_was_limited_in_a_lost_answer(world: World):
    """The marked answer says that it was not made: it is sent again, and no line is left behind."""
    world.fault("apply_then_drop", "create_group")
    world.fault("alias_error", "create_group", code="COMPLEXITY_BUDGET_EXHAUSTED")
    ended = await world.run(item(0))
    assert ended.error is None
    assert world.operations(State.PENDING, State.SENDING) == []
    assert world.board() == wanted(item(0))
