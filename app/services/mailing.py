"""Documents sent by mail: a delivery row for each address, an outbox row that sees it through, at least once.

`send_document` writes both in the caller's transaction; `jobs.mail` calls `deliver` until the channel has sent it.
The Message-ID belongs to the delivery, so a letter that leaves twice after a crash is told apart as one.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.channels.base import Attachment, Message
from app.channels.registry import mail_channel
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.files import file_name, keep_by_digest
from app.models import Account, Company, Delivery, Document, DocumentKind, Seller
from app.reports.formats import Formats
from app.reports.words import words_of
from app.rules.mailing import check_address, parse_addresses
from app.services import delivering, documents, papers, trail, work
from app.services.work import Topic

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MEDIA_TYPES[documents.SPLIT] = MEDIA_TYPES["xlsx"]
ENDINGS = {"pdf": "pdf", "xlsx": "xlsx", documents.SPLIT: "xlsx"}
REGULAR = "regular"  # the occasion of a document's first sending: asked for once, as at forming
TITLES = {
    DocumentKind.INVOICE: "invoice",
    DocumentKind.ACT: "act",
    DocumentKind.CREDIT_NOTE: "invoice_correction",
    DocumentKind.CORRECTION_ACT: "act_correction",
    DocumentKind.RECONCILIATION: "reconciliation",
    DocumentKind.CHARGES: "charges",
}
BODIES = {
    "en": "Good day,\n\n{title} of {seller} is attached.\nAccount: {account}.\n\nThis letter was made by {seller}; "
    "an answer to it reaches nobody.\n",
    "uk": "Добрий день!\n\nУ вкладенні: {title}, {seller}.\nОсобовий рахунок: {account}.\n\nЛист сформовано "
    "автоматично; відповідати на нього не потрібно.\n",
    "ru": "Здравствуйте!\n\nВо вложении: {title}, {seller}.\nЛицевой счёт: {account}.\n\nПисьмо сформировано "
    "автоматически; отвечать на него не нужно.\n",
    "pl": "Dzień dobry,\n\nw załączniku: {title}, {seller}.\nKonto: {account}.\n\nWiadomość wysłano automatycznie; "
    "prosimy na nią nie odpowiadać.\n",
}


@dataclass(frozen=True)
class Post:
    """Where mail leaves from: the server (none: it is caught), the sender, and where documents' files are."""

    files_dir: Path
    smtp_url: str = ""
    sender: str = "kabinet@localhost"


def send_document(
    session: Session,
    actor: Actor,
    document_id: int,
    addresses: Iterable[str],
    formats: Sequence[str] = ("pdf",),
    *,
    occasion: str = "",
) -> list[Delivery]:
    """Send a document to each address; with an `occasion` («regular») the same sending is asked for once."""
    document = session.get(Document, document_id)
    if document is None:
        raise NotFound()
    actor.need_company(document.company_id)
    actor.need(Right.DOCUMENTS_READ if actor.is_staff else Right.CABINET_DOCUMENTS)
    wanted = tuple(dict.fromkeys(formats))
    if not wanted or set(wanted) - {"pdf", "xlsx"}:
        raise Refused(N_("Choose PDF, XLSX or both."))
    return _order_all(session, actor, document, addresses, "+".join(wanted), "", occasion)


def send_papers(
    session: Session,
    actor: Actor,
    document: Document,
    extent: str,
    addresses: Iterable[str],
    account_format: str,
    *,
    occasion: str = "",
) -> list[Delivery]:
    """Send an invoice with its papers (`papers.papers_of`) to each address, in an account's format."""
    actor.need_company(document.company_id)
    actor.need(Right.DOCUMENTS_READ if actor.is_staff else Right.CABINET_DOCUMENTS)
    return _order_all(session, actor, document, addresses, account_format, extent, occasion)


def _order_all(
    session: Session,
    actor: Actor,
    document: Document,
    addresses: Iterable[str],
    formats: str,
    extent: str,
    occasion: str,
) -> list[Delivery]:
    checked = tuple(dict.fromkeys(check_address(address) for address in addresses))
    if not checked:
        raise Refused(N_("Enter at least one e-mail address."))
    made = [_order(session, document, address, formats, extent, occasion) for address in checked]
    new = [delivery for delivery in made if delivery is not None]
    if new:
        trail.record(
            session,
            actor,
            "document.send",
            "document",
            document.id,
            company_id=document.company_id,
            addresses=[delivery.address for delivery in new],
        )
    return new


def _order(
    session: Session, document: Document, address: str, formats: str, extent: str, occasion: str
) -> Delivery | None:
    content = f"{document.id}|{formats}|{extent}|{address}|{occasion or uuid.uuid4()}"
    digest = hashlib.sha256(content.encode()).hexdigest()[:32]
    values = {
        "company_id": document.company_id,
        "document_id": document.id,
        "address": address,
        "format": formats,
        "papers": extent,
        "state": "pending",
        "message_id": f"<document-{document.id}-{digest}@kabinet>",
        "created_at": clock.now(),
    }
    made = work.insert_once(session, Delivery, values, "message_id")
    if made is None:
        return None
    work.put_outbox(session, Topic.SEND_DELIVERY, {"delivery_id": made}, f"delivery:{made}", document.company_id)
    return session.get_one(Delivery, made)


def send_as_agreed(session: Session, actor: Actor, document_ids: Iterable[int], occasion: str) -> int:
    """Send documents again as their accounts say now (A1-19); how many letters were ordered."""
    ordered = 0
    for document_id in document_ids:
        document = session.get(Document, document_id)
        account = document and session.get(Account, document.account_id)
        if document is None or account is None or account.delivery != "email":
            continue
        addresses = parse_addresses(account.delivery_addresses)
        formats = ("pdf",) if account.delivery_format == "pdf" else ("xlsx",)
        ordered += len(send_document(session, actor, document.id, addresses, formats, occasion=occasion))
    return ordered


def send_regular(session: Session, actor: Actor, document_id: int) -> int:
    """Send a document a run has issued, with its papers, as the delivery was when it was formed (A1-20); once."""
    document = session.get(Document, document_id)
    if document is None:
        return 0
    account = session.get_one(Account, document.account_id)
    then = delivering.value_at(session, account, document.created_at)
    if then.method != "email" or not then.addresses:
        return 0
    addresses = parse_addresses(then.addresses)
    made = send_papers(session, actor, document, papers.OWN, addresses, then.format, occasion=REGULAR)
    return len(made)


def deliver(session: Session, delivery_id: int, post: Post) -> None:
    """Send one letter unless it has gone; ChannelError says whether it is worth another try."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or delivery.state == "sent":
        return
    mail_channel(session, post.smtp_url).send(_letter(session, delivery, post))
    delivery.state, delivery.sent_at = "sent", clock.now()
    session.flush()


@dataclass(frozen=True)
class ReadyFile:
    """A file that a job has made: its path below DATA_DIR, the name it travels under, what it is."""

    path: str
    name: str
    title: str


def mail_ready_file(session: Session, account_id: int, address: str, file: ReadyFile, *, key: str) -> None:
    """Send a ready file of an account to an address; with the same `key` once."""
    account = session.get_one(Account, account_id)
    digest = hashlib.sha256(f"{key}|{address}".encode()).hexdigest()[:32]
    payload = {
        "path": file.path,
        "name": file.name,
        "title": file.title,
        "account_id": account_id,
        "address": check_address(address),
        "message_id": f"<file-{digest}@kabinet>",
    }
    work.put_outbox(session, Topic.MAIL_FILE, payload, f"file:{digest}", account.company_id)


def deliver_file(session: Session, payload: Mapping[str, Any], data_dir: Path, post: Post) -> None:
    """Send one letter with a ready file; again only with the same Message-ID."""
    account = session.get_one(Account, int(payload["account_id"]))
    seller = session.get_one(Seller, account.seller_id)
    path = data_dir / str(payload["path"])
    if not path.is_file():
        raise NotFound(N_("The file of this letter is no longer there. Order it again."))
    title, ending, content = str(payload["title"]), path.suffix.removeprefix("."), path.read_bytes()
    if not post.smtp_url:  # the letter is caught, and its attachment is opened from where documents' files are
        keep_by_digest(content, lambda digest: documents.path_of(post.files_dir, digest))
    words = words_of(account.payer.locale or account.company.locale)
    message = Message(
        message_id=str(payload["message_id"]),
        recipient=str(payload["address"]),
        subject=f"{title} · {seller.short_name or seller.name}"[:255],
        body=BODIES[words.language].format(title=title, seller=seller.name, account=account.number),
        sender=seller.mail_from or post.sender,
        attachments=(Attachment(str(payload["name"]), MEDIA_TYPES[ending], content),),
        company_id=account.company_id,
    )
    mail_channel(session, post.smtp_url).send(message)


def mark_failed(session: Session, delivery_id: int) -> None:
    """The letter will not go by itself any more; a person sees it and may send again."""
    session.execute(
        sa.update(Delivery).where(Delivery.id == delivery_id, Delivery.state == "pending").values(state="failed")
    )


def _letter(session: Session, delivery: Delivery, post: Post) -> Message:
    document = session.get_one(Document, delivery.document_id)
    seller = session.get_one(Seller, document.seller_id)
    account = session.get_one(Account, document.account_id)
    brought = _papers(session, delivery, document)
    title = title_of(session, document)
    titles = dict.fromkeys(title_of(session, one.document) for one in brought)
    language = words_of(_locale(session, document)).language
    return Message(
        message_id=delivery.message_id,
        recipient=delivery.address,
        subject=f"{title} · {seller.short_name or seller.name}",
        body=BODIES[language].format(title="; ".join(titles), seller=seller.name, account=account.number),
        sender=seller.mail_from or post.sender,
        attachments=tuple(_files(session, brought, post.files_dir)),
        company_id=document.company_id,
    )


def _papers(session: Session, delivery: Delivery, document: Document) -> list[papers.Paper]:
    if not delivery.papers:
        return [papers.Paper(document, one) for one in delivery.format.split("+")]
    return papers.papers_of(session, Actor.system("post"), document, delivery.papers, delivery.format)


def _locale(session: Session, document: Document) -> str:
    return document.locale or session.get_one(Company, document.company_id).locale


def title_of(session: Session, document: Document) -> str:
    """«Счёт № 000123 от 01.11.2026», in the document's language."""
    words = words_of(_locale(session, document))
    date = Formats(words.language).date(document.issued_on)
    return words(TITLES[DocumentKind(document.kind)], number=document.number or document.id, date=date)


def _files(session: Session, brought: Iterable[papers.Paper], files_dir: Path) -> Iterable[Attachment]:
    for one in brought:
        path = documents.file_of(session, Actor.system("post"), one.document.id, one.format, files_dir)
        name = f"{file_name(title_of(session, one.document))}.{ENDINGS[one.format]}"
        yield Attachment(name, MEDIA_TYPES[one.format], path.read_bytes())
