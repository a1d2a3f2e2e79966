"""Delivery when monday refuses: by alias, as a whole, and by limits."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from delivering import GROUP, Wire, World, item, wanted

from customer_orders.delivery import courier, deliver
from customer_orders.errors import Forbidden, RequestRefused, Throttled, Unauthorized, Unreachable
from customer_orders.ledger import State, reading
from customer_orders.monday import Response, outcomes

Make = Callable[..., World]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked board is tried again soon."""
    monkeypatch.setattr(outcomes, "DEFAULT_WAIT", 0.05)


async def test_one_bad_value_costs_one_operation(world: World):
    """One alias of a request is refused; the others stand, its line is failed and has a finding."""
    items = [item(number) for number in range(4)]
    world.fault("alias_error", "create_subitem", skip=2, message="no such size")
    ended = await world.run(*items)
    assert ended.error is None
    (failed,) = world.operations(State.FAILED)
    assert (failed.category, failed.code) == ("data", "ColumnValueException")
    assert (failed.error, failed.kind) == ("no such size", "subitem")
    assert failed.hint
    assert ended.outcomes[failed.record_uuid] == "failed"
    assert list(ended.outcomes.values()).count("created") == 3
    whole = world.hashes()
    assert whole.pop(failed.record_uuid) is None
    assert None not in whole.values()
    (finding,) = reading.findings(world.ledger)
    assert (finding["rule"], finding["record_uuid"]) == ("refused", failed.record_uuid)
    assert finding["source_column"] == failed.size
    sizes = sum(len(pieces) for *_, pieces in world.board().values())
    assert sizes == 7


async def test_a_refused_payload_is_held_until_it_changes(world: World):
    """The next run does not send it again and counts it as failed; a new quantity goes out."""
    world.fault("alias_error", "create_subitem", message="no such size")
    await world.run(item(0))
    again = await world.run(item(0))
    assert (again.mutations, set(again.outcomes.values())) == (0, {"failed"})
    assert len(reading.findings(world.ledger)) == 1
    mended = await world.run(item(0, M="90", L="80"))
    assert set(mended.outcomes.values()) == {"updated"}
    assert world.board() == {**wanted(item(0, M="90", L="80"))}
    assert reading.findings(world.ledger) == []


@pytest.mark.parametrize("column", [None, "customer"])
async def test_a_refusal_is_held_until_its_label_is_there(world: World, column: str | None):
    """monday could not make a label; a person made it: the same payload, or cell, goes out."""
    wanted_item = replace(item(0), values=item(0).values | {"CUSTOMER": "NEWCO"})
    world.fault("alias_error", "create_item", column_id=column, message="no more labels")
    ended = await world.run(wanted_item)
    assert set(ended.outcomes.values()) == {"failed"}
    assert (await world.run(wanted_item)).mutations == 0
    label = json.dumps(json.dumps({"customer": {"labels": ["NEWCO"]}, "key": "theirs"}))
    world.mutate(
        'mutation { create_item(board_id: 10, group_id: "topics", item_name: "theirs", '
        f"column_values: {label}, create_labels_if_missing: true) {{ id }} }}"
    )
    mended = await world.run(wanted_item)
    assert set(mended.outcomes.values()) == {"updated" if column else "created"}
    assert world.board()[wanted_item.record_uuid][3] == {"M": "100", "L": "80"}
    assert reading.findings(world.ledger) == []


async def test_a_refused_size_is_held_until_its_label_is_there(world: World):
    """The same for the label of a size, which stands on the subitems' board."""
    wanted_item = item(0, XXL="5")
    world.fault("alias_error", "create_subitem", message="no more labels", count=2)
    assert set((await world.run(wanted_item)).outcomes.values()) == {"failed"}
    assert (await world.run(wanted_item)).mutations == 0
    (other,) = (await world.run(item(1))).outcomes
    ((parent,),) = world.ask(f"select monday_id from item where record_uuid = '{other}'")
    label = json.dumps(json.dumps({"size": {"labels": ["XXL"]}, "qty": "1"}))
    world.mutate(
        f'mutation {{ create_subitem(parent_item_id: {parent}, item_name: "theirs", '
        f"column_values: {label}, create_labels_if_missing: true) {{ id }} }}"
    )
    await world.run(wanted_item)
    assert world.board()[wanted_item.record_uuid][3] == {"XXL": "5"}


async def test_all_aliases_may_fail(world: World):
    """Nothing is made, every line is failed with its own finding, and nothing is left open."""
    world.fault("alias_error", "create_item", count=None)
    items = [item(number) for number in range(12)]
    ended = await world.run(*items)
    assert ended.error is None
    assert set(ended.outcomes.values()) == {"failed"}
    assert world.operations(State.PENDING, State.SENDING) == []
    assert {o.category for o in world.operations(State.FAILED)} == {"data", "blocked"}
    assert len(reading.findings(world.ledger)) == 12
    assert world.board() == {}
    assert set(world.hashes().values()) == {None}


async def test_a_refused_group_blocks_its_lines_and_no_other(world: World):
    """The lines of the other group are delivered; those of this one are named in findings."""
    good = [item(number, group="TORVANE 2026 SPRING") for number in range(2)]
    bad = [item(number) for number in range(2, 5)]
    # Groups are made in the order of their titles: FALL comes first.
    world.fault("alias_error", "create_group", message="no more groups")
    ended = await world.run(*good, *bad)
    assert ended.error is None
    assert world.board() == wanted(*good)
    assert {ended.outcomes[x.record_uuid] for x in bad} == {"failed"}
    named = {found["record_uuid"] for found in reading.findings(world.ledger)}
    assert named == {None, *(x.record_uuid for x in bad)}
    # A person makes the group: the lines go out, and the findings are closed.
    world.mutate(f'mutation {{ create_group(board_id: 10, group_name: "{GROUP}") {{ id }} }}')
    mended = await world.run(*good, *bad)
    assert mended.error is None
    assert world.board() == wanted(*good, *bad)
    assert reading.findings(world.ledger) == []


@pytest.mark.parametrize("shape", ["minute", "concurrency", "complexity", "ip", "mutations"])
async def test_a_429_is_waited_for(world: World, shape: str):
    """A limit in any of its shapes costs a pause and nothing else."""
    world.fault("rate_limit", "create_item", shape=shape, retry_after=1)
    await check_delivered(world)


@pytest.mark.parametrize("shape", ["html", "field"])
async def test_a_429_without_a_body_or_in_a_200_is_waited_for(world: World, shape: str):
    """An HTML page, and an HTTP 200 whose every alias names the limit, are limits as well."""
    world.fault("rate_limit", "create_item", shape=shape, retry_after=1, count=2)
    await check_delivered(world)


async def test_a_locked_board_is_tried_again(world: World):
    """423 costs a pause and nothing else."""
    world.fault("status", status=423, operation="create_subitem", count=3)
    await check_delivered(world)


@pytest.mark.parametrize("shape", ["minute", "html", "field"])
async def test_the_wait_that_monday_asks_for_is_kept(world: World, shape: str):
    """Nothing leaves for a second, whether the whole request was limited or its aliases."""
    world.fault("rate_limit", "create_item", shape=shape, retry_after=1)
    left: list[float] = []
    ended = await world.run(item(0), wrap=Wire(lambda *_: left.append(time.monotonic())))
    assert ended.error is None
    # Group, the item that is limited, the item again, its sizes.
    assert len(left) == 4
    assert left[2] - left[1] > 0.9


async def check_delivered(world: World) -> None:
    """Everything arrives, exactly once, and no line is failed."""
    items = [item(number) for number in range(3)]
    ended = await world.run(*items)
    assert ended.error is None
    assert set(ended.outcomes.values()) == {"created"}
    assert world.board() == wanted(*items)
    assert world.get("stats")["mutations"]["create_item"] == 3
    assert ended.by_document["create_item"] + ended.by_document["create_subitem"] > 9


async def test_a_used_up_day_ends_the_run_at_once(make_world: Make):
    """Nobody waits for midnight: what is open stays open, and the next run goes on."""
    world = make_world(monday={"aliases": 2})
    items = [item(number) for number in range(6)]
    world.fault("rate_limit", "create_item", shape="daily", retry_after=3600, skip=1, count=None)
    async with asyncio.timeout(20):
        ended = await world.run(*items)
    assert isinstance(ended.error, Throttled)
    assert world.operations(State.SENDING, State.FAILED) == []
    assert "pending" in ended.outcomes.values()
    world.clear()
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)


async def test_a_token_that_is_revoked_stops_the_run(world: World):
    """401 in the middle: nothing more is sent, nothing is failed, all else stays open."""
    items = [item(number) for number in range(25)]
    world.fault("status", status=401, operation="create_item", skip=1, count=None)
    ended = await world.run(*items)
    assert isinstance(ended.error, Unauthorized)
    assert world.operations(State.FAILED, State.SENDING) == []
    assert world.operations(State.PENDING)
    # The first request of items, and those that were under way with the one that met the 401.
    assert ended.by_document["create_item"] <= 10 * 4
    assert len(world.board()) == 10


async def test_a_user_without_rights_stops_the_run(world: World):
    """An alias that is refused for missing rights is not held against the line."""
    world.fault("alias_error", "create_item", code="missingRequiredPermissions", count=None)
    ended = await world.run(item(0))
    assert isinstance(ended.error, Unauthorized)
    assert world.operations(State.FAILED, State.SENDING) == []
    assert set(ended.outcomes.values()) == {"pending"}


@pytest.mark.parametrize("lines", [1, 12])
async def test_a_label_that_may_not_be_made_costs_its_cell(world: World, lines: int):
    """monday turns the whole request away with 403; all but the new label is delivered."""
    answer = Response(status=403, headers={}, body=b"{}")

    def forbid(_number: int, body: bytes) -> Response | None:
        return answer if b"NEWCO" in body else None

    items = [item(number) for number in range(lines)]
    items[0] = replace(items[0], values=items[0].values | {"CUSTOMER": "NEWCO"})
    ended = await world.run(*items, wrap=Wire(forbid))
    assert ended.error is None
    (failed,) = world.operations(State.FAILED)
    assert (failed.cell, failed.category) == ("CUSTOMER", "auth")
    assert list(ended.outcomes.values()).count("failed") == 1
    assert world.board() == wanted(*items)


async def test_a_user_who_may_not_write_stops_the_run(world: World):
    """403 for requests that make no label: nothing is marked failed."""
    answer = Response(status=403, headers={}, body=b"{}")
    ended = await world.run(item(0), item(1), wrap=Wire(lambda number, body: answer))
    assert isinstance(ended.error, Forbidden)
    assert world.operations(State.FAILED, State.SENDING) == []


async def test_an_item_that_a_person_archived_is_gone(world: World):
    """It is not made again: the line is failed with category gone, and the next run is quiet."""
    await world.run(item(0), item(1))
    first = item(0).record_uuid
    known = {o.record_uuid: o for o in world.operations(State.DELIVERED) if o.kind == "item"}
    assert first in known
    items = world.get("state")["boards"][0]["items"]
    (archived,) = [each["id"] for each in items if each["values"]["key"] == first]
    world.mutate(f"mutation {{ archive_item(item_id: {archived}) {{ id }} }}")
    ended = await world.run(item(0, note="changed"), item(1))
    assert ended.error is None
    (failed,) = world.operations(State.FAILED)
    assert (failed.category, failed.record_uuid) == ("gone", first)
    assert [f["rule"] for f in reading.findings(world.ledger)] == ["refused"]
    again = await world.run(item(0, note="changed"), item(1))
    assert (again.mutations, again.outcomes[first]) == (0, "failed")
    assert world.board() == wanted(item(1))


async def test_a_group_that_somebody_else_makes_meanwhile(world: World):
    """Its title then stands twice; ours is used by all lines, and only one was made by us."""

    class Hasty:
        def __init__(self, inner: Any) -> None:
            self.inner, self.done = inner, False

        async def post(self, body: bytes, headers: Any) -> Any:
            if b"create_group" in body and not self.done:
                self.done = True
                title = json.dumps(GROUP)
                world.mutate(
                    f"mutation {{ create_group(board_id: 10, group_name: {title}) {{ id }} }}"
                )
            return await self.inner.post(body, headers)

    items = [item(number) for number in range(3)]
    ended = await world.run(*items, wrap=Hasty)
    assert ended.error is None
    assert world.board() == wanted(*items)
    used = {each["group"] for each in world.get("state")["boards"][0]["items"]}
    assert len(used) == 1
    again = await world.run(*items, item(7))
    assert again.by_document["create_group"] == 0
    assert {each["group"] for each in world.get("state")["boards"][0]["items"]} == used


class Picky:
    """Refuses every request that holds a word, as monday does for a variable of the wrong form."""

    def __init__(self, inner: Any, word: bytes) -> None:
        self.inner, self.word, self.sizes = inner, word, []

    async def post(self, body: bytes, headers: Any) -> Any:
        if self.word not in body or "Idempotency-Key" not in headers:
            return await self.inner.post(body, headers)
        self.sizes.append(body.count(b"create_item("))
        error = {"message": "Variable $values was provided invalid value", "extensions": {}}
        body = json.dumps({"errors": [error]}).encode()
        return outcomes.Response(status=200, headers={}, body=body)


async def test_a_whole_refusal_is_halved_down_to_the_operation(world: World):
    """Nine of ten lines are delivered; the one to blame stands alone and is failed."""
    items = [item(number, note="poison" if number == 6 else "fine") for number in range(10)]
    made: list[Picky] = []

    def picky(inner: Any) -> Picky:
        made.append(Picky(inner, b"poison"))
        return made[-1]

    ended = await world.run(*items, wrap=picky)
    assert ended.error is None
    assert made[0].sizes[0] == 10
    assert made[0].sizes[-1] == 1
    assert {k for k, v in ended.outcomes.items() if v == "failed"} == {items[6].record_uuid}
    assert world.board() == wanted(*(each for each in items if each is not items[6]))
    (refused, *blocked) = world.operations(State.FAILED)
    assert refused.category == "data"
    assert {o.category for o in blocked} == {"blocked"}


async def test_many_attempts_in_vain_give_up(world: World, monkeypatch: pytest.MonkeyPatch):
    """A monday that only ever limits is left alone after a while; all stays open."""
    monkeypatch.setattr(courier, "FRUITLESS", 4)
    world.fault("status", status=423, operation="create_item", count=None)
    ended = await world.run(*[item(number) for number in range(3)])
    assert isinstance(ended.error, Throttled)
    assert world.operations(State.FAILED, State.SENDING) == []
    assert set(ended.outcomes.values()) == {"pending"}
    assert ended.by_document["create_item"] == 4 * 3


async def test_twenty_attempts_in_vain_give_up(world: World):
    """Not nineteen, and not for ever: a board that stays locked is tried twenty times."""
    world.fault("status", status=423, operation="create_item", count=None)
    wire = Wire()
    ended = await world.run(item(0), wrap=wire)
    assert isinstance(ended.error, Throttled)
    assert len(wire.keys("CreateItem")) == 20


async def test_only_attempts_in_a_row_give_up(make_world: Make, monkeypatch: pytest.MonkeyPatch):
    """Whatever is achieved in between begins the count anew."""
    monkeypatch.setattr(courier, "FRUITLESS", 3)
    world = make_world(monday={"aliases": 1, "in_flight": 1})
    locked = outcomes.Response(status=423, headers={}, body=b"{}")
    items = [replace(item(number), subitems=()) for number in range(3)]
    # The group is the first; then two of three requests meet a locked board.
    ended = await world.run(*items, wrap=Wire(lambda number, _: locked if number % 3 else None))
    assert ended.error is None
    assert world.board() == wanted(*items)


async def test_limits_by_alias_give_up_as_well(world: World, monkeypatch: pytest.MonkeyPatch):
    """An HTTP 200 whose every alias is limited, again and again, does not go on for ever."""
    monkeypatch.setattr(courier, "FRUITLESS", 2)
    world.fault("rate_limit", "create_item", shape="field", count=None)
    ended = await world.run(item(0))
    assert ended.error is not None
    assert world.operations(State.FAILED, State.SENDING) == []


async def test_refusals_of_everything_give_up(world: World, monkeypatch: pytest.MonkeyPatch):
    """When monday refuses every request as a whole, not every line is held against itself."""
    monkeypatch.setattr(courier, "FRUITLESS", 3)
    items = [item(number) for number in range(40)]
    ended = await world.run(*items, wrap=lambda inner: Picky(inner, b"create_item"))
    assert isinstance(ended.error, RequestRefused)
    assert len(world.operations(State.FAILED)) <= 4
    assert world.operations(State.PENDING)


async def test_a_monday_that_goes_away_leaves_all_open(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """A refused connection is certain: the operations are open again, and nothing is unknown."""
    monkeypatch.setattr(courier, "FRUITLESS", 2)
    monkeypatch.setattr(deliver, "LONGEST_PAUSE", 0.01)

    class Gone:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        async def post(self, body: bytes, headers: Any) -> Any:
            if b"create_item" in body:
                raise Unreachable("cannot be reached")
            return await self.inner.post(body, headers)

    ended = await world.run(item(0), wrap=Gone)
    assert isinstance(ended.error, Unreachable)
    assert world.operations(State.FAILED, State.SENDING) == []
    ended = await world.run(item(0))
    assert ended.error is None
    assert world.board() == wanted(item(0))
