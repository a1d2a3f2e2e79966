"""The server of the ledger is stopped as by a power cut, at 20 random moments of an apply."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from order_lines import Orders

from engines import copied
from place import QUICK, Place, counted
from postgres import Postgres, postgres

pytestmark = pytest.mark.timeout(900)

STOPS, LINES = 20, 24
#: Chooses moments and changes.
SEED = "STOPS_SEED"
#: Seconds from the start of a run; it takes longer than the last of them.
MOMENTS = (0.4, 3.0)
LATENCY = 0.03
LEDGER = "LEDGER_DB_URL"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of these tests' own."""
    with postgres() as server:
        yield server


@pytest.fixture
def place(server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A place whose ledger is on the server, and whose board takes its time."""
    with copied(server) as url:
        monkeypatch.setenv(LEDGER, url)
        slow = {"latency_per_mutation": LATENCY}
        with Place(tmp_path, emulated=slow, ledger_url=f"env/{LEDGER}") as place:
            text = place.config.read_text(encoding="utf-8")
            text = text.replace("[time]", "[guard]\nfloor = 1000\n\n[time]")
            text = text.replace('plan = "enterprise"', 'plan = "enterprise"\naliases = 6')
            place.config.write_text(text, encoding="utf-8")
            yield place


def test_a_server_that_stops_in_the_middle_of_an_apply(place: Place, server: Postgres) -> None:
    """Whatever became of that run, the next one ends with the board equal to the source."""
    seed = int(os.environ.get(SEED) or random.randrange(10**6))
    rng = random.Random(seed)
    orders = Orders(place.source, rng, lines=LINES)
    codes = []
    try:
        for _ in range(STOPS):
            orders.change()
            process = place.start("sync", "--json")
            time.sleep(rng.uniform(*MOMENTS))
            running = process.poll() is None
            server.stop("immediate")
            time.sleep(rng.uniform(0, 0.5))
            server.start()
            codes.append(_code(process) if running else None)
            time.sleep(QUICK["lock_stale"])
            run = counted(place.call("sync", "--json").json)
            assert (run["error"], run["items"]["failed"]) == (None, 0)
            assert orders.faults(place.board()) == []
        verified = place.call("verify", "--json").json
        assert verified == {"compared": len(orders.lines), "verified": True, "differences": []}
    except BaseException as exc:
        exc.add_note(f"{SEED}={seed}, exit codes {codes}")
        raise
    assert sum(code is not None for code in codes) > STOPS / 2, codes


def _code(process: subprocess.Popen[str]) -> int:
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    assert process.returncode in (0, 1), err
    return process.returncode
