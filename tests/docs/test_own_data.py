"""docs/own-data.md is true: its files are written and its commands run, in order."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "own-data.md"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "8765"


def blocks() -> list[tuple[str, str, str]]:
    """(language, file, text) of every fenced block."""
    return BLOCK.findall(PAGE.read_text("utf-8"))


@contextmanager
def in_background(folder: Path, line: str) -> Iterator[None]:
    """A command that goes on, once it has said that it is there."""
    words = line.removesuffix("&").split()
    command = [sys.executable, "-m", "customer_orders", *words[1:]]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"]
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)


def run(folder: Path, script: str) -> None:
    """A block of shell; any command in it that fails fails the test."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The board after the whole page, read from the emulator."""
    folder, port = tmp_path_factory.mktemp("own"), free_port()
    with ExitStack() as stack:
        for language, file, block in blocks():
            text = block.replace(PORT, port)
            if file:
                (folder / file).write_text(text, encoding="utf-8")
            elif text.rstrip().endswith("&"):
                stack.enter_context(in_background(folder, text.strip()))
            elif language == "sh":
                run(folder, text)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_emulator/state") as answer:
            state: dict[str, Any] = json.loads(answer.read())
    return next(board for board in state["boards"] if board["id"] == "10")


def test_the_page_leads_to_a_filled_board(board: dict[str, Any]) -> None:
    """Four lines, named by their keys, in a group for each customer."""
    groups = {group["id"]: group["title"] for group in board["groups"]}
    assert sorted((groups[i["group"]], i["name"]) for i in board["items"]) == [
        ("Brindlewick", "B-1002 Parka"),
        ("Brindlewick", "B-1003 Scarf"),
        ("Hollin & Roe", "B-1001 Cap"),
        ("Hollin & Roe", "B-1001 Parka"),
    ]


def test_cells_arrive_in_their_columns(board: dict[str, Any]) -> None:
    """A number with a comma, a date with the day first, an umlaut."""
    (item,) = [i for i in board["items"] if i["name"] == "B-1001 Parka"]
    shown = json.dumps(item["values"], ensure_ascii=False)
    assert all(text in shown for text in ("1200", "2026-03-14", "MOOSGRÜN", "Parka"))


def test_the_configuration_has_ten_lines() -> None:
    """What the page promises."""
    (text,) = [block for language, _, block in blocks() if language == "toml"]
    assert len([line for line in text.splitlines() if line]) == 10
