"""A whole life by PyPI `monday`; run by its own Python with the URL and the token."""

import json
import sys

import monday.resources.base as base
from monday import MondayClient

BOARD = 10
base._URLS["prod"] = sys.argv[1]
client = MondayClient(sys.argv[2])

columns = client.boards.fetch_columns_by_board_id(BOARD)["data"]["boards"][0]["columns"]
group = client.groups.create_group(BOARD, "Autumn")["data"]["create_group"]["id"]
values = {"note": "red", "price": "5", "state": {"label": "Done"}, "size": {"labels": ["M"]}}
first, second = (
    client.items.create_item(BOARD, group, name, values)["data"]["create_item"]["id"]
    for name in ("First", "Second")
)
subitem = client.items.create_subitem(first, "S", {"quantity": "7"})["data"]["create_subitem"]["id"]
client.items.change_multiple_column_values(BOARD, first, {"note": "blue", "price": "6"})
paged = client.boards.fetch_all_items_by_board_id(BOARD, limit=500)
found = client.items.fetch_items_by_column_value(BOARD, "note", "blue")
client.items.archive_item_by_id(second)

print(
    json.dumps(
        {
            "columns": [column["id"] for column in columns],
            "group": group,
            "items": [first, second],
            "subitem": subitem,
            "paged": [item["id"] for item in paged],
            "found": [item["id"] for item in found["data"]["items_page_by_column_values"]["items"]],
        }
    )
)
