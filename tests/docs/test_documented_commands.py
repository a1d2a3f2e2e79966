"""The documents name commands, options and make targets that exist, and every command."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from customer_orders.cli.commands import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GROUP: Any = typer.main.get_command(app)
#: What ends a command in a shell line.
ENDS = {"&", "|", ">", ">>", "&&", ";", "2>"}
MAKE_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def code_lines(text: str) -> Iterator[str]:
    """Lines of fenced and indented blocks."""
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line.strip()


def code_spans(text: str) -> Iterator[str]:
    """What stands between single backticks."""
    for span in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        yield " ".join(span.split())


def command_lines() -> list[tuple[str, str]]:
    """(document, command line) for every `customer-orders ...` in a block or in backticks."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        for line in (*code_lines(text), *code_spans(text)):
            for part in line.split("&&"):
                words = part.strip().removeprefix("$ ")
                if words.startswith("customer-orders "):
                    found.append((document.name, words))
    return found


def options_of(command: Any) -> set[str]:
    """Every spelling of every option."""
    return {spelling for parameter in command.params for spelling in parameter.opts} | {"--help"}


def check(line: str) -> None:
    """Fail on a command or an option that does not exist."""
    words = shlex.split(line.replace("[", "").replace("]", ""), comments=True)[1:]
    end = next((place for place, word in enumerate(words) if word in ENDS), len(words))
    command, known = None, options_of(GROUP)
    for before, word in zip(["", *words], words[:end], strict=False):
        if word.startswith("-"):
            name = word.split("=")[0].rstrip(",.;")
            assert name in known, f"`{line}`: no option {name}"
        elif command is None and not before.startswith("-") and word != "COMMAND":
            assert word in GROUP.commands, f"`{line}`: no command {word}"
            command = GROUP.commands[word]
            known = options_of(command) | options_of(GROUP)


@pytest.mark.parametrize(("document", "line"), command_lines())
def test_a_documented_command_line_exists(document: str, line: str) -> None:
    """The command and each of its options."""
    check(line)


@pytest.mark.parametrize(
    "line", ["customer-orders aply", "customer-orders plan --froce", "customer-orders --what plan"]
)
def test_a_wrong_line_would_be_found(line: str) -> None:
    """The check above is not blind."""
    with pytest.raises(AssertionError):
        check(line)


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_every_command_has_help_and_is_documented(name: str) -> None:
    """A sentence in the command's help, a line in README or docs/commands.md."""
    assert GROUP.commands[name].help
    documents = [ROOT / "README.md", ROOT / "docs" / "commands.md"]
    text = "\n".join(path.read_text("utf-8") for path in documents if path.exists())
    assert re.search(rf"customer-orders {name}\b", text)


def test_every_option_of_the_reference_exists() -> None:
    """docs/commands.md names no option that no command has; every option there has a help text."""
    known = options_of(GROUP).union(*(options_of(c) for c in GROUP.commands.values()))
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    named = {option for span in code_spans(text) for option in re.findall(r"--[a-z][a-z-]*", span)}
    assert named <= known
    for command in GROUP.commands.values():
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or parameter.help


SQL_SERVER = (
    "integration/source/test_read_sqlserver.py::test_table_is_absent",
    "integration/stamp/test_stamp.py::test_columns_are_added_and_filled[mssql]",
    "integration/ledger/test_ledger_database.py::",
    "acceptance/test_greyson_po_4755.py::",
)


def test_make_finds_the_tests_of_sql_server() -> None:
    """All that need one, and no other: a test that only names its URLs needs none."""
    (chosen,) = re.findall(r"pytest (-. mssql) ", (ROOT / "Makefile").read_text("utf-8"))
    files = {f"tests/{name.partition('::')[0]}" for name in SQL_SERVER}
    files.add("tests/unit/test_databases.py")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *chosen.split(), *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = [line for line in done.stdout.splitlines() if "::" in line]
    for name in SQL_SERVER:
        assert any(line.startswith(f"tests/{name}") for line in found), name
    assert all("mssql" in line or "sqlserver" in line for line in found)
    assert not any("unit" in line for line in found)


def test_every_make_target_exists() -> None:
    """What README and docs call with make stands in the Makefile."""
    targets = set(MAKE_TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        for line in (*code_lines(text), *code_spans(text)):
            if called := re.match(r"make ([a-z][a-z-]*)", line):
                assert called[1] in targets, f"{document.name}: make {called[1]}"
