"""The demo's journey: the same functions as the commands, told as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from customer_orders import deployment, pipeline, readiness, report
from customer_orders.config import Settings
from customer_orders.demo.changes import change
from customer_orders.demo.folder import emulator_process, make_folder, write_settings
from customer_orders.demo.places import Places
from customer_orders.monday import connect
from customer_orders.plan import Filters
from customer_orders.report import ApplyProgress, Run


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the demo came to: the JSON that it prints."""

    folder: Path
    runs: tuple[Run, ...]
    board: dict[str, int]
    verified: bool

    @property
    def exit_code(self) -> int:
        """0 only when the board equals the mapping and every run went well."""
        worst = max(run.exit_code for run in self.runs)
        return worst if worst or self.verified else 4

    def as_json(self) -> dict[str, Any]:
        """The demo's document."""
        return {
            "folder": str(self.folder),
            "runs": [run.as_json() for run in self.runs],
            "board": self.board,
            "verified": self.verified,
        }


async def show(folder: Path, filters: Filters, console: Console, places: Places) -> Outcome:
    """Run the whole journey in a folder of its own, with its databases elsewhere where asked.

    Raises ConfigError before anything is written where something stands that is not the demo's.
    """
    places.refuse_foreign(folder)
    make_folder(folder)
    console.rule("A sample of order lines, and a monday on this machine")
    with emulator_process(folder) as url:
        settings = write_settings(folder, url, places)
        rows = places.fill(settings)
        console.print(f"{rows} rows in {places.shown(settings)}, the API at {url}.")
        console.print(f"The board as people see it, as it fills: {url.removesuffix('v2')}")
        console.print("The emulator's limits are raised, so that this ends in seconds.")
        await _prepare(settings, places, console)
        runs = [await _run(settings, filters, "first load", console)]
        runs.append(await _run(settings, filters, "nothing to do", console))
        console.rule("The source changes")
        for edit in change(places.source_url(settings), places.orders):
            console.print(f"  {edit}", highlight=False)
        runs.append(await _run(settings, filters, "after the source changed", console))
        console.rule("verify")
        differences, compared = await pipeline.verify(settings, filters)
        report.print_differences(console, differences, compared)
        board = await _board(settings)
    console.print(_board_line(board), f"Everything is in {folder}; in it, try:", sep="\n")
    for command in ("emulator", "status", "findings", "verify"):
        console.print(f"  customer-orders {command}")
    return Outcome(folder=folder, runs=tuple(runs), board=board, verified=not differences)


async def _prepare(settings: Settings, places: Places, console: Console) -> None:
    console.rule("check")
    report.print_checks(console, await readiness.check(settings))
    console.rule("deploy: makes the tables that check missed")
    for line in await deployment.deploy(settings, board=True):
        console.print(line, highlight=False)
    places.begin_ledger(settings)


async def _run(settings: Settings, filters: Filters, name: str, console: Console) -> Run:
    console.rule(f"{name}: plan")
    planned = await pipeline.plan(settings, filters)
    report.print_plan(console, report.plan_document(planned, filters))
    console.rule(f"{name}: apply")
    with ApplyProgress(console) as progress:
        run = await pipeline.apply(
            settings, filters, name=name, expect=planned.plan.checksum, progress=progress
        )
    report.print_run(console, run.as_json())
    if run.error:
        raise run.error
    return run


async def _board(settings: Settings) -> dict[str, int]:
    """What stands on the board, counted from the board itself."""
    async with connect(settings) as session:
        by_key = await session.items_by_key(settings)
    shown = [item for copies in by_key.values() for item in copies]
    sizes = [item.sizes(settings.mapping.subitem_size) for item in shown]
    twice = sum(len(copies) - 1 for copies in by_key.values())
    twice += sum(len(found) - 1 for of_item in sizes for found in of_item.values())
    return {
        "items": len(shown),
        "subitems": sum(len(item.subitems) for item in shown),
        "groups": len({item.group for item in shown}),
        "duplicates": twice,
    }


def _board_line(board: dict[str, int]) -> str:
    return (
        f"On the board: {board['items']} items and {board['subitems']} subitems in "
        f"{board['groups']} groups, {board['duplicates']} duplicates."
    )
