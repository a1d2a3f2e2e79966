"""Second copies: read whole, archived, or freed of our key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from answering import Listed, error, response

from customer_orders.errors import NoAnswer, RequestRefused
from customer_orders.monday import Client, Copies, Copy, Governor
from customer_orders.monday.boards import CHUNK

#: Columns that we write, by id.
OURS = {"key", "size", "qty"}


def shown(number: str = "7", **parts: Any) -> dict[str, Any]:
    """A copy as monday shows it: nothing in it but what we wrote."""
    return {
        "id": number,
        "state": "active",
        "created_at": "2026-11-23T21:17:05Z",
        "creator_id": 1,
        "column_values": [cell("key", "text", "k"), cell("note", "text")],
        "subitems": [],
        "updates": [],
    } | parts


def cell(column: str, kind: str, text: str | None = "", value: str | None = None) -> Any:
    """A column value."""
    return {"id": column, "type": kind, "text": text, "value": value}


def copies(*answers: Any) -> tuple[Copies, Listed]:
    """Copies whose answers are written down."""
    transport = Listed(*answers)
    return Copies(Client(transport, Governor("pro"), version="2026-10")), transport


async def read(*items: Any) -> list[Copy]:
    """What is read of these items."""
    reading, _ = copies(response({"data": {"items": list(items)}}))
    return await reading.read([str(n) for n, _ in enumerate(items)], OURS)


async def test_who_made_a_copy_and_when():
    """The creator's id as text, the moment in seconds; gone and inactive ones are left out."""
    found = await read(shown(), None, shown("8", state="archived"), shown("9", state="deleted"))
    assert found == [Copy(monday_id="7", creator="1", created=1_795_468_625.0, foreign=False)]


@pytest.mark.parametrize(
    "parts",
    [
        {"column_values": [cell("note", "text", "call them")]},
        {"column_values": [cell("note", "text", None, '{"text": "x"}')]},
        {"column_values": [cell("done", "checkbox", "v", '{"checked": true}')]},
        {"column_values": [cell("who", "people", "", '{"personsAndTeams": [{"id": 3}]}')]},
        {"subitems": [{"id": "11", "state": "active"}]},
        {"updates": [{"id": "12"}]},
    ],
    ids=["text", "value without text", "checkbox", "people", "subitem", "update"],
)
async def test_somebody_s_work_is_seen(parts: dict[str, Any]):
    """A value in a column that is not ours, a subitem, or an update."""
    (copy,) = await read(shown(**parts))
    assert copy.foreign


@pytest.mark.parametrize(
    "parts",
    [
        {"column_values": [cell("qty", "numbers", "7", '"7"')]},
        {"column_values": [cell("note", "text", "", value) for value in (None, "", "{}", "null")]},
        {"column_values": [cell("made", "creation_log", "2026-11-23", "{}")]},
        {"column_values": [cell("look", "mirror", "other", None)]},
        {"column_values": [cell("sum", "formula", "12", None)]},
        {"subitems": [{"id": "11", "state": "archived"}]},
        {"subitems": None, "updates": None},
    ],
    ids=["ours", "blank", "log", "mirror", "formula", "archived subitem", "none"],
)
async def test_what_nobody_wrote_is_nobody_s_work(parts: dict[str, Any]):
    """Our own columns, blank ones, and those that monday fills by itself."""
    (copy,) = await read(shown(**parts))
    assert not copy.foreign


async def test_many_are_read_in_several_calls():
    """As many at a time as monday takes."""
    reading, transport = copies(response({"data": {"items": []}}))
    await reading.read([str(n) for n in range(CHUNK + 1)], OURS)
    assert [len(body["variables"]["ids"]) for body, _ in transport.sent] == [CHUNK, 1]


async def test_nothing_is_asked_of_no_copies():
    """The usual case costs nothing."""
    reading, transport = copies(response({"data": {"items": []}}))
    assert await reading.read([], OURS) == []
    assert transport.sent == []


async def test_a_copy_is_archived_under_a_key_of_its_own():
    """By its id; each request has another Idempotency-Key."""
    doing, transport = copies(response({"data": {"op0": {"id": "7"}}}))
    await doing.archive("7")
    await doing.archive("8")
    assert [body["variables"] for body, _ in transport.sent] == [
        {"item_op0": "7"},
        {"item_op0": "8"},
    ]
    assert len({headers["Idempotency-Key"] for _, headers in transport.sent}) == 2
    assert "archive_item" in transport.sent[0][0]["query"]


async def test_a_cell_of_a_copy_is_emptied():
    """Only that one, and no label is made."""
    doing, transport = copies(response({"data": {"op0": {"id": "7"}}}))
    await doing.clear("10", "7", "key")
    ((body, _),) = transport.sent
    values = body["variables"]
    assert (values["board_op0"], values["item_op0"]) == ("10", "7")
    assert (json.loads(values["values_op0"]), values["make_labels_op0"]) == ({"key": None}, False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (response({"data": {"op0": None}, "errors": [error("no", "X", ["op0"])]}), RequestRefused),
        (NoAnswer("cut off"), NoAnswer),
    ],
)
async def test_what_monday_does_not_do_is_told(answer: Any, kind: type[Exception]):
    """The caller reports it, and the next look tries again."""
    for number in range(2):
        doing, _ = copies(answer)
        with pytest.raises(kind):
            await (doing.archive("7") if number else doing.clear("10", "7", "key"))
