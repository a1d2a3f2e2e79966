"""April to June: lines go missing and come back, change their names and keys, and lose sizes."""

from days import Day, Order

FALL, SPRING = "GREYSON 2025 FALL", "GREYSON 2026 SPRING"
TWIN = "GREYSON 2025 FALL | VEST NAVY GRE-00009"
E1, E2 = f"{TWIN} | RECEIVED 40 | M 40", f"{TWIN} | RECEIVED 25 | L 25"

DAYS = (
    Day(what="the bad cell is mended", change={"a": {"price": "13.25"}}),
    Day(
        what="a line is missing: its item stays, and it is reported",
        gone=("d",),
        finds=("missing",),
    ),
    Day(what="it is still missing", finds=("missing",)),
    Day(
        what="the missing line comes back, with another quantity",
        new={"d": Order(number="GRE-00004", style="HOOD", sizes={"M": 45})},
        takes={"update item": 1, "update subitem": 1},
        shows={"d": f"{FALL} | HOOD NAVY GRE-00004 | RECEIVED 45 | M 45"},
    ),
    Day(
        what="the customer has another name in the source, a new alias: nothing is made again",
        settings=(('["GREYSON CLOTHIERS"]', '["GREYSON CLOTHIERS", "GREYSON GOLF"]'),),
        change={name: {"customer": "GREYSON GOLF"} for name in "abcd"},
    ),
    Day(
        what="re-key: the delivery method changes, and the item is the same",
        change={"a": {"method": "AIR"}},
        takes={"update item": 1},
    ),
    Day(
        what="re-key and a quantity on the same day",
        change={"a": {"alias": "CAPSULE 2", "sizes": {"S": 20, "M": 130, "L": 90}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"a": f"{SPRING} | POLO NAVY GRE-00001 | RECEIVED 240 | S 20, M 130, L 90, XL 0"},
    ),
    Day(
        what="size to zero and renamed: the style is part of the key as well",
        change={"a": {"style": "PIQUE", "sizes": {"S": 20, "M": 130}}},
        takes={"update item": 1, "zero subitem": 1},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 150 | S 20, M 130, L 0, XL 0"},
    ),
    Day(
        what="two lines with equal keys",
        new={
            "e1": Order(number="GRE-00009", style="VEST", sizes={"M": 40}),
            "e2": Order(number="GRE-00009", style="VEST", sizes={"L": 25}),
        },
        takes={"create item": 2, "create subitem": 2},
        shows={"e1": E1, "e2": E2},
    ),
    Day(
        what="the equal keys swap their quantities: both lines are still there",
        change={"e1": {"sizes": {"L": 25}}, "e2": {"sizes": {"M": 40}}},
    ),
    Day(
        what="one of the equal keys changes",
        change={"e2": {"sizes": {"M": 41}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"e1": f"{TWIN} | RECEIVED 41 | M 41"},
    ),
    Day(
        what="both change at a time: nobody can tell which is which, so both are stopped",
        change={"e1": {"sizes": {"L": 30}}, "e2": {"sizes": {"M": 50}}},
        finds=("equal keys", "equal keys"),
    ),
    Day(
        what="one of them is as it was: the other one is known again",
        change={"e1": {"sizes": {"L": 25}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"e1": f"{TWIN} | RECEIVED 50 | M 50"},
    ),
    Day(
        what="sizes that are gone are archived from now on: nothing happens to those at 0",
        settings=(("[customers]", '[rules]\nsize_gone = "archive"\n\n[customers]'),),
        takes={"archive subitem": 2},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 150 | S 20, M 130"},
    ),
    Day(
        what="a size goes to 0 and another one appears",
        change={"a": {"sizes": {"M": 130, "XL": 5}}},
        takes={"update item": 1, "archive subitem": 1, "create subitem": 1},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 135 | M 130, XL 5"},
    ),
    Day(
        what="an archived size comes back as a new one",
        change={"a": {"sizes": {"S": 30, "M": 130, "XL": 5}}},
        takes={"update item": 1, "create subitem": 1},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 165 | S 30, M 130, XL 5"},
    ),
    Day(
        what="a cancelled line keeps its sizes, at 0",
        change={"a": {"type": "CANCELLED"}},
        takes={"update item": 1, "zero subitem": 3},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | CANCELLED 0 | S 0, M 0, XL 0"},
    ),
    Day(
        what="active again, with one size less",
        change={"a": {"type": "ACTIVE", "sizes": {"S": 30, "M": 130}}},
        takes={"update item": 1, "update subitem": 2, "archive subitem": 1},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 160 | S 30, M 130"},
    ),
    Day(
        what="sizes that are gone are deleted from now on",
        settings=(('size_gone = "archive"', 'size_gone = "delete"'),),
        change={"a": {"sizes": {"M": 130}}},
        takes={"update item": 1, "delete subitem": 1},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 130 | M 130"},
    ),
    Day(
        what="lines that are gone are archived after two complete reads; this is the first",
        settings=(('size_gone = "delete"', 'line_gone = "archive"\nline_gone_after = 2'),),
        gone=("c",),
        then={"archive item": 1},
        finds=("missing",),
    ),
    Day(
        what="the second read without the line",
        takes={"archive item": 1},
        shows={"c": None},
        finds=("missing",),
    ),
    Day(what="what was archived is no longer missing"),
    Day(
        what="the archived line comes back: a new item",
        new={"c": Order(number="GRE-00003", style="TEE", sizes={"M": 8}, category="MENS")},
        takes={"create item": 1, "create subitem": 1},
        shows={"c": f"{FALL} | TEE NAVY GRE-00003 | RECEIVED 8 | M 8"},
    ),
)
