"""Clients that others wrote for the real monday live a whole life on the emulator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from customer_orders.emulator import Emulator

HERE = Path(__file__).parent
TOKEN = "emulator-token"
LABELS = {"state": ["Open", "Done"], "size": ["S", "M"]}
TYPES = {
    "note": "text",
    "price": "numbers",
    "state": "status",
    "size": "dropdown",
    "subitems": "subtasks",
}
SEED = {
    "boards": [
        {
            "id": "10",
            "name": "Orders",
            "subitems_board": "11",
            "columns": [
                {"id": each, "title": each, "type": kind, "settings": {"labels": LABELS[each]}}
                if each in LABELS
                else {"id": each, "title": each, "type": kind}
                for each, kind in TYPES.items()
            ],
            "items": [{"name": f"Item {number}"} for number in range(600)],
        },
        {
            "id": "11",
            "name": "Subitems of Orders",
            "columns": [{"id": "quantity", "title": "Quantity", "type": "numbers"}],
        },
    ]
}


def test_pypi_monday(python_clients: Path):
    """PyPI `monday`, synchronous, version 2026-01."""
    assert_whole_life([python_clients, HERE / "life_monday.py"])


def test_pypi_monday_async(python_clients: Path):
    """PyPI `monday-async`, version 2025-04, which monday answers as an older one."""
    assert_whole_life([python_clients, HERE / "life_monday_async.py"])


def test_npm_api(node_clients: Path):
    """npm `@mondaydotcomorg/api`, with its own operations where it has them."""
    assert_whole_life(["node", HERE / "life_api.mjs"], node_clients)


def test_npm_mcp(node_clients: Path):
    """npm `@mondaydotcomorg/monday-api-mcp`, driven as MCP tools; archives by all_api_write."""
    assert_whole_life([sys.executable, HERE / "life_mcp.py"], node_clients)


def assert_whole_life(command: list[Any], folder: Path | None = None) -> None:
    """Read the board, create, change, page, find, archive: as told, and as it then stands."""
    emulator = Emulator(state=SEED)
    with emulator as url:
        seen = life([*command, url, TOKEN], folder)
    first, second = seen["items"]
    assert seen["columns"] == ["name", *TYPES]
    assert len(seen["paged"]) == len(set(seen["paged"])) == 602
    assert seen["found"] == [first]
    state = emulator.monday.state
    item = state.items[first]
    assert (item.group.id, item.group.title) == (seen["group"], "Autumn")
    assert item.values == {"note": "blue", "price": "6", "state": 1, "size": [2]}
    assert [(each.id, each.values) for each in item.subitems] == [
        (seen["subitem"], {"quantity": "7"})
    ]
    assert (state.items[second].name, state.items[second].state) == ("Second", "archived")
    assert not emulator.monday.stats.failed


def life(command: list[Any], folder: Path | None) -> dict[str, Any]:
    """What a client says it saw."""
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen
