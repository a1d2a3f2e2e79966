"""People who write one of our keys, or another size, into what stands under another key."""

from __future__ import annotations

import json

import pytest
from delivering import BOARD, World, item, wanted


def write(world: World, board: str, subject: str, column: str, cell: object) -> None:
    """A planner writes into a cell of an item or a subitem."""
    values = json.dumps(json.dumps({column: cell}))
    world.mutate(
        f"mutation {{ change_multiple_column_values(board_id: {board}, item_id: {subject}, "
        f"create_labels_if_missing: true, column_values: {values}) {{ id }} }}",
        "emulator-planner",
    )


async def test_a_size_that_became_another(world: World):
    """It stands for what it shows: it is linked under the new size; the old one is made anew."""
    await world.run(item(0), item(1))
    (subitem,) = world.ask(
        f"select monday_id from subitem where size = 'M' and record_uuid = '{item(0).record_uuid}'"
    )[0]
    write(world, "11", subitem, "size", {"labels": ["XL"]})
    after = [item(0, M="100", L="80", XL="5"), item(1, M="1", L="2")]
    ended = await world.run(*after)
    assert ended.error is None
    assert world.board() == wanted(*after)
    again = await world.run(*after)
    assert (again.mutations, {*again.outcomes.values()}) == (0, {"unchanged"})


@pytest.mark.parametrize("note", ["as ordered", "changed meanwhile"])
async def test_an_item_that_got_the_key_of_another_line(world: World, note: str):
    """It is that line's from now on; the next run makes the other one anew."""
    first = [item(0), item(1)]
    await world.run(*first)
    (taken,) = world.ask(f"select monday_id from item where record_uuid = '{item(0).record_uuid}'")[
        0
    ]
    write(world, BOARD, taken, "key", item(2).record_uuid)
    after = [item(0, note=note), item(1, M="3", L="4"), item(2)]
    ended = await world.run(*after)
    assert ended.error is None
    assert world.hashes()[item(0).record_uuid] is None
    await world.run(*after)
    assert world.board() == wanted(*after)
    assert (await world.run(*after)).mutations == 0
