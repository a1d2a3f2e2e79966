"""docs/emulator.md says what is true."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from customer_orders.emulator import Settings
from customer_orders.emulator.faults import Kind

TESTS = Path(__file__).parents[2]
TEXT = (TESTS.parent / "docs" / "emulator.md").read_text("utf-8")


def section(title: str) -> str:
    """The text under a heading of the second level."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = {number - 1 for number, row in enumerate(cells) if set(row[0]) == {"-"}}
    return [row for n, row in enumerate(cells) if n not in heads and set(row[0]) != {"-"}]


def test_it_opens_with_what_is_not_emulated():
    """The first heading after the title, and the assumptions with it."""
    assert re.findall(r"^## (.*)$", TEXT, re.MULTILINE)[0] == "What is not emulated"
    assumptions = section("What is not emulated").partition("**assumptions**")[2]
    named = set(re.findall(r"`(\w+)`", assumptions))
    assert len(named) > 10
    assert named <= {each.name for each in fields(Settings)}


def test_every_rule_names_a_test_that_exists():
    """Each row of the tables of rules has one, and each name stands in the suite."""
    suite = "".join(file.read_text("utf-8") for file in TESTS.rglob("test_*.py"))
    found = set(re.findall(r"^(?:async )?def (test_\w+)", suite, re.MULTILINE))
    rules = rows(section("Every rule and its test"))
    assert len(rules) > 80
    for *_, tests in rules:
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, tests
        assert set(named) <= found


def test_every_setting_and_every_kind_of_fault_is_listed():
    """No more and no fewer than there are, in their order."""
    settings = [row[0].strip("`") for row in rows(section("Settings"))]
    assert settings == [each.name for each in fields(Settings)]
    kinds = [row[0].strip("`") for row in rows(section("Trouble"))]
    assert kinds == [*get_args(Kind)]


def test_the_defaults_are_those_of_the_settings():
    """Numbers, words and switches; the two tables of numbers are said in words."""
    defaults = Settings()
    for name, default, _ in rows(section("Settings")):
        value = getattr(defaults, name.strip("`"))
        if not isinstance(value, dict):
            shown = default.strip("`").replace(",", "")
            assert shown == (f"{value:g}" if type(value) is float else str(value)), name


def test_the_three_lines_run(capsys: pytest.CaptureFixture[str]):
    """What the document shows for somebody else's tests is run as it stands."""
    code = section("In your own tests").partition("```python\n")[2].partition("```")[0]
    exec(compile(code, "docs/emulator.md", "exec"), {})
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v2\n", capsys.readouterr().out)
