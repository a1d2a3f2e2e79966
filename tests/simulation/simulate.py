"""Many histories, and one JSON line: `make simulate SEEDS=2000`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from history import Verdict, copy_ledger, play

from customer_orders.ledger import Ledger

#: Memory instead of a disk, where there is one: what is proved here is order, not durability.
FAST = Path("/dev/shm")


@contextmanager
def playground() -> Iterator[tuple[Path, Path]]:
    """A folder for histories, and an empty ledger to start each of them with."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(dir=FAST if FAST.is_dir() else None) as name:
        made, template = Path(name) / "made.db", Path(name) / "template.db"
        ledger = Ledger(f"sqlite:///{made}")
        ledger.deploy()
        ledger.close()
        copy_ledger(made, template)
        yield Path(name), template


def histories(seeds: range) -> Iterator[Verdict]:
    """Play one history after another."""
    with playground() as (folder, template):
        for seed in seeds:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                yield play(seed, Path(own), template)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="how many (default %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="replay from this seed")
    options = parser.parse_args()
    started = time.monotonic()
    verdicts = list(histories(range(options.first, options.first + options.seeds)))
    for verdict in verdicts:
        for fault in verdict.faults:
            print(f"seed {verdict.seed}: {fault}", file=sys.stderr)
    wrong = [verdict.seed for verdict in verdicts if verdict.faults]
    figures = {
        "seeds": len(verdicts),
        "runs": sum(verdict.runs for verdict in verdicts),
        "crashes": sum(verdict.crashes for verdict in verdicts),
        "takeovers": sum(verdict.takeovers for verdict in verdicts),
        "faults": dict(sorted(sum((v.trouble for v in verdicts), Counter()).items())),
        "wrong": wrong,
        "seeds_per_second": round(len(verdicts) / (time.monotonic() - started), 2),
    }
    print(json.dumps(figures))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
