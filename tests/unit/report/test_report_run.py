"""The RUN structure, its page and its tables, from one value."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from customer_orders.config import Secret, load
from customer_orders.errors import CustomerOrdersError, LedgerError, PlanRefused
from customer_orders.ledger import Ledger, RunStatus, runs
from customer_orders.plan import Filters
from customer_orders.report import (
    Check,
    Closing,
    Run,
    print_checks,
    print_differences,
    print_run,
    print_story,
)
from customer_orders.report.details import Details
from customer_orders.report.page import write
from customer_orders.report.run import Traffic, _status

NAMES = ("created", "updated", "moved", "unchanged", "skipped", "failed", "pending")


def run(**parts: Any) -> Run:
    """A run of 10 lines, all made."""
    known: dict[str, Any] = {
        "id": "20260101-000000-abcd",
        "name": "apply",
        "status": RunStatus.SUCCESS,
        "counted": True,
        "groups_created": 1,
        "items": {"created": 10},
        "subitems": {"created": 40, "unchanged": 2},
        "customers": {"TORVANE": {"created": 10}},
        "traffic": Traffic(mutations=51, calls=9),
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
    assert _status(customers, run(traffic=Traffic(mutations=mutations))) == status


def test_an_error_fails_the_run() -> None:
    """However well the lines went."""
    assert _status({"A": {"created": 9}}, run(error=CustomerOrdersError("no"))) == "FAILED"


def test_staged_lines_are_as_good_as_wanted() -> None:
    """With --stage-only, pending is what was asked for."""
    assert _status({"A": {"pending": 9}}, run(staged_only=True)) == "SUCCESS"


def test_three_files_from_one_document(tmp_path: Path) -> None:
    """JSON, Markdown and a page, also of a failed run; the JSON is the structure itself."""
    failed = run(
        status=RunStatus.FAILED,
        error=CustomerOrdersError("it <broke>", hint="try again"),
        filters={"po": "4755"},
        traffic=Traffic(waited={"minute": 1.25}),
    )
    write(failed, tmp_path / "new" / "reports")
    file = tmp_path / "new" / "reports" / f"{failed.id}.json"
    assert json.loads(file.read_text("utf-8")) == failed.as_json()
    for ending in (".html", ".md"):
        text = file.with_suffix(ending).read_text("utf-8")
        for word in ("FAILED", "it &lt;broke&gt;", "try again", "4755", "minute", failed.id):
            assert word in text


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
    kind = dict.fromkeys(("category", "code", "error", "hint"), "[red]x[/red]")
    kind |= {
        "lines": 1,
        "operations": 1,
        "first": [{"line": "l", "order": "[b]o[/b]", "cell": None, "group": None}],
    }
    told = run(details=Details(failure_kinds=[kind]), report="[bold]r.html")
    print_run(console, told.as_json())
    print_differences(console, [], 69)
    refused = Check.failed("boards", PlanRefused("no"))
    print_checks(console, [Check.passed("token", "user [1]"), refused])
    text = console.export_text()
    assert max(len(line) for line in text.splitlines()) <= 80
    for word in (
        "[red]x",
        "[bold]r.html",
        run().id,
        "69 lines compared",
        "user [1]",
        "failed",
        "[b]o",
    ):
        assert word in text


def test_the_story_of_a_run() -> None:
    """Its report, with the error; a run whose process died has none, and is shown as JSON."""
    console = Console(width=80, record=True, file=io.StringIO())
    broken = run(error=CustomerOrdersError("it [b]broke"), status=RunStatus.FAILED)
    print_story(console, {"run": {"id": broken.id, "report": broken.as_json()}})
    assert "error: it [b]broke" in console.export_text()
    print_story(console, {"run": {"id": "old", "report": None}})
    assert json.loads(console.export_text())["run"]["id"] == "old"


def test_a_check_that_stops_nothing() -> None:
    """A warning and a question that could not be asked leave a set-up ready; a failure does not."""
    console = Console(width=80, record=True, file=io.StringIO())
    well = [Check.passed("a", "x"), Check.warned("b", "y", "mend y"), Check.unknown("c", "d")]
    assert [check.holds for check in well] == [True, True, True]
    assert well[2].as_json() == {
        "what": "c",
        "status": "warning",
        "found": "not looked at: it needs d",
        "hint": "mend that first",
    }
    print_checks(console, well)
    assert "ready to run, 2 to look at" in console.export_text()
    refused = Check.failed("e", PlanRefused("no", hint="mend e"))
    assert not refused.holds
    print_checks(console, [*well, refused])
    assert "not ready: 1 of 4 failed, 2 to look at" in console.export_text()


def test_a_ledger_that_breaks_at_the_end(tmp_path: Path) -> None:
    """The report is written all the same: it says so, and has no counts."""
    file = tmp_path / "customer_orders.toml"
    text = (
        '[source]\nfile = "o.csv"\n[[board]]\nid = "1"\nname = "B"\n[customers]\n"TORVANE" = []\n'
    )
    file.write_text(text, encoding="utf-8")
    settings = load(file)
    ledger = Ledger(settings.ledger_url)
    ledger.deploy()
    run_id = runs.open_run(ledger, Filters())
    with ledger.transaction() as connection:
        connection.exec_driver_sql("drop table run_line")
    with pytest.raises(LedgerError, match="run_line"):
        Closing(settings, ledger, run_id, "apply", False).close(CustomerOrdersError("the cause"))
    document = json.loads((tmp_path / "reports" / f"{run_id}.json").read_text("utf-8"))
    assert (document["status"], document["counted"]) == ("FAILED", False)
    assert document["error"]["message"] == "the cause"
    assert "this report has no counts" in (tmp_path / "reports" / f"{run_id}.html").read_text(
        "utf-8"
    )
    ledger.close()
