"""January to March: orders come, and change in every cell that they have."""

from days import Day, Order

FALL, SPRING = "GREYSON 2025 FALL", "GREYSON 2026 SPRING"

DAYS = (
    Day(
        what="the first lines: with sizes, without sizes, with total 0, cancelled from the start",
        new={
            "a": Order(number="GRE-00001", sizes={"S": 50, "M": 100, "L": 80}, price="12.50"),
            "b": Order(number="GRE-00002", style="SHORT"),
            "c": Order(number="GRE-00003", style="TEE", sizes={"M": 0}, category="MENS"),
            "d": Order(number="GRE-00004", style="HOOD", sizes={"M": 40}, type="CANCELLED"),
        },
        takes={"ensure_group group": 1, "create item": 4, "create subitem": 3},
        shows={
            "a": f"{FALL} | POLO NAVY GRE-00001 | RECEIVED 230 | S 50, M 100, L 80",
            "b": f"{FALL} | SHORT NAVY GRE-00002 | RECEIVED 0 | ",
            "c": f"{FALL} | TEE NAVY GRE-00003 | RECEIVED 0 | ",
            "d": f"{FALL} | HOOD NAVY GRE-00004 | CANCELLED 0 | ",
        },
    ),
    Day(what="nothing changes; the table is loaded again, with new UUIDs"),
    Day(
        what="a price changes",
        change={"a": {"price": "13.25"}},
        takes={"update item": 1},
    ),
    Day(
        what="the same price, written in another way",
        change={"a": {"price": "13.250"}},
    ),
    Day(
        what="a quantity changes",
        change={"a": {"sizes": {"S": 50, "M": 120, "L": 80}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"a": f"{FALL} | POLO NAVY GRE-00001 | RECEIVED 250 | S 50, M 120, L 80"},
    ),
    Day(
        what="sizes appear: on a line that has some, and on one that had none",
        change={
            "a": {"sizes": {"S": 50, "M": 120, "L": 80, "XL": 10}},
            "b": {"sizes": {"30": 5, "32": 7}},
        },
        takes={"update item": 2, "create subitem": 3},
        shows={
            "a": f"{FALL} | POLO NAVY GRE-00001 | RECEIVED 260 | S 50, M 120, L 80, XL 10",
            "b": f"{FALL} | SHORT NAVY GRE-00002 | RECEIVED 12 | 30 5, 32 7",
        },
    ),
    Day(
        what="a size goes to 0, another to NULL",
        change={"a": {"sizes": {"M": 120, "L": 80, "XL": 0}}},
        takes={"update item": 1, "zero subitem": 2},
        shows={"a": f"{FALL} | POLO NAVY GRE-00001 | RECEIVED 200 | S 0, M 120, L 80, XL 0"},
    ),
    Day(
        what="a size comes back",
        change={"a": {"sizes": {"S": 20, "M": 120, "L": 80}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"a": f"{FALL} | POLO NAVY GRE-00001 | RECEIVED 220 | S 20, M 120, L 80, XL 0"},
    ),
    Day(
        what="the season changes: the item moves with its subitems",
        change={"a": {"season": "2026 SPRING"}},
        takes={"ensure_group group": 1, "move item": 1, "update item": 1},
        shows={"a": f"{SPRING} | POLO NAVY GRE-00001 | RECEIVED 220 | S 20, M 120, L 80, XL 0"},
    ),
    Day(
        what="cancelled",
        change={"a": {"type": "CANCELLED"}},
        takes={"update item": 1, "zero subitem": 3},
        shows={"a": f"{SPRING} | POLO NAVY GRE-00001 | CANCELLED 0 | S 0, M 0, L 0, XL 0"},
    ),
    Day(
        what="active again: the quantities are restored, one of them changed meanwhile",
        change={"a": {"type": "ACTIVE", "sizes": {"S": 20, "M": 130, "L": 80}}},
        takes={"update item": 1, "update subitem": 3},
        shows={"a": f"{SPRING} | POLO NAVY GRE-00001 | RECEIVED 230 | S 20, M 130, L 80, XL 0"},
    ),
    Day(
        what="cancelled and moved on the same day",
        change={"a": {"type": "Cancelled", "season": "2025 FALL"}},
        takes={"move item": 1, "update item": 1, "zero subitem": 3},
        shows={"a": f"{FALL} | POLO NAVY GRE-00001 | CANCELLED 0 | S 0, M 0, L 0, XL 0"},
    ),
    Day(
        what="active and moved back on the same day",
        change={"a": {"type": "ACTIVE", "season": "2026 SPRING"}},
        takes={"move item": 1, "update item": 1, "update subitem": 3},
        shows={"a": f"{SPRING} | POLO NAVY GRE-00001 | RECEIVED 230 | S 20, M 130, L 80, XL 0"},
    ),
    Day(
        what="a line that was cancelled from the start becomes active",
        change={"d": {"type": "ACTIVE"}},
        takes={"update item": 1, "create subitem": 1},
        shows={"d": f"{FALL} | HOOD NAVY GRE-00004 | RECEIVED 40 | M 40"},
    ),
    Day(
        what="a bad cell keeps what was delivered",
        change={"a": {"price": "12 or 13"}},
        finds=("number",),
    ),
)
