"""The demo's folder afterwards: its board starts again, and every command works there."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from demonstrated import Demo

from place import COMMAND, Ended, call


@pytest.fixture(scope="module")
def folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the demo's folder whose board runs, started by `customer-orders emulator`."""
    folder = tmp_path_factory.mktemp("afterwards") / "demo"
    shutil.copytree(demo.folder, folder)
    process = subprocess.Popen(
        [*COMMAND, "emulator"], cwd=folder, stdout=subprocess.PIPE, encoding="utf-8"
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        configured = tomllib.loads((folder / "customer_orders.toml").read_text("utf-8"))
        assert ready == {"url": configured["monday"]["url"], "pid": process.pid}
        yield folder
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=20)
    assert rest == "", "one JSON line and nothing else on stdout"
    assert process.returncode == 0


def ask(folder: Path, *arguments: str) -> Ended:
    """A command that ends well."""
    ended = call(folder, *arguments)
    assert ended.code == 0, ended.err
    return ended


def test_check_passes(folder: Path) -> None:
    """Nothing stands in the way of a run."""
    document = ask(folder, "check", "--json").json
    assert document["ready"] is True
    found = {c["what"]: c for c in document["checks"]}
    assert "601 rows" in found["source"]["found"]
    assert {c["status"] for c in found.values()} <= {"passed", "warning"}
    for what in ("configuration", "ledger", "token", "board", "key column", "columns", "calls"):
        assert found[what]["status"] == "passed"
    assert "ready to run" in ask(folder, "check").out


def test_plan_finds_no_changes(folder: Path) -> None:
    """The PO is on the board, so its plan is empty; the rest of the sample is not."""
    document = ask(folder, "plan", "--po", "4755", "--json", "--detailed-exitcode").json
    assert document["operations"] == []
    assert document["items"] == {"unchanged": 70}
    assert document["filters"] == {"po": "4755"}
    assert "No changes." in ask(folder, "plan", "--po", "4755").out
    assert call(folder, "plan", "--detailed-exitcode").code == 5


def test_status_tells_what_is_delivered(folder: Path) -> None:
    """Lines, items, subitems, findings, and how the last run ended."""
    status = ask(folder, "status", "--json").json
    assert (status["items"], status["subitems"], status["locks"]) == (70, 269, [])
    assert status["delivered_lines"] == status["lines"] == 70
    assert set(status["operations"]) == {"delivered"}
    assert status["last_run"]["status"] == "SUCCESS"
    text = ask(folder, "status").out
    assert status["last_run"]["id"] in text
    assert "269" in text


def test_runs_and_every_printed_id_work(folder: Path, demo: Demo) -> None:
    """The newest run comes first; run, line, item, subitem, request and finding can be shown."""
    runs = ask(folder, "runs", "--json").json
    assert [run["id"] for run in runs] == [run["id"] for run in reversed(demo.runs)]
    assert [run["report"] for run in runs] == list(reversed(demo.runs))
    assert all(run["id"] in ask(folder, "runs").out for run in runs)
    story = ask(folder, "show", runs[0]["id"], "--json").json
    assert story["run"]["status"] == "SUCCESS"
    assert len(story["operations"]) == 18
    operation = next(o for o in story["operations"] if o["action"] == "create")
    line = ask(folder, "show", operation["record_uuid"], "--json").json
    for wanted in (line["item"]["monday_id"], line["subitems"][0]["monday_id"]):
        assert ask(folder, "show", wanted, "--json").json == line
    assert ask(folder, "show", operation["request_id"], "--json").json["line"]
    finding = ask(folder, "findings", "--json").json[0]
    assert ask(folder, "show", finding["id"], "--json").json == {"finding": finding}
    assert operation["record_uuid"] in ask(folder, "show", operation["record_uuid"]).out


def test_findings_name_row_cell_and_value(folder: Path) -> None:
    """The dirty cells of PO 4755: a price that is words, and totals beside the sum of sizes."""
    findings = ask(folder, "findings", "--customer", "GREYSON", "--json").json
    freight = next(f for f in findings if f["source_column"] == "FREIGHT")
    assert freight["value"] == "0.42 0.57 by air 1.10"
    assert freight["source_row"] > 0
    totals = ask(folder, "findings", "--rule", "total", "--json").json
    assert len([f for f in totals if f["customer"] == "GREYSON"]) >= 3
    text = ask(folder, "findings").out
    assert all(finding["id"] in text for finding in findings)


def test_verify_finds_the_board_as_it_should_be(folder: Path) -> None:
    """The delivered PO compares well; the lines that were never sent are missing."""
    document = ask(folder, "verify", "--po", "4755", "--json").json
    assert document == {"compared": 70, "verified": True, "differences": []}
    assert "70 lines compared" in ask(folder, "verify", "--po", "4755").out
    everything = call(folder, "verify", "--json")
    assert everything.code == 4
    assert {d["kind"] for d in everything.json["differences"]} == {"missing"}
    assert len(everything.json["differences"]) == 600 - 70
