"""The book that a simulated operator or platform keeps for itself, apart from Kabinet's database."""

import sqlite3
from pathlib import Path


def open_book(path: Path, table: str) -> sqlite3.Connection:
    """A book with its table; each statement is kept at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    book.execute("PRAGMA journal_mode=WAL")
    book.execute("PRAGMA synchronous=NORMAL")
    book.execute(table)
    return book
