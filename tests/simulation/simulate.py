"""Many histories, and one JSON line: `make simulate SEEDS=2000`."""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from history import Verdict, play
from script import Script
from stage import Stage, staged

#: Memory instead of a disk, where there is one: what is proved here is order, not durability.
FAST = Path("/dev/shm")
#: Times that crash points are aimed at: a history that dies elsewhere passes other points.
ROUNDS = 3
#: A ledger for each process: None is a file of its own.
FILES = (None,) * (os.cpu_count() or 1)
#: A script, and the crash point to aim at.
Task = tuple[Script, str | None]
_stage: list[Stage] = []


@contextmanager
def playground(url: str | None = None) -> Iterator[Stage]:
    """A stage in a folder of its own; the ledger there, or in a database."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with (
        tempfile.TemporaryDirectory(dir=FAST if FAST.is_dir() else None) as name,
        staged(Path(name), url) as stage,
    ):
        yield stage


def histories(seeds: Iterable[int]) -> Iterator[Verdict]:
    """Play one history after another in this process."""
    with playground() as stage:
        for seed in seeds:
            yield play(Script.draw(seed), stage)


def spread(tasks: Sequence[Task], urls: Sequence[str | None]) -> Iterator[Verdict]:
    """Play histories in as many processes as there are URLs of ledgers, in order."""
    context = multiprocessing.get_context("spawn")
    free = context.SimpleQueue()
    for url in urls:
        free.put(url)
    with context.Pool(len(urls), _open, [free]) as pool:
        yield from pool.imap(_play, tasks, chunksize=4)


def _open(free: Any) -> None:
    manager = playground(free.get())
    _stage.append(manager.__enter__())
    multiprocessing.util.Finalize(None, manager.__exit__, (None, None, None), exitpriority=10)


def _play(task: Task) -> Verdict:
    script, aim = task
    return play(script, _stage[0], aim)


def aimed(verdicts: Iterable[Verdict]) -> list[Task]:
    """A history for each crash point that was passed, and where no process died."""
    passed: dict[str, Script] = {}
    hit: set[str] = set()
    for verdict in verdicts:
        hit |= verdict.places.hit
        for place in verdict.places.passed:
            passed.setdefault(place, verdict.script)
    return [(passed[place], place) for place in sorted(passed.keys() - hit)]


def shrunk(script: Script) -> Script:
    """The smallest script found that still fails."""
    with playground() as stage:
        smaller = iter(script.smaller())
        while (candidate := next(smaller, None)) is not None:
            if play(candidate, stage).faults:
                script, smaller = candidate, iter(candidate.smaller())
    return script


def figures(verdicts: Sequence[Verdict], seconds: float) -> dict[str, object]:
    """The closing line."""
    kinds = Counter(fault.kind for verdict in verdicts for fault in verdict.faults)
    passed = set().union(*(verdict.places.passed for verdict in verdicts))
    hit = set().union(*(verdict.places.hit for verdict in verdicts))
    return {
        "seeds": len(verdicts),
        "runs": sum(verdict.runs for verdict in verdicts),
        "crashes": sum(verdict.crashes for verdict in verdicts),
        "takeovers": sum(verdict.takeovers for verdict in verdicts),
        "faults": dict(sorted(sum((v.trouble for v in verdicts), Counter()).items())),
        "crash_points_hit": len(hit),
        "crash_points": len(passed),
        "peak_duplicates": max(verdict.peak for verdict in verdicts),
        "refused_lines": sum(verdict.refused for verdict in verdicts),
        "duplicates": kinds["duplicate"],
        "lost": kinds["lost"],
        "wrong": kinds["wrong"],
        "unconverged": kinds["unconverged"],
        "seeds_per_second": round(len(verdicts) / seconds, 2),
    }


def simulate(
    seeds: Iterable[int], urls: Sequence[str | None] = FILES
) -> tuple[list[Verdict], dict[str, object]]:
    """Play the seeds, then once more for each crash point where none of them died."""
    started = time.monotonic()
    verdicts = list(spread([(Script.draw(seed), None) for seed in seeds], urls))
    for _ in range(ROUNDS):
        if not (rest := aimed(verdicts)):
            break
        verdicts += spread(rest, urls)
    return verdicts, figures(verdicts, time.monotonic() - started)


def report(verdicts: Iterable[Verdict], *, shrink: bool) -> bool:
    """Tell what is wrong, and how to replay it. Returns whether anything is."""
    failing = [verdict for verdict in verdicts if verdict.faults]
    for verdict in failing:
        for fault in verdict.faults:
            print(f"seed {verdict.script.seed}: {fault}", file=sys.stderr)
    for verdict in failing[:1] if shrink else ():
        print("replay the smallest with --script:", file=sys.stderr)
        print(shrunk(verdict.script).as_json(), file=sys.stderr)
    return bool(failing)


@contextmanager
def on(engine: str) -> Iterator[Sequence[str | None]]:
    """Empty ledgers on an engine, one for each process."""
    if engine == "sqlite":
        yield FILES
        return
    from postgres import postgres  # it lies a folder above: PYTHONPATH=tests

    with postgres() as server:
        yield [server.database() for _ in FILES]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="how many (default %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="replay from this seed")
    parser.add_argument("--script", help="play one script, as a failing seed prints it")
    engines = ("sqlite", "postgresql")
    parser.add_argument("--engine", choices=engines, default="sqlite", help="of the ledger")
    options = parser.parse_args()
    if options.script:
        with playground() as stage:
            return int(report([play(Script.of_json(options.script), stage)], shrink=False))
    seeds = range(options.first, options.first + options.seeds)
    with on(options.engine) as urls:
        verdicts, closing = simulate(seeds, urls)
    wrong = report(verdicts, shrink=True)
    print(json.dumps(closing))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
