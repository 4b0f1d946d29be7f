"""Paying online: an amount and a way, the payer, and the confirmation; then the gateway's own page (AST-087…098)."""

import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import abort, current_app, flash, g, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.extensions import db
from app.gateways.base import GatewayError, Handover, Order
from app.gateways.registry import can_keep, is_known_host
from app.models import Account, Document, Payer, PaymentAttempt, PaymentMethod, PaymentWay
from app.models import Order as Purchase
from app.reports.render import qr
from app.services import methods, paying, transfers
from app.services.attempts import OPEN, TRANSFER
from app.views.base import attempt as try_to
from app.views.base import needs, say
from app.views.cabinet import frame
from app.views.charts import draw_qr
from app.views.exports import as_pdf
from app.views.rows import whole


class PayPage(frame.Page):
    """Put money on an account, or pay an invoice."""

    route_base = "/my/pay"

    @expose("/")
    @needs(Right.CABINET_PAYMENTS)
    def index(self) -> Any:
        """The amount, then the ways with what each costs."""
        line, document = self._meant()
        text = request.args.get("amount", f"{document.total - document.paid:.2f}" if document else "")
        amount = frame.as_amount(text)
        offers, saved = [], []
        if line is not None and amount is not None and amount > 0:
            account = self.session.get_one(Account, line.id)
            offers = paying.offers_for(self.session, account, amount)
            saved = methods.usable(self.session, self.actor, account) if offers else []
        return self.show(
            "pay.html",
            account=line,
            document=document,
            text=text,
            amount=amount,
            offers=offers,
            saved=[(one, offer) for one in saved for offer in offers if offer.way.id == one.way_id],
            keeps={offer.way.id for offer in offers if can_keep(offer.way.gateway)},
            refusals={offer.way.id: say(offer.refusal) for offer in offers if offer.refusal},
            payers=self.payer_choices() if offers else [],
            key=secrets.token_hex(16),
        )

    def _meant(self) -> tuple[Any, Document | None]:
        number = whole(request.values.get("invoice", "")) if request.values.get("invoice") else None
        if number is None:
            return self.account_asked(needed=True), None
        document = self.session.get(Document, number)
        if document is None or document.company_id != self.actor.company_id or document.kind != "invoice":
            abort(404)
        line = next((one for one in self.accounts if one.id == document.account_id), None)
        return line, document if document.total > document.paid else None

    @expose("/begin", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def begin(self) -> Any:
        """Keep what was chosen; the same form sent twice is one payment."""
        line, document = self._meant()
        amount = frame.as_amount(request.form.get("amount", ""))
        kind, _, number = request.form.get("way", "").rpartition(":")
        chosen, payer_id = whole(number), whole(request.form.get("payer", "") or "0")
        if line is None or amount is None or chosen is None:
            flash(gettext("Enter the amount and choose a way to pay."), "danger")
            return redirect(url_for("PayPage.index"))
        what: dict[str, Any] = {
            "key": request.form.get("key", "")[:64] or secrets.token_hex(16),
            "payer_id": payer_id or None,
            "document_id": document.id if document else None,
        }
        if kind == "saved":
            made = try_to(paying.begin_by_method, line.id, chosen, amount, **what)
        else:
            save = "save" in request.form
            made = try_to(paying.begin, line.id, chosen, amount, save_method=save, **what)
        if made is None:
            again = {"account": line.id, "amount": request.form.get("amount", ""), "invoice": what["document_id"]}
            return redirect(url_for("PayPage.index", **again))
        return redirect(url_for("PayPage.one", attempt_id=made.id))

    @expose("/<int:attempt_id>")
    @needs(Right.CABINET_PAYMENTS)
    def one(self, attempt_id: int) -> Any:
        """The confirmation before, the state after."""
        found = paying.attempt_of(self.session, self.actor, attempt_id)
        by_method = found.method_id is not None and not found.save_method
        return self.show(
            "paying.html",
            attempt=found,
            is_open=found.state in OPEN and not by_method,
            by_method=self.session.get(PaymentMethod, found.method_id) if by_method else None,
            keeps=can_keep(found.way.gateway),
            transfer=self._transfer(found) if found.way.gateway == TRANSFER and found.state == "sent" else None,
            reason=gettext(found.reason) if found.reason else "",
            cashback=paying.cashback_of(found, found.way),
            back=paying.given_back(self.session, found) if found.payment_id else None,
            payer=self.session.get(Payer, found.payer_id),
            document=self.session.get(Document, found.document_id) if found.document_id else None,
            order=self.session.get(Purchase, found.order_id) if found.order_id else None,
        )

    def _transfer(self, found: PaymentAttempt) -> dict[str, Any]:
        """What to write into a bank transfer, and the code a bank's application reads."""
        told = transfers.told(self.session, found, self.actor.locale)
        seller = told.seller
        return {
            "number": told.number,
            "rows": [
                (gettext("Recipient"), seller.name),
                (gettext("Tax code"), seller.tax_code),
                (gettext("Account"), seller.iban or seller.settlement_account),
                (gettext("Bank"), seller.bank_name),
                (gettext("Bank code"), seller.bik),
                (gettext("Amount"), frame.money(told.amount, told.currency)),
                (gettext("Purpose"), told.purpose),
            ],
            "copy": [seller.iban or seller.settlement_account, told.purpose],
            "qr": draw_qr(qr.matrix(told.qr), gettext("QR code for payment")) if told.qr else "",
        }

    @expose("/<int:attempt_id>/request.pdf")
    @needs(Right.CABINET_PAYMENTS)
    def request_file(self, attempt_id: int) -> Any:
        """The request for payment by bank transfer, to print or to hand to an accountant."""
        found = paying.attempt_of(self.session, self.actor, attempt_id)
        made = try_to(lambda session, actor: transfers.request_file(session, found))
        if made is None:
            return redirect(url_for("PayPage.one", attempt_id=attempt_id))
        return as_pdf(*made, download="download" in request.args)

    @expose("/<int:attempt_id>/delete", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def delete(self, attempt_id: int) -> Any:
        """Leave a payment that was begun."""
        try_to(paying.withdraw, attempt_id, done=gettext("The payment is deleted."))
        return redirect(url_for("PaymentsPage.index"))

    @expose("/<int:attempt_id>/go", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def go(self, attempt_id: int) -> Any:
        """To the gateway's page."""
        found = paying.attempt_of(self.session, self.actor, attempt_id)
        if found.state not in OPEN or (found.method_id is not None and not found.save_method):
            return redirect(url_for("PayPage.one", attempt_id=attempt_id))
        if found.state == "new" and can_keep(found.way.gateway):
            found.save_method = "save" in request.form  # AST-141: ticked when the payment is confirmed
        order = self._order(found)
        db.session.commit()  # nothing is locked while the gateway is asked
        try:
            handover = paying.gateway_of(self.session, found.way, current_app.config["SECRET_KEY"]).hand_over(order)
            paying.mark_sent(self.session, found, handover.external_id)
            db.session.commit()
        except GatewayError:
            db.session.rollback()
            flash(gettext("The payment system does not answer. Nothing was charged; try again in a minute."), "danger")
            return redirect(url_for("PayPage.one", attempt_id=attempt_id))
        return leave(self, found.way, handover, order.return_url)

    def _order(self, found: PaymentAttempt) -> Order:
        document = self.session.get(Document, found.document_id) if found.document_id else None
        bought = self.session.get(Purchase, found.order_id) if found.order_id else None
        if document:
            purpose = gettext("Invoice %(number)s", number=document.number)
        elif bought:
            purpose = gettext("Order %(number)s", number=bought.number)
        else:
            purpose = gettext("Advance payment, account %(number)s", number=found.account.number)
        payer = self.session.get(Payer, found.payer_id)
        return Order(
            found.order_no,
            found.charged,
            found.currency,
            purpose,
            outside(url_for("PayPage.one", attempt_id=found.id)),
            outside(url_for("CallbackPage.receive", way_id=found.way_id)),
            self.actor.locale,
            found.save_method,
            payer.email if payer else "",
        )


def leave(page: frame.Page, way: PaymentWay, handover: Handover, back: str) -> Any:
    """Send the customer to the gateway's page: to this program's own, or to a host that is known as the gateway's."""
    if not handover.fields and (handover.url.startswith("/") or handover.url == back):
        return redirect(handover.url)
    settings = {name: str(value) for name, value in way.settings.items()}
    if not is_known_host(way.gateway, handover.url, settings):
        current_app.logger.warning("way %s: its gateway named a page on an unknown host", way.id)
        flash(gettext("The payment system does not answer. Nothing was charged; try again in a minute."), "danger")
        return redirect(back)
    parts = urlsplit(handover.url)
    if handover.fields:
        g.form_target = f"{parts.scheme}://{parts.netloc}"  # the one place this page's form may go to
    return page.show("pay_leave.html", handover=handover, host=parts.hostname)


def outside(path: str) -> str:
    """The address as the world sees it."""
    base = current_app.config["KABINET"].public_url or request.url_root.rstrip("/")
    return f"{base}{path}"
