"""Payments: entering one by hand, what it settled, settling more with it, taking it back."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import format_decimal, gettext
from sqlalchemy.orm import joinedload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.extensions import db
from app.models import Account, Allocation, Company, Document, Entry, Payment
from app.rules.exchange import Rate
from app.services import finding, ledger, overview, payments, rates
from app.views.base import OfficePage, attempt, needs
from app.views.office import cells, numbers, story
from app.views.office.labels import choices

METHODS = ("bank_transfer", "card", "cash", "other", *ledger.GIVEN)

NO_FEE = ("credit_note", *ledger.GIVEN)  # nothing came through a gateway


def story_of(payment: Payment, actor: Actor) -> dict[str, Any]:
    """Everything `office/payment.html` shows."""
    rows = (
        sa.select(Allocation)
        .options(joinedload(Allocation.document))
        .where(Allocation.payment_id == payment.id)
        .order_by(Allocation.id)
    )
    left = payment.amount - payment.used
    is_open = payment.state == "credited" and left > 0
    entries = sa.select(Entry).where(Entry.payment_id == payment.id).order_by(Entry.id).limit(30)
    return {
        "title": gettext("Payment %(number)s", number=payment.number or payment.id),
        "payment": payment,
        "left": left,
        "more": _more(payment),
        "may_have_fee": payment.state == "credited" and not payment.fee and payment.method not in NO_FEE,
        "allocations": list(db.session.scalars(rows)),
        "open_invoices": story.open_invoices(Document.account_id == payment.account_id) if is_open else [],
        "entries": list(db.session.scalars(entries)) if actor.may(Right.LEDGER_READ) else [],
    }


def _more(payment: Payment) -> list[tuple[str, str]]:
    """What only some payments have: another currency and its rate, a gateway's fee, VAT on what is an advance."""
    came = payment.paid_currency or payment.currency
    rows = []
    if payment.paid_amount is not None and payment.exchange:
        rate = Rate.from_dict(payment.exchange)
        said = f"{format_decimal(rate.rate, '#,##0.0000')} {rate.quote} / {rate.nominal} {rate.base}"
        rows.append((gettext("Came in"), cells.plain_amount(payment.paid_amount, came)))
        rows.append((gettext("Bank’s rate"), f"{said}, {rate.source}, {cells.day(rate.day)}"))
        if rate.markup_bp:
            percent = format_decimal(Decimal(rate.markup_bp) / 100, "#,##0.##")
            rows.append((gettext("On top of the bank’s rate"), f"{percent} %"))
    if payment.fee:
        rows.append((gettext("Gateway fee"), cells.plain_amount(payment.fee, came)))
    if payment.advance_tax:
        rows.append((gettext("VAT on the advance"), cells.plain_amount(payment.advance_tax, payment.currency)))
    return rows


class PaymentEntryPage(OfficePage):
    """A payment entered by hand; its invoices chosen, or settled oldest first."""

    route_base = "/office/payment"

    @expose("/new", methods=["GET", "POST"])
    @needs(Right.PAYMENTS_WRITE)
    def index(self) -> Any:
        """The form and its answer; a form that is refused comes back filled."""
        given = request.form if request.method == "POST" else request.args
        errors: dict[str, str] = {}
        if request.method == "POST":
            made = self._enter(errors)
            if made is not None:
                return redirect(url_for("Payments.show", pk=made.id))
        account = self._account(given.get("account"))
        zone = account.seller.zone if account else "UTC"
        return self.render_template(
            "office/payment_new.html",
            title=gettext("New payment"),
            account=account,
            given=given,
            chosen={int(one) for one in given.getlist("invoice") if one.isdigit()},
            invoices=story.open_invoices(Document.account_id == account.id) if account else [],
            today=clock.today(zone),
            methods=choices(METHODS),
            payable=rates.payable_currency(account) if account else "",
            errors=errors,
        )

    def _account(self, given: str | None) -> Account | None:
        return self.session.get(Account, int(given)) if given and given.isdigit() and len(given) < 19 else None

    def _enter(self, errors: dict[str, str]) -> Payment | None:
        form = request.form
        account = self._account(form.get("account"))
        if account is None:
            errors["account"] = gettext("Choose the account the money came to.")
        amount = numbers.amount(form.get("amount", ""), errors, "amount")
        paid_on = numbers.day(form.get("paid_on", ""), errors, "paid_on")
        method = form.get("method", METHODS[0])
        if method not in METHODS:
            errors["method"] = gettext("Choose the way of payment from the list.")
        fee = numbers.amount(form["fee"], errors, "fee") if form.get("fee", "").strip() else None
        if errors or account is None or amount is None or paid_on is None:
            return None
        return attempt(
            payments.record_payment,
            account.id,
            amount,
            paid_on,
            method=method,
            reference=form.get("reference", "").strip()[:120],
            purpose=form.get("purpose", "").strip()[:500],
            invoice_ids=[int(one) for one in form.getlist("invoice") if one.isdigit()],
            key=_key(account, form.get("token", "")),
            currency=form.get("currency") or None,
            fee=fee or Decimal(0),
            done=gettext("The payment is entered."),
        )

    @expose("/<pk>/allocate", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def allocate(self, pk: str) -> Any:
        """Settle the chosen invoices, or the oldest, with what is left of a payment."""
        payment = self.row(Payment, pk)
        chosen = [int(one) for one in request.form.getlist("invoice") if one.isdigit()]
        used = attempt(payments.allocate, payment.id, chosen)
        if used:
            flash(gettext("Allocated: %(amount)s.", amount=cells.plain_amount(used, payment.currency)), "success")
        return redirect(url_for("Payments.show", pk=pk))

    @expose("/<pk>/fee", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def fee(self, pk: str) -> Any:
        """Enter what the gateway kept of a payment."""
        payment = self.row(Payment, pk)
        errors: dict[str, str] = {}
        fee = numbers.amount(request.form.get("fee", ""), errors, "fee")
        if fee is None:
            flash(errors["fee"], "danger")
        else:
            attempt(payments.keep_fee, payment.id, fee, done=gettext("The gateway fee is entered."))
        return redirect(url_for("Payments.show", pk=pk))

    @expose("/<pk>/reverse", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def reverse(self, pk: str) -> Any:
        """Take a payment back by an opposite entry."""
        payment = self.row(Payment, pk)
        reason = request.form.get("reason", "").strip()[:300]
        attempt(payments.reverse_payment, payment.id, reason, done=gettext("The payment is reversed."))
        return redirect(url_for("Payments.show", pk=pk))

    @expose("/accounts")
    @needs(Right.CUSTOMERS_READ)
    def accounts(self) -> Any:
        """Accounts by number or by the company's name or code, for the select of the form."""
        words = request.args.get("q", "").strip()[:100]
        query = sa.select(Account.id, Account.number, Account.currency, Company.name).join(Account.company)
        if words:
            query = query.where(
                sa.or_(
                    overview.starts_with(Account.number, words),
                    Company.id.in_(finding.ids_with(self.session, Company.name, words)),
                    Company.code == words,
                )
            )
        rows = self.session.execute(query.order_by(Account.number).limit(20)).all()
        return jsonify(
            results=[{"id": i, "text": f"{number} ({currency}) · {name}"} for i, number, currency, name in rows],
            pagination={"more": False},
        )


def _key(account: Account, token: str) -> str | None:
    """The form's own token makes a payment sent twice (a double click, a reload) one payment."""
    return f"form:{account.id}:{token}" if token and len(token) <= 64 and token.isalnum() else None
