"""The demo as somebody runs it: counts, document, folder, and what was sent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from demonstrated import RUN_KEYS, Demo

from customer_orders.demo.changes import CHANGES
from place import COMMAND, OUTCOMES, call


def test_stdout_is_one_document_of_the_contract(demo: Demo) -> None:
    """Folder, three runs with their keys, the board, and whether it is as it should be."""
    assert set(demo.document) == {"folder", "runs", "board", "verified"}
    assert [run["name"] for run in demo.runs] == [
        "first load",
        "nothing to do",
        "after the source changed",
    ]
    for run in demo.runs:
        assert set(run) >= RUN_KEYS
        assert run["error"] is None
        assert set(run["groups"]) == {"created"}
        assert set(run["items"]) == set(run["subitems"]) == {"selected", *OUTCOMES}
    assert "Traceback" not in demo.ended.err


def test_first_run_makes_everything_once(demo: Demo) -> None:
    """1 group, 69 items and 264 subitems: one mutation each, none failed."""
    first = demo.runs[0]
    nothing = dict.fromkeys(OUTCOMES, 0)
    assert first["status"] == "SUCCESS"
    assert first["groups"] == {"created": 1}
    assert first["items"] == nothing | {"selected": 69, "created": 69}
    assert first["subitems"] == nothing | {"selected": 264, "created": 264}
    assert first["mutations"] == 1 + 69 + 264
    assert first["dropped"] == 1


def test_second_run_sends_nothing(demo: Demo) -> None:
    """No mutation, and everything counted as unchanged."""
    second = demo.runs[1]
    nothing = dict.fromkeys(OUTCOMES, 0)
    assert second["status"] == "NO_CHANGES"
    assert second["mutations"] == 0
    assert second["groups"] == {"created": 0}
    assert second["items"] == nothing | {"selected": 69, "unchanged": 69}
    assert second["subitems"] == nothing | {"selected": 264, "unchanged": 264}


def test_third_run_changes_what_the_source_changed(demo: Demo) -> None:
    """Exactly the lines and sizes of the demo's changes; a group is not made again."""
    third = demo.runs[2]
    nothing = dict.fromkeys(OUTCOMES, 0)
    items = {"selected": 70, "created": 1, "updated": 5, "unchanged": 64}
    subitems = {"selected": 269, "created": 5, "updated": 7, "unchanged": 257}
    assert third["status"] == "SUCCESS"
    assert third["groups"] == {"created": 0}
    assert third["items"] == nothing | items
    assert third["subitems"] == nothing | subitems
    assert third["mutations"] == 1 + 5 + 5 + 7


def test_the_board_is_as_it_should_be(demo: Demo) -> None:
    """70 items and 269 subitems in one group, none of them twice."""
    assert demo.document["board"] == {"items": 70, "subitems": 269, "groups": 1, "duplicates": 0}
    assert demo.document["verified"] is True


def test_only_changed_columns_were_sent(demo: Demo) -> None:
    """Every update of the third run holds the columns that its change names, and no other."""
    operations = demo.ask("show", demo.runs[2]["id"])["operations"]
    numbers = _numbers(demo)
    sent = {
        numbers[o["record_uuid"]]: o["payload"]
        for o in operations
        if (o["kind"], o["action"]) == ("item", "update")
    }
    expected = {change.line: set(change.item_columns) for change in CHANGES if change.item_columns}
    assert {line: set(payload["values"]) for line, payload in sent.items()} == expected
    assert all(set(payload) == {"values"} for payload in sent.values())
    quantities = [o for o in operations if (o["kind"], o["action"]) != ("subitem", "create")]
    for operation in quantities:
        if operation["kind"] == "subitem":
            assert set(operation["payload"]["values"]) == {"Order Qty"}
    assert all(o["state"] == "delivered" for o in operations)
    created = [numbers[o["record_uuid"]] for o in operations if o["action"] == "create"]
    assert sorted(created) == sorted(["GRE-04327"] * 5 + ["GRE-04266"])


def _numbers(demo: Demo) -> dict[str, str]:
    rows = demo.ledger("select record_uuid, delivered from item")
    return {line: json.loads(delivered)["AAG ORDER NUMBER"] for line, delivered in rows}


def test_the_folder_keeps_everything(demo: Demo) -> None:
    """Configuration, source, ledger, the saved board, and three files per run."""
    assert Path(demo.document["folder"]).name == "customer-orders-demo"
    for name in ("customer_orders.toml", "source.db", "ledger.db", "monday.json"):
        assert (demo.folder / name).stat().st_size > 0
    ids = [run["id"] for run in demo.runs]
    reports = sorted(path.name for path in (demo.folder / "reports").iterdir())
    assert reports == sorted(f"{i}.{ending}" for i in ids for ending in ("html", "json", "md"))
    for run in demo.runs:
        text = (demo.folder / "reports" / f"{run['id']}.json").read_text("utf-8")
        assert json.loads(text) == run
        page = (demo.folder / "reports" / f"{run['id']}.html").read_text("utf-8")
        assert run["status"] in page
        assert "http" not in page.replace("http-equiv", ""), "the page needs nothing from outside"


def test_the_demo_replaces_its_own_folder(demo: Demo) -> None:
    """Nothing of an earlier demo is left."""
    assert not (demo.folder / "left over.txt").exists()


def test_the_saved_board_holds_the_items(demo: Demo) -> None:
    """The emulator's file is the board after the last run, each line key once."""
    items, subitems = (board["items"] for board in demo.state()["boards"][:2])
    assert len(items) == 70
    assert len(subitems) == 269
    assert len({item["id"] for item in items}) == 70


def test_the_whole_sample_without_a_filter(tmp_path: Path) -> None:
    """All customers, told as tables, by the console script; --dir says where."""
    folder = tmp_path / "all of it"
    (tmp_path / "elsewhere").mkdir()
    command = [*_console_script(), "demo", "--dir", str(folder)]
    done = subprocess.run(
        command,
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "limits are raised" in done.stdout
    assert "The board is as it should be: 600 lines compared." in done.stdout
    assert "600 items and" in done.stdout
    assert "0 duplicates" in done.stdout
    for word in ("check", "deploy", "plan", "apply", "verify", "SUCCESS", "NO_CHANGES"):
        assert word in done.stdout
    assert list((tmp_path / "elsewhere").iterdir()) == []
    counted = call(folder, "runs", "--json").json
    assert [run["status"] for run in counted] == ["SUCCESS", "NO_CHANGES", "SUCCESS"]
    assert [run["report"]["items"]["selected"] for run in counted] == [600, 599, 599]


def _console_script() -> tuple[str, ...]:
    """The command beside the interpreter, where the package is installed with it."""
    for name in ("customer-orders", "customer-orders.exe"):
        script = Path(sys.executable).with_name(name)
        if script.exists():
            return (str(script),)
    return COMMAND


@pytest.mark.parametrize("what", ["folder", "file"])
def test_somebody_else_s_folder_is_left_alone(tmp_path: Path, what: str) -> None:
    """What the demo did not make it does not replace: exit 1, with the way out."""
    foreign = tmp_path / "mine"
    if what == "folder":
        foreign.mkdir()
        (foreign / "thesis.txt").write_text("years of work", encoding="utf-8")
    else:
        foreign.write_text("years of work", encoding="utf-8")
    ended = call(tmp_path, "demo", "--dir", "mine", "--json")
    assert ended.code == 1
    assert "is not a demo's folder" in ended.json["error"]["message"]
    assert "--dir" in ended.json["error"]["hint"]
    assert foreign.exists()
    if what == "folder":
        assert [path.name for path in foreign.iterdir()] == ["thesis.txt"]
