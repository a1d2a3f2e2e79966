"""Delivery when monday behaves: what is sent, in which order, and how much at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog
from delivering import BOARD, GROUP, Wire, World, item, wanted

from customer_orders.ledger import State
from customer_orders.monday import Response, Transport


class Watch:
    """A transport that remembers the mutation requests and how many were under way at once."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.requests: list[list[str]] = []
        self.under_way = 0
        self.peak = 0

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Count it and pass it on."""
        if "Idempotency-Key" not in headers:
            return await self.inner.post(body, headers)
        self.requests.append(re.findall(r"\bop\d+: (\w+)", json.loads(body)["query"]))
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        try:
            return await self.inner.post(body, headers)
        finally:
            self.under_way -= 1


async def test_a_first_load_and_then_nothing(world: World):
    """Group, items and sizes are made once; the second run sends nothing."""
    items = [item(number) for number in range(12)]
    first = await world.run(*items)
    assert first.error is None
    assert first.by_document == {"create_group": 1, "create_item": 12, "create_subitem": 24}
    assert world.board() == wanted(*items)
    assert set(first.outcomes.values()) == {"created"}
    assert world.hashes() == {each.record_uuid: each.row_hash for each in items}
    assert sum(tally.delivered for tally in world.told.tallies) == 37
    second = await world.run(*items)
    assert (second.error, second.mutations) == (None, 0)
    assert set(second.outcomes.values()) == {"unchanged"}


async def test_only_what_changed_is_sent(world: World):
    """A note, a quantity, a new size, a size that is gone, a group: one mutation for each."""
    before = [item(number) for number in range(5)]
    await world.run(*before)
    after = [
        item(0, note="changed"),
        item(1, M="120", L="60"),
        item(2, M="100", L="80", XL="0"),
        item(3, M="180"),
        item(4, group="TORVANE 2026 SPRING"),
    ]
    ended = await world.run(*after)
    assert ended.error is None
    # A size of 3 is zeroed; two quantities of 1 and one of 3 are written.
    assert ended.by_document == {
        "create_group": 1,
        "move_item": 1,
        "change_values": 1 + 2 + 2,
        "create_subitem": 1,
    }
    shown = world.board()
    assert shown[after[3].record_uuid][3] == {"M": "180", "L": "0"}
    assert shown[after[4].record_uuid][0] == "TORVANE 2026 SPRING"
    assert shown[after[0].record_uuid][2] == "changed"
    assert world.hashes() == {each.record_uuid: each.row_hash for each in after}


async def test_requests_of_one_kind_within_the_allowed_number(
    make_world: Callable[..., World],
):
    """At most `in_flight` requests are under way, `aliases` mutations in each, all of one kind."""
    world = make_world({"latency_per_request": 0.05}, monday={"in_flight": 3, "aliases": 4})
    watches: list[Watch] = []

    def watched(inner: Transport) -> Transport:
        watches.append(Watch(inner))
        return watches[-1]

    ended = await world.run(*[item(number) for number in range(12)], wrap=watched)
    assert ended.error is None
    (watch,) = watches
    assert watch.peak == 3
    kinds = [set(fields) for fields in watch.requests]
    assert all(len(kind) == 1 for kind in kinds)
    assert max(len(fields) for fields in watch.requests) == 4
    assert kinds[0] == {"create_group"}
    assert world.get("stats")["peak_concurrency"] == 3


async def test_labels_are_made_only_where_one_is_missing(world: World):
    """monday refuses the flag to a user who may not change the board, even for a known label."""
    known, new = (replace(item(number), subitems=()) for number in range(2))
    new = replace(new, values=new.values | {"CUSTOMER": "NEWCO"})
    wire = Wire()
    assert (await world.run(known, new, wrap=wire)).error is None
    (sent,) = (values for _, name, values in wire.sent if name == "CreateItem")
    assert (sent["make_labels_op0"], sent["make_labels_op1"]) == (False, True)


async def test_a_lost_ledger_links_what_is_there(make_world: Callable[..., World], tmp_path):
    """With an empty ledger everything is found by key and taken over: nothing is made twice."""
    world = make_world()
    items = [item(number) for number in range(3)]
    await world.run(*items)
    (tmp_path / "new").mkdir()
    again = World(world.url, tmp_path / "new")
    ended = await again.run(*items, item(3))
    assert ended.error is None
    assert ended.by_document == {"create_item": 1, "create_subitem": 2}
    assert again.board() == wanted(*items, item(3))
    assert again.hashes() == {x.record_uuid: x.row_hash for x in [*items, item(3)]}
    assert [o.action for o in again.operations(State.DELIVERED)].count("link") == 9
    again.ledger.close()


async def test_more_links_than_one_statement_takes(world: World):
    """Hundreds of links are taken over in several transactions."""
    items = [item(number, M="1", L="2", XL="3") for number in range(180)]
    await world.run(*items)
    with world.ledger.transaction() as connection:
        for table in ("operation", "item", "subitem", "orders_unified_snapshot", "board_group"):
            connection.exec_driver_sql(f"delete from {table}")
    ended = await world.run(*items)
    assert (ended.error, ended.mutations) == (None, 0)
    assert len(world.operations(State.DELIVERED)) == 720
    assert None not in world.hashes().values()


async def test_a_request_is_not_dearer_than_a_minute(make_world: Callable[..., World]):
    """With a budget of ten mutations a minute, requests of fifty are not tried."""
    world = make_world({"complexity_per_minute": 330_000}, monday={"aliases": 50})
    items = [replace(item(number), subitems=()) for number in range(3)]
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert world.get("stats")["rate_limited"] == {}


async def test_events_name_request_and_run(world: World):
    """Each request leaves a line in the ledger, bound to its run."""
    with structlog.testing.capture_logs():
        ended = await world.run(item(0))
    with world.ledger.transaction() as connection:
        query = "select run_id, name, request_id from event order by id"
        rows = connection.exec_driver_sql(query).all()
    assert {row[0] for row in rows} == {ended.run_id}
    assert [row[1] for row in rows] == ["staged", "recorded", "recorded", "recorded"]
    assert len({row[2] for row in rows[1:]}) == 3
    assert (item(0).board, item(0).group) == (BOARD, GROUP)
