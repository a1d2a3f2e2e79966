"""Reads the configuration file and says exactly what is wrong with it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from customer_orders.config.settings import Settings
from customer_orders.errors import ConfigError

SETTINGS_FILE = "customer_orders.toml"

# A line that opens a table, and one that sets a key.
NAME = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
NAMES = rf"{NAME}(?:\s*\.\s*{NAME})*"
HEADER = re.compile(rf"\s*(\[\[?)\s*({NAMES})\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(rf"\s*({NAMES})\s*=")


def load(file: Path) -> Settings:
    """Read one TOML file. Raises ConfigError that names file, line, key and what was expected."""
    text = _read(file)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        line = _broken_line(text, exc)
        raise ConfigError(f"{file}:{line}: not valid TOML: {exc}", hint="mend that line") from exc
    if "folder" in data:
        raise ConfigError(f"{_where(file, text, ['folder'])}: folder: unknown key")
    try:
        return Settings.model_validate(data).model_copy(update={"folder": file.resolve().parent})
    except ValidationError as exc:
        faults = [_fault(file, text, error) for error in exc.errors()]
        raise ConfigError("\n".join(faults), hint=_hint(exc.errors())) from None
    except ConfigError as exc:
        # The message begins with the table that it is about.
        where = _where(file, text, [exc.message.lstrip("[").partition("]")[0], 0])
        raise ConfigError(f"{where}: {exc.message}", hint=exc.hint) from exc


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as exc:
        raise ConfigError(
            f"{file}: no such configuration file",
            hint=f"give --config FILE, set CUSTOMER_ORDERS_CONFIG or stand beside {SETTINGS_FILE}",
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{file}: cannot be read: {exc}", hint="it must be UTF-8 text") from exc


def _fault(file: Path, text: str, error: ErrorDetails) -> str:
    path = error["loc"]
    where = _where(file, text, path)
    key = ".".join(str(part) for part in path) or "the file"
    if error["type"] == "extra_forbidden":
        return f"{where}: {key}: unknown key"
    if error["type"] == "missing":
        return f"{where}: {key}: missing"
    return f"{where}: {key}: {error['msg'].removeprefix('Value error, ')}"


def _hint(errors: Sequence[ErrorDetails]) -> str:
    """For an unknown key: the known key that is nearest to it."""
    unknown = [str(error["loc"][-1]) for error in errors if error["type"] == "extra_forbidden"]
    near = difflib.get_close_matches(unknown[0], _known_keys(Settings), n=1) if unknown else []
    return f'did you mean "{near[0]}"?' if near else "see docs/configuration.md for every key"


def _known_keys(model: type[BaseModel]) -> set[str]:
    """Every key of a settings model and of the models below it."""
    keys = {field.alias or name for name, field in model.model_fields.items()}
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                keys |= _known_keys(part)
    return keys - {"folder"}


def _where(file: Path, text: str, path: Sequence[str | int]) -> str:
    line = _line_of(text, path)
    return f"{file}:{line}" if line else str(file)


def _broken_line(text: str, error: tomllib.TOMLDecodeError) -> int:
    """1-based line that the parser names; the last one where the text ends too early."""
    named = re.search(r"at line (\d+)", str(error))
    return int(named[1]) if named else text.rstrip("\n").count("\n") + 1


def _line_of(text: str, path: Sequence[str | int]) -> int:
    """1-based line of a key, or of the nearest table above it; 0 when it is not in the file."""
    best, depth, table, entries = 0, 0, list[str | int](), Counter[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := HEADER.match(line):
            table = here = _names(header[2])
            if header[1] == "[[":
                table.append(entries[header[2]])
                entries[header[2]] += 1
        elif key := KEY.match(line):
            here = [*table, *_names(key[1])]
        else:
            continue
        if here == list(path[: len(here)]) and len(here) > depth:
            best, depth = number, len(here)
    return best


def _names(dotted: str) -> list[str | int]:
    return [name.strip("\"'") for name in re.findall(NAME, dotted)]
