"""The emulator over HTTP: in a thread, and as a process that keeps its state in a file."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import aiohttp
import pytest

from customer_orders.emulator import Emulator

SEED = {"boards": [{"id": "10", "name": "Orders", "columns": []}]}
HEADERS = {"Authorization": "emulator-token"}
CREATE = {"query": 'mutation { create_item(board_id: 10, item_name: "A") { id } }'}
COUNT = {"query": "{ boards { items_count } }"}
SERVE = "import sys, pathlib; from customer_orders.emulator import serve; "
SERVE += "serve(pathlib.Path(sys.argv[1]), 0)"


async def test_life_over_http():
    """Create, read, a wrong token, and monday's headers on the wire."""
    with Emulator(state=SEED) as url:
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            async with session.post(url, json=CREATE) as answer:
                assert answer.status == 200
                assert answer.headers["RateLimit"].startswith('"minuteRate";r=2499')
                assert "create_item" in (await answer.json())["data"]
            async with session.post(url, json=COUNT) as answer:
                assert (await answer.json())["data"] == {"boards": [{"items_count": 1}]}
            async with session.post(url, json=COUNT, headers={"Authorization": "x"}) as answer:
                assert answer.status == 401


async def test_a_dropped_connection_gives_no_answer():
    """The socket closes without a byte, yet the item is there."""
    with Emulator(state=SEED) as url:
        admin = url.removesuffix("/v2") + "/_emulator"
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            rule = {"kind": "apply_then_drop", "operation": "create_item"}
            async with session.post(f"{admin}/faults", json=rule) as answer:
                assert answer.status == 200
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.post(url, json=CREATE)
            async with session.post(url, json=COUNT) as answer:
                assert (await answer.json())["data"] == {"boards": [{"items_count": 1}]}


async def test_the_tester_s_rooms():
    """State, statistics, settings, clock, faults and reset."""
    with Emulator(state=SEED) as url:
        admin = url.removesuffix("/v2") + "/_emulator"
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            for _ in range(2):
                await (await session.post(url, json=CREATE)).read()
            async with session.get(f"{admin}/stats?board=10&column=name") as answer:
                stats = await answer.json()
            assert stats["mutations"] == {"create_item": 2}
            assert stats["documents"] == [CREATE["query"]]
            assert [len(ids) for ids in stats["duplicates"].values()] == [2]
            async with session.post(f"{admin}/settings", json={"plan": "gold"}) as answer:
                assert answer.status == 400
            async with session.post(f"{admin}/settings", json={"plan": "free"}) as answer:
                assert answer.status == 200
            async with session.post(f"{admin}/clock", json={"advance": 60}) as answer:
                assert answer.status == 200
            async with session.get(f"{admin}/state") as answer:
                state = await answer.json()
            assert len(state["boards"][0]["items"]) == 2
            assert state["settings"]["plan"] == "free"
            async with session.post(f"{admin}/reset") as answer:
                assert answer.status == 200
            async with session.post(url, json=COUNT) as answer:
                assert (await answer.json())["data"] == {"boards": [{"items_count": 0}]}
            async with session.put(f"{admin}/state", json=state) as answer:
                assert answer.status == 200
            async with session.post(url, json=COUNT) as answer:
                assert (await answer.json())["data"] == {"boards": [{"items_count": 2}]}
            async with session.get(url + "/get_schema") as answer:
                assert "type Board" in await answer.text()


async def test_many_at_once():
    """Eighty requests in parallel are all answered, and no item is lost."""
    with Emulator(state=SEED) as url:
        async with aiohttp.ClientSession(headers=HEADERS) as session:

            async def create() -> int:
                async with session.post(url, json=CREATE) as answer:
                    await answer.read()
                    return answer.status

            statuses = await asyncio.gather(*(create() for _ in range(80)))
            assert statuses == [200] * 80
            async with session.post(url, json=COUNT) as answer:
                assert (await answer.json())["data"] == {"boards": [{"items_count": 80}]}


def post(url: str, content: dict[str, str]) -> dict[str, object]:
    request = urllib.request.Request(url, json.dumps(content).encode(), HEADERS)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_keeps_its_state_in_a_file(tmp_path: Path, number: int):
    """One line of JSON says where it listens; a signal ends it with 0 and the state saved."""
    state = tmp_path / "state.json"
    state.write_text(json.dumps(SEED))
    for count in (1, 2):
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SERVE, str(state)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            assert ready["pid"] == process.pid
            assert ready["url"].startswith("http://127.0.0.1:")
            post(ready["url"], CREATE)
            assert post(ready["url"], COUNT) == {"boards": [{"items_count": count}]}
            os.kill(process.pid, number)
            rest, errors = process.communicate(timeout=20)
        assert (process.returncode, rest, errors) == (0, "", "")
        assert len(json.loads(state.read_text())["boards"][0]["items"]) == count
    assert list(tmp_path.iterdir()) == [state]


async def test_the_page_of_the_boards():
    """HTML with a policy that lets only its own script run; 304 until something changes."""
    with Emulator(state=SEED) as url:
        home = url.removesuffix("v2")
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            async with session.get(home) as answer:
                assert answer.status == 200
                assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
                policy = answer.headers["Content-Security-Policy"]
                script = (await answer.text()).partition("<script>")[2].partition("</script>")[0]
                tag = {"If-None-Match": answer.headers["ETag"]}
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"script-src 'sha256-{digest}'" in policy
            async with session.get(home, headers=tag) as answer:
                assert answer.status == 304
            await (await session.post(url, json=CREATE)).read()
            async with session.get(home, headers=tag) as answer:
                assert answer.status == 200
                assert "1 item" in await answer.text()
            for wrong in ("?board=404", "?page=0", "?page=x", "?account=9"):
                async with session.get(home + wrong) as answer:
                    assert answer.status == 404


async def test_several_accounts_on_one_port():
    """`?account=ID` names the account in the tester's rooms."""
    south = {"users": [{"id": "2", "token": "emulator-south"}], **SEED}
    with Emulator(state={"accounts": [{**SEED, "users": [{"id": "1"}]}, south]}) as url:
        admin = url.removesuffix("/v2") + "/_emulator"
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            rule = {"kind": "status", "status": 423}
            await (await session.post(f"{admin}/faults?account=2", json=rule)).read()
            async with session.post(url, json=CREATE) as answer:
                assert answer.status == 200
            async with session.post(
                url, json=CREATE, headers={"Authorization": "emulator-south"}
            ) as answer:
                assert answer.status == 423
            async with session.get(f"{admin}/stats?account=2") as answer:
                assert (await answer.json())["faults"] == {"status": 1}
            async with session.get(f"{admin}/state") as answer:
                state = await answer.json()
            assert [len(each["boards"][0]["items"]) for each in state["accounts"]] == [1, 0]


def test_answers_are_not_held_back():
    """asyncio turns Nagle's delay, 40 ms an answer, off where the protocol is spelled out."""
    emulator = Emulator(state=SEED)
    with emulator:
        assert emulator._socket.proto == socket.IPPROTO_TCP
