"""Crash points: every await of our program, and every gap between two of its ledger statements."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Coroutine, Generator, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import customer_orders

HOME = str(Path(customer_orders.__file__).parent)
EMULATOR = str(Path(HOME) / "emulator")
_ours: dict[CodeType, str | None] = {}


def _file(code: CodeType) -> str | None:
    """The file of our program that the code stands in, or None."""
    if code not in _ours:
        name = code.co_filename
        inside = name.startswith(HOME) and not name.startswith(EMULATOR)
        _ours[code] = Path(name).relative_to(HOME).as_posix() if inside else None
    return _ours[code]


def running() -> str | None:
    """File and line of our program that is being run."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if (name := _file(frame.f_code)) is not None:
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return None


def suspended(coroutine: Any) -> str | None:
    """File and line of our program where a coroutine waits."""
    found = None
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None and (name := _file(frame.f_code)) is not None:
            found = f"{name}:{frame.f_lineno}"
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
    return found


def waits(room: str) -> Iterator[tuple[str, str]]:
    """Place and text of every await of a room that hands over to the event loop or a thread."""
    for path in sorted(Path(HOME, room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Await) and ast.unparse(node.value).startswith("asyncio."):
                yield f"{path.relative_to(HOME).as_posix()}:{node.lineno}", ast.unparse(node)


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine that meets a crash point each time it is resumed."""

    def __init__(self, inner: Coroutine[Any, Any, Any], process: Any) -> None:
        self._inner = inner
        self._process = process
        self._begun = False

    def send(self, value: Any) -> Any:
        """Resume it, unless its process dies here."""
        # What a dead process still cleans up goes on; it reaches neither ledger nor network.
        if self._begun and not self._process.dead and (where := suspended(self._inner)):
            try:
                self._process.point(f"await {where}")
            except BaseException as crash:
                return self._inner.throw(crash)
        self._begun = True
        return self._inner.send(value)

    def throw(self, *exc: Any) -> Any:
        return self._inner.throw(*exc)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield from self._inner.__await__())


def watched(current: Any) -> Any:
    """A task factory: tasks of a process go step by step; `current` holds the process, if any."""

    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> asyncio.Task[Any]:
        context = named.get("context")
        process = context.get(current) if context else current.get(None)
        if process is None:
            return asyncio.Task(coroutine, loop=loop, **named)
        task = asyncio.Task(Steps(coroutine, process), loop=loop, **named)
        process.tasks.add(task)
        task.add_done_callback(process.tasks.discard)
        return task

    return factory
