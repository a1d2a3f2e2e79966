"""What a run does about what was left to it, before it plans."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from customer_orders import pipeline
from customer_orders.demo import sample
from customer_orders.demo.board import BOARD_ID
from place import QUICK, Place

LINES = list(sample.rows(70))[:4]
#: Dies when the first request with a mutation is to leave.
DIES = """
import os, signal
from customer_orders.cli import main
from customer_orders.monday import client

async def send(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

client.Client.send = send
main()
"""
CREATE = """
mutation ($board: ID!, $values: JSON!) {
  create_item(board_id: $board, item_name: "late", column_values: $values) { id }
}
"""


def groups(place: Place) -> Counter[str]:
    """Title -> how many groups bear it."""
    return Counter(group["title"] for group in place.admin("state")["boards"][0]["groups"])


def test_a_group_that_was_claimed_is_made_once(places: Callable[..., Place]) -> None:
    """It is settled first: the plan looks at the board as it is after that."""
    place = places(lines=LINES)
    killed = subprocess.run([sys.executable, "-c", DIES, "apply"], cwd=place.folder, check=False)
    assert (killed.returncode, place.mutations()) == (-9, 0)
    sending = "select kind, state from operation where state = 'sending'"
    assert place.sql(sending, database="ledger.db") == [("group", "sending")]
    time.sleep(QUICK["lock_stale"])
    run = place.apply()
    assert (run["error"], run["items"]["created"]) == (None, len(LINES))
    assert max(groups(place).values()) == 1


def test_a_group_that_another_run_made_meanwhile(
    places: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for the board reads it when it has it."""
    place = places(lines=LINES[:3])
    holding = pipeline.holding

    @asynccontextmanager
    async def later(*args: Any) -> AsyncIterator[Any]:
        # The run of another scheduler ends here, and then one more line is entered.
        monkeypatch.setattr(pipeline, "holding", holding)
        await asyncio.to_thread(place.run, "apply", "--json")
        sample.write_sqlite(place.folder / "fresh.db", LINES)
        (place.folder / "fresh.db").replace(place.source)
        async with holding(*args) as held:
            yield held

    monkeypatch.setattr(pipeline, "holding", later)
    run = place.apply()
    assert (run["items"]["created"], run["items"]["unchanged"]) == (1, 3)
    assert max(groups(place).values()) == 1


def test_staging_only_settles_by_a_look(places: Callable[..., Place]) -> None:
    """No replay, and a late copy stays for the next run that may send."""
    place = places(lines=LINES)
    place.admin("faults", {"kind": "status", "operation": "create_item", "status": 503})
    place.apply()
    item = place.board()[0]
    columns = {c["title"]: c["id"] for c in place.admin("state")["boards"][0]["columns"]}
    values = json.dumps({columns["LINE KEY"]: item.cells["LINE KEY"]})
    place.query(CREATE, board=BOARD_ID, values=values)
    before = place.mutations()
    assert place.apply("--stage-only")["mutations"] == 0
    assert (place.mutations(), len(place.board())) == (before, len(LINES) + 1)
    place.apply()
    assert len(place.board()) == len(LINES)
