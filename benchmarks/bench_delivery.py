"""Delivery against the shortest schedule that the budgets allow: `make bench-delivery`.

Time is virtual and the emulated account keeps every documented limit; nothing is sent over a
network. A first load, and updates at 10,000 and 30,000 points each, for every plan and both kinds
of token; beside them how long one mutation a call, one call at a time, takes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulated import LIFTED, Emulated, Lot, virtually
from neighbour import Neighbour
from oracle import MUTATION, REQUEST, Account, one_by_one, shortest
from rich.console import Console
from rich.table import Table

LINES = 5_000
#: Lines of the run before the measured one: from it the program knows what an update costs, and
#: what others use.
TASTE, SEEN = 20, 1_000
PLANS = ("free", "standard", "pro", "enterprise")
TOKENS = ("personal", "app")
CREATE = 30_001
#: Work -> complexity of one mutation of it.
WORK = {
    "creates": CREATE,
    "updates 10k": 10_001,
    "updates 30k": 30_001,
    "creates, shared": CREATE,
    "creates, shared, first run": CREATE,
}
#: What another program takes of the shared account, and which one that is.
OTHERS = 0.4
SHARED = ("pro", "personal")
#: Of its random moments and amounts.
SEED = 11
#: Days after which a run that does not end is given up.
PATIENCE = 40


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one piece of work took, beside what it could have taken."""

    account: Account
    work: str
    mutations: int
    seconds: float
    shortest: float
    peer: float
    calls: int
    refused: float
    #: What `plan` said before of the time and of requests that write, as shares of what it took.
    said: float
    said_requests: float
    #: Of the other program's requests, refused.
    others_refused: float = 0.0

    @property
    def share(self) -> float:
        """Of the shortest schedule."""
        return self.shortest / self.seconds

    @property
    def calls_a_thousand(self) -> float:
        """All calls, those that read among them, for 1,000 mutations."""
        return self.calls / self.mutations * 1_000


def measure(account: Account, work: str, lines: int, seed: int = SEED) -> Measured:
    """Play one piece of work in a folder of its own."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        return virtually(_measure(Path(name), account, work, lines, seed))


async def _measure(folder: Path, account: Account, work: str, lines: int, seed: int) -> Measured:
    cost = WORK[work]
    limits: dict[str, Any] = {
        "token_kind": account.token,
        "latency_per_request": REQUEST,
        "latency_per_mutation": MUTATION,
        "costs": {"change_multiple_column_values": cost - 1},
    }
    emulated = Emulated(folder, account.plan, **LIFTED)
    with emulated.seams():
        lot = Lot(lines)
        if work.startswith("updates"):
            await emulated.apply(lot)
            emulated.limit(**limits)
            await emulated.apply(Lot(lines, changed=TASTE))
            await emulated.next_day()
            lot = Lot(lines, changed=lines)
        emulated.limit(**limits)
        others = Neighbour(emulated.monday, OTHERS if "shared" in work else 0.0, seed)
        async with others.beside():
            if work == "creates, shared":
                await emulated.apply(Lot(SEEN))
                lot = Lot(SEEN + lines)
            return await _timed(emulated, account, work, lot, others)


async def _timed(
    emulated: Emulated, account: Account, work: str, lot: Lot, others: Neighbour
) -> Measured:
    """Plan, then apply until nothing is left, over as many days as it takes."""
    stats, before = emulated.monday.stats, others.seen()
    calls, refused = stats.calls, sum(stats.rate_limited.values())
    begun, mutations, requests = emulated.clock.now(), 0, 0
    said = await emulated.plan(lot)
    for _ in range(PATIENCE):
        run = await emulated.apply(lot)
        mutations += run.traffic.mutations - run.groups_created
        requests += run.traffic.requests
        if run.error is None:
            break
        await emulated.next_day()
    seconds = emulated.clock.now() - begun
    given, asked, turned_away = others.since(before)
    return Measured(
        account=account,
        work=work,
        mutations=mutations,
        seconds=seconds,
        shortest=shortest(account, mutations, WORK[work], account.minute - given / seconds * 60),
        peer=one_by_one(account, mutations, WORK[work])[0],
        calls=stats.calls - calls,
        refused=(sum(stats.rate_limited.values()) - refused) / (stats.calls - calls),
        said=said.minutes * 60 / seconds,
        said_requests=said.calls / requests,
        others_refused=turned_away / max(asked, 1),
    )


def show(rows: Iterable[Measured]) -> None:
    """The table: minutes of ours, of the shortest schedule and of one create a call; shares."""
    headings = ("account", "work", "minutes", "shortest", "share", "one by one", "calls/1,000")
    said = ("said, minutes", "said, calls")
    table = Table(*headings, "refused", *said, "others refused", title="Delivery in emulated time")
    for row in rows:
        table.add_row(
            f"{row.account.plan} {row.account.token}",
            row.work,
            f"{row.seconds / 60:.1f}",
            f"{row.shortest / 60:.1f}",
            f"{row.share:.1%}",
            f"{row.peer / 60:,.1f}",
            f"{row.calls_a_thousand:.1f}",
            f"{row.refused:.2%}",
            f"{row.said:.3f}",
            f"{row.said_requests:.3f}",
            f"{row.others_refused:.2%}" if "shared" in row.work else "",
        )
    Console(width=170).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help="default %(default)s")
    parser.add_argument("--plan", choices=PLANS, action="append", help="default: all")
    parser.add_argument("--work", choices=[*WORK], action="append", help="default: all")
    parser.add_argument("--seed", type=int, default=SEED, help="of the other program")
    options = parser.parse_args()
    tasks = [
        (Account(plan=plan, token=token), work, options.lines, options.seed)
        for work in options.work or WORK
        for plan in options.plan or PLANS
        for token in TOKENS
        if (plan, token) == SHARED or "shared" not in work
    ]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        show(told(pool.imap(_task, tasks), len(tasks)))
    return 0


def _task(task: tuple[Account, str, int, int]) -> Measured:
    return measure(*task)


def told(rows: Iterable[Measured], count: int) -> Iterator[Measured]:
    """The rows as they come, with a line for each on stderr: the whole table takes minutes."""
    for place, row in enumerate(rows, start=1):
        account = f"{row.account.plan} {row.account.token}"
        print(f"{place} of {count}: {account}, {row.work}: {row.share:.1%}", file=sys.stderr)
        yield row


if __name__ == "__main__":
    sys.exit(main())
