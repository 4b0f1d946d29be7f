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
from app.models import Account, Document, Payer, PaymentAttempt
from app.rules.lifecycle import AttemptState
from app.services import paying
from app.services.cabinet import details
from app.views.base import attempt as try_to
from app.views.base import needs, say
from app.views.cabinet import frame
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
        offers = []
        if line is not None and amount is not None and amount > 0:
            offers = paying.offers_for(self.session, self.session.get_one(Account, line.id), amount)
        return self.show(
            "pay.html",
            account=line,
            document=document,
            text=text,
            amount=amount,
            offers=offers,
            refusals={offer.way.id: say(offer.refusal) for offer in offers if offer.refusal},
            payers=self._payers() if offers else [],
            key=secrets.token_hex(16),
        )

    def _payers(self) -> list[tuple[str, str]]:
        own = [(str(payer.id), payer.name) for payer in details.payers_of(self.session, self.actor)]
        return [("", gettext("The payer of the account")), *own] if len(own) > 1 else []

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
        way_id, payer_id = whole(request.form.get("way", "")), whole(request.form.get("payer", "") or "0")
        if line is None or amount is None or way_id is None:
            flash(gettext("Enter the amount and choose a way to pay."), "danger")
            return redirect(url_for("PayPage.index"))
        made = try_to(
            paying.begin,
            line.id,
            way_id,
            amount,
            key=request.form.get("key", "")[:64] or secrets.token_hex(16),
            payer_id=payer_id or None,
            document_id=document.id if document else None,
        )
        if made is None:
            return redirect(url_for("PayPage.index", account=line.id, amount=request.form.get("amount", "")))
        return redirect(url_for("PayPage.one", attempt_id=made.id))

    @expose("/<int:attempt_id>")
    @needs(Right.CABINET_PAYMENTS)
    def one(self, attempt_id: int) -> Any:
        """The confirmation before, the state after."""
        found = paying.attempt_of(self.session, self.actor, attempt_id)
        is_open = found.state in (AttemptState.NEW.value, AttemptState.SENT.value)
        return self.show(
            "paying.html",
            attempt=found,
            is_open=is_open,
            reason=gettext(found.reason) if found.reason else "",
            cashback=paying.terms_of(found.way).cashback(found.amount),
            payer=self.session.get(Payer, found.payer_id),
            document=self.session.get(Document, found.document_id) if found.document_id else None,
        )

    @expose("/<int:attempt_id>/go", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def go(self, attempt_id: int) -> Any:
        """To the gateway's page."""
        found = paying.attempt_of(self.session, self.actor, attempt_id)
        if found.state not in (AttemptState.NEW.value, AttemptState.SENT.value):
            return redirect(url_for("PayPage.one", attempt_id=attempt_id))
        try:
            handover = paying.gateway_of(self.session, found.way, current_app.config["SECRET_KEY"]).hand_over(
                self._order(found)
            )
            paying.mark_sent(self.session, found, handover.external_id)
            db.session.commit()
        except GatewayError:
            db.session.rollback()
            flash(gettext("The payment system does not answer. Nothing was charged; try again in a minute."), "danger")
            return redirect(url_for("PayPage.one", attempt_id=attempt_id))
        return self._send(handover)

    def _order(self, found: PaymentAttempt) -> Order:
        document = self.session.get(Document, found.document_id) if found.document_id else None
        purpose = (
            gettext("Invoice %(number)s", number=document.number)
            if document
            else gettext("Advance payment, account %(number)s", number=found.account.number)
        )
        return Order(
            found.order_no,
            found.charged,
            found.currency,
            purpose,
            _outside(url_for("PayPage.one", attempt_id=found.id)),
            _outside(url_for("CallbackPage.receive", way_id=found.way_id)),
            self.actor.locale,
        )

    def _send(self, handover: Handover) -> Any:
        if not handover.fields:
            return redirect(handover.url)
        parts = urlsplit(handover.url)
        g.form_target = f"{parts.scheme}://{parts.netloc}"  # the one place this page's form may go to
        return self.show("pay_leave.html", handover=handover, host=parts.hostname)


def _outside(path: str) -> str:
    """The address as the world sees it."""
    base = current_app.config["KABINET"].public_url or request.url_root.rstrip("/")
    return f"{base}{path}"
