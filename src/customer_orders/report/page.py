"""One self-contained HTML page and one JSON file per run."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from customer_orders.report.run import COUNTED, Run

TEMPLATES = Environment(
    loader=PackageLoader("customer_orders.report", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write(run: Run, folder: Path) -> None:
    """Write `RUN.html` and `RUN.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    document = run.as_json()
    text = json.dumps(document, indent=2, ensure_ascii=False)
    (folder / f"{run.id}.json").write_text(text + "\n", encoding="utf-8")
    words = ["selected", *(word.value for word in COUNTED)]
    page = TEMPLATES.get_template("page.html.j2").render(run=document, words=words)
    (folder / f"{run.id}.html").write_text(page, encoding="utf-8")
