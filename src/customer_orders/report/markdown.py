"""A run as Markdown: for a ticket, a chat or a job's summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from customer_orders.report.grid import Grid
from customer_orders.report.grids import advice, ending, facts, headline, reason, run_grids
from customer_orders.report.shown import markdown, visible


def run_markdown(run: Mapping[str, Any]) -> str:
    """The whole report."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {run['status']}: {markdown(run['name'])}"
    yield ""
    yield f"{headline(run)} {markdown(reason(run))}".strip()
    if run["error"]:
        yield f"\n## {ending(run)}\n\n{markdown(run['error']['message'])}"
    if todo := advice(run):
        yield "\n## What to do\n"
        # Sentences of ours, with commands in backticks; only an error's hint holds data.
        yield from (f"- {_sentence(each, run)}" for each in todo)
    for grid in run_grids(run):
        yield from _table(grid.first())
    yield "\n## The run\n"
    yield from (f"- {name}: {markdown(value)}" for name, value in facts(run))


def _sentence(text: str, run: Mapping[str, Any]) -> str:
    hint = run["error"] and visible(run["error"]["hint"])
    return markdown(text) if text == hint else text


def _table(grid: Grid) -> Iterator[str]:
    yield f"\n## {grid.title}\n"
    yield _row(grid.columns)
    yield _row("--:" if name in grid.numbers else "---" for name in grid.columns)
    yield from (_row(map(markdown, row)) for row in grid.rows)
    if grid.more:
        yield f"\nand {grid.more:,} more, in the JSON of the run"


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"
