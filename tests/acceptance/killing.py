"""Real processes that are killed: a board in a process of its own, trouble, and moments."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from customer_orders.demo.board import BOARD_ID, seed
from customer_orders.demo.folder import LIMITS, STATE, emulator_process
from place import QUICK, Place

#: Seconds that the board takes for each mutation of a request.
LATENCY = 0.012
#: Seconds after which a dead process's lock may be taken over.
STALE = 0.2
#: Seconds that a call may take. What comes late comes earlier than that, or, though nobody should
#: expect it, so late that it makes a copy.
CALL_CAP, LATE, TOO_LATE = 0.4, 0.2, 3.0
BOARD = {
    **LIMITS,
    "latency_per_mutation": LATENCY,
    "latency_jitter": 0.5,
    "call_cap_seconds": CALL_CAP,
    "index_lag_seconds": QUICK["index_lag"] / 2,
}
EDITS = (
    # Changes pile up while runs are killed; the guard against that is tested elsewhere.
    ("[time]", "[guard]\nfloor = 1000\n\n[time]"),
    # Small requests: more of them to be killed in.
    ('plan = "enterprise"', 'plan = "enterprise"\naliases = 6'),
    (f"call_cap = {QUICK['call_cap']}", f"call_cap = {CALL_CAP}"),
    (f"lock_stale = {QUICK['lock_stale']}", f"lock_stale = {STALE}"),
)
TROUBLE: tuple[dict[str, Any], ...] = (
    {"kind": "apply_then_drop"},
    {"kind": "late", "seconds": LATE},
    {"kind": "apply_then_status", "status": 502, "body": "html"},
    {"kind": "rate_limit", "shape": "minute"},
    {"kind": "cut_body"},
    {"kind": "apply_first_n_then", "n": 2, "status": 500},
    {"kind": "late", "seconds": TOO_LATE},
    {"kind": "drop_before"},
    {"kind": "alias_error", "code": "INTERNAL_SERVER_ERROR", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "rate_limit", "shape": "field"},  # HTTP 200, and every alias throttled
)
#: What is struck, with the share of each kind of trouble. Queries are left alone: they are tried
#: again, but only after seconds. So are groups: a copy of one is reported, and stays.
STRUCK = ("create_item", "create_subitem", "change_multiple_column_values", "move_item_to_group")
SHARE = 0.02
GROUPS = "query ($board: ID!) { boards(ids: [$board]) { groups { title } } }"
NEWEST = "select id, status from run order by started desc, id desc limit 1"
#: Claimed by a run, and neither answered nor given up.
IN_FLIGHT = """
select count(*) from request where run_id = ? and settled is null and unknown_since is null
"""


class PortedPlace(Place):
    """A place whose board is a process of its own, and gives trouble."""

    ledger_url = "sqlite:///ledger.db"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "source.db"
        self.ledger = folder / "ledger.db"
        self.config = folder / "customer_orders.toml"

    def configuration(self) -> str:
        """That of every place, with small requests."""
        text = super().configuration()
        for old, new in EDITS:
            assert old in text, old
            text = text.replace(old, new)
        return text

    def reading(self) -> sqlite3.Connection:
        """The ledger, open so that what a dead process left stays as it is."""
        return sqlite3.connect(f"{self.ledger.as_uri()}?mode=ro", uri=True)

    def ask(self, question: str, *values: Any) -> list[Any]:
        """Rows of the ledger."""
        with closing(self.reading()) as ledger:
            return ledger.execute(question, values).fetchall()

    def groups(self) -> list[dict[str, Any]]:
        """The groups of the board."""
        groups: list[dict[str, Any]] = self.query(GROUPS, board=BOARD_ID)["boards"][0]["groups"]
        return groups

    def trouble(self) -> None:
        """From now on things go wrong, until `calm`."""
        rules = [
            # Each kind once for certain, and then by chance.
            *({**rule, "operation": "create_subitem", "skip": n} for n, rule in enumerate(TROUBLE)),
            *(
                {**rule, "operation": operation, "count": None, "probability": SHARE}
                for rule in TROUBLE
                for operation in STRUCK
            ),
        ]
        self.admin("faults", rules)

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        url = f"{self.url.removesuffix('/v2')}/_emulator/faults"
        with urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=30):
            pass


@contextmanager
def ported_place(folder: Path) -> Iterator[PortedPlace]:
    """A place while its board runs."""
    place = PortedPlace(folder)
    (folder / STATE).write_text(json.dumps(seed(settings=BOARD)), encoding="utf-8")
    with emulator_process(folder) as place.url:
        place.config.write_text(place.configuration(), encoding="utf-8")
        place.call("deploy")
        yield place


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When to kill: when so many rows have come to a table of the ledger, and a little later."""

    table: Literal["run", "request"]
    rows: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Kill:
    """A process that died at work, and what it left."""

    moment: Moment
    #: Whether it had come so far as to send anything.
    sent: bool
    #: Requests that were under way.
    in_flight: int
    #: Operations whose outcome nobody knew, with those of earlier runs.
    unknown: int


def moments(rng: random.Random, number: int) -> list[Moment]:
    """Half of them anywhere in a run, half of them around a request; in any order."""
    chosen = [
        # As long as a run takes to connect, to settle, to plan and to stage.
        Moment(table="run", rows=1, seconds=rng.uniform(0, 0.8))
        if place % 2
        else Moment(table="request", rows=rng.randint(1, 4), seconds=rng.uniform(0, 0.15))
        for place in range(number)
    ]
    rng.shuffle(chosen)
    return chosen


def kill(place: PortedPlace, moment: Moment) -> Kill | None:
    """Start a sync and kill it at a moment; None when its work was over before that."""
    with closing(place.reading()) as ledger:
        enough = _rows(ledger, moment) + moment.rows
        process = place.start("sync", "--json")
        try:
            while process.poll() is None and _rows(ledger, moment) < enough:
                time.sleep(0.005)
            time.sleep(moment.seconds)
        finally:
            process.kill()
            out, err = process.communicate(timeout=20)
    if process.returncode != -signal.SIGKILL:
        assert process.returncode == 0, f"{out}\n{err}"
        return None
    time.sleep(STALE)
    return _left(place, moment)


def _rows(ledger: sqlite3.Connection, moment: Moment) -> int:
    (rows,) = ledger.execute(f"select count(*) from {moment.table}").fetchone()
    return int(rows)


def _left(place: PortedPlace, moment: Moment) -> Kill | None:
    ((run, status),) = place.ask(NEWEST)
    if status != "RUNNING":
        return None
    ((sent,),) = place.ask("select count(*) from request where run_id = ?", run)
    ((in_flight,),) = place.ask(IN_FLIGHT, run)
    ((unknown,),) = place.ask("select count(*) from operation where state = 'sending'")
    return Kill(moment=moment, sent=sent > 0, in_flight=in_flight, unknown=unknown)
