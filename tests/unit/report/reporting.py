"""Documents of runs, whatever the data in them, and what their forms say."""

from __future__ import annotations

import io
import re
from typing import Any

from hypothesis import strategies as st
from justhtml import JustHTML
from rich.console import Console

from customer_orders.errors import CustomerOrdersError
from customer_orders.ledger import RunStatus
from customer_orders.plan import Estimate
from customer_orders.report import Run, print_run
from customer_orders.report.details import Details
from customer_orders.report.markdown import run_markdown
from customer_orders.report.page import run_page
from customer_orders.report.run import Traffic

OUTCOMES = ("created", "updated", "moved", "unchanged", "skipped", "failed", "pending")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(A1)",
    "| a | b |",
    "`x` [a](http://a) ![i](http://i) @team",
    "\x1b[31mred\x07\u202e\u2028end",
    "{{ 7 * 7 }}{% raw %}",
    "[bold]x[/bold]",
    "&amp;&lt;",
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
)
NUMBERS = st.integers(0, 12_345)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A run whose totals are the sums of its customers."""
    counts = st.fixed_dictionaries(dict.fromkeys(OUTCOMES, NUMBERS))
    customers = draw(st.dictionaries(TEXTS.filter(str.strip), counts, max_size=4))
    total = {word: sum(c[word] for c in customers.values()) for word in OUTCOMES}
    text = draw(TEXTS)
    return a_run(
        text,
        status=draw(st.sampled_from([s for s in RunStatus if s is not RunStatus.RUNNING])),
        customers=customers,
        items=total,
        subitems=draw(counts),
        staged_only=draw(st.booleans()),
        error=draw(st.sampled_from([None, CustomerOrdersError(text, hint=text)])),
    )


def a_run(text: str = "x", **parts: Any) -> Run:
    """A run that says this text wherever a report repeats data."""
    change = dict.fromkeys(("customer", "line", "order", "name", "what"), text)
    change |= {"before": text, "after": text, "state": "delivered"}
    kind = dict.fromkeys(("category", "code", "error", "hint"), text)
    finding = dict.fromkeys(("id", "customer", "source_column", "value", "message"), text)
    finding |= {"severity": "error", "source_row": 7, "first_seen": "2026-01-01T00:00:00Z"}
    details = Details(
        changed=1,
        changes=[change],
        failure_kinds=[
            {
                **kind,
                "lines": 1,
                "operations": 2,
                "first": [{"line": text, "order": text, "cell": None, "group": None}],
            }
        ],
        finding_counts=[{"rule": text, "severity": "error", "open": 1, "new": 1, "resolved": 0}],
        findings=[{**finding, "new": True}],
        groups=[{"group": text, "customer": text, "board": "1"}],
        labels=[{"board": "1", "column": text, "label": text}],
        estimate=Estimate(
            calls=9,
            complexity=300,
            minutes=0.5,
            binds="complexity a minute",
            calls_left=900,
            calls_a_day=1000,
        ),
        pace=[{"from": i * 1.0, "seconds": 1.0, "delivered": i} for i in range(8)],
    )
    known: dict[str, Any] = {
        "id": "20260101-000000-abcd",
        "name": text,
        "status": RunStatus.ATTENTION,
        "groups_created": 1,
        "items": {"created": 3, "failed": 1},
        "subitems": {"created": 4},
        "customers": {text: {"created": 3, "failed": 1}},
        "counted": True,
        "traffic": Traffic(
            mutations=8, calls=9, requests=8, complexity=240, waited={"complexity": 1.5}
        ),
        "seconds": 1.5,
        "report": "reports/r.html",
        "filters": {"customer": text},
        "started": 1_767_225_600.0,
        "details": details,
    }
    return Run(**{**known, **parts})


def page(run: Run) -> JustHTML:
    """The page as a browser reads it; anything that is not valid HTML is an error."""
    return JustHTML(run_page(run.as_json()), strict=True, sanitize=False)


def terminal(run: Run, width: int = 400) -> str:
    """What a terminal shows."""
    console = Console(width=width, file=io.StringIO(), record=True, color_system=None)
    print_run(console, run.as_json())
    return console.export_text()


def _number(text: str) -> int:
    return int(text.strip().replace(",", ""))


def counts_on_page(run: Run) -> tuple[dict[str, int], dict[str, int], list[dict[str, int]]]:
    """Items, subitems and each customer's lines, from the tables of the page."""
    shown = page(run)
    items, subitems, customers = {}, {}, []
    for row in shown.query('table[aria-labelledby="counts"] tbody tr'):
        word, *numbers = [child.to_text().strip() for child in row.query("th, td")]
        items[word], subitems[word] = map(_number, numbers)
    table = 'table[aria-labelledby="customers"]'
    heads = [head.to_text().strip() for head in shown.query(f'{table} th[scope="col"]')]
    for row in shown.query(f"{table} tbody tr"):
        cells = [child.to_text() for child in row.query("th, td")]
        customers.append(_customer(heads, cells))
    return items, subitems, customers


def counts_in_markdown(run: Run) -> tuple[dict[str, int], dict[str, int], list[dict[str, int]]]:
    """The same from the Markdown."""
    tables = _markdown_tables(run_markdown(run.as_json()))
    items, subitems = {}, {}
    for word, *numbers in tables["Lines and sizes"][2:]:
        items[word], subitems[word] = map(_number, numbers)
    head, _, *rows = tables.get("By customer", [[], []])
    return items, subitems, [_customer(head, row) for row in rows]


def _customer(heads: list[str], cells: list[str]) -> dict[str, int]:
    """One customer's counts; a column that is not shown is 0 for everybody."""
    shown = dict(zip(heads, cells, strict=True))
    return {word: _number(shown.get(word, "0")) for word in ("selected", *OUTCOMES)}


def _markdown_tables(text: str) -> dict[str, list[list[str]]]:
    tables: dict[str, list[list[str]]] = {}
    title = ""
    for line in text.split("\n"):
        if line.startswith("## "):
            title = line[3:]
        elif line.startswith("| "):
            cells = re.split(r"(?<!\\)\|", line.strip())[1:-1]
            tables.setdefault(title, []).append([cell.strip() for cell in cells])
    return tables


def counts_in_terminal(run: Run) -> tuple[dict[str, int], dict[str, int]]:
    """Items and subitems from the first table of the terminal."""
    items, subitems = {}, {}
    for line in terminal(run).split("\n"):
        match = re.fullmatch(r"\s*(\w+)\s+([\d,]+)\s+([\d,]+)\s*", line)
        if match and match[1] in ("selected", *OUTCOMES) and match[1] not in items:
            items[match[1]], subitems[match[1]] = _number(match[2]), _number(match[3])
    return items, subitems
