"""Types of columns that mean the same on every engine.

Text is compared letter by letter everywhere: SQL Server's own collation takes M and m for one
size, and other engines sort by the language of the machine.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Float, Integer, LargeBinary, String, Text
from sqlalchemy.dialects.mssql import NVARCHAR
from sqlalchemy.types import TypeEngine

BY_CODE_POINT = "Latin1_General_100_BIN2"


def words(length: int) -> TypeEngine[str]:
    """Text of at most so many characters; one that can stand in a key or an index."""
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(NVARCHAR(length, collation=BY_CODE_POINT), "mssql")
    )


#: Text of any length.
TEXT = Text().with_variant(NVARCHAR(collation=BY_CODE_POINT), "mssql")
#: JSON with sorted keys.
JSON = TEXT
#: A number that the engine gives.
NUMBERED = BigInteger().with_variant(Integer, "sqlite")
COUNT = Integer()
#: Seconds since 1970, UTC; and other numbers with a fraction.
MOMENT = AMOUNT = Float()
FLAG = Boolean()
BYTES = LargeBinary()
