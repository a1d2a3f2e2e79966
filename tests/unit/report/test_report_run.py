"""The RUN structure, its page and its tables, from one value."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from customer_orders.config import Secret
from customer_orders.errors import CustomerOrdersError, PlanRefused
from customer_orders.ledger import RunStatus
from customer_orders.report import Check, Run, print_checks, print_differences, print_run
from customer_orders.report.page import write
from customer_orders.report.run import _status

NAMES = ("created", "updated", "moved", "unchanged", "skipped", "failed", "pending")


def run(**parts: Any) -> Run:
    """A run of 10 lines, all made."""
    known: dict[str, Any] = {
        "id": "20260101-000000-abcd",
        "name": "apply",
        "status": RunStatus.SUCCESS,
        "groups_created": 1,
        "items": {"created": 10},
        "subitems": {"created": 40, "unchanged": 2},
        "customers": {"TORVANE": {"created": 10}},
        "mutations": 51,
        "api_calls": 9,
        "seconds": 1.23456,
        "report": "reports/20260101-000000-abcd.html",
    }
    return Run(**{**known, **parts})


def test_selected_is_the_sum() -> None:
    """Of all seven outcomes, in total and per customer; none is left out."""
    document = run(items=dict.fromkeys(NAMES, 2), customers={"A": {"failed": 3}}).as_json()
    assert document["items"] == dict.fromkeys(NAMES, 2) | {"selected": 14}
    assert document["customers"]["A"]["selected"] == document["customers"]["A"]["failed"] == 3
    assert document["subitems"]["selected"] == 42
    assert document["seconds"] == 1.235


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({}, 0),
        ({"items": {"skipped": 10}}, 0),
        ({"items": {"created": 99, "failed": 1}}, 2),
        ({"error": CustomerOrdersError("no")}, 1),
        ({"error": PlanRefused("no"), "items": {"failed": 1}}, 3),
    ],
)
def test_exit_codes(parts: dict[str, Any], code: int) -> None:
    """The error's own code goes first; then 2 for a failed line, whatever the status."""
    assert run(**parts).exit_code == code


@pytest.mark.parametrize(
    ("customers", "mutations", "status"),
    [
        ({}, 0, "NO_CHANGES"),
        ({"A": {"unchanged": 5}}, 0, "NO_CHANGES"),
        ({"A": {"created": 95, "failed": 5}}, 95, "SUCCESS"),
        ({"A": {"created": 949, "failed": 51}}, 949, "ATTENTION"),
        ({"A": {"updated": 80, "skipped": 20}}, 80, "ATTENTION"),
        ({"A": {"moved": 79, "pending": 21}}, 79, "FAILED"),
        ({"A": {"created": 1000}, "B": {"failed": 1}}, 1000, "FAILED"),
        ({"A": {"unchanged": 99, "pending": 1}}, 0, "SUCCESS"),
    ],
)
def test_the_worst_customer_decides(
    customers: dict[str, dict[str, int]], mutations: int, status: str
) -> None:
    """From 95 % SUCCESS, from 80 % ATTENTION, below FAILED."""
    assert _status(customers, mutations, staged_only=False, failed=False) == status


def test_an_error_fails_the_run() -> None:
    """However well the lines went."""
    assert _status({"A": {"created": 9}}, 9, staged_only=False, failed=True) == "FAILED"


def test_staged_lines_are_as_good_as_wanted() -> None:
    """With --stage-only, pending is what was asked for."""
    assert _status({"A": {"pending": 9}}, 0, staged_only=True, failed=False) == "SUCCESS"


def test_page_and_document(tmp_path: Path) -> None:
    """The JSON is the structure; the page shows text from data as text."""
    wild = '<script>alert("Ü")</script>'
    failure = {"customer": wild, "target": "9/u", "code": "C", "error": "no", "hint": "mend it"}
    failed = run(
        status=RunStatus.FAILED,
        failures=(failure,),
        customers={wild: {"failed": 1}},
        error=CustomerOrdersError("it <broke>", hint="try again"),
        filters={"po": "4755"},
        waited={"minute": 1.25},
    )
    write(failed, tmp_path / "new" / "reports")
    file = tmp_path / "new" / "reports" / f"{failed.id}.json"
    assert json.loads(file.read_text("utf-8")) == failed.as_json()
    page = file.with_suffix(".html").read_text("utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "it &lt;broke&gt;" in page
    for text in ("FAILED", "try again", "mend it", "4755", "minute", failed.id):
        assert text in page


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Said with the folder, and where the run can be seen all the same."""
    (tmp_path / "reports").write_text("a file", encoding="utf-8")
    with pytest.raises(CustomerOrdersError, match="cannot be written") as caught:
        write(run(), tmp_path / "reports")
    assert f"customer-orders show {run().id}" in caught.value.hint


def test_secrets_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an error repeats."""
    monkeypatch.setenv("A_TOKEN", "canary-1f0c")
    Secret("env/A_TOKEN").reveal()
    document = run(error=CustomerOrdersError("said canary-1f0c", hint="not canary-1f0c")).as_json()
    assert document["error"] == {"message": "said ***", "hint": "not ***"}


def test_tables_fit_a_terminal_and_take_data_for_text() -> None:
    """80 columns; brackets in data are no markup; ids stay whole."""
    console = Console(width=80, record=True, file=io.StringIO())
    failure = dict.fromkeys(("customer", "target", "code", "error", "hint"), "[red]x[/red]")
    print_run(console, run(failures=(failure,), report="[bold]r.html"))
    print_differences(console, [], 69)
    refused = Check.failed("boards", PlanRefused("no"))
    print_checks(console, [Check.passed("token", "user [1]"), refused])
    text = console.export_text()
    assert max(len(line) for line in text.splitlines()) <= 80
    for word in ("[red]x", "[bold]r.html", run().id, "69 lines compared", "user [1]", "failed"):
        assert word in text
