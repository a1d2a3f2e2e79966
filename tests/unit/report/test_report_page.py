"""The page: valid HTML, its structure, its pictures, and nothing from outside."""

from __future__ import annotations

import re

import pytest
from justhtml import StrictModeError
from reporting import JustHTML, a_run, page

from customer_orders.errors import CustomerOrdersError
from customer_orders.ledger import RunStatus
from customer_orders.report import Run
from customer_orders.report.details import Details
from customer_orders.report.page import run_page
from customer_orders.report.run import Traffic

FULL = a_run("TORVANE")
BARE = a_run(
    status=RunStatus.FAILED,
    error=CustomerOrdersError("the source is not there", hint="check [source] url"),
    items={},
    subitems={},
    customers={},
    traffic=Traffic(),
    filters={},
    started=None,
    details=Details(),
)
QUIET = a_run(
    status=RunStatus.NO_CHANGES, details=Details(), items={"unchanged": 9}, traffic=Traffic()
)


def titles(shown: JustHTML) -> list[str]:
    """The headings of the second level, in order."""
    return [node.to_text().strip() for node in shown.query("h2")]


@pytest.mark.parametrize("run", [FULL, BARE, QUIET])
def test_the_page_is_valid_html(run: Run) -> None:
    """A strict parser finds no error, and no id stands twice."""
    shown = page(run)
    ids = [node.attrs["id"] for node in shown.query("[id]")]
    assert len(ids) == len(set(ids))


def test_the_parser_is_strict() -> None:
    """The check above is not blind."""
    with pytest.raises(StrictModeError):
        JustHTML(run_page(FULL.as_json()).replace("</section>", "</div>", 1), strict=True)


def test_the_structure_of_a_full_report() -> None:
    """Headings in order, landmarks, tables with headers, two pictures with titles."""
    shown = page(FULL)
    assert titles(shown) == [
        "What to do",
        "Lines by customer and outcome",
        "Lines and sizes",
        "Rate over time",
        "By customer",
        "Refused by monday",
        "Changes",
        "Findings by rule",
        "Open findings",
        "Estimate and actual",
        "Waiting",
        "Groups and labels made",
        "The run",
    ]
    assert [len(shown.query(tag)) for tag in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    assert shown.query("html")[0].attrs["lang"] == "en"
    assert len(shown.query("figure figcaption")) == len(shown.query('svg[role="img"]')) == 2
    assert [len(svg.query("title")) > 0 for svg in shown.query('svg[role="img"]')] == [True, True]


def test_the_structure_of_a_failed_report() -> None:
    """The error and what to do come first; tables without rows are absent."""
    shown = page(BARE)
    assert titles(shown) == ["The run failed", "What to do", "Lines and sizes",
                             "Estimate and actual", "The run"]  # fmt: skip
    assert "the source is not there" in shown.query(".error")[0].to_text()
    assert "check [source] url" in shown.query(".todo")[0].to_text()
    assert shown.query(".status")[0].to_text() == "FAILED"


@pytest.mark.parametrize("run", [FULL, BARE, QUIET])
def test_what_is_named_is_there(run: Run) -> None:
    """Every label of a section, a table or a picture is the id of something with text."""
    shown = page(run)
    for node in shown.query("[aria-labelledby]"):
        for name in node.attrs["aria-labelledby"].split():
            assert shown.query(f"#{name}")[0].to_text().strip()
    for section in shown.query("section"):
        assert section.attrs["aria-labelledby"]


def test_every_table_has_headers() -> None:
    """As many heads of columns as cells in each row; wide tables keep their roles on a phone."""
    shown = page(FULL)
    assert len(shown.query("table")) == 9
    for table in shown.query("table"):
        heads = table.query('thead th[scope="col"]')
        assert all(head.to_text().strip() for head in heads)
        for row in table.query("tbody tr"):
            assert len(row.query("th, td")) == len(heads)
            assert len(row.query('th[scope="row"]')) == 1
        if len(heads) > 4:
            assert table.attrs["role"] == "table"
            assert all("data-name" in cell.attrs for cell in table.query("tbody td"))


def test_nothing_comes_from_outside() -> None:
    """No script, no link, no address: the page is whole by itself."""
    text = run_page(FULL.as_json())
    assert not re.search(r"https?:|url\(|@import|src=|<script|<link", text)
    assert "prefers-color-scheme: dark" in text


def test_the_pictures_hold_the_numbers() -> None:
    """Bars as wide as their share of the widest, and every part says what it is."""
    run = a_run(customers={"A": {"created": 3, "failed": 1}, "B": {"unchanged": 2}})
    shown = page(run)
    bars = [rect for rect in shown.query("figure rect") if "%" in rect.attrs.get("x", "")]
    widths = [(rect.attrs["class"], rect.attrs["width"]) for rect in bars[:3]]
    assert widths == [("c-created", "75.000%"), ("c-failed", "25.000%"), ("c-unchanged", "50.000%")]
    said = [rect.query("title")[0].to_text() for rect in bars[:3]]
    assert said == ["A: 3 created", "A: 1 failed", "B: 2 unchanged"]
    assert "A: 3 created, 1 failed. B: 2 unchanged." in shown.query("#bars-text")[0].to_text()


def test_many_customers_share_the_last_bar() -> None:
    """The picture stays small, and its numbers still add up."""
    customers = {f"C{i:02}": {"created": i + 1} for i in range(45)}
    said = page(a_run(customers=customers)).query("#bars-text")[0].to_text()
    assert "30 others, not to scale: 465 created." in said
    assert sum(int(n) for n in re.findall(r": (\d+) created", said)) == 45 * 46 // 2


def test_the_status_says_why() -> None:
    """95 % of all lines may be well while one customer's are not."""
    run = a_run(status=RunStatus.FAILED, customers={"A": {"created": 99}, "B": {"failed": 1}})
    assert "The worst customer decides the status: B, 0.0 %." in page(run).to_text()


def _luminance(colour: str) -> float:
    """WCAG's relative luminance of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(part * share for part, share in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def schemes() -> list[dict[str, str]]:
    """The colours by name, light and dark, from the page itself."""
    text = run_page(FULL.as_json())
    blocks = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks]


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_contrast_is_enough(scheme: int) -> None:
    """4.5 for text and 3 for parts of a picture, in the light and in the dark."""
    colours = schemes()[scheme]
    for text in ("ink", "soft", "good", "fair", "bad"):
        for ground in ("card", "paper"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for tone in ("good", "fair", "bad"):
        assert contrast(colours[tone], colours[f"{tone}-soft"]) >= 4.5, tone
    for part in ("created", "updated", "moved", "unchanged", "skipped", "failed", "pending"):
        assert contrast(colours[part], colours["card"]) >= 3, part
