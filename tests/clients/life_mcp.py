"""A whole life by the tools of npm @mondaydotcomorg/monday-api-mcp, over stdio.

Run with the URL and the token in the folder where the package is installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

SERVER = "node_modules/@mondaydotcomorg/monday-api-mcp/dist/index.js"
BOARD = 10
VALUES = {"note": "red", "price": "5", "state": {"label": "Done"}, "size": {"labels": ["M"]}}
ARCHIVE = "mutation ($item: ID!) { archive_item(item_id: $item) { id } }"


class Tools:
    """An MCP client: one JSON-RPC message a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.last_id = 0
        client = {"name": "customer-orders tests", "version": "1"}
        self.call(
            "initialize",
            {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": client},
        )
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message: dict[str, Any]) -> None:
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.last_id += 1
        self.send({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params})
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self.last_id:
                return answer["result"]
        raise SystemExit("the MCP server ended")

    def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool returns; a tool that fails ends this life."""
        result = self.call("tools/call", {"name": tool, "arguments": arguments})
        if result.get("isError"):
            raise SystemExit(f"{tool}: {result['content']}")
        return result["structuredContent"]


def live(use: Tools) -> dict[str, Any]:
    board = use("get_board_info", boardId=BOARD)["board"]
    group = use("create_group", boardId=str(BOARD), groupName="Autumn")["group_id"]
    items = [
        use(
            "create_item",
            boardId=BOARD,
            groupId=group,
            name=name,
            columnValues=json.dumps(VALUES),
        )["item_id"]
        for name in ("First", "Second")
    ]
    subitem = use(
        "create_item",
        boardId=BOARD,
        parentItemId=int(items[0]),
        name="S",
        columnValues=json.dumps({"quantity": "7"}),
    )
    use(
        "change_item_column_values",
        boardId=BOARD,
        itemId=int(items[0]),
        columnValues=json.dumps({"note": "blue", "price": "6"}),
    )
    blue = {"columnId": "note", "compareValue": ["blue"], "operator": "any_of"}
    found = use("get_board_items_page", boardId=BOARD, filters=[blue])
    seen = {
        "columns": [column["id"] for column in board["columns"]],
        "group": group,
        "items": items,
        "subitem": subitem["item_id"],
        "paged": pages(use),
        "found": [item["id"] for item in found["items"]],
    }
    use("all_api_write", query=ARCHIVE, variables=json.dumps({"item": items[1]}))
    return seen


def pages(use: Tools) -> list[str]:
    page = use("get_board_items_page", boardId=BOARD, limit=500)
    ids = [item["id"] for item in page["items"]]
    while cursor := page["pagination"]["nextCursor"]:
        page = use("get_board_items_page", boardId=BOARD, limit=500, cursor=cursor)
        ids += [item["id"] for item in page["items"]]
    return ids


def main() -> None:
    url, token = sys.argv[1:]
    with subprocess.Popen(
        ["node", SERVER, "-t", token],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "MONDAY_API_ENDPOINT": url},
    ) as process:
        try:
            print(json.dumps(live(Tools(process))))
        finally:
            process.terminate()


main()
