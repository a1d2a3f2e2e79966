"""The exit codes of docs/commands.md, each with what the operator reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from customer_orders.demo.board import BOARD_ID
from place import PLANNER, Place, Shown

CHANGE = """
mutation ($board: ID!, $item: ID!, $column: String!, $value: String) {
  change_simple_column_value(board_id: $board, item_id: $item, column_id: $column, value: $value) {
    id
  }
}
"""
ARCHIVE = "mutation ($item: ID!) { archive_item(item_id: $item) { id } }"
CREATE = """
mutation ($board: ID!, $name: String!, $values: JSON!) {
  create_item(board_id: $board, item_name: $name, column_values: $values) { id }
}
"""
REFUSED = {"kind": "alias_error", "operation": "create_item", "message": "the value is too odd"}


@pytest.fixture(scope="module")
def loaded(places: Callable[..., Place]) -> Place:
    """PO 4755 on the board."""
    place = places()
    place.apply()
    return place


@pytest.fixture
def restored(loaded: Place) -> Iterator[Place]:
    """The loaded place; ledger, board and source are as before when the test is done."""
    state = loaded.admin("state")
    kept = {path: path.read_bytes() for path in (loaded.ledger, loaded.source)}
    yield loaded
    loaded.admin("state", state)
    for path, content in kept.items():
        path.write_bytes(content)


def column_id(place: Place, title: str) -> str:
    """monday's id of a column, read from the board."""
    query = "query ($board: ID!) { boards(ids: [$board]) { columns { id title } } }"
    columns = place.query(query, board=BOARD_ID)["boards"][0]["columns"]
    return next(str(column["id"]) for column in columns if column["title"] == title)


def edit(place: Place, item: Shown, title: str, value: str) -> None:
    """A planner changes a cell on the board."""
    values = {"item": item.id, "column": column_id(place, title), "value": value}
    place.query(CHANGE, PLANNER, board=BOARD_ID, **values)


def test_0_all_well(loaded: Place) -> None:
    """Nothing to do is well, and so are findings about cells."""
    run = loaded.run("sync", "--json").json
    assert (run["name"], run["status"]) == ("sync", "NO_CHANGES")
    assert run["findings"]["open"] > 0
    assert loaded.call("plan", "--detailed-exitcode").out.count("No changes.") == 1


def test_2_monday_refuses_a_line(places: Callable[..., Place]) -> None:
    """One refused item costs its line, now and until its row changes; the rest is delivered."""
    place = places()
    place.admin("faults", REFUSED)
    ended = place.run("apply", "--json", code=2)
    run = ended.json
    assert (run["items"]["created"], run["items"]["failed"]) == (68, 1)
    assert run["subitems"]["failed"] == 264 - run["subitems"]["created"] > 0
    (failure,) = run["failures"]
    assert failure["error"].endswith("the value is too odd")
    assert failure["hint"]
    assert run["status"] == "SUCCESS", "68 of 69 lines are above 95 %"
    sent = place.mutations()
    again = place.apply(code=2)
    assert (again["items"]["unchanged"], again["items"]["failed"]) == (68, 1)
    assert (again["mutations"], place.mutations()) == (0, sent)
    assert len(place.board()) == 68
    number = place.sql(
        "select distinct json_extract(payload, '$.values.\"AAG ORDER NUMBER\"') from operation "
        "where state = 'failed' and kind = 'item'",
        database="ledger.db",
    )[0][0]
    place.sql("update ORDERS_UNIFIED set NOTES = 'mended' where \"AAG ORDER NUMBER\" = ?", number)
    mended = place.apply()
    assert mended["items"]["created"] == 1
    assert (mended["items"]["failed"], len(place.board())) == (0, 69)
    assert place.apply()["status"] == "NO_CHANGES"


def test_2_a_person_archived_the_item(restored: Place) -> None:
    """An item that is gone is not made again: its line fails until a person decides."""
    (item,) = (i for i in restored.board() if i.cells["AAG ORDER NUMBER"] == "GRE-04262")
    restored.query(ARCHIVE, PLANNER, item=item.id)
    restored.sql("update ORDERS_UNIFIED set NOTES = 'x' where \"AAG ORDER NUMBER\" = 'GRE-04262'")
    ended = restored.call("apply", code=2)
    assert "somebody took it off the board" in " ".join(ended.out.split())
    assert len(restored.board()) == 68
    missing = restored.call("verify", "--json", code=4).json["differences"]
    assert [(d["kind"], d["what"]) for d in missing] == [("missing", "item")]


def test_3_the_source_shrank(restored: Place) -> None:
    """Below 70 % of the last complete read nothing is planned; --force overrides."""
    restored.sql("delete from ORDERS_UNIFIED where \"AAG ORDER NUMBER\" > 'GRE-04305'")
    for command in ("plan", "apply"):
        ended = restored.call(command, code=3)
        assert "the last complete read had 69" in ended.err
        assert "--force" in ended.err
    run = restored.call("apply", "--json", code=3).json
    assert run["status"] == "FAILED"
    assert "has 46 rows" in run["error"]["message"]
    forced = restored.apply("--force")
    assert (forced["status"], forced["items"]["unchanged"]) == ("NO_CHANGES", 46)
    assert len(restored.board()) == 69, "a line that is gone keeps its item"


def test_3_too_many_lines_would_change(restored: Place) -> None:
    """A change of every line looks like an accident; --force carries it out."""
    restored.sql("update ORDERS_UNIFIED set NOTES = 'all of them'")
    ended = restored.run("apply", code=3)
    assert "69 of 69 delivered lines are to be changed (100.0%, allowed 30.0%)" in ended.err
    assert restored.call("plan", code=3).out == ""
    assert restored.call("plan", "--force", "--json").json["items"]["updated"] == 69
    assert restored.apply("--force")["items"]["updated"] == 69


def test_3_the_checksum_is_another(restored: Place) -> None:
    """`--expect` and a kept plan are refused when the plan is another by now; nothing is sent."""
    restored.sql("update ORDERS_UNIFIED set NOTES = 'one' where \"AAG ORDER NUMBER\" = 'GRE-04260'")
    kept = restored.call("plan", "--out", "kept.json", "--po", "4755", "--json").json
    assert json.loads((restored.folder / "kept.json").read_text("utf-8")) == kept
    sent = restored.mutations()
    other = restored.call("apply", "--expect", "0" * 64, code=3)
    assert f"the plan is now {kept['checksum']}, expected was {'0' * 64}" in other.err
    restored.sql("update ORDERS_UNIFIED set NOTES = 'two' where \"AAG ORDER NUMBER\" = 'GRE-04261'")
    late = restored.call("apply", "kept.json", "--json", code=3).json
    assert (late["status"], late["mutations"]) == ("FAILED", 0)
    assert "look at a new plan" in late["error"]["hint"]
    assert restored.mutations() == sent
    fresh = restored.call("plan", "--out", "kept.json", "--po", "4755", "--json").json
    run = restored.call("apply", "kept.json", "--json").json
    assert run["checksum"] == fresh["checksum"]
    assert run["filters"] == {"po": "4755"}


def test_3_an_empty_source(places: Callable[..., Place], restored: Place) -> None:
    """No order line is never "nothing to do": on the first run, on a later one, with --force."""
    first = places(lines=[])
    for arguments in (("plan",), ("apply",), ("apply", "--force"), ("verify",)):
        assert "the source holds no order line" in first.call(*arguments, code=3).err
    run = first.call("sync", "--json", code=3).json
    assert (run["status"], run["items"]["selected"]) == ("FAILED", 0)
    restored.sql('delete from ORDERS_UNIFIED where "AAG ORDER NUMBER" is not null')
    ended = restored.call("apply", "--json", code=3)
    assert "(1 rows, 1 blank)" in ended.json["error"]["message"]
    assert restored.call("runs", "--json").json[0]["status"] == "FAILED"


def test_4_verify_finds_an_edit(restored: Place) -> None:
    """A planner's edit of our column, and of nobody else's, is a difference."""
    item = restored.board()[7]
    edit(restored, item, "NOTES", "moved by hand")
    edit(restored, item, "matchAlias", "theirs")
    (found,) = restored.run("verify", "--json", code=4).json["differences"]
    assert (found["kind"], found["what"], found["item"]) == ("changed", "NOTES", item.id)
    assert (found["expected"], found["shown"]) == (item.cells["NOTES"], "moved by hand")
    text = restored.call("verify", code=4).out
    assert "moved by hand" in " ".join(text.split())
    typed_wrong = restored.call("verify", "--po", "other", code=1)
    assert "no line of the source passes the filters: po other" in typed_wrong.err


def test_4_verify_finds_a_missing_item(restored: Place) -> None:
    """An archived item is missing."""
    item = restored.board()[3]
    restored.query(ARCHIVE, PLANNER, item=item.id)
    (found,) = restored.call("verify", "--json", code=4).json["differences"]
    assert (found["kind"], found["expected"]) == ("missing", item.name)


def test_4_verify_finds_a_copy_and_a_foreign_item(restored: Place) -> None:
    """An item made by hand under a line's key, and one under a key of no line."""
    key, item = column_id(restored, "LINE KEY"), restored.board()[5]
    for name, value in (("copy", item.cells["LINE KEY"]), ("stranger", "of no line")):
        values = json.dumps({key: value})
        restored.query(CREATE, PLANNER, board=BOARD_ID, name=name, values=values)
    found = restored.call("verify", "--json", code=4).json["differences"]
    assert {(d["kind"], d["shown"]) for d in found} == {
        ("duplicate", "copy"),
        ("foreign", "stranger"),
    }


def test_5_there_are_changes(restored: Place) -> None:
    """Only with --detailed-exitcode, and only when there is something to do."""
    assert restored.call("plan", "--detailed-exitcode").code == 0
    restored.sql("update ORDERS_UNIFIED set NOTES = 'y' where \"AAG ORDER NUMBER\" = 'GRE-04260'")
    document = restored.run("plan", "--detailed-exitcode", "--json", code=5).json
    assert document["counts"] == {"update item": 1}
    assert restored.call("plan").code == 0


@pytest.mark.parametrize("arguments", [("aply",), ("apply", "--froce"), ("plan", "--limit", "few")])
def test_1_a_command_that_was_typed_wrong(loaded: Place, arguments: tuple[str, ...]) -> None:
    """It could not run: 2 would say that monday refused a line."""
    ended = loaded.call(*arguments, code=1)
    assert ended.err.startswith("error: ")
    assert ended.out == ""
