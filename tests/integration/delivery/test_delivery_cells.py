"""An error that names a column costs that cell; the rest of the operation is sent without it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from delivering import Wire, World, item, wanted

from customer_orders.ledger import State, reading
from customer_orders.monday import Response

Make = Callable[..., World]


def refused_cells(world: World) -> list[str]:
    """Titles of the cells that are held."""
    return [row.cell for row in world.operations(State.FAILED) if row.cell]


def columns(world: World) -> list[str]:
    """Columns that open findings of refusals name."""
    found = reading.findings(world.ledger, rule="refused")
    return [each["source_column"] for each in found]


async def test_a_bad_cell_costs_a_cell(world: World):
    """The item is made without it, its sizes too; other lines of the request are not touched."""
    world.fault("alias_error", "create_item", column_id="note", message="too long")
    items = [item(number) for number in range(3)]
    ended = await world.run(*items)
    assert ended.error is None
    assert ended.by_document["create_item"] == 4
    shown = world.board()
    bare = [key for key, (_, _, note, _) in shown.items() if not note]
    assert (len(shown), bare) == (3, [items[0].record_uuid])
    assert shown[bare[0]][3] == {"M": "100", "L": "80"}
    assert refused_cells(world) == columns(world) == ["NOTE"]
    (finding,) = reading.findings(world.ledger)
    assert (finding["record_uuid"], "too long" in finding["message"]) == (bare[0], True)
    hashes = world.hashes()
    assert hashes.pop(bare[0]) is None
    assert None not in hashes.values()


async def test_a_refused_cell_is_held_until_it_changes(world: World):
    """The next run does not send it again; another value goes out and ends the finding."""
    world.fault("alias_error", "create_item", column_id="note")
    await world.run(item(0))
    again = await world.run(item(0))
    assert (again.mutations, set(again.outcomes.values())) == (0, {"failed"})
    assert columns(world) == ["NOTE"]
    mended = await world.run(item(0, note="short"))
    assert mended.by_document == {"change_values": 1}
    assert set(mended.outcomes.values()) == {"updated"}
    assert world.board() == wanted(item(0, note="short"))
    assert reading.findings(world.ledger) == []
    assert world.hashes() == {item(0).record_uuid: item(0, note="short").row_hash}


async def test_other_cells_of_the_line_go_on(world: World):
    """While one cell is held, a change of another and of a size is delivered."""
    world.fault("alias_error", "create_item", column_id="note")
    await world.run(item(0))
    ended = await world.run(item(0, M="7", L="80"))
    assert ended.error is None
    assert world.board()[item(0).record_uuid][3] == {"M": "7", "L": "80"}
    assert refused_cells(world) == columns(world) == ["NOTE"]


async def test_an_update_loses_its_cell_too(world: World):
    """The other columns of the update are written."""
    await world.run(item(0))
    world.fault("alias_error", "change_multiple_column_values", column_id="note")
    ended = await world.run(item(0, note="bad", M="7", L="80"))
    assert ended.error is None
    assert world.board() == wanted(item(0, M="7", L="80"))
    assert refused_cells(world) == ["NOTE"]


async def test_an_update_of_one_cell_is_refused_as_a_whole(world: World):
    """There is no rest to send."""
    await world.run(item(0))
    world.fault("alias_error", "change_multiple_column_values", column_id="note")
    ended = await world.run(item(0, note="bad"))
    assert ended.by_document == {"change_values": 1}
    assert (refused_cells(world), len(world.operations(State.FAILED))) == ([], 1)


async def test_several_cells_go_one_by_one(world: World):
    """Each answer names one; the item is made with what is left."""
    for column in ("note", "pieces", "customer"):
        world.fault("alias_error", "create_item", column_id=column)
    ended = await world.run(item(0))
    assert ended.error is None
    assert refused_cells(world) == ["NOTE", "ORDER QTY", "CUSTOMER"]
    assert world.board()[item(0).record_uuid][3] == {"M": "100", "L": "80"}
    again = await world.run(item(0))
    assert again.mutations == 0


@pytest.mark.parametrize(
    ("operation", "column"),
    [("create_item", "key"), ("create_subitem", "size"), ("create_subitem", "qty")],
)
async def test_key_size_and_quantity_are_never_split_off(world: World, operation: str, column: str):
    """Without them an item or a size could not be found again, or would say nothing."""
    world.fault("alias_error", operation, column_id=column)
    ended = await world.run(item(0))
    assert ended.error is None
    assert refused_cells(world) == []
    tries = 1 if operation == "create_item" else 2
    assert ended.by_document[operation] == tries
    assert set(ended.outcomes.values()) == {"failed"}


async def test_an_error_that_names_a_column_that_was_not_sent(world: World):
    """It is not for us to guess: the whole operation is refused."""
    world.fault("alias_error", "create_item", column_id="theirs")
    await world.run(item(0))
    assert refused_cells(world) == []
    assert world.board() == {}


async def test_a_cell_refused_by_a_replay(world: World):
    """The cached answer names a column: the rest is sent without it, once."""
    world.fault("apply_then_drop", "create_item")
    world.fault("alias_error", "create_item", column_id="note")
    ended = await world.run(item(0), item(1))
    assert ended.error is None
    assert world.get("stats")["replays"] == 1
    assert len(world.board()) == 2
    assert refused_cells(world) == ["NOTE"]


async def test_what_is_left_of_an_item_may_be_unknown(world: World):
    """The rest was sent and not answered: it is settled like any other."""
    world.fault("alias_error", "create_item", column_id="note")
    world.fault("apply_then_status", "create_item", skip=1, status=502)
    ended = await world.run(item(0))
    assert ended.error is None
    assert ended.by_document["create_item"] == 2
    assert refused_cells(world) == ["NOTE"]
    assert world.board()[item(0).record_uuid][3] == {"M": "100", "L": "80"}


async def test_an_item_that_lost_a_cell_and_was_refused_is_held(world: World):
    """The next plan has the same payload: nothing is sent."""
    world.fault("alias_error", "create_item", column_id="note")
    world.fault("alias_error", "create_item", message="no")
    await world.run(item(0))
    again = await world.run(item(0))
    assert (again.mutations, set(again.outcomes.values())) == (0, {"failed"})


def refuse_whole(words: tuple[bytes, ...]) -> Callable[[int, bytes], Response | None]:
    """Refuses every request that holds one of the words, as for a variable of the wrong form."""
    error = {"message": "Variable $values was provided invalid value", "extensions": {}}
    refused = Response(status=200, headers={}, body=json.dumps({"errors": [error]}).encode())
    return lambda number, body: refused if any(word in body for word in words) else None


@pytest.mark.parametrize("bad", [(0,), (9,), (3, 4), (0, 5, 9), tuple(range(10))])
async def test_a_request_refused_as_a_whole_is_halved_exactly(world: World, bad: tuple[int, ...]):
    """Whoever is to blame fails alone; all others are made, each of them once."""
    items = [item(number, note="poison" if number in bad else "fine") for number in range(10)]
    wire = Wire(refuse_whole((b"poison",)))
    ended = await world.run(*items, wrap=wire)
    assert ended.error is None
    failed = {key for key, outcome in ended.outcomes.items() if outcome == "failed"}
    assert failed == {items[number].record_uuid for number in bad}
    assert world.board() == wanted(*(x for n, x in enumerate(items) if n not in bad))
    assert world.get("stats")["mutations"].get("create_item", 0) == 10 - len(bad)
    # No set of operations is tried twice: a part is always smaller than what it came from.
    tried = [tuple(sorted(str(v) for v in sent.values())) for _, name, sent in wire.sent
             if name == "CreateItem"]  # fmt: skip
    assert len(tried) == len(set(tried))


async def test_a_name_that_lost_its_cell_and_was_refused_is_held(world: World):
    """The next plan has the same payload: nothing is sent."""
    await world.run(item(0))
    renamed = replace(item(0, note="bad"), name="another")
    world.fault("alias_error", "change_multiple_column_values", column_id="note")
    world.fault("alias_error", "change_multiple_column_values", message="no")
    await world.run(renamed)
    assert {row.category for row in world.operations(State.FAILED)} == {"data"}
    again = await world.run(renamed)
    assert (again.mutations, set(again.outcomes.values())) == (0, {"failed"})
