"""Names of files that every system keeps and every person can read."""

LONGEST = 120
_FORBIDDEN = frozenset('\\/:*?"<>|')


def file_name(text: str) -> str:
    """A text as the name of a file: what a system forbids or nobody sees becomes a space; the ending is not cut off."""
    kept = "".join(sign if sign.isprintable() and sign not in _FORBIDDEN else " " for sign in text)
    name = " ".join(kept.split()).strip(" .")
    if len(name) > LONGEST:
        stem, dot, ending = name.rpartition(".")
        room = LONGEST - len(ending) - 1
        name = f"{stem[:room].rstrip(' .')}.{ending}" if dot and len(ending) < 8 else name[:LONGEST]
    return name or "document"
