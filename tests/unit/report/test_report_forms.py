"""One run in four forms: the counts are the same in each, and add up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from reporting import (
    HOSTILE,
    OUTCOMES,
    a_run,
    counts_in_markdown,
    counts_in_terminal,
    counts_on_page,
    page,
    runs,
    terminal,
)

from customer_orders.errors import CustomerOrdersError, Stopped
from customer_orders.ledger import RunStatus
from customer_orders.report import Run
from customer_orders.report.grids import share
from customer_orders.report.markdown import run_markdown


@settings(max_examples=60, deadline=None)
@given(runs())
def test_the_counts_are_the_same_in_every_form(run: Run) -> None:
    """Terminal, Markdown, page and JSON; `selected` is the sum, per customer and in total."""
    document = run.as_json()
    items, subitems, customers = counts_on_page(run)
    assert (items, subitems) == (document["items"], document["subitems"])
    # Tables begin with the worst customer.
    assert sorted(map(str, customers)) == sorted(map(str, document["customers"].values()))
    assert counts_in_markdown(run) == (items, subitems, customers)
    assert counts_in_terminal(run) == (items, subitems)
    for counts in (items, subitems, *customers):
        assert counts["selected"] == sum(counts[word] for word in OUTCOMES)
    for word in ("selected", *OUTCOMES):
        assert items[word] == sum(c[word] for c in customers)


@pytest.mark.parametrize("text", HOSTILE)
def test_data_is_shown_as_text(text: str) -> None:
    """Order data that a browser, a terminal or a Markdown viewer would run is text in each."""
    run = a_run(text)
    shown = page(run)
    for tag in ("script", "img", "iframe", "a:not(.skip)", "link", "object"):
        assert shown.query(tag) == []
    names = {name for node in shown.query("*") for name in node.attrs}
    assert not [name for name in names if name.startswith("on")]
    visible = text.encode("unicode_escape").decode() if "\x1b" in text else text
    cells = [cell.to_text() for cell in shown.query("tbody th, tbody td")]
    assert cells.count(visible) >= 10
    assert visible in terminal(run)
    markdown = run_markdown(run.as_json())
    for form in (terminal(run), markdown, shown.to_text()):
        assert not set("\x1b\x07\u202e\u2028") & set(form)
    assert "<" not in markdown
    assert "@team" not in markdown
    assert "](" not in markdown.replace(r"\](", "")


def test_a_share_is_never_rounded_up() -> None:
    """One line of 10,000 that failed is not "100.0 %"."""
    counts = dict.fromkeys(OUTCOMES, 0) | {"created": 9_999, "failed": 1, "selected": 10_000}
    assert share(counts) == "99.9 %"
    assert share(dict.fromkeys((*OUTCOMES, "selected"), 0)) == "-"


def test_long_tables_say_how_much_is_left_out() -> None:
    """A terminal shows 20 rows; the rest is named, in words that lead to it."""
    customers = {f"CUSTOMER {i:02}": {"created": 1} for i in range(45)}
    run = a_run(customers=customers, items={"created": 45})
    assert "and 25 more" in terminal(run)
    assert len(counts_on_page(run)[2]) == 45


def test_a_run_without_counts_says_so() -> None:
    """A ledger that cannot be read at the end leaves a report with the error, and no figures."""
    run = a_run(items={}, subitems={}, customers={}, counted=False)
    for form in (terminal(run), run_markdown(run.as_json()), page(run).to_text()):
        assert "The ledger could not be read at the end" in form
        assert "Lines and sizes" not in form


def test_a_stopped_run_says_so() -> None:
    """Not that it failed: how far it came, by what it was stopped, and that it goes on."""
    stopped = Stopped("stopped by SIGTERM", hint="run it again: it goes on from there")
    run = a_run(status=RunStatus.FAILED, error=stopped, items={"created": 3, "pending": 1})
    shown = page(run)
    assert shown.query("#error")[0].to_text() == "The run was stopped"
    assert "## The run was stopped\n\nstopped by SIGTERM" in run_markdown(run.as_json())
    for form in (terminal(run), run_markdown(run.as_json()), shown.to_text()):
        assert "Stopped before the end: 3 of 4 lines" in form
        assert "it goes on from there" in form
        assert "lines pending" not in form
    assert a_run(error=CustomerOrdersError("no")).as_json()["stopped"] is False
