"""The lines that were left out, in the same file with their reasons."""

import json
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.files import written_whole
from app.imports.fields import ImportKind
from app.imports.mapping import RESULT_MARK
from app.imports.reading import Items
from app.imports.rejects import write_result
from app.models import ImportBatch, Seller
from app.services.importing.opening import Opened, digest_of, open_file

NOTHING = N_("No line was left out.")


def refusals(batch: ImportBatch, opened: Opened, say: Callable[[DomainError], str] = str) -> dict[int, str]:
    """Line → why it was left out, by the file's own faults and by what applying it found."""
    reasons: dict[int, list[str]] = {}
    for entry in opened.entries():
        if entry.errors:
            reasons[entry.number] = [say(one) for one in entry.errors]
    for line, (text, params) in batch.options.get("refused", {}).items():
        reasons.setdefault(int(line), []).append(say(DomainError(text, **params)))
    return {line: " ".join(said) for line, said in sorted(reasons.items())}


def rejects_file(
    session: Session,
    actor: Actor,
    batch_id: int,
    path: Path,
    target: Path,
    *,
    say: Callable[[DomainError], str] = str,
    title: str = "Reason",
) -> Path:
    """Write the rejected lines of the batch's file (at `path`) with their reasons; `target` gets the file's ending."""
    actor.need(Right.IMPORTS_RUN)
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise NotFound()
    if digest_of(path) != batch.sha256:
        raise Refused(N_("This is not the file that was shown. Upload it again."))
    seller = session.get_one(Seller, batch.seller_id)
    form = str(batch.options.get("format") or "")
    opened = open_file(ImportKind(batch.kind), path, batch.mapping or None, seller.zone, form)
    reasons = refusals(batch, opened, say)
    if not reasons:
        raise Refused(NOTHING)
    target = target.with_name(f"{target.name}.{opened.sheet.format if opened.sheet is not None else 'json'}")
    with written_whole(target) as part:
        if opened.sheet is not None:
            write_result(opened.sheet, reasons, part, title)
        else:
            assert opened.items is not None
            _write_list(opened.items, reasons, part, title)
    batch.rejects_sha256 = digest_of(target)
    session.flush()
    return target


def _write_list(items: Items, reasons: dict[int, str], path: Path, title: str) -> None:
    kept = []
    for line, item in items:
        if line in reasons:
            told = {RESULT_MARK + title: reasons[line]}
            kept.append({**item, **told} if isinstance(item, dict) else {"item": item, **told})
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1, default=str), "utf-8")
