"""Documents of a company: the list, one document, its files, what is behind a line, and «e-mail it to me»."""

import datetime as dt
from dataclasses import replace
from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from markupsafe import Markup

from app.access.permissions import Right
from app.core.errors import Refused
from app.core.files import file_name
from app.core.period import Month
from app.extensions import only_reading
from app.models import Document, DocumentKind, Seller
from app.reports.render import qr
from app.rules.lifecycle import Settlement
from app.rules.mailing import mask_addresses
from app.services import mailing, transfers
from app.services.cabinet import documents as reader
from app.services.cabinet import invoices
from app.views import explaining
from app.views.base import attempt, needs, say
from app.views.cabinet import frame
from app.views.charts import draw_qr
from app.views.exports import send_path
from app.views.rows import whole

PERIODS = ("3", "6", "12", "custom")


class DocumentsPage(frame.Page):
    """What was issued to the company."""

    route_base = "/my/documents"

    @expose("/")
    @needs(Right.CABINET_DOCUMENTS)
    def index(self) -> Any:
        """The list; by default the last three months (M365-22)."""
        wanted, period = self._wanted()
        found = reader.list_documents(self.session, self.actor, wanted)
        return self.show(
            "documents.html",
            rows=found.rows,
            more=frame.place(found.more),
            wanted=wanted,
            period=period,
            today=self.today,
            late=is_late,
        )

    def _wanted(self) -> tuple[reader.Wanted, str]:
        account, args = self.account_asked(), request.args
        unpaid = args.get("unpaid") == "1"
        since, until = self.day_asked("since"), self.day_asked("until")
        period = args.get("period") or ("custom" if since or until or unpaid else "3")
        if period not in PERIODS:
            abort(404)
        if period != "custom":
            since, until = months_back(self.today, int(period)), None
        wanted = reader.Wanted(args.get("kind", ""), account.id if account else None, since, until, unpaid)
        return replace(wanted, after=self.place_asked()), period

    @expose("/<int:document_id>")
    @needs(Right.CABINET_DOCUMENTS)
    def one(self, document_id: int) -> Any:
        """A document with its lines, what settled it, and how to pay it."""
        document = reader.document_of(self.session, self.actor, document_id)
        after = whole(request.args.get("after", 0)) or 0
        lines = reader.lines_of(self.session, document, after)
        is_invoice = document.kind == DocumentKind.INVOICE.value
        left = document.total - document.paid
        return self.show(
            "document.html",
            document=document,
            lines=lines[: reader.LINES],
            more=lines[reader.LINES - 1].position if len(lines) > reader.LINES else None,
            paid_by=reader.payments_of(self.session, document) if is_invoice else [],
            related=[] if is_invoice and not after else reader.related_to(self.session, document),
            pay=how_to_pay(document) if is_invoice and left > 0 else None,
            left=left,
            closed=self._closed(document),
            late=is_late(document, self.today),
            last_day=document.period_end - dt.timedelta(days=1),
            mail_to=self._mail_to(document),
        )

    @expose("/<int:document_id>/lines/<int:line_id>")
    @needs(Right.CABINET_DOCUMENTS)
    def line(self, document_id: int, line_id: int) -> Any:
        """Explain this line: formula, days, price and rule behind each charge."""
        behind = reader.explain_line(self.session, self.actor, document_id, line_id)
        return self.show(
            "line.html", behind=behind, document=behind.document, line=behind.line, formula=explaining.formula
        )

    @expose("/<int:document_id>/file/<any(pdf, xlsx, split):fmt>")
    @needs(Right.CABINET_DOCUMENTS)
    def file(self, document_id: int, fmt: str) -> Any:
        """The document as PDF or XLSX: made once, the same bytes for ever; closed while invoices are formed (A1-07)."""
        from app.services import documents as issued

        document = reader.document_of(self.session, self.actor, document_id)
        closed = self._closed(document)
        if closed:
            flash(closed, "warning")
            return redirect(url_for("DocumentsPage.one", document_id=document_id))
        name = file_name(mailing.title_of(self.session, document))
        self.session.rollback()  # a first download writes the file down: begin again, as a writer
        only_reading.set(False)
        try:
            path = issued.file_of(self.session, self.actor, document_id, fmt, current_app.config["KABINET"].files_dir)
        except Refused as error:  # only a report on charges comes split
            self.session.rollback()
            flash(say(error), "warning")
            return redirect(url_for("DocumentsPage.one", document_id=document_id))
        self.session.commit()
        return send_path(path, f"{name}.{mailing.ENDINGS[fmt]}", inline=request.args.get("view") == "1")

    def _closed(self, document: Document) -> str:
        """Why a regular document can be neither ordered nor taken today, and when it can; empty where it can."""
        try:
            invoices.need_invoices_open(self.session, document)
        except Refused as error:
            return say(error)
        return ""

    @expose("/<int:document_id>/mail", methods=["POST"])
    @needs(Right.CABINET_DOCUMENTS)
    def mail(self, document_id: int) -> Any:
        """Send it to the address in the cabinet now (A1-18, A1-19); closed while invoices are formed (A1-07)."""
        document = reader.document_of(self.session, self.actor, document_id)
        closed = self._closed(document)
        if closed:
            flash(closed, "warning")
        else:
            to = invoices.addresses_now(self.session, self.actor, document.account)
            formats = [fmt for fmt in request.form.getlist("format") if fmt in ("pdf", "xlsx")] or ["pdf"]
            done = gettext("It is on its way to %(address)s.", address=mask_addresses(";".join(to)))
            attempt(mailing.send_document, document_id, to, formats, done=done)
        return redirect(url_for("DocumentsPage.one", document_id=document_id))

    def _mail_to(self, document: Document) -> str:
        """Where a letter would go now, masked; empty where nobody knows."""
        try:
            return mask_addresses(";".join(invoices.addresses_now(self.session, self.actor, document.account)))
        except Refused:
            return ""


def months_back(today: dt.date, months: int) -> dt.date:
    """The first day of a period of so many months that ends today."""
    month = Month.of(today).shift(-months)
    last = month.period.last_day.day
    return dt.date(month.year, month.month, min(today.day, last))


def is_late(document: Any, today: dt.date) -> bool:
    """Whether an invoice could have been paid in time and was not."""
    return bool(document.settlement != Settlement.PAID.value and document.due_on and document.due_on < today)


def how_to_pay(document: Document) -> dict[str, Any]:
    """Where the rest of an invoice is paid to, what for, and the QR a bank's application reads."""
    seller = document.seller
    purpose = gettext(
        "Invoice %(number)s of %(day)s, account %(account)s",
        number=document.number or document.id,
        day=document.issued_on.strftime("%d.%m.%Y"),
        account=document.account.number,
    )
    return {
        "rows": [
            (gettext("Recipient"), seller.name),
            (gettext("Tax code"), seller.tax_code),
            (gettext("Account"), seller.iban or seller.settlement_account),
            (gettext("Bank"), seller.bank_name),
            (gettext("Bank code"), seller.bik),
            (gettext("Amount"), frame.money(document.total - document.paid, document.currency)),
            (gettext("Purpose"), purpose),
        ],
        "copy": [seller.iban or seller.settlement_account, purpose],
        "qr": qr_of(seller, document, purpose),
    }


def qr_of(seller: Seller, document: Document, purpose: str) -> Markup:
    """The payment QR as SVG; nothing where the country's standard does not fit."""
    left = document.total - document.paid
    payload = transfers.payment_code(seller, left, document.currency, purpose, document.account.number)
    return draw_qr(qr.matrix(payload), gettext("QR code for payment")) if payload else Markup("")
