"""An order for size codes that people expect: XS before S, 2XL before 3XL, 28 before 30."""

from __future__ import annotations

import re

LETTERS = re.compile(r"(?P<times>\d*)(?P<x>X*)(?P<base>[SML])(?P<rest>[/(].*)?")
PLUS = re.compile(r"(?P<times>\d+)X(?P<tall>T?)")
FAMILIES = (
    re.compile(r"\d+-\d+M"),  # months
    re.compile(r"\d+T"),  # toddlers
)


def size_order(code: str) -> tuple[int, tuple[float, ...], str]:
    """Sort key of a size code: family, position inside it, then the code itself."""
    if match := LETTERS.fullmatch(code):
        return 1, (_letter(match), *_numbers(match["rest"] or "")), code
    if match := PLUS.fullmatch(code):
        return 2, (float(match["times"]), len(match["tall"])), code
    for family, pattern in enumerate(FAMILIES, start=3):
        if pattern.fullmatch(code):
            return family, _numbers(code), code
    numbers = _numbers(code)
    return (5, numbers, code) if numbers else (0, (), code)


def _letter(match: re.Match[str]) -> float:
    """XS is -2, S -1, M 0, L 1, XL 2; S/M stands half-way between S and M."""
    steps = int(match["times"] or 1) * len(match["x"])
    place = {"S": -1 - steps, "M": 0, "L": 1 + steps}[match["base"]]
    return place + 0.5 if (match["rest"] or "").startswith("/") else float(place)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(digits) for digits in re.findall(r"\d+", text))
