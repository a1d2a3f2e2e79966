"""Sizes and items that leave the board by configuration: once, whatever happens to the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from delivering import AROUND, Wire, World, item, wanted

from customer_orders.config import RuleSettings
from customer_orders.ledger import State
from customer_orders.plan import MissingLine, Surroundings

Make = Callable[..., World]
TROUBLE = [
    {"kind": "apply_then_drop"},
    {"kind": "apply_then_status", "status": 502, "body": "html"},
    {"kind": "drop_before"},
    {"kind": "status", "status": 503},
]
BEFORE, AFTER = item(1, M="100", L="80"), item(1, M="100")


def gone() -> Surroundings:
    """The line has left the source, and is to be archived."""
    missing = MissingLine(record_uuid=BEFORE.record_uuid, customer="TORVANE", reads=1)
    rules = RuleSettings(line_gone="archive", line_gone_after=1)
    return replace(AROUND, missing=(missing,), absent=(BEFORE.record_uuid,), rules=rules)


def retired(world: World, board: int) -> list[str]:
    """States of what is no longer active."""
    items = world.get("state")["boards"][board]["items"]
    return [each["state"] for each in items if each["state"] != "active"]


@pytest.mark.parametrize(("rule", "state"), [("archive", "archived"), ("delete", "deleted")])
@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: fault["kind"])
async def test_a_size_leaves_the_board_once(
    make_world: Make, fault: Mapping[str, Any], rule: str, state: str
):
    """The subitem goes, the ledger forgets it, and the line is whole."""
    world = make_world(rules={"size_gone": rule})
    await world.run(BEFORE)
    world.fault(operation=f"{rule}_item", **fault)
    ended = await world.run(AFTER)
    assert ended.error is None
    assert (world.board(), retired(world, 1)) == (wanted(AFTER), [state])
    assert world.ask("select size from subitem") == [("M",)]
    assert world.hashes() == {AFTER.record_uuid: AFTER.row_hash}
    assert (await world.run(AFTER)).mutations == 0


async def test_a_size_that_a_person_removed_before_is_gone_all_the_same(make_world: Make):
    """What is to leave the board, and has left it, is no failure."""
    world = make_world(rules={"size_gone": "delete"})
    await world.run(BEFORE)
    ((size_id,),) = world.ask("select monday_id from subitem where size = 'L'")
    world.mutate(f"mutation {{ delete_item(item_id: {size_id}) {{ id }} }}", "emulator-planner")
    ended = await world.run(AFTER)
    assert set(ended.outcomes.values()) == {"updated"}
    assert world.ask("select size from subitem") == [("M",)]


@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: fault["kind"])
async def test_an_item_leaves_the_board_once(world: World, fault: Mapping[str, Any]):
    """It goes with its subitems; the line is no longer among those that the guard judges."""
    await world.run(BEFORE)
    world.fault(operation="archive_item", **fault)
    ended = await world.run(around=gone())
    assert ended.error is None
    assert (world.board(), retired(world, 0)) == ({}, ["archived"])
    assert world.ask("select * from item") == world.ask("select * from subitem") == []
    assert world.hashes() == {BEFORE.record_uuid: None}


async def test_an_archived_line_that_comes_back_is_made_anew(world: World):
    """monday has no way to bring an archived item back."""
    await world.run(BEFORE)
    await world.run(around=gone())
    ended = await world.run(AFTER)
    assert set(ended.outcomes.values()) == {"created"}
    assert world.board() == wanted(AFTER)


async def test_a_late_removal_is_seen_and_made_good(make_world: Make):
    """What was to leave, is wanted again and goes late, is made again by the next plan."""
    world = make_world(rules={"size_gone": "archive"}, time={"recheck": 3_600})
    await world.run(BEFORE)
    ((size_id,),) = world.ask("select monday_id from subitem where size = 'L'")
    world.fault("status", "archive_item", status=503, count=99)
    assert (await world.run(AFTER)).error is not None
    world.clear()
    assert (await world.run(BEFORE)).mutations == 1
    world.mutate(f"mutation {{ archive_item(item_id: {size_id}) {{ id }} }}")
    ended = await world.run(BEFORE)
    assert ended.by_document == {"create_subitem": 1}
    assert world.board() == wanted(BEFORE)


async def test_a_size_that_comes_late_and_is_not_wanted_is_taken_off_again(make_world: Make):
    """Doubted, not found, no longer ordered, and made after all: the next plan removes it."""
    world = make_world(rules={"size_gone": "archive"}, time={"recheck": 3_600})
    await world.run(AFTER)
    world.fault("status", "create_subitem", status=503, count=99)
    assert (await world.run(BEFORE)).error is not None
    world.clear()
    await world.run(AFTER)
    ((parent,),) = world.ask("select monday_id from item")
    cells = json.dumps(json.dumps({"size": {"labels": ["L"]}, "qty": "80"}))
    world.mutate(
        f'mutation {{ create_subitem(parent_item_id: {parent}, item_name: "L", '
        f"column_values: {cells}, create_labels_if_missing: true) {{ id }} }}"
    )
    assert (await world.run(AFTER)).by_document == {"archive_item": 1}
    assert world.board() == wanted(AFTER)


async def test_a_group_that_is_deleted_in_mid_run_is_made_again_by_the_next(world: World):
    """Its items fail, and nothing holds them: the next run makes the group and them."""

    def meddle(number: int, body: bytes) -> None:
        if b"create_item(" in body and not taken:
            taken.append(group_of(world))
            world.mutate(
                f'mutation {{ delete_group(board_id: 10, group_id: "{taken[0]}") {{ id }} }}'
            )

    taken: list[str] = []
    broken = await world.run(BEFORE, wrap=Wire(meddle))
    assert set(broken.outcomes.values()) == {"failed"}
    assert {o.category for o in world.operations(State.FAILED)} == {"group", "blocked"}
    ended = await world.run(BEFORE)
    assert ended.by_document == {"create_group": 1, "create_item": 1, "create_subitem": 2}
    assert world.board() == wanted(BEFORE)


def group_of(world: World) -> str:
    """The group that a run has made."""
    groups = world.get("state")["boards"][0]["groups"]
    return next(g["id"] for g in groups if g["id"] != "topics" and g["state"] == "active")
