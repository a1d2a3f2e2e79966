"""A whole life by PyPI `monday-async`; run by its own Python with the URL and the token."""

import asyncio
import json
import sys

import aiohttp
import monday_async.resources.base_resource as base
from monday_async import AsyncMondayClient

BOARD = 10
VALUES = {"note": "red", "price": "5", "state": {"label": "Done"}, "size": {"labels": ["M"]}}


async def live(client: AsyncMondayClient) -> dict:
    boards = await client.boards.get_boards(ids=BOARD)
    made = await client.groups.create_group(BOARD, "Autumn")
    group = made["data"]["create_group"]["id"]
    items = []
    for name in ("First", "Second"):
        made = await client.items.create_item(name, BOARD, group, VALUES)
        items.append(made["data"]["create_item"]["id"])
    made = await client.items.create_subitem(items[0], "S", {"quantity": "7"})
    changes = {"note": "blue", "price": "6"}
    await client.items.change_multiple_item_column_values(items[0], BOARD, changes)
    found = await client.items.get_items_by_column_value(BOARD, "note", "blue")
    seen = {
        "columns": [column["id"] for column in boards["data"]["boards"][0]["columns"]],
        "group": group,
        "items": items,
        "subitem": made["data"]["create_subitem"]["id"],
        "paged": await pages(client),
        "found": [each["id"] for each in found["data"]["items_page_by_column_values"]["items"]],
    }
    await client.items.archive_item(items[1])
    return seen


async def pages(client: AsyncMondayClient) -> list[str]:
    content = await client.items.get_items_by_board(BOARD, limit=500)
    page = content["data"]["boards"][0]["items_page"]
    ids = [item["id"] for item in page["items"]]
    while page["cursor"]:
        content = await client.items.next_items_page(page["cursor"])
        page = content["data"]["next_items_page"]
        ids += [item["id"] for item in page["items"]]
    return ids


async def main() -> None:
    base._URLS["prod"] = sys.argv[1]
    async with aiohttp.ClientSession() as session:
        client = AsyncMondayClient(token=sys.argv[2], session=session)
        print(json.dumps(await live(client)))


asyncio.run(main())
