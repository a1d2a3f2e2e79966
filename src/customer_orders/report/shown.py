"""Data made harmless to look at: in a terminal, a browser, a Markdown viewer, a spreadsheet."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any

#: Characters that act instead of being seen: controls, and formats that reorder or hide text.
ACTING = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
#: What Markdown gives a meaning inside a table cell.
MARKDOWN = re.compile(r"([\\`*_\[\]|~])")
#: A cell that begins so is a formula to a spreadsheet; full-width signs count in some languages.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def visible(text: str) -> str:
    """The text with every character that would act shown as an escape, such as \\x1b."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in ACTING:
        return character
    return character.encode("unicode_escape").decode("ascii")


def shortened(text: str | None, most: int = 60) -> str:
    """At most so many characters of it."""
    text = text or ""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def cell(value: Any) -> str:
    """A value as people read it: numbers with commas, nothing for None, text made visible.

    A tuple is several lines.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value:,}"
    if isinstance(value, tuple):
        return "\n".join(cell(line) for line in value if line)
    return visible(str(value))


def markdown(value: Any) -> str:
    """A cell as Markdown that shows it and does nothing else: no link, no tag, no mention."""
    text = html.escape(MARKDOWN.sub(r"\\\1", cell(value)), quote=False)
    return text.replace("@", "&#64;").replace("://", ":&#47;&#47;")


def spreadsheet(value: Any) -> str:
    """A cell of a CSV file: one that would be a formula gets an apostrophe before it."""
    if value is None:
        return ""
    text = str(value)
    return ("'" if text.startswith(FORMULA) else "") + visible(text)


def seen(document: Any) -> Any:
    """A JSON document with every text in it made visible, for a terminal."""
    if isinstance(document, dict):
        return {visible(str(key)): seen(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [seen(value) for value in document]
    return visible(document) if isinstance(document, str) else document
