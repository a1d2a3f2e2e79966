"""NEW, CHANGED, AGAIN, unchanged and missing, by what the snapshot holds."""

import pytest
from detecting import (
    COLUMNS,
    ORDER,
    delivered,
    detected,
    keyed,
    known,
    order,
    orders,
    verdicts,
)

from customer_orders.changes import detect
from customer_orders.model import Kind, Unchanged


def test_line_that_the_snapshot_does_not_have_is_new() -> None:
    """On first sight every line is new, with its trimmed cells and its sizes."""
    (line,) = detected([order(PRICE=" 12.50 ", L="0", S=" 10")]).lines()
    assert line.kind is Kind.NEW
    assert line.row == 1
    assert line.sizes == {"S": "10", "M": "20"}
    assert line.values == {
        "CUSTOMER": "TORVANE WORKWEAR",
        "METHOD": "SEA",
        "NUMBER": "TOR-00001",
        "PO": "100",
        "PRICE": "12.50",
        "SEASON": None,
        "AAG SEASON": "2025 FALL",
        "STYLE": "MFA25B60",
        "TOTAL": "30",
    }


def test_line_as_it_was_delivered_is_unchanged() -> None:
    """An unchanged line is counted and never handed out."""
    changes = detected([ORDER], delivered(ORDER))
    assert verdicts(changes) == {}
    assert sum(tally.lines for tally in changes.unchanged) == 1
    assert (changes.known, changes.missing) == ([], [])


def test_line_with_another_hash_is_changed() -> None:
    """A cell that differs makes the line changed, under the record_uuid it had."""
    entries = delivered(ORDER)
    changes = detected([order(PRICE="13")], entries)
    (line,) = changes.lines()
    assert line.kind is Kind.CHANGED
    assert line.record_uuid == entries[0]["record_uuid"]
    assert changes.known == [line.record_uuid]
    assert changes.unchanged == []


@pytest.mark.parametrize("doubt", [{"row_hash": None}, {"mapping_version": "v0"}, {"review": True}])
def test_line_is_looked_at_again(doubt: dict[str, object]) -> None:
    """Not known to be delivered, mapped by other rules, or with a finding to review."""
    entries = [delivered(ORDER)[0] | doubt]
    changes = detected([ORDER], entries)
    assert verdicts(changes) == {1: "again"}
    assert changes.known == [entries[0]["record_uuid"]]
    assert changes.unchanged == []


@pytest.mark.parametrize("doubt", [{"row_hash": None}, {"mapping_version": "v0"}, {"review": True}])
def test_change_beside_a_doubt_is_a_change(doubt: dict[str, object]) -> None:
    """A row that differs is changed, whatever else asks for a look."""
    changes = detected([order(PRICE="13")], [delivered(ORDER)[0] | doubt])
    assert verdicts(changes) == {1: "changed"}


def test_row_planned_and_not_delivered_is_no_unchanged_row() -> None:
    """The hash seen last tells lines apart; only the hash delivered last means unchanged."""
    old, (new,) = delivered(ORDER)[0], delivered(order(PRICE="13"))
    changes = detected([order(PRICE="13")], [old | {"seen_hash": new["row_hash"]}])
    assert verdicts(changes) == {1: "changed"}


def test_every_line_hands_out_unchanged_lines() -> None:
    """With every_line nothing is left out: what did not change is looked at again."""
    rows = [ORDER, order(NUMBER="TOR-00002"), order(NUMBER="TOR-00003")]
    changes = detected(
        [rows[0], rows[1] | {"S": "11"}, rows[2]], delivered(*rows[:2]), every_line=True
    )
    assert verdicts(changes) == {1: "again", 2: "changed", 3: "new"}
    assert changes.unchanged == []
    assert len(changes.known) == 2


def test_line_that_is_gone_is_missing() -> None:
    """A known line without a row is missing; when it comes back it is compared as usual."""
    entries = delivered(ORDER, order(NUMBER="TOR-00002", PO="200"))
    assert detected([ORDER], entries).missing == [entries[1]["record_uuid"]]
    back = detected([ORDER, order(NUMBER="TOR-00002", PO="200")], entries)
    assert (back.missing, verdicts(back)) == ([], {})


def test_held_row_is_not_missing() -> None:
    """A line that cannot be told apart is there: it is held, and nothing is missing."""
    entries = delivered(ORDER, order(PRICE="9"))
    changes = detected([order(PRICE="7"), order(PRICE="8")], entries)
    assert verdicts(changes) == {1: "equal keys", 2: "equal keys"}
    assert changes.missing == []


def test_lines_and_held_may_be_read_side_by_side() -> None:
    """Held rows may be asked for while the lines are half read."""
    rows = [order(NUMBER=f"N{n}") for n in range(5_000)] + [order(NUMBER=None)]
    changes = detected(rows)
    lines = changes.lines()
    first = next(lines)
    assert [held.finding.row for held in changes.held()] == [5_001]
    assert [first.row, *(line.row for line in lines)] == list(range(1, 5_001))


def test_lines_come_in_source_order() -> None:
    """Rows keep their numbers, blank and held ones are skipped over."""
    rows = [order(NUMBER=n) for n in ("N9", None, "N1", "N5")]
    assert [line.row for line in detected(rows).lines()] == [1, 3, 4]


def test_rows_by_customer() -> None:
    """Every row that is not blank counts for its customer, held ones too."""
    rows = [order(), order(NUMBER=None), order(NUMBER="N2", CUSTOMER=None), {"PRICE": "1"}]
    changes = detected(rows)
    assert changes.rows_by_customer == {"TORVANE WORKWEAR": 2, None: 1}
    assert (changes.rows, changes.dropped) == (4, 1)


def test_tallies_of_unchanged_lines() -> None:
    """Unchanged lines are counted by customer, PO and season, with their subitems."""
    rows = [
        order(NUMBER="N1"),
        order(NUMBER="N2", L="5"),
        order(NUMBER="N3", PO=" 200 "),
        order(NUMBER="N4", SEASON=" SP26 "),
        order(NUMBER="N5", **{"AAG SEASON": " "}),
        order(NUMBER="N6", CUSTOMER="O'DRAVEN GOLF"),
        order(NUMBER="N7"),
    ]
    changes = detected([*rows[:-1], rows[-1] | {"S": "1"}], delivered(*rows))

    def tally(customer: str, po: str, season: str | None, lines: int, subitems: int) -> Unchanged:
        return Unchanged(customer=customer, po=po, season=season, lines=lines, subitems=subitems)

    torvane = "TORVANE WORKWEAR"
    expected = [
        tally("O'DRAVEN GOLF", "100", "2025 FALL", 1, 2),
        tally(torvane, "100", "2025 FALL", 2, 5),
        tally(torvane, "100", "SP26", 1, 2),
        tally(torvane, "100", None, 1, 2),
        tally(torvane, "200", "2025 FALL", 1, 2),
    ]
    assert sorted(changes.unchanged, key=repr) == sorted(expected, key=repr)


def test_source_without_rows() -> None:
    """Nothing to compare: every known line is missing, and nothing breaks."""
    entries = delivered(ORDER)
    changes = detect(orders([]), known(entries), COLUMNS, "v1")
    assert (changes.rows, changes.dropped, verdicts(changes)) == (0, 0, {})
    assert changes.missing == [entries[0]["record_uuid"]]


@pytest.mark.parametrize(
    "parts", [{"sizes": ()}, {"seasons": ()}, {"anchor": ()}, {"sizes": (), "seasons": ()}]
)
def test_awkward_configurations(parts: dict[str, tuple[str, ...]]) -> None:
    """No size columns, no seasons and no anchor are settings like others."""
    columns = keyed(*COLUMNS.key, **parts)
    entries = delivered(ORDER, columns=columns)
    assert verdicts(detected([ORDER], entries, columns)) == {}
    changes = detected([order(PRICE="1")], entries, columns)
    (line,) = changes.lines()
    assert line.kind is Kind.CHANGED
    assert line.sizes == ({} if "sizes" in parts else {"S": "10", "M": "20"})


def test_single_stable_column_as_key() -> None:
    """A stable source column may name the lines all by itself."""
    columns = keyed("ID", anchor=())
    rows = [order(ID="a1"), order(ID="a2")]
    entries = delivered(*rows, columns=columns)
    changes = detected([order(ID="a1", STYLE="other"), order(ID="a3")], entries, columns)
    assert verdicts(changes) == {1: "changed", 2: "new"}
    assert changes.missing == [entries[1]["record_uuid"]]


def test_twenty_thousand_rows() -> None:
    """A season that gives way to another: nothing is compared pair by pair."""
    old = [order(NUMBER=f"N{n}") for n in range(20_000)]
    changes = detected([order(NUMBER=f"M{n}") for n in range(20_000)], delivered(*old))
    assert len(changes.missing) == 20_000
    assert sum(line.kind is Kind.NEW for line in changes.lines()) == 20_000
