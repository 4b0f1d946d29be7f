"""A document on one page: what it froze, why each amount is what it is, its files, its place in the books."""

from typing import Any

import sqlalchemy as sa
from flask import abort, current_app, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from sqlalchemy.orm import joinedload, selectinload

from app.access.permissions import Right
from app.core.actor import Actor
from app.extensions import db, only_reading
from app.models import Allocation, Charge, Delivery, Document, DocumentLine, Entry, PartySnapshot
from app.models.work import AuditEvent
from app.rules.mailing import parse_addresses
from app.services import documents, mailing
from app.views.base import OfficePage, attempt, needs
from app.views.exports import send_path
from app.views.office import cells
from app.views.rows import whole

LINES = 100  # lines and charges of one page of the page
FORMATS = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def story_of(document: Document, actor: Actor) -> dict[str, Any]:
    """Everything `office/document.html` shows."""
    with_lines = document.basis_id or document.id if document.kind in ("act", "correction_act") else document.id
    page = max(whole(request.args.get("page", 1)) or 1, 1)
    lines, count = _lines(with_lines, page)
    return {
        "title": f"{cells.kind(document.kind)} {document.number or document.id}",
        "document": document,
        "seller_data": _snapshot(document.seller_snapshot_id),
        "payer_data": _snapshot(document.payer_snapshot_id),
        "lines": lines,
        "page": page,
        "pages": max(1, -(-count // LINES)),
        "line_count": count,
        "charges": _charges(with_lines, page) if actor.may(Right.BILLING_READ) else [],
        "entries": _entries(document.id) if actor.may(Right.LEDGER_READ) else [],
        "allocations": _allocations(document.id),
        "follow": _following(document.id),
        "deliveries": list(db.session.scalars(sa.select(Delivery).where(Delivery.document_id == document.id))),
        "addresses": document.account.delivery_addresses or document.company.email,
        "events": _events(document.id) if actor.may(Right.AUDIT_READ) else [],
    }


def _snapshot(snapshot_id: int | None) -> dict[str, Any]:
    found = db.session.get(PartySnapshot, snapshot_id) if snapshot_id else None
    return dict(found.data) if found else {}


def _lines(document_id: int, page: int) -> tuple[list[DocumentLine], int]:
    query = sa.select(DocumentLine).where(DocumentLine.document_id == document_id)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    shown = query.order_by(DocumentLine.position).limit(LINES).offset((page - 1) * LINES)
    return list(db.session.scalars(shown)), count


def _charges(document_id: int, page: int) -> list[Charge]:
    query = (
        sa.select(Charge)
        .options(
            joinedload(Charge.subscription),
            joinedload(Charge.price_version),
        )
        .where(Charge.document_id == document_id)
        .order_by(Charge.id)
        .limit(LINES)
        .offset((page - 1) * LINES)
    )
    return list(db.session.scalars(query))


def _entries(document_id: int) -> list[Entry]:
    query = sa.select(Entry).options(selectinload(Entry.postings)).where(Entry.document_id == document_id)
    return list(db.session.scalars(query.order_by(Entry.id).limit(20)))


def _allocations(document_id: int) -> list[Allocation]:
    query = sa.select(Allocation).options(joinedload(Allocation.payment)).where(Allocation.document_id == document_id)
    return list(db.session.scalars(query.order_by(Allocation.id).limit(50)))


def _following(document_id: int) -> list[Document]:
    """Documents that stand on this one, or correct it."""
    query = sa.select(Document).where(sa.or_(Document.basis_id == document_id, Document.corrects_id == document_id))
    return list(db.session.scalars(query.order_by(Document.id).limit(20)))


def _events(document_id: int) -> list[AuditEvent]:
    query = sa.select(AuditEvent).where(AuditEvent.target == "document", AuditEvent.target_id == str(document_id))
    return list(db.session.scalars(query.order_by(AuditEvent.id.desc()).limit(10)))


class DocumentPage(OfficePage):
    """Files of a document, and sending it."""

    route_base = "/office/document"

    @expose("/<pk>/file/<fmt>")
    @needs(Right.DOCUMENTS_READ)
    def index(self, pk: str, fmt: str) -> Any:
        """The PDF or XLSX, made on first request and the same bytes ever after."""
        if fmt not in FORMATS:
            abort(404)
        document = self.row(Document, pk)
        document_id, name = document.id, documents.file_title(document)
        self.session.rollback()  # a file is written down where it is made: this request writes after all
        only_reading.set(False)
        made = attempt(documents.file_of, document_id, fmt, current_app.config["KABINET"].files_dir)
        if made is None:
            return redirect(url_for("Documents.show", pk=document_id))
        return send_path(made, f"{name}.{fmt}", FORMATS[fmt])

    @expose("/<pk>/send", methods=["POST"])
    @needs(Right.DOCUMENTS_READ)
    def send(self, pk: str) -> Any:
        """Mail it to the addresses that were typed."""
        document = self.row(Document, pk)

        def post(session: Any, actor: Actor) -> Any:
            addresses = parse_addresses(request.form.get("addresses", ""))
            return mailing.send_document(session, actor, document.id, addresses, request.form.getlist("formats"))

        attempt(post, done=gettext("The letter is on its way. Its state is shown under «Sent»."))
        return redirect(url_for("Documents.show", pk=document.id))
