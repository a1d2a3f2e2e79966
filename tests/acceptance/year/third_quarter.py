"""July to September: labels, columns of others, and what people do that stays as they did it."""

from days import Day, Order
from people import move, retire, write, write_size

FALL, SPRING = "GREYSON 2025 FALL", "GREYSON 2026 SPRING"
OWNED = """\
[mapping.ownership]
set_once = ["CATEGORY"]
keep_board_edits = ["CUSTOMER PRICE"]

[rules]"""

DAYS = (
    Day(
        what="labels: new terms are made, a unit of measure that nobody knows is refused",
        change={"c": {"terms": "FOB"}, "d": {"terms": "fob ", "unit": "PSC"}},
        takes={"update item": 2},
        finds=("label",),
    ),
    Day(
        what="the label that differs only in its case is the board's own",
        change={"d": {"terms": "Fob", "unit": "pce"}},
        takes={"update item": 1},
    ),
    Day(
        what="columns of others are never touched",
        people=write("GRE-00001", **{"ORDER STATUS": {"label": "OPEN"}, "matchAlias": "ours"}),
        change={"a": {"sizes": {"M": 140}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 140 | M 140"},
    ),
    Day(
        what="written once, and edits of people are kept: nothing happens by itself",
        settings=(("[rules]", OWNED),),
    ),
    Day(
        what="a column that is written once changes in the source",
        change={"c": {"category": "WOMENS"}},
    ),
    Day(
        what="a person changes a price, and nothing changes in the source",
        people=write("GRE-00001", **{"CUSTOMER PRICE": "14"}),
    ),
    Day(
        what="the price changes in the source as well: the person's stays, with a finding",
        change={"a": {"price": "15", "sizes": {"M": 150}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 150 | M 150"},
        finds=("edited",),
    ),
    Day(
        what="source and person agree",
        change={"a": {"price": "14"}},
        takes={"update item": 1},
    ),
    Day(
        what="a person moves an item: it is left there",
        people=move("GRE-00004", SPRING),
        shows={"d": f"{SPRING} | HOOD NAVY GRE-00004 | RECEIVED 45 | M 45"},
        books={"d": f"{FALL} | HOOD NAVY GRE-00004 | RECEIVED 45 | M 45"},
    ),
    Day(
        what="the season changes: it goes to its own group, from wherever it is",
        change={"d": {"season": "2026 FALL"}},
        takes={"ensure_group group": 1, "move item": 1, "update item": 1},
        shows={"d": "GREYSON 2026 FALL | HOOD NAVY GRE-00004 | RECEIVED 45 | M 45"},
    ),
    Day(
        what="a person archives an item: as long as its line stays as it is, nothing is sent",
        people=retire("GRE-00004"),
        shows={"d": None},
        books={"d": "GREYSON 2026 FALL | HOOD NAVY GRE-00004 | RECEIVED 45 | M 45"},
    ),
    Day(
        what="its line changes: failed, and not made again by itself",
        change={"d": {"sizes": {"M": 46}}},
        takes={"update item": 1, "update subitem": 1},
        code=2,
        finds=("refused", "refused"),
    ),
    Day(
        what="the refusal holds until something changes",
        code=2,
        finds=("refused", "refused"),
    ),
    Day(
        what="a new line, with a season that is blank in both columns",
        new={"f": Order(number="GRE-00020", style="CAP", season=" ", sizes={"ONE SIZE": 9})},
        takes={"ensure_group group": 1, "create item": 1, "create subitem": 1},
        shows={"f": "GREYSON UNSEASONED | CAP NAVY GRE-00020 | RECEIVED 9 | ONE SIZE 9"},
        code=2,
        finds=("refused", "refused", "season"),
    ),
    Day(
        what="a person writes into a size: what is theirs stays theirs",
        people=write_size("GRE-00020", "ONE SIZE", **{"Cut Qty": "3"}),
        change={"f": {"sizes": {"ONE SIZE": 12}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"f": "GREYSON UNSEASONED | CAP NAVY GRE-00020 | RECEIVED 12 | ONE SIZE 12"},
        code=2,
        finds=("refused", "refused", "season"),
    ),
)
