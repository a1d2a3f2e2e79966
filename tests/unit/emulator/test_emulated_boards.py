"""Items, groups, subitems, columns, pages and searches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from customer_orders.emulator import Monday


def code(content: dict[str, Any]) -> str:
    return content["errors"][0]["extensions"]["code"]


async def names(post, group: str = "first") -> list[str]:
    content = await post(
        "query ($g: [String]) { boards(ids: [10]) { groups(ids: $g) "
        "{ items_page { items { name } } } } }",
        g=[group],
    )
    items = content["data"]["boards"][0]["groups"][0]["items_page"]["items"]
    return [item["name"] for item in items]


async def test_aliases_are_not_atomic(post):
    """A failed alias is null with its path; the others are executed; HTTP 200."""
    content = await post(
        'mutation { a: create_item(board_id: 10, item_name: "A") { id } '
        'b: create_item(board_id: 99, item_name: "B") { id } '
        'c: create_item(board_id: 10, item_name: "C") { id } }'
    )
    assert post.status == 200
    assert content["data"]["b"] is None
    assert [error["path"] for error in content["errors"]] == [["b"]]
    assert code(content) == "InvalidBoardIdException"
    assert await names(post) == ["A", "C"]


async def test_wrong_document_fails_as_a_whole(post):
    """An unknown field means 400 and no data."""
    content = await post("{ boards { colour } }")
    assert post.status == 400
    assert "data" not in content


async def test_places_in_a_group(post):
    """Without relative_to after_at is the top and before_at the end; new groups are on top."""
    for method, name in (("before_at", "A"), ("before_at", "B"), ("after_at", "C")):
        await post(
            "mutation ($n: String!, $m: PositionRelative) { create_item(board_id: 10, "
            'group_id: "second", item_name: $n, position_relative_method: $m) { id } }',
            n=name,
            m=method,
        )
    assert await names(post, "second") == ["C", "A", "B"]
    await post('mutation { create_group(board_id: 10, group_name: "New") { id } }')
    content = await post("{ boards(ids: [10]) { groups { title } } }")
    titles = [group["title"] for group in content["data"]["boards"][0]["groups"]]
    assert titles == ["New", "First", "Second"]


async def test_moving_takes_the_subitems_along(post):
    """move_item_to_group moves the item; its subitems stay with it."""
    item = await post.item_id()
    await post(
        'mutation ($i: ID!) { create_subitem(parent_item_id: $i, item_name: "S") { id } }', i=item
    )
    content = await post(
        'mutation ($i: ID!) { move_item_to_group(item_id: $i, group_id: "second") '
        "{ group { id } subitems { name board { id type } } } }",
        i=item,
    )
    moved = content["data"]["move_item_to_group"]
    assert moved["group"] == {"id": "second"}
    assert moved["subitems"] == [{"name": "S", "board": {"id": "11", "type": "sub_items_board"}}]
    assert await names(post, "first") == []


async def test_archived_items_reject_writes_and_leave_the_pages(post):
    """items_page never returns them, items(ids) does, and writing is refused."""
    item = await post.item_id()
    await post("mutation ($i: ID!) { archive_item(item_id: $i) { id } }", i=item)
    content = await post.change(item, note="x")
    assert content["errors"][0]["message"] == "Cannot change column value for inactive items"
    assert await names(post) == []
    content = await post("query ($i: ID!) { items(ids: [$i]) { state } }", i=item)
    assert content["data"]["items"] == [{"state": "archived"}]
    await post("mutation ($i: ID!) { delete_item(item_id: $i) { id } }", i=item)
    content = await post("query ($i: ID!) { items(ids: [$i]) { state } }", i=item)
    assert content["data"]["items"] == []


async def test_caps(post, monday):
    """items_limit of the board and 100 subitems an item."""
    monday.settings.change({"complexity_per_minute": 10**9, "requests_per_minute": 10**6})
    monday.state.boards["10"].items_limit = 1
    item = await post.item_id()
    assert code(await post.create()) == "ItemsLimitationException"
    subitem = 'mutation ($i: ID!) { create_subitem(parent_item_id: $i, item_name: "S") { id } }'
    for _ in range(100):
        assert "errors" not in await post(subitem, i=item)
    assert code(await post(subitem, i=item)) == "ItemsLimitationException"
    content = await post("{ boards(ids: [10]) { items_count items_limit } }")
    assert content["data"]["boards"] == [{"items_count": 1, "items_limit": 1}]


async def test_no_subitems_column(post):
    """A board without subitems refuses create_subitem."""
    content = await post('mutation { create_item(board_id: 12, item_name: "A") { id } }')
    item = content["data"]["create_item"]["id"]
    content = await post(
        'mutation ($i: ID!) { create_subitem(parent_item_id: $i, item_name: "S") { id } }', i=item
    )
    assert code(content) == "NoSubitemsColumnInThisBoard"


async def test_multi_level_boards_are_shown_and_refused():
    """Their hierarchy_type is reported; writes are refused."""
    board = {"id": "1", "name": "Deep", "hierarchy_type": "multi_level"}
    from_seed = Monday({"boards": [board]})
    body = b'{"query": "{ boards { hierarchy_type } }"}'
    answer = await from_seed.post(body, {"authorization": "emulator-token"})
    assert json.loads(answer.body)["data"] == {"boards": [{"hierarchy_type": "multi_level"}]}
    body = b'{"query": "mutation { create_item(board_id: 1, item_name: \\"A\\") { id } }"}'
    answer = await from_seed.post(body, {"authorization": "emulator-token"})
    assert "errors" in json.loads(answer.body)


async def test_last_group_stays(post):
    """DeleteLastGroupException; the items of a deleted group go with it."""
    item = await post.item_id()
    delete = "mutation ($g: String!) { delete_group(board_id: 10, group_id: $g) { deleted } }"
    content = await post(delete, g="first")
    assert content["data"]["delete_group"] == {"deleted": True}
    assert code(await post(delete, g="second")) == "DeleteLastGroupException"
    content = await post("query ($i: ID!) { items(ids: [$i]) { id } }", i=item)
    assert content["data"]["items"] == []


async def test_pages_end_and_cursors_expire(post, clock):
    """A null cursor is the end; a cursor lives 60 minutes from the first request."""
    for name in "ABCDE":
        await post.create(name)
    first = "{ boards(ids: [10]) { items_page(limit: 2) { cursor items { name } } } }"
    following = (
        "query ($c: String!) { next_items_page(limit: 2, cursor: $c) { cursor items { name } } }"
    )
    page = (await post(first))["data"]["boards"][0]["items_page"]
    seen = [item["name"] for item in page["items"]]
    while page["cursor"]:
        page = (await post(following, c=page["cursor"]))["data"]["next_items_page"]
        seen += [item["name"] for item in page["items"]]
    assert seen == list("ABCDE")
    cursor = (await post(first))["data"]["boards"][0]["items_page"]["cursor"]
    await clock.advance(1_800)
    page = (await post(following, c=cursor))["data"]["next_items_page"]
    await clock.advance(1_800)
    assert code(await post(following, c=page["cursor"])) == "CursorExpiredError"


async def test_items_by_ids_gives_25_unless_a_limit_is_set(post):
    """`items(ids)` silently returns 25 [OBS], in the order asked for, and takes 100 at most."""
    ids = [await post.item_id(str(number)) for number in range(30)]
    query = "query ($ids: [ID!]) { items(ids: $ids) { id } }"
    assert len((await post(query, ids=ids))["data"]["items"]) == 25
    all_of_them = query.replace("$ids)", "$ids, limit: 100)")
    content = await post(all_of_them, ids=ids[::-1])
    assert [item["id"] for item in content["data"]["items"]] == ids[::-1]
    assert "errors" in await post(all_of_them, ids=[str(number) for number in range(101)])
    past = query.replace("$ids)", "$ids, page: 9)")
    assert (await post(past, ids=ids))["data"]["items"] == []


SEARCH = """query ($columns: [ItemsPageByColumnValuesQuery!]) {
  items_page_by_column_values(board_id: 10, columns: $columns) { items { name } } }"""


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("note", ["RED"], ["A"]),
        ("note", ["re"], []),
        ("note", ["red", "blue"], ["A", "B"]),
        ("size", ["M"], ["B"]),
        ("state", ["Done"], ["B"]),
        ("price", ["5"], ["A"]),
        ("name", ["a"], ["A"]),
    ],
)
async def test_search_by_column_values(post, column, values, found):
    """Text by the whole and without case, dropdown by a part, values joined by OR."""
    await post.create("A", note="red", price="5", size={"labels": ["S"]})
    await post.create("B", note="blue", size={"labels": ["S", "M"]}, state="Done")
    content = await post(SEARCH, columns=[{"column_id": column, "column_values": values}])
    items = content["data"]["items_page_by_column_values"]["items"]
    assert [item["name"] for item in items] == found


async def test_search_refuses_types_it_cannot_search(post):
    """Mirrors, ids and the like are an error, not an empty page."""
    content = await post(SEARCH, columns=[{"column_id": "mirror", "column_values": ["x"]}])
    assert code(content) == "InvalidArgumentException"


async def test_search_joins_columns_by_and(post):
    """Every column must match; a dropdown or a date takes one value."""
    await post.create("A", note="red", price="5")
    await post.create("B", note="red", price="6")
    both = [
        {"column_id": "note", "column_values": ["red"]},
        {"column_id": "price", "column_values": ["6", "7"]},
    ]
    items = (await post(SEARCH, columns=both))["data"]["items_page_by_column_values"]["items"]
    assert items == [{"name": "B"}]
    for column in ("size", "due"):
        two = [{"column_id": column, "column_values": ["S", "M"]}]
        assert code(await post(SEARCH, columns=two)) == "InvalidArgumentException"


RULES = """query ($query: ItemsQuery) {
  boards(ids: [10]) { items_page(query_params: $query) { items { name } } } }"""


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"column_id": "note", "compare_value": ["red"]}, "A"),
        ({"column_id": "state", "compare_value": [1], "operator": "any_of"}, "B"),
        ({"column_id": "state", "compare_value": [1], "operator": "not_any_of"}, "AC"),
        ({"column_id": "note", "compare_value": [], "operator": "is_empty"}, "C"),
        ({"column_id": "price", "compare_value": [5], "operator": "greater_than"}, "B"),
        ({"column_id": "price", "compare_value": [1, 5], "operator": "between"}, "A"),
        ({"column_id": "name", "compare_value": "b", "operator": "contains_text"}, "B"),
        ({"column_id": "group", "compare_value": ["second"]}, ""),
        ({"column_id": "note", "compare_value": [], "operator": "is_not_empty"}, "AB"),
        ({"column_id": "price", "compare_value": [5], "operator": "greater_than_or_equals"}, "AB"),
        ({"column_id": "price", "compare_value": [12], "operator": "lower_than"}, "A"),
        ({"column_id": "price", "compare_value": [5], "operator": "lower_than_or_equal"}, "A"),
        ({"column_id": "note", "compare_value": "R", "operator": "not_contains_text"}, "BC"),
        ({"column_id": "note", "compare_value": "E u", "operator": "contains_terms"}, "B"),
        ({"column_id": "note", "compare_value": "BL", "operator": "starts_with"}, "B"),
        ({"column_id": "note", "compare_value": "d", "operator": "ends_with"}, "A"),
    ],
)
async def test_rules(post, rule, found):
    """query_params filters by rules; `name` and `group` are column ids too."""
    await post.create("A", note="red", price="5")
    await post.create("B", note="blue", price="12", state={"index": 1})
    await post.create("C")
    content = await post(RULES, query={"rules": [rule]})
    items = content["data"]["boards"][0]["items_page"]["items"]
    assert [item["name"] for item in items] == list(found)


async def test_rules_nest_and_sort(post, clock):
    """Groups of rules are joined by their operators; order_by sorts, by value or by time."""
    for name, price in (("A", "5"), ("B", "12"), ("C", "7")):
        await clock.advance(1)
        await post.create(name, price=price)

    async def found(**query: Any) -> str:
        items = (await post(RULES, query=query))["data"]["boards"][0]["items_page"]["items"]
        return "".join(item["name"] for item in items)

    name = {"column_id": "name", "compare_value": ["A"]}
    price = {"column_id": "price", "compare_value": [6], "operator": "greater_than"}
    assert await found(operator="or", rules=[name], groups=[{"rules": [price]}]) == "ABC"
    assert await found(rules=[price], order_by=[{"column_id": "price"}]) == "CB"
    newest = {"column_id": "__creation_log__", "direction": "desc"}
    assert await found(order_by=[newest]) == "CBA"


PAGE = """query ($limit: Int!, $cursor: String, $query: ItemsQuery) { boards(ids: [10]) {
  items_page(limit: $limit, cursor: $cursor, query_params: $query) { cursor } } }"""


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": 501},
        {"limit": 0},
        {"limit": 5, "cursor": "x", "query": {"rules": []}},
        {"limit": 5, "query": {"ids": [str(number) for number in range(101)]}},
    ],
)
async def test_pages_that_are_refused(post, arguments):
    """500 items at most, 100 ids at most, and never query_params beside a cursor."""
    assert code(await post(PAGE, **arguments)) == "InvalidArgumentException"


async def test_index_lag_hides_what_is_new_from_searches_only(post, monday, clock):
    """Searches and rules see an item as it was `index_lag_seconds` ago; items(ids) does not lag."""
    monday.settings.change({"index_lag_seconds": 120})
    item = await post.item_id("A", note="old")

    async def found(value: str) -> list[str]:
        content = await post(SEARCH, columns=[{"column_id": "note", "column_values": [value]}])
        return [each["name"] for each in content["data"]["items_page_by_column_values"]["items"]]

    assert await found("old") == []
    assert (await post.cell(item, "note"))["text"] == "old"
    await clock.advance(121)
    assert await found("old") == ["A"]
    await post.change(item, note="new")
    assert await found("old") == ["A"]
    assert await found("new") == []
    await clock.advance(121)
    assert await found("new") == ["A"]


async def test_columns_are_made_and_changed(post, clerk):
    """create_column, typed settings with `revision`, and the right that it takes."""
    make = (
        'mutation { create_column(board_id: 10, id: "key", title: "Key", column_type: text) '
        "{ id type } }"
    )
    assert code(await clerk(make)) == "UserUnauthorizedException"
    assert (await post(make))["data"]["create_column"] == {"id": "key", "type": "text"}
    update = (
        'mutation ($r: String!) { update_dropdown_column(board_id: 10, id: "size", revision: $r, '
        'settings: {labels: [{label: "L"}, {label: "S", id: 1}, {label: "M"}]}) '
        "{ revision settings } }"
    )
    column = (await post(update, r="1"))["data"]["update_dropdown_column"]
    labels = [(label["id"], label["label"]) for label in column["settings"]["labels"]]
    assert labels == [(3, "L"), (1, "S"), (2, "M")]
    assert code(await post(update, r="1")) == "REVISION_MISMATCH"


@pytest.mark.parametrize(
    ("labels", "taken"),
    [
        ('{label: "S"}', True),
        ('{label: "S"}, {label: "L"}', False),
        ("", False),
    ],
)
async def test_labels_are_deleted_one_at_a_time(post, labels, taken):
    """At most one deletion a call, and no addition with it; cells lose what is deleted."""
    item = await post.item_id(size={"ids": [1, 2]})
    content = await post(
        'mutation { update_dropdown_column(board_id: 10, id: "size", revision: "1", '
        f"settings: {{labels: [{labels}]}}) {{ id }} }}"
    )
    assert ("errors" not in content) == taken
    cell = await post.cell(item, "size")
    assert cell["text"] == ("S" if taken else "S, M")
    assert [each["label"] for each in cell["values"]] == cell["text"].split(", ")


async def test_bulk_archive_reports_a_job(post):
    """bulk_archive_items gives a job that job_status knows."""
    ids = [await post.item_id(), await post.item_id()]
    content = await post(
        "mutation ($ids: [ID!]!) { bulk_archive_items(board_id: 10, item_ids: $ids) { job_id } }",
        ids=[*ids, "404"],
    )
    job = content["data"]["bulk_archive_items"]["job_id"]
    content = await post(
        "query ($j: ID!) { job_status(job_id: $j) { status result { succeeded failed } } }", j=job
    )
    assert content["data"]["job_status"] == {
        "status": "COMPLETED",
        "result": {"succeeded": 2, "failed": 1},
    }
    assert await names(post) == []


async def test_duplicates_copy_values_and_subitems(post):
    """duplicate_item puts a copy below the original."""
    item = await post.item_id("A", note="x")
    await post(
        'mutation ($i: ID!) { create_subitem(parent_item_id: $i, item_name: "S") { id } }', i=item
    )
    content = await post(
        "mutation ($i: ID!) { duplicate_item(board_id: 10, item_id: $i) "
        "{ id name subitems { name } } }",
        i=item,
    )
    twin = content["data"]["duplicate_item"]
    assert twin["name"] == "A (copy)"
    assert twin["subitems"] == [{"name": "S"}]
    assert (await post.cell(twin["id"], "note"))["text"] == "x"


async def test_state_survives_saving(post, monday):
    """What is saved and loaded again is the same, archived and sub items included."""
    item = await post.item_id("A", note="x", size={"labels": ["M"]}, due="2026-10-01")
    await post(
        'mutation ($i: ID!) { create_subitem(parent_item_id: $i, item_name: "S") { id } }', i=item
    )
    await post("mutation ($i: ID!) { archive_item(item_id: $i) { id } }", i=await post.item_id())
    saved = json.loads(json.dumps(monday.save()))
    again = Monday(saved)
    assert again.save() == saved
    assert again.state.items[item].subitems[0].name == "S"
    assert again.state.boards["10"].items_count == 1
