"""Documents' files: rendered once, stored under their digest, the same bytes ever after; a month as one ZIP."""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.period import Month
from app.models import Account, Charge, Document, DocumentFile, DocumentKind, Seller
from app.reports.render import pdf, xlsx
from app.services import gathering, hours, parties

SPLIT = "split"  # the report on charges as XLSX with the usage apart by working hours (A1-31)
FORMATS: dict[str, Callable[[Any, BinaryIO], None]] = {
    "pdf": pdf.render_to,
    "xlsx": xlsx.render_to,
    SPLIT: xlsx.render_to,
}


def document_of(session: Session, actor: Actor, document_id: int) -> Document:
    """An issued document this actor may see; NotFound otherwise."""
    document = session.get(Document, document_id)
    if document is None:
        raise NotFound()
    actor.need_company(document.company_id)
    actor.need(Right.DOCUMENTS_READ if actor.is_staff else Right.CABINET_DOCUMENTS)
    return document


def file_of(session: Session, actor: Actor, document_id: int, fmt: str, files_dir: Path) -> Path:
    """The path of the document's file, made now where it was never asked for. The row of it is written, not "
    "committed."""
    made = make_file(session, actor, document_id, fmt, files_dir)
    note_file(session, made)
    return made.path


@dataclass(frozen=True)
class Made:
    """A document's file in the store; `is_new` where its row is still to be written."""

    document_id: int
    company_id: int
    format: str
    digest: str
    size: int
    path: Path
    is_new: bool


def make_file(session: Session, actor: Actor, document_id: int, fmt: str, files_dir: Path) -> Made:
    """The document's file, made now where it was never asked for; the database is only read (`note_file` writes)."""
    document = document_of(session, actor, document_id)
    if fmt not in FORMATS or (fmt == SPLIT and document.kind != DocumentKind.CHARGES):
        raise Refused(N_("Documents come as PDF or XLSX. Choose one of them."))
    known = _file_row(session, document_id, fmt)
    if known is not None:
        path = path_of(files_dir, known.sha256)
        if path.exists():
            return Made(document.id, document.company_id, fmt, known.sha256, known.size, path, is_new=False)
    with _temporary(files_dir) as out:
        FORMATS[fmt](gathering.laid_out(session, document, by_hours=fmt == SPLIT), out)
        digest, size = _digest_of(out)
        if known is not None and known.sha256 != digest:
            raise Refused(
                N_("The stored file of this document is lost and cannot be made again the same. Ask support.")
            )
        path = _keep(out, files_dir, digest)
    return Made(document.id, document.company_id, fmt, digest, size, path, is_new=known is None)


def note_file(session: Session, made: Made) -> None:
    """Write down the row of a file that `make_file` made."""
    if made.is_new:
        _note(session, made)


def _file_row(session: Session, document_id: int, fmt: str) -> DocumentFile | None:
    wanted = sa.select(DocumentFile).where(DocumentFile.document_id == document_id, DocumentFile.format == fmt)
    return session.scalars(wanted).first()


def path_of(files_dir: Path, digest: str) -> Path:
    """Where a file of this digest is kept."""
    return files_dir / digest[:2] / digest


def _temporary(files_dir: Path) -> Any:
    files_dir.mkdir(parents=True, exist_ok=True)
    return tempfile.NamedTemporaryFile(dir=files_dir, prefix=".making-", delete=True)  # noqa: SIM115  # `with` is the caller's


def _digest_of(out: Any) -> tuple[str, int]:
    out.flush()
    out.seek(0)
    digest = hashlib.file_digest(out, "sha256").hexdigest()
    return digest, out.tell()


def _keep(out: Any, files_dir: Path, digest: str) -> Path:
    """Move the finished file to its name: fsync, then link, so that no half file ever bears a digest."""
    path = path_of(files_dir, digest)
    path.parent.mkdir(exist_ok=True)
    os.fsync(out.fileno())
    if not path.exists():
        try:
            os.link(out.name, path)
        except FileExistsError:
            return path
    return path


def _note(session: Session, made: Made) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {
        "company_id": made.company_id,
        "created_at": clock.now(),
        "document_id": made.document_id,
        "format": made.format,
        "sha256": made.digest,
        "size": made.size,
    }
    session.execute(insert(DocumentFile).values(row).on_conflict_do_nothing())


def file_title(document: Document) -> str:
    """A name for the file that every system can keep: «invoice_KB-2026-000123»."""
    number = "".join(c if c.isalnum() or c in "-_" else "-" for c in document.number or str(document.id))
    return f"{document.kind}_{number}"


def zip_of_month(
    session: Session,
    actor: Actor,
    seller_id: int,
    month: Month,
    files_dir: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    formats: tuple[str, ...] = ("pdf",),
) -> Path:
    """All documents of a Seller's month in one ZIP, a folder a company; returns its path under `files_dir`."""
    actor.need(Right.EXPORTS_RUN)
    wanted = (
        sa.select(Document.id)
        .where(Document.seller_id == seller_id, Document.period_start == month.first_day)
        .order_by(Document.company_id, Document.id)
    )
    ids = list(session.scalars(wanted))
    if not ids:
        raise Refused(N_("There are no documents of %(month)s. Close the month first."), month=str(month))
    with _temporary(files_dir) as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # PDF and XLSX are compressed already
            for done, document_id in enumerate(ids, 1):
                _add(session, actor, archive, document_id, files_dir, formats)
                progress(done, len(ids))
        digest, _ = _digest_of(out)
        return _keep(out, files_dir, digest)


def _add(
    session: Session,
    actor: Actor,
    archive: zipfile.ZipFile,
    document_id: int,
    files_dir: Path,
    formats: tuple[str, ...],
) -> None:
    for fmt in formats:
        path = file_of(session, actor, document_id, fmt, files_dir)
        document = session.get_one(Document, document_id)
        folder = "".join(c if c.isalnum() or c in "-_ «»" else "-" for c in document.company.code)
        entry = zipfile.ZipInfo(f"{folder}/{file_title(document)}.{fmt}", (1980, 1, 1, 0, 0, 0))
        with path.open("rb") as source, archive.open(entry, "w") as target:
            while piece := source.read(1 << 20):
                target.write(piece)


def charge_report(session: Session, actor: Actor, account_id: int, month: Month) -> Document:
    """The report of an account's charges in a month as it stands now; the same one again while nothing was added."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    actor.need(Right.DOCUMENTS_READ if actor.is_staff else Right.CABINET_DOCUMENTS)
    charges = sa.select(sa.func.max(Charge.id)).where(Charge.account_id == account_id, Charge.month == month.first_day)
    last = session.scalar(charges)
    if last is None:
        raise Refused(N_("There are no charges of %(month)s on this account. Choose a closed month."), month=str(month))
    known = sa.select(Document).where(
        Document.account_id == account_id,
        Document.kind == DocumentKind.CHARGES.value,
        Document.period_start == month.first_day,
    )
    for report in session.scalars(known):
        if (report.data or {}).get("last_charge") == last:
            return report
    return _make_report(session, account, month, last)


def _make_report(session: Session, account: Account, month: Month, last: int) -> Document:
    seller = session.get_one(Seller, account.seller_id)
    billed = session.execute(
        sa.select(sa.func.sum(Document.net), sa.func.sum(Document.tax), sa.func.sum(Document.total)).where(
            Document.account_id == account.id,
            Document.kind.in_((DocumentKind.INVOICE.value, DocumentKind.CREDIT_NOTE.value)),
            Document.period_start == month.first_day,
        )
    ).one()
    report = Document(
        company_id=account.company_id,
        kind=DocumentKind.CHARGES.value,
        seller_id=seller.id,
        account_id=account.id,
        payer_id=account.payer_id,
        contract_id=account.contract_id,
        number=f"{account.number}-{month}-{last}",
        issued_on=clock.today(seller.zone),
        period_start=month.first_day,
        period_end=month.period.end,
        currency=account.currency,
        locale=account.payer.locale or account.company.locale,
        net=billed[0] or 0,
        tax=billed[1] or 0,
        total=billed[2] or 0,
        settlement="paid",
        seller_snapshot_id=parties.freeze(session, seller),
        payer_snapshot_id=parties.freeze(session, account.payer),
        data={"last_charge": last, "hours": hours.frozen(session, seller, month)},
    )
    session.add(report)
    session.flush()
    return report
