"""The rest of the column types: written as documented, cleared, read back, refused."""

from __future__ import annotations

import json

import pytest

from customer_orders.emulator import Monday

WRITTEN = {
    "timeline": {"from": "2026-10-01", "to": "2026-10-31"},
    "people": {"personsAndTeams": [{"id": 1, "kind": "person"}]},
    "checkbox": {"checked": "true"},
    "link": {"url": "https://example.invalid", "text": "There"},
    "email": {"email": "a@example.invalid", "text": "A"},
    "phone": {"phone": "+4930123456", "countryShortName": "DE"},
    "country": {"countryCode": "DE", "countryName": "Germany"},
    "board_relation": {"item_ids": ["1"]},
    "dependency": {"item_ids": ["1"]},
    "rating": {"rating": 4},
    "hour": {"hour": 9, "minute": 5},
    "week": {"week": {"startDate": "2026-10-05", "endDate": "2026-10-11"}},
    "tags": {"tag_ids": [7]},
    "location": {"lat": "52.5", "lng": "13.4", "address": "Berlin"},
    "world_clock": {"timezone": "Europe/Berlin"},
}
TEXTS = {
    "timeline": "2026-10-01 - 2026-10-31",
    "checkbox": "v",
    "link": "https://example.invalid",
    "email": "a@example.invalid",
    "phone": "+4930123456",
    "country": "Germany",
    "rating": "4",
    "hour": "09:05",
    "location": "Berlin",
    "world_clock": "Europe/Berlin",
}
READ_ONLY = (
    *("auto_number", "button", "creation_log", "formula", "item_id", "last_updated", "mirror"),
    *("progress", "subtasks", "time_tracking", "vote", "color_picker"),
)
LINKS = ("board_relation", "dependency")


@pytest.fixture
def post(clock, connect):
    """A board with a column of every type, whose id is the type."""
    types = [*WRITTEN, *READ_ONLY, "file", "dropdown", "status"]
    columns = [{"id": each, "title": each, "type": each} for each in types]
    boards = [
        {"id": "10", "name": "All", "subitems_board": "11", "columns": columns},
        {"id": "11", "name": "Subitems of All"},
    ]
    return connect(Monday({"boards": boards}, clock=clock))


@pytest.mark.parametrize("column", WRITTEN)
async def test_structured_values(post, column):
    """Each is stored as written, says its text, and is emptied by null."""
    item = await post.item_id(**{column: WRITTEN[column]})
    cell = await post.cell(item, column)
    assert (cell["text"] or "") == TEXTS.get(column, "")
    if column in LINKS:
        assert cell["value"] is None
    else:
        assert json.loads(cell["value"]) == WRITTEN[column]
    assert "errors" not in await post.change(item, **{column: None})
    assert (await post.cell(item, column))["value"] is None
    assert post.monday.state.items[item].values == {}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("people", {}),
        ("status", {}),
        ("dropdown", {"labels": []}),
        ("board_relation", {"item_ids": []}),
    ],
)
async def test_empty_objects_clear(post, column, value):
    """These types are emptied by an empty object or list as well."""
    post.monday.state.boards["10"].columns["status"].labels.clear()
    item = await post.item_id(**{key: WRITTEN[key] for key in WRITTEN if key == column})
    assert "errors" not in await post.change(item, **{column: value})
    assert post.monday.state.items[item].values == {}


@pytest.mark.parametrize("column", READ_ONLY)
async def test_read_only_types(post, column):
    """They can be neither written nor cleared."""
    item = await post.item_id()
    for value in ("x", None):
        content = await post.change(item, **{column: value})
        assert content["errors"][0]["extensions"]["code"] == "ColumnValueException"


async def test_files_can_only_be_cleared(post):
    """null clears a file column (n8n, live); everything else takes add_file_to_column."""
    item = await post.item_id()
    assert "errors" not in await post.change(item, file=None)
    assert "errors" in await post.change(item, file={"files": []})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("phone", {"phone": "+49 30 123456", "countryShortName": "DE"}),
        ("timeline", {"from": "2026-10-01"}),
        ("country", {"countryCode": "DE"}),
        ("people", "1"),
        ("checkbox", "true"),
    ],
)
async def test_wrong_forms(post, column, value):
    """A phone has no spaces; an object has all its keys; a bare string is not an object."""
    content = await post.create(**{column: value})
    assert content["errors"][0]["extensions"]["code"] == "ColumnValueException"


SIMPLE = """mutation ($item: ID!, $column: String!, $value: String) {
  change_simple_column_value(board_id: 10, item_id: $item, column_id: $column, value: $value) {
    id } }"""


async def test_simple_values(post):
    """A checkbox takes none; a dropdown takes labels or ids, comma-separated, never both."""
    column = post.monday.state.boards["10"].columns["dropdown"]
    item = await post.item_id()
    make = SIMPLE.replace("value: $value", "value: $value, create_labels_if_missing: true")
    assert "errors" in await post(SIMPLE, item=item, column="checkbox", value="true")
    assert "errors" not in await post(make, item=item, column="dropdown", value="S, M")
    assert [label.label for label in column.labels.values()] == ["S", "M"]
    assert "errors" not in await post(SIMPLE, item=item, column="dropdown", value="2")
    assert (await post.cell(item, "dropdown"))["text"] == "M"
    assert "errors" in await post(SIMPLE, item=item, column="dropdown", value="S,2")
    assert "errors" not in await post(SIMPLE, item=item, column="dropdown", value="")
    assert (await post.cell(item, "dropdown"))["text"] is None


@pytest.mark.parametrize("column", LINKS)
async def test_links_take_change_multiple(post, column):
    """change_column_value refuses links between items."""
    item = await post.item_id()
    content = await post(
        "mutation ($i: ID!, $c: String!, $v: JSON!) { change_column_value(board_id: 10, "
        "item_id: $i, column_id: $c, value: $v) { id } }",
        i=item,
        c=column,
        v=json.dumps({"item_ids": ["1"]}),
    )
    assert content["errors"][0]["extensions"]["code"] == "InvalidArgumentException"
