"""The files of a run: one self-contained HTML page, one Markdown file and one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from customer_orders.config import redacted
from customer_orders.errors import CustomerOrdersError
from customer_orders.report.grids import advice, ending, facts, headline, reason, run_grids, share
from customer_orders.report.markdown import run_markdown
from customer_orders.report.pictures import customer_bars, legend, pace
from customer_orders.report.run import Run
from customer_orders.report.shown import cell

TEMPLATES = Environment(
    loader=PackageLoader("customer_orders.report", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _commands(text: str) -> Markup:
    """A sentence with what stands in backticks as code; everything is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    marked = (
        Markup("<code>{}</code>").format(x) if i % 2 else escape(x) for i, x in enumerate(parts)
    )
    return Markup().join(marked)


TEMPLATES.filters |= {"cell": cell, "commands": _commands}
#: Rows of each table that a page shows; the JSON has more.
PAGE_ROWS = {"customers": 200, "changes": 100, "made": 100}
OTHER_ROWS = 50


def write(run: Run, folder: Path) -> None:
    """Write `RUN.html`, `RUN.md` and `RUN.json`. Raises CustomerOrdersError when that fails."""
    document = run.as_json()
    texts = {
        "json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "md": run_markdown(document),
        "html": run_page(document),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for ending, text in texts.items():
            (folder / f"{run.id}.{ending}").write_text(redacted(text), encoding="utf-8")
    except OSError as exc:
        raise CustomerOrdersError(
            f"the report of run {run.id} cannot be written to {folder}: {exc.strerror}",
            hint=f"the run is in the ledger: `customer-orders show {run.id}`; [report] folder",
        ) from exc


def run_page(run: Mapping[str, Any]) -> str:
    """The HTML page of a run, from its document."""
    grids = {grid.id: grid.first(PAGE_ROWS.get(grid.id, OTHER_ROWS)) for grid in run_grids(run)}
    bars = customer_bars(run)
    return TEMPLATES.get_template("page.html.j2").render(
        run=run,
        counts=grids.pop("counts", None),
        grids=grids.values(),
        headline=headline(run),
        ending=ending(run),
        reason=reason(run),
        share=share(run["items"]),
        advice=advice(run),
        facts=facts(run),
        bars=bars,
        legend=legend(bars),
        pace=pace(run),
    )
