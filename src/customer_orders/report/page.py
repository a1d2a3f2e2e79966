"""One self-contained HTML page and one JSON file per run."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from customer_orders.config import redacted
from customer_orders.errors import CustomerOrdersError
from customer_orders.report.run import COUNTED, Run

TEMPLATES = Environment(
    loader=PackageLoader("customer_orders.report", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write(run: Run, folder: Path) -> None:
    """Write `RUN.html` and `RUN.json`. Raises CustomerOrdersError when that fails."""
    document = run.as_json()
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    words = ["selected", *(word.value for word in COUNTED)]
    page = TEMPLATES.get_template("page.html.j2").render(run=document, words=words)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{run.id}.json").write_text(redacted(text), encoding="utf-8")
        (folder / f"{run.id}.html").write_text(redacted(page), encoding="utf-8")
    except OSError as exc:
        raise CustomerOrdersError(
            f"the report of run {run.id} cannot be written to {folder}: {exc.strerror}",
            hint=f"the run is in the ledger: `customer-orders show {run.id}`; [report] folder",
        ) from exc
