"""Writing, clearing and reading back per column type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from customer_orders.emulator.cells import type_name
from customer_orders.emulator.resolvers import bound_schema


def extensions(content: dict[str, Any]) -> dict[str, Any]:
    return content["errors"][0]["extensions"]


@pytest.mark.parametrize(
    ("column", "written", "text"),
    [
        ("note", "abc", "abc"),
        ("story", {"text": "a\nb"}, "a\nb"),
        ("story", "plain", "plain"),
        ("price", "42.50", "42.5"),
        ("price", 7, "7"),
        ("price", "-0.10", "-0.1"),
        ("price", "", "0"),
        ("due", {"date": "2026-10-01"}, "2026-10-01"),
        ("due", {"date": "2026-10-01", "time": "09:30:00"}, "2026-10-01 09:30"),
        ("state", {"label": "Done"}, "Done"),
        ("state", {"index": 0}, "Open"),
        ("size", {"labels": ["M", "S"]}, "M, S"),
        ("size", {"ids": [2]}, "M"),
        ("ticked", {"checked": "true"}, "v"),
    ],
)
async def test_written_values_read_back(post, column, written, text):
    """What is written is what `text` says."""
    item = await post.item_id(**{column: written})
    assert (await post.cell(item, column))["text"] == text


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("note", "abc"),
        ("story", "abc"),
        ("price", "1"),
        ("due", {"date": "2026-10-01"}),
        ("state", {"label": "Done"}),
        ("size", {"labels": ["S"]}),
        ("ticked", {"checked": "true"}),
    ],
)
async def test_null_clears_every_type(post, column, value):
    """null empties the cell, numbers included."""
    item = await post.item_id(**{column: value})
    assert "errors" not in await post.change(item, **{column: None})
    cell = await post.cell(item, column)
    assert cell["value"] is None
    assert not cell["text"]


async def test_empty_string_writes_zero_but_change_simple_clears(post):
    """`""` is 0 in change_multiple and an empty cell in change_simple (reference/numbers.md)."""
    item = await post.item_id(price="")
    assert (await post.cell(item, "price"))["number"] == 0.0
    await post(
        "mutation ($item: ID!) { change_simple_column_value(board_id: 10, item_id: $item, "
        'column_id: "price", value: "") { id } }',
        item=item,
    )
    assert (await post.cell(item, "price"))["number"] is None


async def test_typed_fields(post):
    """The fragments give the typed parts, and `value` is a JSON string."""
    item = await post.item_id(state={"label": "Done"}, size={"labels": ["S", "M"]}, price="1.5")
    assert (await post.cell(item, "state"))["index"] == 1
    size = await post.cell(item, "size")
    assert size["values"] == [{"id": "1", "label": "S"}, {"id": "2", "label": "M"}]
    assert json.loads(size["value"]) == {"ids": [1, 2]}
    assert (await post.cell(item, "price"))["number"] == 1.5


async def test_dropdown_replaces_the_set(post):
    """A dropdown write is the whole set, not an addition."""
    item = await post.item_id(size={"labels": ["S"]})
    await post.change(item, size={"labels": ["M"]})
    assert (await post.cell(item, "size"))["text"] == "M"


async def test_missing_label_names_the_column_and_the_labels(post):
    """ColumnValueException lists the labels and carries column_id and missingLabel."""
    content = await post.create(state={"label": "Lost"})
    assert post.status == 200
    assert content["data"] == {"create_item": None}
    assert content["errors"][0]["message"] == (
        "This status label doesn't exist, possible statuses are: {0: Open, 1: Done}"
    )
    assert extensions(content)["code"] == "ColumnValueException"
    assert extensions(content)["error_data"]["column_id"] == "state"
    assert extensions(content)["error_data"]["column_validation_error_code"] == "missingLabel"


async def test_labels_are_case_sensitive(post):
    """`done` is not `Done`."""
    assert "errors" in await post.create(state={"label": "done"})


async def test_numeric_status_label_is_read_as_an_id(post, monday):
    """A label that looks like a number is taken for a label id (reference/status.md)."""
    monday.state.boards["10"].columns["state"].labels[1].label = "0"
    item = await post.item_id(state={"label": "0"})
    assert (await post.cell(item, "state"))["label"] == "Open"


CREATE_LABELS = """mutation ($values: JSON) { create_item(board_id: 10, item_name: "A",
  column_values: $values, create_labels_if_missing: true) { id } }"""


async def test_labels_are_created_when_asked(post):
    """create_labels_if_missing makes dropdown and status labels; 5, the blank, is left out."""
    for name in ("C", "D", "E", "F"):
        values = json.dumps({"state": {"label": name}, "size": {"labels": [name]}})
        content = await post(CREATE_LABELS, values=values)
        assert "errors" not in content
    content = await post('{ boards(ids: [10]) { columns(ids: ["state"]) { settings revision } } }')
    column = content["data"]["boards"][0]["columns"][0]
    assert [each["id"] for each in column["settings"]["labels"]] == [0, 1, 2, 3, 4, 6]
    assert column["revision"] == "5"


async def test_labels_need_the_right_to_change_the_board(clerk):
    """Without it 403 comes even when no label is missing [OBS]."""
    content = await clerk(CREATE_LABELS, values="{}")
    assert extensions(content)["status_code"] == 403


async def test_label_limits(post, monday):
    """500 labels of a dropdown, 40 of a status, 30 characters of a status label."""
    monday.settings.change({"complexity_per_minute": 10**9, "requests_per_minute": 10**6})
    names = [f"L{number}" for number in range(498)]
    await post(CREATE_LABELS, values=json.dumps({"size": {"labels": names}}))
    assert "errors" in await post(CREATE_LABELS, values=json.dumps({"size": {"labels": ["one"]}}))
    for number in range(38):
        content = await post(CREATE_LABELS, values=json.dumps({"state": f"N{number}"}))
        assert "errors" not in content
    assert "errors" in await post(CREATE_LABELS, values=json.dumps({"state": "more"}))


async def test_long_status_label_is_refused(post):
    """31 characters are one too many."""
    values = json.dumps({"state": {"label": "x" * 31}})
    assert "errors" in await post(CREATE_LABELS, values=values)


@pytest.mark.parametrize(
    "values",
    [
        {"mirror": "x"},
        {"mirror": None},
        {"number": "1"},
        {"subitems": {"item_ids": ["1"]}},
        {"price": "1,000"},
        {"price": "NaN"},
        {"price": True},
        {"due": {"date": "01.10.2026"}},
        {"due": {"date": "2026-02-30"}},
        {"due": {"date": "2026-10-01", "time": "25:00"}},
        {"story": "x" * 2001},
        {"note": {"text": "x"}},
        {"size": {"labels": ["S"], "ids": [1]}},
        {"size": {"ids": [99]}},
        {"state": {"index": 44}},
    ],
)
async def test_refused_values(post, values):
    """Read-only types and wrong forms give ColumnValueException with the column, and no item."""
    content = await post.create(**values)
    assert extensions(content)["code"] == "ColumnValueException"
    assert extensions(content)["error_data"]["column_id"] in values
    assert not list(post.monday.state.boards["10"].items())


async def test_unknown_column(post):
    """A column id that is not on the board."""
    content = await post.create(nothing="x")
    assert extensions(content)["code"] == "InvalidColumnIdException"
    assert extensions(content)["error_data"]["column_id"] == "nothing"


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "InvalidItemNameException"), ("x" * 256, "ItemNameTooLongException")],
)
async def test_names_have_1_to_255_characters(post, name, code):
    """An item's name cannot be empty, nor longer than 255."""
    assert extensions(await post.create(name))["code"] == code
    assert "errors" not in await post.create("x" * 255)


async def test_name_is_written_like_a_column_and_never_cleared(post):
    """change_multiple renames by `name`; null is refused."""
    item = await post.item_id()
    assert "errors" not in await post.change(item, name="B")
    assert "errors" in await post.change(item, name=None)
    content = await post("query ($i: ID!) { items(ids: [$i]) { name } }", i=item)
    assert content["data"]["items"] == [{"name": "B"}]


async def test_a_refused_change_changes_nothing(post):
    """One wrong column keeps the others of the same mutation from being written."""
    item = await post.item_id(note="before")
    await post.change(item, note="after", price="many")
    assert (await post.cell(item, "note"))["text"] == "before"


async def test_column_values_must_be_a_json_string(post):
    """A raw object and broken JSON fail the whole request in monday's words."""
    for wrong in ({"note": "x"}, "not-valid-json"):
        document = CREATE_LABELS.replace("true", "false")
        content = await post(document, values=wrong)
        assert "data" not in content
        assert content["errors"][0]["message"] == (
            "Variable $values of type JSON was provided invalid value"
        )
        assert extensions(content)["problems"][0]["path"] == []


def test_every_column_type_has_a_graphql_type():
    """Each value of the ColumnType enum is read as a type of the schema."""
    schema = bound_schema()
    for name in schema.type_map["ColumnType"].values:
        assert type_name(name) in schema.type_map


async def test_cells_of_every_kind_read_back_through_the_interface(post):
    """Nested fields, __typename and aliases beside the plain ones."""
    item = await post.item_id(note="x", price="2")
    content = await post(
        """query ($i: ID!) { items(ids: [$i]) { column_values(ids: ["note", "price", "number"]) {
          __typename kind: type column { title settings_str } is_leaf
          ... on ItemIdValue { item_id } ... on NumbersValue { n: number direction } } } }""",
        i=item,
    )
    note, price, number = content["data"]["items"][0]["column_values"]
    assert note["__typename"] == "TextValue"
    assert note["column"] == {"title": "Note", "settings_str": "{}"}
    assert (price["kind"], price["n"], price["direction"]) == ("numbers", 2.0, None)
    assert number["item_id"] == item
