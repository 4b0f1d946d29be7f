"""Why an order waits or was cancelled, kept so that it can be said in any language; what staff wrote stays as it is."""

import json

from app.core.errors import DomainError

LIMIT = 300  # characters of the column


def keep(error: DomainError) -> str:
    """A sentence and what fills its places, as the column holds them."""
    kept = json.dumps({"text": error.text, "params": {k: str(v) for k, v in error.params.items()}}, ensure_ascii=False)
    return kept if len(kept) <= LIMIT else str(error)[:LIMIT]


def read(kept: str) -> DomainError | None:
    """The sentence of what is kept; None where nothing is."""
    if not kept:
        return None
    if not kept.startswith('{"text"'):
        return DomainError(kept.replace("%", "%%") if "%" in kept else kept)
    said = json.loads(kept)
    return DomainError(said["text"], **said["params"])
