"""October to December: trouble on the board, retried, verified and repaired."""

from days import Day, Order
from people import all_of, delete_group, duplicate, retire, write, write_size

FALL, SPRING = "GREYSON 2025 FALL", "GREYSON 2026 SPRING"
D = "GREYSON 2026 FALL | HOOD NAVY GRE-00004 | RECEIVED"
F = "GREYSON UNSEASONED | CAP NAVY GRE-00020 | RECEIVED 12 | ONE SIZE 12"
A = f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 150 | M 150"
REPAIR = ("verify", "--repair")
COPY = f"{SPRING} | PIQUE NAVY GRE-00001 (copy) | RECEIVED 150 | M 150"

DAYS = (
    Day(
        what="retry: what monday refused is tried again, and refused again",
        command=("retry",),
        takes={"update item": 1, "update subitem": 1},
        code=2,
        finds=("refused", "refused", "season"),
    ),
    Day(
        what="repair: the archived item is made again, with all that it should show",
        command=REPAIR,
        takes={"create item": 1, "create subitem": 1},
        shows={"d": f"{D} 46 | M 46"},
        finds=("season",),
    ),
    Day(
        what="people rename, edit, and write into a size: nothing happens by itself",
        people=all_of(
            write("GRE-00020", name="my cap", **{"ORDER QTY": "99"}),
            write_size("GRE-00020", "ONE SIZE", **{"Order Qty": "7"}),
        ),
        shows={"f": "GREYSON UNSEASONED | my cap | RECEIVED 99 | ONE SIZE 7"},
        books={"f": F},
        finds=("season",),
    ),
    Day(
        what="repair: name, quantity and size are ours",
        command=REPAIR,
        takes={"link item": 1, "link subitem": 1, "update item": 1, "update subitem": 1},
        shows={"f": F},
        finds=("season",),
    ),
    Day(
        what="a person archives a size, and types a wrong key into another item",
        people=all_of(
            retire("GRE-00004", "M"), write("GRE-00020", **{"LINE KEY": "not a key of ours"})
        ),
        shows={"d": f"{D} 46 | "},
        books={"d": f"{D} 46 | M 46"},
        finds=("season",),
    ),
    Day(
        what="repair: the size is made again, the key is written back",
        command=REPAIR,
        takes={"link item": 2, "link subitem": 1, "update item": 1, "create subitem": 1},
        shows={"d": f"{D} 46 | M 46"},
        finds=("season",),
    ),
    Day(
        what="a person duplicates an item and works on the copy",
        people=duplicate("GRE-00001"),
        shows={"copy": COPY},
        books={"copy": None},
        finds=("season",),
    ),
    Day(
        what="repair: the copy loses our key and stays with what the person wrote",
        command=REPAIR,
        takes={"update copy": 1},
        books={"copy": None},
        finds=("season",),
    ),
    Day(
        what="the copy is nobody's concern any more",
        change={"a": {"sizes": {"M": 155}}},
        takes={"update item": 1, "update subitem": 1},
        shows={"a": f"{SPRING} | PIQUE NAVY GRE-00001 | RECEIVED 155 | M 155"},
        finds=("season",),
    ),
    Day(
        what="a person deletes a group with all its items, and a line of it changes its season",
        people=delete_group(FALL),
        change={"b": {"season": "2026 FALL"}},
        takes={"move item": 1, "update item": 1},
        shows={"b": None, "c": None, "e1": None, "e2": None},
        books={
            "b": f"{FALL} | SHORT NAVY GRE-00002 | RECEIVED 12 | 30 5, 32 7",
            "c": f"{FALL} | TEE NAVY GRE-00003 | RECEIVED 8 | M 8",
            "e1": f"{FALL} | VEST NAVY GRE-00009 | RECEIVED 50 | M 50",
            "e2": f"{FALL} | VEST NAVY GRE-00009 | RECEIVED 25 | L 25",
        },
        code=2,
        finds=("refused", "season"),
    ),
    Day(
        what="repair: the group and its items are made again",
        command=REPAIR,
        takes={"ensure_group group": 1, "create item": 4, "create subitem": 5},
        shows={
            "b": "GREYSON 2026 FALL | SHORT NAVY GRE-00002 | RECEIVED 12 | 30 5, 32 7",
            "c": f"{FALL} | TEE NAVY GRE-00003 | RECEIVED 8 | M 8",
            "e1": f"{FALL} | VEST NAVY GRE-00009 | RECEIVED 50 | M 50",
            "e2": f"{FALL} | VEST NAVY GRE-00009 | RECEIVED 25 | L 25",
        },
        finds=("season",),
    ),
    Day(what="the day after: nothing to do", finds=("season",)),
    Day(
        what="cancelled, moved, and its size renamed, all on one day",
        change={"d": {"type": "CANCELLED", "season": "2025 FALL", "style": "HOODIE"}},
        takes={"move item": 1, "update item": 1, "zero subitem": 1},
        shows={"d": f"{FALL} | HOODIE NAVY GRE-00004 | CANCELLED 0 | M 0"},
        finds=("season",),
    ),
    Day(
        what="a line that is missing and one that is new are not the same: two cells differ",
        gone=("f",),
        new={"g": Order(number="GRE-00020", style="CAP 2", colour="RED", sizes={"M": 1})},
        takes={"create item": 1, "create subitem": 1},
        shows={"g": f"{FALL} | CAP 2 RED GRE-00020 | RECEIVED 1 | M 1"},
        then={"archive item": 1},
        finds=("missing",),
    ),
    Day(
        what="new year's eve: what is gone for two reads is archived",
        takes={"archive item": 1},
        shows={"f": None},
        finds=("missing",),
    ),
)
