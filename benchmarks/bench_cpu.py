"""CPU and memory of whole processes in real time, beside drt's: `make bench-cpu`.

Over HTTP on this machine, against an emulator whose limits are off and which takes no time of its
own. Ours plans and applies 10,000 order lines with sizes. drt sends as many creates, of items all
of them, in requests of 25 as well: it keeps no ids of what it made, so it could not make subitems
of them. It is handed each create's name and cells ready-made, keeps no ledger, settles nothing,
and does not look at what an answer says of each create.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from emulated import Lot
from real_time import Used, drt, emulator, made, run, write_drt, write_ours, write_source
from rich.console import Console
from rich.table import Table

LINES = 10_000
#: Megabytes allowed at the peak, and for what applying adds to planning.
PEAK, ADDED = 600, 100
OURS = (sys.executable, "-m", "customer_orders")


def ours(lines: int) -> tuple[int, Used, Used]:
    """Creates, and what planning and applying took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        creates = write_source(folder, Lot(lines))
        with emulator(folder) as url:
            write_ours(folder, url)
            run([*OURS, "deploy"], folder)
            planned = run([*OURS, "plan"], folder)
            applied = run([*OURS, "apply"], folder)
        if made(folder) != (lines, creates - lines):
            raise SystemExit(f"ours made {made(folder)}")
    return creates, planned, applied


def theirs(lines: int) -> Used:
    """What drt took for as many creates."""
    command = drt()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        creates = write_source(folder, Lot(lines))
        with emulator(folder) as url:
            environment = write_drt(folder, url)
            used = run([command, "run"], folder, **environment)
        if made(folder) != (creates, 0):
            raise SystemExit(f"drt made {made(folder)}")
    return used


def show(creates: int, planned: Used, applied: Used, other: Used) -> bool:
    """The table; True when every target is met."""
    a_create, others = (used.cpu / creates * 1_000 for used in (applied, other))
    added = applied.peak - planned.peak
    rows = [
        ("creates", f"{creates:,}", f"{creates:,}", "", True),
        ("CPU, s", f"{applied.cpu:.1f}", f"{other.cpu:.1f}", "", True),
        ("CPU of planning alone, s", f"{planned.cpu:.1f}", "", "", True),
        ("CPU a create, ms", f"{a_create:.3f}", f"{others:.3f}", "not more", a_create <= others),
        ("peak, MB", f"{applied.peak:.0f}", f"{other.peak:.0f}", f"< {PEAK}", applied.peak < PEAK),
        ("peak of planning alone, MB", f"{planned.peak:.0f}", "", "", True),
        ("applying adds, MB", f"{added:.0f}", "", f"< {ADDED}", added < ADDED),
    ]
    table = Table("apply, in real time", "ours", "drt", "target", "met")
    for name, mine, their, target, met in rows:
        table.add_row(name, mine, their, target, "" if not target else "yes" if met else "NO")
    Console().print(table)
    return all(met for *_, met in rows)


def main() -> int:
    """Run both and print the table; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help="default %(default)s")
    options = parser.parse_args()
    creates, planned, applied = ours(options.lines)
    return 0 if show(creates, planned, applied, theirs(options.lines)) else 1


if __name__ == "__main__":
    sys.exit(main())
