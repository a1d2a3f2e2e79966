"""How fast the ledger stages and promotes: `make bench-ledger` prints one table, per engine.

Beside it stands a plain bulk insert of the same rows into the same tables, with nothing asked and
nothing guarded. Both run in turn, in a fresh database each; the ratio is the median of the rounds.
Operations are promoted 5,000 in a step, as a bulk job reports them; for comparison also 50 in a
step, as a request has them. SQL Server is measured with `--engine mssql`, where
CUSTOMER_ORDERS_TEST_MSSQL_URL names an empty database.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, select

from customer_orders.ledger import Ledger, claiming, locks, recording, runs
from customer_orders.ledger.claiming import Claimed
from customer_orders.ledger.results import Done
from customer_orders.ledger.schema import item, operation, run_line, snapshot, subitem
from customer_orders.plan import (
    Action,
    Estimate,
    Filters,
    Operation,
    Outcome,
    Plan,
    Planned,
    PlannedLine,
    Reading,
    Target,
)
from engines import empty_database
from postgres import Postgres, postgres

OPERATIONS, ROUNDS = 50_000, 3
#: Operations recorded in one step: those of a job, which the limit is for, and of a request.
JOB, REQUEST = 5_000, 50
#: Times a plain bulk insert that staging and promoting may take.
LIMIT = 2.5
#: Sizes of a line, in turn: 4.25 on the average.
SIZES = (
    ["S", "M", "L", "XL", "2XL"],
    ["S", "M", "L", "XL"],
    ["M", "L", "XL", "2XL"],
    ["S", "M", "L", "XL"],
)
BOARD, GROUP = "1", "GREYSON 2025 FALL"
TABLES = (operation, run_line, snapshot, item, subitem)


def a_plan(most: int) -> Planned:
    """New lines with their sizes, as a first load plans them."""
    lines: list[PlannedLine] = []
    operations: list[Operation] = []
    for number in count():
        sizes = SIZES[number % len(SIZES)]
        if len(operations) + 1 + len(sizes) > most:
            break
        uuid = f"00000000-0000-5000-8000-{number:012}"
        lines.append(
            PlannedLine(
                line=uuid,
                customer="GREYSON",
                outcome=Outcome.CREATED,
                row_hash=f"{number:064x}",
                line_key=f"GRE-{number:05}\x1fMFA25B60\x1f417 - MALTESE BLUE\x1f4755",
            )
        )
        operations.append(_operation(uuid, None, {f"COLUMN {n}": f"value {n}" for n in range(20)}))
        operations += [_operation(uuid, s, {"Size": s, "Order Qty": "120"}) for s in sizes]
    plan = Plan(operations=tuple(operations), lines=tuple(lines), unchanged=(), findings=())
    estimate = Estimate(calls=0, complexity=0, minutes=0, binds="", calls_left=1, calls_a_day=1)
    reading = Reading(scope="all", mapping_version="1", rows=len(lines), by_customer={})
    return Planned(plan=plan, reading=reading, looked_at=(), groups={BOARD: {}}, estimate=estimate)


def _operation(uuid: str, size: str | None, values: dict[str, str]) -> Operation:
    payload: dict[str, Any] = {"name": size or f"MFA25B60 {uuid}", "values": values}
    if size is None:
        payload["group"] = GROUP
    return Operation(
        kind=Target.SUBITEM if size else Target.ITEM,
        action=Action.CREATE,
        board=BOARD,
        customer="GREYSON",
        group=GROUP,
        record_uuid=uuid,
        size=size,
        payload=payload,
    )


def stage(ledger: Ledger, planned: Planned) -> tuple[str, locks.Lock]:
    """A run that holds the board, with its plan staged."""
    run_id = runs.open_run(ledger, Filters())
    held = locks.acquire(ledger, BOARD, "benchmark", run_id, 60)
    runs.stage(ledger, run_id, planned)
    return run_id, held


def promote(ledger: Ledger, run_id: str, held: locks.Lock, aliases: int) -> float:
    """Claim every operation and record it as done, items before their sizes.

    Returns the seconds of recording; reading and claiming belong to delivery.
    """
    ids, sizes, taken = count(1_000_000), list[Claimed](), list[float]()

    def send(chosen: Sequence[Claimed]) -> None:
        stored = claiming.take(ledger, held, chosen, user="1", compose=lambda _: b"{}")
        done = {c.id: Done(monday_id=str(next(ids))) for c in stored.operations}
        taken.append(seconds(lambda: recording.record(ledger, held, stored, done, {}))[0])

    after = 0
    while page := claiming.page(ledger, BOARD, run_id, after, aliases):
        after = page[-1].id
        sizes += [claimed for claimed in page if claimed.operation.kind is Target.SUBITEM]
        send([claimed for claimed in page if claimed.operation.kind is Target.ITEM])
        while len(sizes) >= aliases:
            send(sizes[:aliases])
            del sizes[:aliases]
    if sizes:
        send(sizes)
    return sum(taken)


def written(ledger: Ledger) -> list[list[dict[str, Any]]]:
    """The rows of every table that staging and promoting has filled."""
    with ledger.transaction() as connection:
        return [[dict(r) for r in connection.execute(select(t)).mappings()] for t in TABLES]


def plain(ledger: Ledger, rows: Sequence[Sequence[dict[str, Any]]]) -> None:
    """The same rows in one bulk insert a table."""
    for table, of_table in zip(TABLES, rows, strict=True):
        with ledger.transaction() as connection:
            connection.execute(insert(table), of_table)


def seconds(step: Callable[[], Any]) -> tuple[float, Any]:
    """How long a step took, and what it gave."""
    begun = time.perf_counter()
    given = step()
    return time.perf_counter() - begun, given


def measured(fresh: Callable[[], Any], planned: Planned, aliases: int) -> tuple[float, ...]:
    """Seconds of one round: staging, claiming, promoting, the plain insert; and rows of it."""
    with fresh() as ledger:
        staging, (run_id, held) = seconds(lambda: stage(ledger, planned))
        delivering, promoting = seconds(lambda: promote(ledger, run_id, held, aliases))
        rows = written(ledger)
    assert len(rows[0]) == len(planned.plan.operations) == len(rows[3]) + len(rows[4])
    with fresh() as ledger:
        bulk, _ = seconds(lambda: plain(ledger, rows))
    return staging, delivering - promoting, promoting, bulk, sum(map(len, rows))


@contextmanager
def fresh_ledger(engine: str, server: Callable[[], Postgres]) -> Iterator[Ledger]:
    """An empty ledger on an engine."""
    with (
        tempfile.TemporaryDirectory() as folder,
        empty_database(engine, Path(folder), server) as url,
        closing(Ledger(url)) as ledger,
    ):
        ledger.deploy()
        yield ledger


def compared(
    engine: str, server: Callable[[], Postgres], planned: Planned, step: int, rounds: int
) -> tuple[float, ...]:
    """Times a plain insert; rows, and how many of each a second: medians of the rounds."""
    measures = [
        measured(lambda: fresh_ledger(engine, server), planned, step) for _ in range(rounds)
    ]
    ratio = statistics.median((s + p) / plain for s, _, p, plain, _ in measures)
    *steps, plain, rows = map(statistics.median, zip(*measures, strict=True))
    speeds = (int(len(planned.plan.operations) / taken) for taken in steps)
    return ratio, int(rows), *speeds, int(rows / plain)


def main() -> int:
    """Measure each engine; 1 when one takes more than LIMIT times a plain insert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=OPERATIONS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--engine", action="append", help="only this one")
    options = parser.parse_args()
    planned = a_plan(options.operations)
    names = ("a step", "rows", "stage/s", "claim/s", "promote/s", "plain rows/s", "ratio", "met")
    table, met = Table("engine", *names), True
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        for engine in options.engine or ("sqlite", "postgresql"):
            for step in (JOB, REQUEST):
                ratio, *figures = compared(engine, lambda: server, planned, step, options.rounds)
                within = ratio <= LIMIT
                met = met and (within or step == REQUEST)
                word = "" if step == REQUEST else "yes" if within else "no"
                table.add_row(engine, *map(str, (step, *figures)), f"{ratio:.2f}", word)
    Console().print(table)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
