"""Files: names that every system keeps and every person can read, and files that are whole or not there at all."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 120
_FORBIDDEN = frozenset('\\/:*?"<>|')


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A place to write to, which bears the name `path` once the block ends well; nothing written, there is none."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        if part.exists():
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def keep_by_digest(content: bytes, path_of: Callable[[str], Path]) -> str:
    """Keep `content` where its SHA-256 belongs; the digest."""
    digest = hashlib.sha256(content).hexdigest()
    path = path_of(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as part:
        part.write_bytes(content)
    return digest


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's content; OSError where it cannot be read."""
    with path.open("rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def file_name(text: str) -> str:
    """A text as the name of a file: what a system forbids or nobody sees becomes a space; the ending is not cut off."""
    kept = "".join(sign if sign.isprintable() and sign not in _FORBIDDEN else " " for sign in text)
    name = " ".join(kept.split()).strip(" .")
    if len(name) > LONGEST:
        stem, dot, ending = name.rpartition(".")
        room = LONGEST - len(ending) - 1
        name = f"{stem[:room].rstrip(' .')}.{ending}" if dot and len(ending) < 8 else name[:LONGEST]
    return name or "document"
