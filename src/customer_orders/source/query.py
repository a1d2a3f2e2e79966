"""A SELECT of the user's own, read from a file and checked before any database sees it."""

from __future__ import annotations

from pathlib import Path

import sqlglot
from sqlalchemy.engine import URL
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from customer_orders.errors import SourceError
from customer_orders.source.columns import unique_header

#: SQLGlot's names of engines, where they differ from SQLAlchemy's.
DIALECTS = {"postgresql": "postgres", "mssql": "tsql", "mariadb": "mysql"}
WRITES = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock)


def read_query(path: Path, url: URL) -> str:
    """The text of the one SELECT in the file. Raises SourceError for anything else."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise SourceError(f"{path}: cannot be read: {exc}", hint="check [source] query") from exc
    backend = url.get_backend_name()
    dialect = DIALECTS.get(backend, backend)
    dialect = dialect if dialect in sqlglot.Dialect.classes else ""
    try:
        parsed = sqlglot.parse(text, read=dialect)
        # What stands behind the end may be a comment.
        found = [tree for tree in parsed if tree and not isinstance(tree, exp.Semicolon)]
        tokens = sqlglot.tokenize(text, read=dialect)
    except SqlglotError as exc:
        raise SourceError(f"{path}: is not SQL of {backend}: {exc}", hint="mend the query") from exc
    _refuse(path, found)
    ends = [token.start for token in tokens if token.token_type is TokenType.SEMICOLON]
    # A comment after the end would swallow the bracket that closes the sub-select.
    return (text[: ends[0]] if ends else text).strip() + "\n"


def _refuse(path: Path, found: list[exp.Expr]) -> None:
    """Raise SourceError unless there is one statement and it only reads."""
    if len(found) != 1:
        raise SourceError(
            f"{path}: holds {len(found)} statements, one SELECT is read",
            hint="put one SELECT into the file",
        )
    (tree,) = found
    parts = [p for p in tree.walk() if isinstance(p, WRITES) and not isinstance(p, exp.Query)]
    if not isinstance(tree, exp.Query) or parts:
        raise SourceError(
            f"{path}: is not a SELECT that only reads",
            hint="only SELECT and WITH ... SELECT are read; nothing was sent to the database",
        )
    # An engine may give the second of two equal columns another name.
    names = [name for name in tree.named_selects if name not in ("", "*")]
    if names:
        unique_header(names, str(path))
