"""What an operator does about trouble: show a line, retry what failed, verify and repair."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from customer_orders.demo import sample
from place import PLANNER, Place

LINES = 12
ARCHIVE = "mutation ($id: ID!) { archive_item(item_id: $id) { id } }"
REFUSAL = {"kind": "alias_error", "code": "ColumnValueException", "operation": "create_item"}


@pytest.fixture
def place(places: Callable[..., Place]) -> Place:
    """A dozen lines of one PO, nothing delivered yet."""
    return places(lines=sample.po_4755()[:LINES])


def line_of(place: Place, name: str) -> str:
    """The record_uuid behind an item's name."""
    ((line,),) = place.sql(
        "select record_uuid from item where name = ?", name, database="ledger.db"
    )
    return str(line)


def test_retry_sends_what_failed_and_nothing_else(place: Place) -> None:
    """A refused line is held until it is retried; --run names the run in which it failed."""
    place.admin("faults", [REFUSAL | {"count": 1}])
    failed = place.apply(code=2)
    assert failed["items"]["failed"] == 1
    assert place.call("plan", "--json").json["counts"] == {}
    plan = place.call("retry", "--run", failed["id"], "--json").json
    assert plan["counts"]["create item"] == 1
    assert plan["filters"] == {"retry": failed["id"]}
    assert "\nerror: no line" in place.call("retry", "--customer", "TORVANE", code=1).err
    run = place.call("retry", "--yes", "--json").json
    assert (run["items"]["selected"], run["items"]["created"], run["name"]) == (1, 1, "retry")
    assert place.apply()["status"] == "NO_CHANGES"
    assert place.call("verify", "--json").json["verified"] is True


def test_retry_of_a_run_that_never_was(place: Place) -> None:
    """A wrong id is an error and not an empty plan."""
    ended = place.call("retry", "--run", "20200101-000000-abcd", code=1)
    assert "there is no run 20200101-000000-abcd" in ended.err


def test_a_kept_repair_is_applied_from_its_file(place: Place) -> None:
    """The file says that it is a repair, and what it was made for."""
    place.apply()
    item = place.board()[0]
    place.query(ARCHIVE, PLANNER, id=item.id)
    (found,) = place.call("verify", "--json", code=4).json["differences"]
    assert (found["kind"], found["expected"]) == ("missing", item.name)
    place.call("verify", "--repair", "--out", "repair.json")
    run = place.apply("repair.json")
    assert (run["items"]["created"], run["filters"]) == (1, {"repair": True})
    assert place.call("verify", "--json").json["verified"] is True
    assert len(place.board()) == LINES
    assert "--repair" in place.call("verify", "--yes", code=1).err


def test_a_repair_that_was_cut_off_goes_on(place: Place) -> None:
    """What the board showed is in the ledger by then, so an ordinary run finishes it."""
    place.apply()
    broken = {"kind": "status", "status": 401, "operation": "change_multiple_column_values"}
    for item in place.board()[:3]:
        cells = '{\\"name\\": \\"mine\\"}'
        place.query(
            f"mutation {{ change_multiple_column_values(board_id: 9000000001, "
            f'item_id: {item.id}, column_values: "{cells}") {{ id }} }}',
            PLANNER,
        )
    place.admin("faults", [broken | {"count": 1}])
    assert place.call("verify", "--repair", "--yes", "--json", code=1).json["error"]
    place.apply()
    assert place.call("verify", "--json").json["verified"] is True


def test_show_tells_a_line_s_story(place: Place) -> None:
    """Source row, key, hashes, both sides of every value, operations, findings and the link."""
    place.apply()
    item = place.board()[0]
    line = line_of(place, item.name)
    place.sql('update ORDERS_UNIFIED set "TOTAL QTY" = 7 where rowid = 1')
    story = place.call("show", item.id, "--json").json
    today = story["today"]
    assert story["line"]["record_uuid"] == line
    assert today["source"]["row_hash"] != story["line"]["row_hash"]
    assert today["values"]["ORDER QTY"] == {
        "desired": "7",
        "delivered": item.cells["ORDER QTY"],
    }
    assert {size: pair["delivered"] for size, pair in today["sizes"].items()} == dict(item.sizes)
    assert today["link"].endswith(item.id)
    assert {o["action"] for o in story["operations"]} == {"create"}
    assert place.call("show", line, "--json").json == story


def test_show_without_the_board(place: Place) -> None:
    """The ledger's part is told all the same, with the reason for the rest."""
    place.apply()
    other = place.other((place.url, "http://127.0.0.1:9/v2"))
    story = place.call(*other, "show", line_of(place, place.board()[0].name), "--json").json
    assert story["today"] is None
    assert story["why"]
    assert story["item"]
